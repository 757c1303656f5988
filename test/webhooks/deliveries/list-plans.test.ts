import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { Db, Sql } from '../../../lib/db/index.ts'
import { listAttempts } from '../../../lib/webhooks/attempts/queries.ts'
import { listDeliveries } from '../../../lib/webhooks/deliveries/queries.ts'
import type { DeliveryQuery } from '../../../lib/webhooks/deliveries/schema.ts'
import { listMessages } from '../../../lib/webhooks/messages/queries.ts'
import { makeTenant } from '../../kit/tenants.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

// What a list reads must depend on its page and not on how much there is, whichever way its rows are looked
// for: so that it neither reads a whole table nor walks along most of an index. Two tenants have 20,000 messages each, in
// a transaction that is rolled back.
const messageCount = 20_000
const maxRead = 3_000

let client: Client
let tenant: string
let owner: string
/** Everything goes to the first endpoint; one in nineteen to each of the others. */
let endpoints: { id: string; ref_id: string }[]
let middle: string

beforeAll(async () => {
  client = new Client({ connectionString: inject('stack').admin_db_url })
  await client.connect()
  await client.query('begin')
  const made = [await makeTenant({ db: client }), await makeTenant({ db: client })]
  tenant = made[0]!.id
  owner = randomUUID()
  await client.query('insert into auth.users (id, email) values ($1, $2)', [owner, `${owner}@example.com`])
  await client.query(
    `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`,
    [tenant, owner],
  )
  await client.query(
    `insert into public.webhook_endpoints (tenant_id, kind, secret_id)
     select t, 'poll', gen_random_uuid() from unnest($1::uuid[]) as t, generate_series(1, 20)`,
    [made.map(({ id }) => id)],
  )
  await client.query(
    `insert into public.webhook_events (tenant_id, id, type, version, payload)
     select t, private.uuid_v7_at((extract(epoch from now() - n * interval '20 s') * 1000000)::bigint),
       case when n % 1000 = 0 then 'campaign.deleted' when n % 2 = 0 then 'campaign.created' else 'campaign.updated' end, 1, '{"data":{}}'
     from unnest($1::uuid[]) as t, generate_series(1, $2::int) as n`,
    [made.map(({ id }) => id), messageCount],
  )
  // Rare are: pending at the second endpoint, and dead anywhere.
  await client.query(
    `with p as (select tenant_id, id, row_number() over (partition by tenant_id order by id) as n from public.webhook_endpoints where tenant_id = any ($1)),
       e as (select tenant_id, id, row_number() over (partition by tenant_id order by id) as n from public.webhook_events where tenant_id = any ($1)),
     delivery as (
     insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, status, ended_at)
     select e.tenant_id, e.id, p.id, s.status, case when s.status <> 'pending' then now() end
     from e join p on p.tenant_id = e.tenant_id and (p.n = 1 or p.n = 2 + e.n % 19)
     cross join lateral (select case when e.n % 487 = 0 then 'dead' when e.n < 2000 and p.n = 2 then 'pending' else 'delivered' end::public.webhook_delivery_status as status) as s
     returning *)
     insert into private.queue_items (tenant_id, queue, lane_id, item_id)
     select tenant_id, 'webhooks', endpoint_id, event_id from delivery where status = 'pending'`,
    [made.map(({ id }) => id)],
  )
  await client.query(
    `insert into public.webhook_attempts (tenant_id, id, event_id, endpoint_id, attempt_number, outcome, duration_ms, error_code)
     select tenant_id, overlay(gen_random_uuid()::text placing left(event_id::text, 18) from 1)::uuid, event_id, endpoint_id, 1,
       case status when 'dead' then 'failed' else 'succeeded' end::public.webhook_attempt_outcome, 20, case when status = 'dead' then 'status_500' end
     from public.webhook_deliveries where tenant_id = any ($1) and status <> 'pending'`,
    [made.map(({ id }) => id)],
  )
  await client.query(
    'analyze public.webhook_events, public.webhook_deliveries, public.webhook_attempts, private.queue_items',
  )
  endpoints = (
    await client.query('select id, ref_id from public.webhook_endpoints where tenant_id = $1 order by id', [
      tenant,
    ])
  ).rows
  const { rows } = await client.query<{ id: string }>(
    'select id from public.webhook_events where tenant_id = $1 order by id offset $2 limit 1',
    [tenant, messageCount / 2],
  )
  middle = rows[0]!.id
  await client.query(
    `select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`,
    [JSON.stringify({ role: 'authenticated', sub: owner })],
  )
})
afterAll(async () => {
  await client?.query('rollback').finally(() => client.end())
})

/** Rows read of the large tables in this transaction, by indexes and past them. */
async function countRead(): Promise<{ byIndex: number; bySearch: number }> {
  const { rows } = await client.query<{ byIndex: number; bySearch: number }>(
    `select sum(idx_tup_fetch)::int as "byIndex", sum(seq_tup_read)::int as "bySearch" from pg_stat_xact_user_tables
     where relname in ('webhook_events', 'webhook_deliveries', 'webhook_attempts', 'queue_items')`,
  )
  return rows[0]!
}

/** Runs a list and says how many rows of the large tables it read, in its own statements and in functions. */
async function readBy(list: (db: Db) => Promise<unknown>): Promise<{ read: number; readWhole: number }> {
  const db: Db = {
    async query<Row>({ text, values, isAlongIndex }: Sql) {
      await client.query(`set local enable_sort = ${isAlongIndex ? 'off' : 'on'}`)
      return (await client.query(text, values)).rows as Row[]
    },
    one: async <Row>(statement: Sql) => (await db.query<Row>(statement))[0]!,
    transaction: (work) => work(db),
  }
  const before = await countRead()
  await list(db)
  const after = await countRead()
  return { read: after.byIndex - before.byIndex, readWhole: after.bySearch - before.bySearch }
}

