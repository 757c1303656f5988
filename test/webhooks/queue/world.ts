import pg from 'pg'
import { inject } from 'vitest'
import { makeMigrated } from '../../kit/own-database.ts'

/** A database of its own, so that the stack's own dispatcher does not take what a test wants to take. */
export interface Queue {
  db: pg.Pool
  superuser: pg.Pool
  close(): Promise<void>
}

export interface Endpoint {
  tenant: string
  id: string
  ref: string
}

export interface Lease {
  tenant_id: string
  event_id: string
  endpoint_id: string
  lease_id: string
  attempt_number: number
  ordering_key: string | null
}

/** What a worker may say of a lease, besides how long it took. */
export interface Outcome {
  outcome: 'succeeded' | 'failed'
  duration_ms?: number
  block_seconds?: number
  disable?: 'asked' | 'gone'
}

export const succeeded: Outcome = { outcome: 'succeeded' }
export const failed: Outcome = { outcome: 'failed' }

/** Of the tests' own, and those that the queue itself tells of. */
const types = {
  'order.paid': false,
  'order.sent': false,
  'endpoint.failing': true,
  'endpoint.disabled': true,
  'endpoint.recovered': true,
  'delivery.exhausted': true,
  'webhook.test': true,
}

export async function makeQueue(): Promise<Queue> {
  const own = await makeMigrated(inject('stack'))
  const db = new pg.Pool({ connectionString: own.url, max: 24 })
  const superuser = new pg.Pool({ connectionString: own.adminUrl, max: 2 })
  for (const pool of [db, superuser]) {
    // Dropping the database may end a connection that is just closing; without a listener that ends the test.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
  }
  await db.query(
    `insert into public.webhook_event_types (type, description, is_operational, schema, example)
     select key, 'For tests.', value::boolean, '{"type": "object"}', '{}' from json_each_text($1)
     on conflict do nothing`,
    [types],
  )
  return {
    db,
    superuser,
    async close() {
      await Promise.all([db.end(), superuser.end()])
      await own.drop()
    },
  }
}

/** Forgets every endpoint and event, whosever. */
export async function emptyQueue({ superuser }: Queue): Promise<void> {
  await superuser.query('truncate public.webhook_events, public.webhook_endpoints cascade')
  await superuser.query(
    'truncate private.queue_lanes, private.queue_items, private.queue_tenants, net.http_request_queue',
  )
}

interface EndpointOptions {
  kind?: 'push' | 'poll'
  types?: readonly string[] | null
  rate?: number | null
  /** Whether its receiver has been slow to answer; null if it never answered. */
  isSlow?: boolean | null
}

export async function addEndpoint(
  { db }: Queue,
  tenant: string,
  options: EndpointOptions = {},
): Promise<Endpoint> {
  const { kind = 'push', types = null, rate = null, isSlow = false } = options
  const { rows } = await db.query<Endpoint>(
    `insert into public.webhook_endpoints (tenant_id, kind, url, event_types, rate_limit_per_second, secret_id)
     values ($1, $2, $3, $4, $5, gen_random_uuid()) returning tenant_id as tenant, id, ref_id as ref`,
    [tenant, kind, kind === 'push' ? 'https://receiver.example/hook' : null, types, rate],
  )
  await db.query('update private.queue_lanes set is_slow = $2 where lane_id = $1', [rows[0]!.id, isSlow])
  return rows[0]!
}

export type Querying = Pick<pg.Pool, 'query'>

/** Null where the tenant is archived. */
export async function emit(
  db: Querying,
  tenant: string,
  options: { type?: string; key?: string | null; idempotencyKey?: string | null } = {},
): Promise<string | null> {
  const { rows } = await db.query<{ id: string | null }>(
    'select private.emit_event($1, $2, $3, $4, $5) as id',
    [tenant, options.type ?? 'order.paid', {}, options.key ?? null, options.idempotencyKey ?? null],
  )
  return rows[0]!.id
}

export async function expand(db: Querying, batch = 500): Promise<number> {
  const { rows } = await db.query<{ n: number }>('select private.expand_webhook_events($1) as n', [batch])
  return rows[0]!.n
}

export async function claim(
  db: Querying,
  batch = 50,
  leaseSeconds = 60,
  slowBatch: number | null = null,
): Promise<Lease[]> {
  const { rows } = await db.query<Lease>(
    `select tenant_id, item_id as event_id, lane_id as endpoint_id, lease_id, attempt_number, ordering_key
     from private.claim_webhook_deliveries($1, $2, $3)`,
    [batch, leaseSeconds, slowBatch],
  )
  return rows
}

/** Reports what came of leases; answers how many still held. */
export async function complete(
  db: Querying,
  reports: [Lease, Outcome][],
  slot: number | null = null,
): Promise<number> {
  const results = reports.map(([lease, { disable, ...outcome }]) => ({
    ...lease,
    lane_id: lease.endpoint_id,
    item_id: lease.event_id,
    stop_reason: disable,
    duration_ms: 5,
    ...outcome,
    ...(outcome.outcome === 'failed' ? { error_code: 'status_500', error_detail: 'It answered 500.' } : {}),
  }))
  const { rows } = await db.query<{ n: number }>('select private.complete_webhook_deliveries($1, $2) as n', [
    JSON.stringify(results),
    slot,
  ])
  return rows[0]!.n
}

