import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { commandLineUrl } from '../database/command-line-url.ts'
import { connected } from '../database/connected.ts'
import type { SchemaFile } from '../database/schemas.ts'
import { messageOf, StackFailure } from '../failure.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
// Its command line, beside the public entry of the package.
const command = join(dirname(require.resolve('@supabase/pg-delta')), 'cli/main.js')

const pgdelta = (args: string[], env = {}) =>
  run(process.execPath, [command, ...args], { env: { ...process.env, ...env } })

/**
 * Applies the schema files of which nothing is in this database yet, and returns them. A migration takes them as
 * they are: a plan would reorder the columns of their tables and drop the comments inside them.
 */
export async function applyNewFiles(url: string, schemas: SchemaFile[]): Promise<SchemaFile[]> {
  const isMaking = /^create (?:table|type|function|view|unlogged table) /m
  const applied: SchemaFile[] = []
  await connected(url, async (db) => {
    for (const file of schemas.filter(({ sql }) => isMaking.test(sql))) {
      // One transaction: a file of which something is there already fails, and leaves nothing behind.
      const isApplied = await db.query(file.sql).then(
        () => true,
        () => false,
      )
      if (isApplied) applied.push(file)
    }
  })
  return applied
}

/** The plan from one database to the other, cut where one transaction must end before the next begins. */
export async function planSegments(sourceUrl: string, desiredUrl: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-plan-'))
  const [plan, out] = [join(folder, 'plan.json'), join(folder, 'draft.sql')]
  const [source, desired] = [commandLineUrl(sourceUrl), commandLineUrl(desiredUrl)]
  const databases = ['--source', source.url, '--desired', desired.url]
  try {
    // One password: both databases stand on one server, and are opened as one role.
    await pgdelta(
      ['plan', '--profile', 'supabase', '--renames', 'off', ...databases, '--out', plan],
      source.env,
    )
    // What it drops is for the person who finishes the draft to see, and for the proof.
    const { stdout } = await pgdelta(['render', '--plan', plan, '--out', out, '--allow-drops'])
    const { files } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { files: { path: string }[] }
    return await Promise.all(files.map(({ path }) => readFile(path, 'utf8')))
  } catch (error) {
    // Its own word for a plan without actions, as when only rows of the product changed.
    if ((error as { code?: unknown }).code === 3) return []
    throw new StackFailure(`pgdelta could not plan the migration: ${messageOf(error)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
