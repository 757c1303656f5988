import type { Queryable } from '../kit/db.ts'

/** An endpoint with three secrets in Vault, an event that it got and one on its way to it. Switched off, so that no dispatcher has a part in the test. */
export async function addEndpoint(db: Queryable, tenant: string): Promise<{ id: string; secrets: string[] }> {
  const { rows } = await db.query<{ id: string; secrets: string[] }>(
    `insert into public.webhook_endpoints (tenant_id, url, secret_id, previous_secret_id, previous_secret_expires_at, headers_secret_id, header_names,
       is_enabled, disabled_at, disabled_reason)
     select $1, 'https://hooks.example.com/' || gen_random_uuid(), vault.create_secret('whsec_' || gen_random_uuid()),
       vault.create_secret('whsec_' || gen_random_uuid()), now() + interval '1 day', vault.create_secret('{"x-deal-secret": "s3cret"}'), '{x-deal-secret}',
       false, now(), 'by_hand'
     returning id, array[secret_id, previous_secret_id, headers_secret_id] as secrets`,
    [tenant],
  )
  const endpoint = rows[0]!
  await db.query(
    `with event as (select private.emit_event($1, 'product.revoked', '{"product": "marketing"}', 'key') as id from generate_series(1, 2)),
       delivery as (
         insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, status, ended_at, attempt_count)
         select $1, id, $2, case row_number() over () when 1 then 'delivered' else 'pending' end::public.webhook_delivery_status,
           case row_number() over () when 1 then now() end, 1 from event returning event_id, status)
     insert into private.queue_items (tenant_id, queue, lane_id, item_id, attempt_count)
     select $1, 'webhooks', $2, event_id, 1 from delivery where status = 'pending'`,
    [tenant, endpoint.id],
  )
  await db.query(
    `insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
     select tenant_id, event_id, endpoint_id, 1, 'succeeded', 17 from public.webhook_deliveries where endpoint_id = $1`,
    [endpoint.id],
  )
  return endpoint
}

/** How many of these secrets Vault holds. */
export const secretsLeft = async (db: Queryable, secrets: string[]) =>
  (await db.query('select from vault.secrets where id = any ($1)', [secrets])).rowCount

export const webhookTables = [
  'public.webhook_endpoints',
  'public.webhook_events',
  'public.webhook_deliveries',
  'public.webhook_attempts',
  'private.webhook_outbox',
  'private.queue_items',
  'private.queue_lanes',
  'private.queue_tenants',
]
/** How many rows a tenant has in each of them. */
export const rowsLeft = async (db: Queryable, tenant: string) => {
  const found: Record<string, number> = {}
  for (const name of webhookTables)
    found[name] = (await db.query(`select from ${name} where tenant_id = $1`, [tenant])).rowCount ?? 0
  return found
}
export const noRows = Object.fromEntries(webhookTables.map((name) => [name, 0]))
