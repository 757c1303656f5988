import type { Client } from 'pg'
import { connected } from '../database/connected.ts'
import { tablesOf } from '../database/fingerprint.ts'

interface TableRows {
  keyColumns: string[]
  columns: string[]
  /** For each row, by its key: a hash of each column's value. */
  rows: Map<string, Record<string, string>>
}

/** What people put into a database, table by table. Names are quoted where SQL wants it. */
export type TenantRows = Map<string, TableRows>

// Not ours, but a migration may reach them, and a tenant's rows are nothing without them.
const platformTables = ['auth.users', 'auth.identities', 'vault.secrets']
const noValue = 'null'

/** Reads every row that people made. After an upgrade, `before` says by which columns a row is found again. */
export async function readTenantRows(adminUrl: string, before?: TenantRows): Promise<TenantRows> {
  return connected(adminUrl, async (db) => {
    const { running } = await tablesOf(db)
    const tables: TenantRows = new Map()
    for (const name of [...running, ...platformTables]) {
      const columns = await columnsOf(db, name)
      const keyColumns = before?.get(name)?.keyColumns ?? (await keyOf(db, name))
      const isKeyHeld = keyColumns.length > 0 && keyColumns.every((column) => columns.includes(column))
      tables.set(name, {
        keyColumns,
        columns,
        rows: isKeyHeld ? await rowsOf(db, name, keyColumns) : new Map(),
      })
    }
    return tables
  })
}

const columnsOf = async (db: Client, table: string) => {
  const { rows } = await db.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows.map(({ name }) => name)
}

async function keyOf(db: Client, table: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select a.attname as name from pg_index as x, unnest(x.indkey) with ordinality as k (attnum, n), pg_attribute as a
     where x.indrelid = $1::regclass and x.indisprimary and a.attrelid = x.indrelid and a.attnum = k.attnum order by k.n`,
    [table],
  )
  // Without a key a row is found again by all that it holds.
  return rows.length > 0 ? rows.map(({ name }) => name) : columnsOf(db, table)
}

async function rowsOf(db: Client, table: string, key: string[]): Promise<TableRows['rows']> {
  const { rows } = await db.query<{ key: string; hashes: Record<string, string> }>(
    `select jsonb_build_array(${key.map((column) => `t.${db.escapeIdentifier(column)}`)})::text as key,
       (select jsonb_object_agg(f.key, case f.value when 'null' then '${noValue}' else md5(f.value::text) end)
        from jsonb_each(to_jsonb(t)) as f) as hashes
     from ${table} as t`,
  )
  return new Map(rows.map((row) => [row.key, row.hashes]))
}

/** One thing that an upgrade took from people's rows. */
export interface Loss {
  /** The table, or the table and the column, as a migration names it to say that it means it. */
  what: string
  sentence: string
}

/** What is gone or changed. Columns and rows that were added are no loss. */
export function lossesBetween(before: TenantRows, after: TenantRows): Loss[] {
  return [...before].flatMap(([table, held]) => {
    const now = after.get(table)
    if (!now) return [{ what: table, sentence: `${table} is gone, and with it ${count(held.rows.size)}.` }]
    return [...lostColumns(table, held, now), ...lostRows(table, held, now), ...lostValues(table, held, now)]
  })
}

const count = (rows: number) => (rows === 1 ? '1 row' : `${rows} rows`)
const some = (keys: string[]) => keys.slice(0, 3).join(', ') + (keys.length > 3 ? ', ...' : '')

function lostColumns(table: string, held: TableRows, now: TableRows): Loss[] {
  return held.columns
    .filter((column) => !now.columns.includes(column))
    .map((column) => {
      const values = [...held.rows.values()].filter((row) => row[column] !== noValue).length
      return {
        what: `${table}.${column}`,
        sentence: `${table}.${column} is gone, and with it its value in ${count(values)}.`,
      }
    })
}

function lostRows(table: string, held: TableRows, now: TableRows): Loss[] {
  const lost = [...held.rows.keys()].filter((key) => !now.rows.has(key))
  if (lost.length === 0) return []
  const sentence = `${table} lost ${lost.length} of ${count(held.rows.size)}: ${some(lost)}.`
  return [{ what: table, sentence }]
}

function lostValues(table: string, held: TableRows, now: TableRows): Loss[] {
  return held.columns
    .filter((column) => now.columns.includes(column))
    .flatMap((column) => {
      const changed = [...held.rows].filter(([key, row]) => {
        const found = now.rows.get(key)
        return found && found[column] !== row[column]
      })
      if (changed.length === 0) return []
      const keys = some(changed.map(([key]) => key))
      return [
        {
          what: `${table}.${column}`,
          sentence: `${table}.${column} has another value in ${count(changed.length)}: ${keys}.`,
        },
      ]
    })
}

/** Tables of which the data had no row: nothing is shown about them. */
export const emptyTables = (rows: TenantRows): string[] =>
  [...rows].filter(([, table]) => table.rows.size === 0).map(([name]) => name)

export const countRows = (rows: TenantRows): number =>
  [...rows.values()].reduce((sum, table) => sum + table.rows.size, 0)
