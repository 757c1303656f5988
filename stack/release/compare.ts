import type { Client } from 'pg'
import { connected } from '../database/connected.ts'
import { fingerprint } from '../database/fingerprint.ts'
import { readSchemas } from '../database/schemas.ts'
import type { ScratchDatabase, ScratchServer } from '../database/scratch-server.ts'
import { messageOf, StackFailure } from '../failure.ts'
import { type Migration, readMigrations, sha256Of } from './releases.ts'

/** Lines of two fingerprints that only one of them has. */
export interface Difference {
  missing: string[]
  extra: string[]
}

export function differenceOf(lines: string[], wanted: string[]): Difference {
  const [has, wants] = [new Set(lines), new Set(wanted)]
  return {
    missing: wanted.filter((line) => !has.has(line)),
    extra: lines.filter((line) => !wants.has(line)),
  }
}

/** A sentence for each line: `what` lacks it, or has it although the schema files do not say it. */
export const describeDifference = (what: string, { missing, extra }: Difference): string[] => [
  ...missing.map((line) => `${what} lacks what supabase/schemas says: ${line}`),
  ...extra.map((line) => `${what} has what supabase/schemas does not say: ${line}`),
]

/** A step of making a database: its name below supabase/, and what it runs. */
interface SqlFile {
  name: string
  sql: string
}

/** Each file in a transaction of its own, as the CLI applies them. */
export async function applyFiles(url: string, files: SqlFile[], onto = 'an empty database'): Promise<void> {
  await connected(url, async (db) => {
    for (const { name, sql } of files) await applyFile(db, name, sql, onto)
  })
}

async function applyFile(db: Client, name: string, sql: string, onto: string): Promise<void> {
  try {
    await db.query(sql)
  } catch (error) {
    const { position } = error as { position?: string }
    const line = position ? ` at line ${sql.slice(0, Number(position)).split('\n').length}` : ''
    throw new StackFailure(`supabase/${name} fails${line} on ${onto}: ${messageOf(error)}`)
  }
}

/** Databases that were made on a server, by what was applied. They are only copied: a copy is made ten times faster. */
const originals = new WeakMap<ScratchServer, Map<string, ScratchDatabase>>()

/** A database with these files applied. One that holds the first of them already saves applying these again. */
export async function makeFrom(server: ScratchServer, files: SqlFile[]): Promise<ScratchDatabase> {
  const known = originals.get(server) ?? new Map<string, ScratchDatabase>()
  originals.set(server, known)
  const keyOf = (count: number) => sha256Of(JSON.stringify(files.slice(0, count).map(({ sql }) => sql)))
  let held = files.length
  while (held > 0 && !known.has(keyOf(held))) held--
  const nearest = known.get(keyOf(held))
  if (nearest && held === files.length) return server.makeDatabase(nearest)
  const made = await server.makeDatabase(nearest)
  await applyFiles(made.url, files.slice(held))
  known.set(keyOf(files.length), made)
  return server.makeDatabase(made)
}

export const makeFromSchemas = (server: ScratchServer, root: string) =>
  makeFrom(
    server,
    readSchemas(root).map(({ path, sql }) => ({ name: `schemas/${path}`, sql })),
  )

export const makeFromMigrations = (server: ScratchServer, migrations: Migration[]) =>
  makeFrom(server, asFiles(migrations))

export const asFiles = (migrations: Migration[]): SqlFile[] =>
  migrations.map(({ name, sql }) => ({ name: `migrations/${name}`, sql }))

/** What keeps a database made by the migrations from being one made by the schema files, a sentence each. */
export async function compareWithSchemas(server: ScratchServer, root: string): Promise<string[]> {
  const migrated = await makeFromMigrations(server, readMigrations(root))
  const declared = await makeFromSchemas(server, root)
  return describeDifference(
    'A database made by the migrations',
    differenceOf(await fingerprint(migrated.adminUrl), await fingerprint(declared.adminUrl)),
  )
}
