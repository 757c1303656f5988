import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { connected } from './connected.ts'

const catalog = readFileSync(new URL('fingerprint.sql', import.meta.url), 'utf8')

/** Tables without a tenant_id whose rows are nevertheless made while the product runs. */
const runningTables = [
  'public.tenants',
  'public.user_profiles',
  'private.queue_dispatchers',
  'private.queue_calls',
  'private.tenant_purges',
  'private.kept_slugs',
  'private.payment_events',
  'private.registration_sessions',
]

/**
 * Everything the migrations can say, a line each: two databases with the same lines have the same schema and
 * the same product rows. A product row is one of a table that belongs to no tenant.
 */
export async function fingerprint(database: string | Client): Promise<string[]> {
  if (typeof database === 'string') return connected(database, fingerprint)
  // Without a path every name is written in full, whatever the database's own setting is.
  await database.query(`set search_path to ''`)
  const { rows } = await database.query<{ line: string }>(catalog)
  const lines = rows.map((row) => row.line)
  for (const name of (await tablesOf(database)).product) {
    const held = await database.query<{ line: string }>(
      `select (to_jsonb(t) - '{created_at,updated_at}'::text[])::text as line from ${name} as t`,
    )
    lines.push(...held.rows.map(({ line }) => `row of ${name}: ${line}`).sort())
  }
  return lines
}

/** The tables whose rows are part of the product, and those that fill while it runs. Names are quoted. */
export async function tablesOf(database: Client): Promise<{ product: string[]; running: string[] }> {
  const { rows } = await database.query<{ name: string; is_running: boolean }>(
    `select format('%I.%I', n.nspname, c.relname) as name,
       format('%I.%I', n.nspname, c.relname) = any ($1)
         or exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as is_running
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    [runningTables],
  )
  const names = (isRunning: boolean) =>
    rows.filter((row) => row.is_running === isRunning).map(({ name }) => name)
  return { product: names(false), running: names(true) }
}
