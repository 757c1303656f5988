import type { Client } from 'pg'
import { connected } from '../database/connected.ts'
import { fingerprint } from '../database/fingerprint.ts'
import { readSchemas } from '../database/schemas.ts'
import type { ScratchDatabase, ScratchServer } from '../database/scratch-server.ts'
import { messageOf, StackFailure } from '../failure.ts'
import { type Migration, readMigrations } from './releases.ts'

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

/** Each file in a transaction of its own, as the CLI applies them. */
export async function applyFiles(
  url: string,
  files: { name: string; sql: string }[],
  onto = 'an empty database',
): Promise<void> {
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

export async function makeFromSchemas(server: ScratchServer, root: string): Promise<ScratchDatabase> {
  const database = await server.makeDatabase()
  const files = readSchemas(root).map(({ path, sql }) => ({ name: `schemas/${path}`, sql }))
  await applyFiles(database.url, files)
  return database
}

export async function makeFromMigrations(
  server: ScratchServer,
  migrations: Migration[],
): Promise<ScratchDatabase> {
  const database = await server.makeDatabase()
  await applyFiles(database.url, asFiles(migrations))
  return database
}

export const asFiles = (migrations: Migration[]) =>
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