/** The moment of the message in the middle. */
const halfway = () => new Date(Date.now() - (messageCount / 2) * 20_000).toISOString()
const choices = <Value>(...values: Value[]) => [undefined, ...values]
const named = (value: unknown) => JSON.stringify(value, (_, inner) => inner ?? undefined)

describe('a page of messages', () => {
  it('is found by an index whichever way it is looked for', async () => {
    const since = halfway()
    for (const event_type of choices('campaign.created', 'campaign.deleted', 'product.granted')) {
      for (const moment of [{}, { since }, { until: since }, { cursor: { id: middle } }]) {
        const query = { limit: 50, ...(event_type && { event_type }), ...moment }
        const { read, readWhole } = await readBy((db) => listMessages(db, tenant, query))
        expect({ query, readWhole }).toEqual({ query, readWhole: 0 })
        expect(read, named(query)).toBeLessThan(200)
      }
    }
  })
})

describe('a page of deliveries', () => {
  it('is found by an index whichever way it is looked for', async () => {
    const [every, few] = [endpoints[0]!.ref_id, endpoints[1]!.ref_id]
    for (const endpoint of choices(every, few)) {
      for (const status of choices('pending', 'delivered', 'dead') as ('pending' | undefined)[]) {
        for (const event_type of choices('campaign.created', 'campaign.deleted', 'product.granted')) {
          for (const moment of [
            {},
            { cursor: { event_id: middle, endpoint_id: endpoints[0]!.id } },
            { since: halfway() },
            { until: halfway() },
          ]) {
            const query = {
              limit: 50,
              ...(endpoint && { endpoint }),
              ...(status && { status }),
              ...(event_type && { event_type }),
              ...moment,
            }
            const { read, readWhole } = await readBy((db) => listDeliveries(db, tenant, query))
            expect({ query, readWhole }).toEqual({ query, readWhole: 0 })
            expect(read, named(query)).toBeLessThan(maxRead)
          }
        }
      }
    }
  })
})

// The planner may believe anything of the tables: that they are empty, or that there are a thousand times as many rows; and
// of a status that no row has it, or that every row has it.
describe('a page of deliveries that are pending, dead or of one type is read along its index', () => {
  const both = `'{public.webhook_events,public.webhook_deliveries,private.queue_items}'::regclass[]`
  /** Analyzes the deliveries as if all had this status. */
  const allThoughtToBe = (status: string) => [
    'create temporary table really on commit drop as select tenant_id, event_id, endpoint_id, status, ended_at from public.webhook_deliveries',
    `update public.webhook_deliveries set status = '${status}', ended_at = ${status === 'pending' ? 'null' : 'now()'}`,
    'analyze public.webhook_deliveries',
    `update public.webhook_deliveries as d set status = r.status, ended_at = r.ended_at from really as r
     where d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id and d.status <> r.status`,
  ]

  const types = ['campaign.created', 'campaign.deleted', 'product.granted']
  const filters: Partial<DeliveryQuery>[] = [
    { status: 'pending' },
    { status: 'dead' },
    ...types.flatMap((event_type) => [{ event_type }, { event_type, status: 'delivered' as const }]),
  ]

  it.each([
    ['without statistics', [`delete from pg_statistic where starelid = any (${both})`]],
    [
      'of tables thought to be empty',
      [`update pg_class set reltuples = 0, relpages = 0 where oid = any (${both})`],
    ],
    [
      'of tables thought to be a thousand times as large',
      [`update pg_class set reltuples = reltuples * 1000 where oid = any (${both})`],
    ],
    ['when all are thought to be dead', allThoughtToBe('dead')],
    ['when all are thought to be pending', allThoughtToBe('pending')],
    ['when all are thought to be delivered', allThoughtToBe('delivered')],
  ])('%s', async (_, statements) => {
    await client.query('savepoint odd')
    try {
      await client.query('reset role')
      for (const statement of statements) await client.query(statement)
      await client.query('set local role authenticated')
      for (const endpoint of choices(endpoints[0]!.ref_id, endpoints[1]!.ref_id)) {
        for (const filter of filters) {
          for (const cursor of choices({ event_id: middle, endpoint_id: endpoints[0]!.id })) {
            const query = { limit: 50, ...filter, ...(endpoint && { endpoint }), ...(cursor && { cursor }) }
            const { read, readWhole } = await readBy((db) => listDeliveries(db, tenant, query))
            expect({ query, readWhole }).toEqual({ query, readWhole: 0 })
            expect(read, named(query)).toBeLessThan(maxRead)
          }
        }
      }
    } finally {
      await client.query('rollback to odd')
    }
  })
})

describe('a page of attempts', () => {
  it('is found by an index whichever way it is looked for', async () => {
    for (const endpoint of choices(endpoints[0]!.ref_id, endpoints[1]!.ref_id)) {
      for (const outcome of choices('succeeded', 'failed') as ('failed' | undefined)[]) {
        for (const cursor of choices({ id: middle })) {
          const query = {
            limit: 50,
            ...(endpoint && { endpoint }),
            ...(outcome && { outcome }),
            ...(cursor && { cursor }),
          }
          const { read, readWhole } = await readBy((db) => listAttempts(db, tenant, query))
          expect({ query, readWhole }).toEqual({ query, readWhole: 0 })
          expect(read, named(query)).toBeLessThan(200)
        }
      }
    }
  })
})
