import { inject } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin as db, superuser } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

const secret = { apikey: inject('stack').secret_key }

/** Ends the export window of an archived tenant. */
export const monthAgo = (id: string) =>
  db.query(
    `update public.tenants set archived_at = now() - interval '31 days', purgeable_at = now() - interval '1 day' where id = $1`,
    [id],
  )

/** Asks for a purge as the platform does. */
export const purgeOver = (ref: string, body: unknown = {}) =>
  call(`/registry/tenants/${ref}/purge`, { ...secret, body })

/** Gives a tenant campaigns, participants and usage. */
export const fill = (tenant: Tenant, events: number) =>
  db.query(
    `with campaign as (
       insert into public.campaigns (tenant_id, name) select $1, 'Campaign ' || n from generate_series(1, 40) as n returning tenant_id, id
     ), participants as (
       insert into public.participant_sessions (tenant_id, campaign_id) select tenant_id, id from campaign
     ), keys as (
       insert into public.usage_event_keys (tenant_id, source, event_id, payload_hash)
       select $1, 'api', 'e' || n, gen_random_uuid() from generate_series(1, 50) as n
     )
     insert into public.usage_events (tenant_id, event_type, occurred_at)
     select $1, 'purge.me', now() - make_interval(days => n % 200) from generate_series(1, $2::int) as n`,
    [tenant.id, events],
  )

/** How many rows a tenant has, in every table that holds rows of tenants, what is kept for good left out. */
export async function rowsLeft(id: string): Promise<Record<string, number>> {
  const { rows: tables } = await superuser.query<{ name: string; column: string }>(
    `select c.oid::regclass::text as name, a.attname as column
     from pg_class as c join pg_attribute as a on a.attrelid = c.oid
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
       and not c.relispartition and (a.attname = 'tenant_id' or (c.relname = 'tenants' and a.attname = 'id'))
       and c.relname not in ('audit_log', 'audit_heads', 'audit_pending')`,
  )
  const left: Record<string, number> = {}
  for (const { name, column } of tables) {
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from ${name} where ${column} = $1`,
      [id],
    )
    if (rows[0]!.n > 0) left[name] = rows[0]!.n
  }
  return left
}
