import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { connected } from '../own-database.ts'

const catalog = readFileSync(new URL('catalog-fingerprint.sql', import.meta.url), 'utf8')

/**
 * Everything the migrations can say, a line each: two databases with the same lines have the same schema and
 * the same product rows. A product row is one of a table that belongs to no tenant.
 */
export async function fingerprint(database: string | Client): Promise<string[]> {
  if (typeof database === 'string') return connected(database, fingerprint)
  // Without a path every name is written in full, whatever the database's own setting is.
  await database.query(`set search_path to ''`)
  const { rows } = await database.query<{ line: string }>(catalog)
  const tables = await database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname in ('public', 'private') and c.relkind = 'r'
       and c.oid not in ('public.tenants'::regclass, 'public.user_profiles'::regclass, 'private.webhook_dispatchers'::regclass,
         'private.tenant_purges'::regclass, 'private.kept_slugs'::regclass)
       and not exists (select from pg_attribute as a where a.attrelid = c.oid and a.attname = 'tenant_id') order by 1`,
  )
  const lines = rows.map((row) => row.line)
  for (const { name } of tables.rows) {
    const held = await database.query<{ line: string }>(
      `select (to_jsonb(t) - '{created_at,updated_at}'::text[])::text as line from ${name} as t`,
    )
    lines.push(...held.rows.map(({ line }) => `row of ${name}: ${line}`).sort())
  }
  return lines
}