/** As if so much time had gone by: everything the queue waits for comes nearer. */
export async function passTime({ db }: Queue, seconds: number): Promise<void> {
  await db.query(
    `with queues as (
       update private.queue_lanes set next_at = next_at - s.gone, blocked_until_at = blocked_until_at - s.gone,
         failing_since_at = failing_since_at - s.gone, rate_free_at = rate_free_at - s.gone
       from (select make_interval(secs => $1) as gone) as s
     ), tenant_queues as (
       update private.queue_tenants set next_at = next_at - make_interval(secs => $1)
     )
     update private.queue_items set next_at = next_at - make_interval(secs => $1)`,
    [seconds],
  )
}

/** Enables or disables an endpoint past the API. */
export async function setEnabled(queue: Queue, endpoint: Endpoint, isEnabled: boolean): Promise<void> {
  await whileHeld(queue, endpoint, (client) =>
    client.query(
      `update public.webhook_endpoints set is_enabled = $2, disabled_at = case when not $2 then now() end,
         disabled_reason = case when not $2 then 'by_hand'::public.webhook_disabled_reason end
       where id = $1 and is_enabled <> $2`,
      [endpoint.id, isEnabled],
    ),
  )
}

/** In steps, as the API does. */
export async function removeEndpoint({ db }: Queue, { tenant, id }: Endpoint): Promise<void> {
  for (let isGone = false; !isGone; ) {
    const { rows } = await db.query<{ gone: boolean }>(
      'select public.delete_webhook_endpoint($1, $2) as gone',
      [tenant, id],
    )
    isGone = rows[0]!.gone
  }
}

export async function replay(
  db: Querying,
  { tenant, id }: Endpoint,
  what: string[] | 'failed' | 'missing' | 'all',
): Promise<number> {
  const [events, which] = Array.isArray(what) ? [what, 'all'] : [null, what]
  const { rows } = await db.query<{ n: number }>(
    `select replayed_count as n from public.replay_webhook_deliveries($1, $2, event_ids => $3, which => $4,
       since => case when $3::uuid[] is null then now() - interval '1 hour' end)`,
    [tenant, id, events, which],
  )
  return rows[0]!.n
}

/** Holds an endpoint's queue while it makes deliveries or changes the endpoint, as everybody does. */
async function whileHeld({ db }: Queue, { id }: Endpoint, work: (client: Querying) => Promise<unknown>) {
  const client = await db.connect()
  try {
    await client.query('begin')
    await client.query('select from private.queue_lanes where lane_id = $1 for no key update', [id])
    await work(client)
    await client.query('commit')
  } finally {
    client.release()
  }
}

/** So many deliveries to an endpoint, due at once, without the way through emit and expand. */
export async function fill(queue: Queue, endpoint: Endpoint, count: number): Promise<void> {
  const { tenant, id } = endpoint
  await whileHeld(queue, endpoint, async (client) => {
    await client.query(
      `with event as (
         insert into public.webhook_events (tenant_id, type, version, payload)
         select $1, 'order.paid', 1, '{}' from generate_series(1, $3::int) returning id
       ), delivery as (
         insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id) select $1, id, $2 from event
       )
       insert into private.queue_items (tenant_id, queue, lane_id, item_id) select $1, 'webhooks', $2, id from event`,
      [tenant, id, count],
    )
    await client.query(`select private.wake_lanes('webhooks', array[$1::uuid], array[$2::uuid])`, [
      tenant,
      id,
    ])
    await client.query(`select private.wake_queue_tenants('webhooks', array[$1::uuid])`, [tenant])
  })
}

/** Makes every endpoint's queue due, as if it were its turn. */
export async function callAll({ db }: Queue): Promise<void> {
  await db.query('update private.queue_lanes set next_at = now()')
  await db.query('update private.queue_tenants set next_at = now()')
}

export interface EndpointQueue {
  /** Seconds until it is served; null is never. */
  wait: number | null
  /** Seconds until it may be served. */
  blocked: number
  failures: number
  isSlow: boolean | null
  isCapped: boolean
}

export async function readEndpointQueue({ db }: Queue, { id }: Endpoint): Promise<EndpointQueue> {
  const { rows } = await db.query<EndpointQueue>(
    `select case when isfinite(next_at) then extract(epoch from next_at - clock_timestamp())::float8 end as wait,
       case when isfinite(blocked_until_at)
         then greatest(extract(epoch from blocked_until_at - clock_timestamp()), 0)::float8 else 0 end as blocked,
       failure_count as failures, is_slow as "isSlow", is_capped as "isCapped"
     from private.queue_lanes where lane_id = $1`,
    [id],
  )
  return rows[0]!
}

/** Reports the same outcome for all of these deliveries. */
export function reportAll({ db }: Queue, leases: Lease[], outcome: Outcome) {
  return complete(
    db,
    leases.map((lease) => [lease, outcome]),
  )
}

/** The data of each event of a type, the oldest first. */
export async function eventData({ db }: Queue, type: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query<{ data: Record<string, unknown> }>(
    `select payload::json -> 'data' as data from public.webhook_events where type = $1 and not is_test order by id`,
    [type],
  )
  return rows.map(({ data }) => data)
}
