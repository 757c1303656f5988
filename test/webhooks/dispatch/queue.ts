import type pg from 'pg'
import type { Queryable } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

export const testSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export interface TestEndpoint {
  id: string
  ref_id: string
  tenant_id: string
}

/** An endpoint as it stands in the tables, past the rules of the API that would refuse some URLs. */
export async function makeEndpoint(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  url: string,
  columns: { secret?: string; event_types?: string[]; scheme?: 'hmac' | 'ed25519' } = {},
): Promise<TestEndpoint> {
  const { rows } = await db.query<TestEndpoint>(
    `insert into public.webhook_endpoints (tenant_id, url, secret_id, event_types, scheme)
     values ($1, $2, vault.create_secret($3), $4, $5) returning id, ref_id, tenant_id`,
    [tenant.id, url, columns.secret ?? testSecret, columns.event_types ?? null, columns.scheme ?? 'hmac'],
  )
  return rows[0]!
}

/** A tenant of its own with one endpoint. */
export async function makeReached(db: Queryable, url: string, columns?: Parameters<typeof makeEndpoint>[3]) {
  const tenant = await makeTenant({ db })
  return { tenant, endpoint: await makeEndpoint(db, tenant, url, columns) }
}

/** Tells a tenant's webhooks of something, in a transaction of its own; gives the message's id. */
export async function emit(
  db: Queryable,
  tenant: Pick<Tenant, 'id'>,
  data: object = { n: 1 },
): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `select 'msg_' || private.ulid(private.emit_event($1, 'brand.updated', $2)) as id`,
    [tenant.id, JSON.stringify(data)],
  )
  return rows[0]!.id
}

export interface Attempt {
  outcome: string
  attempt_number: number
  response_status: number | null
  response_body: string | null
  error_code: string | null
  error_detail: string | null
  duration_ms: number
}

export async function attemptsOf(db: Queryable, endpoint: TestEndpoint): Promise<Attempt[]> {
  const { rows } = await db.query<Attempt>(
    `select outcome, attempt_number, response_status, response_body, error_code, error_detail, duration_ms
     from public.webhook_attempts where tenant_id = $1 and endpoint_id = $2 order by id`,
    [endpoint.tenant_id, endpoint.id],
  )
  return rows
}

/** Makes whatever waits at this endpoint due now: its retries, its leases, its queue. */
export async function hurry(db: Queryable, endpoint: TestEndpoint): Promise<void> {
  await db.query(
    `with queue as (
       update private.queue_lanes set next_at = now(), blocked_until_at = '-infinity'
       where tenant_id = $1 and lane_id = $2 returning 1),
     tenant_queue as (update private.queue_tenants set next_at = now() where tenant_id = $1)
     update private.queue_items set next_at = now()
     where tenant_id = $1 and lane_id = $2 and next_at < 'infinity' and (select count(*) from queue) = 1`,
    [endpoint.tenant_id, endpoint.id],
  )
  await db.query(`select private.wake_idle_dispatcher('webhooks')`)
}

export async function statusesOf(db: pg.Pool | pg.Client, endpoint: TestEndpoint): Promise<string[]> {
  const { rows } = await db.query<{ status: string }>(
    'select status from public.webhook_deliveries where tenant_id = $1 and endpoint_id = $2 order by event_id',
    [endpoint.tenant_id, endpoint.id],
  )
  return rows.map(({ status }) => status)
}
