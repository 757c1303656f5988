import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { codeOf, StackFailure } from '../failure.ts'
import { findSupabaseCli } from '../processes/binaries.ts'

/** Pushes the migrations that are not recorded yet, with the real CLI, as to a hosted project. Returns how many. */
export async function migrate(root: string, dbUrl: string, stateDir: string): Promise<number> {
  const files = migrationFiles(root)
  if (files.length === 0) return 0
  const before = await appliedVersions(dbUrl)
  const pending = files.filter((file) => !before.has(versionOf(file)))
  // The CLI takes most of a second even when it has nothing to do.
  if (pending.length === 0) return 0
  const { code, output } = await runCli(root, dbUrl, stateDir)
  if (code === 0) return pending.length

  const after = await appliedVersions(dbUrl)
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

function migrationFiles(root: string): string[] {
  const folder = join(root, 'supabase/migrations')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d+_.*\.sql$/.test(name))
    .sort()
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
  return new Promise((resolve, reject) => {
    const child = spawn(
      findSupabaseCli(),
      ['db', 'push', `--remote=${dbUrl}?sslmode=disable`, '--yes', '--include-all', '--workdir', root],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: {
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
