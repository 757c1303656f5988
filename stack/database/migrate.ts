import { spawn } from 'node:child_process'
import { Client } from 'pg'
import { codeOf, StackFailure } from '../failure.ts'
import { findSupabaseCli } from '../processes/binaries.ts'
import { readMigrations, readReleases, requireUntouched } from '../release/releases.ts'
import { type StackFile, writeStackFile } from '../secrets.ts'
import { commandLineUrl } from './command-line-url.ts'

/**
 * Pushes what is not recorded yet with the real CLI, as to a hosted project. `file.migrations` remembers what
 * each file held. Returns how many files were pushed.
 */
export async function migrate(
  root: string,
  dbUrl: string,
  stateDir: string,
  file: StackFile,
): Promise<number> {
  const migrations = readMigrations(root)
  if (migrations.length === 0) return 0
  requireUntouched(readReleases(root), migrations)
  const files = migrations.map(({ name }) => name)
  const hashes = new Map(migrations.map(({ name, sha256 }) => [versionOf(name), sha256]))
  const before = await appliedVersions(dbUrl)
  refuseOlderData(stateDir, before, hashes, file.migrations ?? {})
  const pending = files.filter((file) => !before.has(versionOf(file)))
  // The CLI takes most of a second even when it has nothing to do.
  if (pending.length === 0) return 0
  const { code, output } = await runCli(root, dbUrl, stateDir)
  const after = await appliedVersions(dbUrl)
  file.migrations = Object.fromEntries([...hashes].filter(([version]) => after.has(version)))
  if (code === 0) return pending.length

  // Those before the one that failed are applied and stay, so a later start must know what they were.
  await writeStackFile(stateDir, file)
  const failed = pending.find((file) => !after.has(versionOf(file)))
  const message = output
    .split('\n')
    .filter(
      (line) =>
        line.trim() && !/^(Target:|Confirmed by|Applying migration|Try rerunning|NOTICE)/.test(line.trim()),
    )
    .join('\n')
  throw new StackFailure(
    `The migration supabase/migrations/${failed} failed and changed nothing; correct it and start again. The database said:\n${message}`,
  )
}

/**
 * A migration that is not released may be rewritten. A database that applied it as it was can only be made anew.
 * One that applied released migrations alone is upgraded by those that came after.
 */
function refuseOlderData(
  stateDir: string,
  applied: Set<string>,
  hashes: Map<string, string>,
  recorded: Record<string, string>,
): void {
  const isOlder = [...applied].some(
    (version) => !hashes.has(version) || (recorded[version] ?? hashes.get(version)) !== hashes.get(version),
  )
  if (isOlder)
    throw new StackFailure(
      `The data in ${stateDir} was made by another version of supabase/migrations. Run "npm run reset", which deletes this data, and start again.`,
    )
}

const versionOf = (file: string) => file.slice(0, file.indexOf('_'))

async function appliedVersions(dbUrl: string): Promise<Set<string>> {
  const client = new Client({ connectionString: dbUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ version: string }>(
      'select version from supabase_migrations.schema_migrations',
    )
    return new Set(rows.map((row) => row.version))
  } catch (error) {
    if (codeOf(error) === '42P01' || codeOf(error) === '3F000') return new Set()
    throw error
  } finally {
    await client.end()
  }
}

function runCli(
  root: string,
  dbUrl: string,
  stateDir: string,
): Promise<{ code: number | null; output: string }> {
  const { url, env } = commandLineUrl(dbUrl)
  return new Promise((resolve, reject) => {
    const child = spawn(
      findSupabaseCli(),
      ['db', 'push', `--remote=${url}`, '--yes', '--include-all', '--workdir', root],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: {
          ...env,
          PATH: process.env.PATH,
          // The CLI keeps settings in the home folder, where a person's access token may lie as well.
          HOME: stateDir,
          NO_COLOR: '1',
          DO_NOT_TRACK: '1',
          SUPABASE_TELEMETRY_DISABLED: '1',
        },
      },
    )
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
