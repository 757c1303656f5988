import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { makeMigrated, type OwnDatabase } from '../kit/own-database.ts'
import { makeTenant } from '../kit/tenants.ts'

// The engine past webhooks, whose tests show fairness, leases and order: what holds when several domains use it.
let own: OwnDatabase
let db: pg.Pool
let tenant: string
const lane = crypto.randomUUID()

interface Item {
  tenant_id: string
  lane_id: string
  item_id: string
  lease_id: string
  attempt_number: number
}

beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  db = new pg.Pool({ connectionString: own.url, max: 4 })
  db.on('error', () => {})
  db.on('connect', (client) => client.on('error', () => {}))
  tenant = (await makeTenant({ db })).id
  await db.query(`select private.register_queue('letters', '/letters/dispatch', '{1 min,1 hour}')`)
})
afterAll(async () => {
  await db?.end()
  await own?.drop()
})
beforeEach(async () => {
  await db.query('delete from private.queue_lanes')
  await db.query('delete from private.queue_tenants')
  for (const queue of ['letters', 'webhooks']) {
    await db.query(
      'insert into private.queue_lanes (tenant_id, queue, lane_id, is_slow) values ($1, $2, $3, false)',
      [tenant, queue, lane],
    )
    await db.query('insert into private.queue_tenants (tenant_id, queue) values ($1, $2)', [tenant, queue])
  }
})

async function enqueue(queue: string, items: string[], keys: (string | null)[] = items.map(() => null)) {
  await db.query('select private.enqueue_items($1, $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])', [
    queue,
    items.map(() => tenant),
    items.map(() => lane),
    items,
    keys,
  ])
}
const claim = async (queue: string) =>
  (await db.query<Item>('select * from private.claim_items($1, 50, 60)', [queue])).rows
const complete = async (queue: string, items: Item[], result: Record<string, unknown>) =>
  (
    await db.query<{ settled: string[]; died: string[] | null; turns: unknown }>(
      `select * from private.complete_items($1, array(select r from json_populate_recordset(null::private.queue_result, $2) as r), 1)`,
      [queue, JSON.stringify(items.map((item) => ({ ...item, duration_ms: 5, ...result })))],
    )
  ).rows[0]!
const waiting = async (queue: string) =>
  (
    await db.query<{ item_id: string; attempt_count: number; seconds: number }>(
      `select item_id, attempt_count, extract(epoch from next_at - now())::float8 as seconds
       from private.queue_items where queue = $1 order by item_id`,
      [queue],
    )
  ).rows
const passTime = async (seconds: number) => {
  for (const table of ['queue_items', 'queue_lanes', 'queue_tenants'])
    await db.query(`update private.${table} set next_at = next_at - make_interval(secs => $1)`, [seconds])
}

it('a queue takes nothing of another, though tenant, lane and item have the same ids', async () => {
  const item = crypto.randomUUID()
  await enqueue('letters', [item])
  expect(await claim('webhooks')).toEqual([])
  await enqueue('webhooks', [item])
  const [letter, webhook] = [await claim('letters'), await claim('webhooks')]
  expect([letter, webhook].map((leases) => leases.map(({ item_id }) => item_id))).toEqual([[item], [item]])
  // A lease of the one settles nothing in the other.
  expect((await complete('webhooks', letter, { outcome: 'succeeded' })).settled).toEqual([])
  expect((await complete('letters', letter, { outcome: 'succeeded' })).settled).toEqual(['1'])
  expect(await waiting('letters')).toEqual([])
  expect(await waiting('webhooks')).toHaveLength(1)
})

it('items go with their lane, whatever deletes it, and those of other lanes stay', async () => {
  for (const queue of ['letters', 'webhooks'])
    await enqueue(queue, [crypto.randomUUID(), crypto.randomUUID()])
  await claim('letters')
  await db.query('delete from private.queue_lanes where queue = $1', ['letters'])
  expect(await waiting('letters')).toEqual([])
  expect(await waiting('webhooks')).toHaveLength(2)
  const client = await db.connect()
  try {
    await client.query('begin')
    await client.query('delete from public.tenants where id = $1', [tenant])
    const { rows } = await client.query('select from private.queue_items')
    expect(rows).toEqual([])
  } finally {
    await client.query('rollback')
    client.release()
  }
})

it('a tenant may have as much under way in one queue, whatever it has in another', async () => {
  const many = Array.from({ length: 60 }, () => crypto.randomUUID())
  await enqueue('webhooks', many)
  expect((await claim('webhooks')).length).toBe(16)
  await enqueue('letters', many)
  expect((await claim('letters')).length).toBe(16)
})

it('an item is tried as often as its queue says, and dies', async () => {
  await enqueue('letters', [crypto.randomUUID()])
  for (const [attempt, wait] of [
    [1, 60],
    [2, 3_600],
  ] as const) {
    const leases = await claim('letters')
    expect(leases.map(({ attempt_number }) => attempt_number)).toEqual([attempt])
    expect(await complete('letters', leases, { outcome: 'failed' })).toMatchObject({
      settled: ['1'],
      died: null,
    })
    const [left] = await waiting('letters')
    expect(left!.seconds).toBeGreaterThanOrEqual(wait - 1)
    expect(left!.seconds).toBeLessThanOrEqual(wait * 1.1)
    await passTime(wait * 1.1)
  }
  expect(await complete('letters', await claim('letters'), { outcome: 'failed' })).toMatchObject({
    died: ['1'],
  })
  expect(await waiting('letters')).toEqual([])
})

it('what is postponed is tried again after its time, as the same attempt, and its lane is not to blame', async () => {
  const items = Array.from({ length: 8 }, () => crypto.randomUUID())
  await enqueue('letters', items)
  for (let round = 0; round < 3; round++) {
    const leases = await claim('letters')
    expect(leases.map(({ attempt_number }) => attempt_number)).toEqual(Array(8).fill(1))
    expect((await complete('letters', leases, { outcome: 'postponed', wait_seconds: 90 })).died).toBeNull()
    expect(await claim('letters')).toEqual([])
    for (const { seconds, attempt_count } of await waiting('letters')) {
      expect(attempt_count).toBe(0)
      expect(seconds).toBeGreaterThan(88)
      expect(seconds).toBeLessThanOrEqual(90)
    }
    const { rows } = await db.query(
      `select failure_count, extract(epoch from next_at - now())::float8 < 91 as is_soon from private.queue_lanes where queue = 'letters'`,
    )
    expect(rows).toEqual([{ failure_count: 0, is_soon: true }])
    await passTime(91)
  }
})

it('what is postponed keeps the later items of its ordering key waiting, and no others', async () => {
  const [first, second, other] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`) as [
    string,
    string,
    string,
  ]
  await enqueue('letters', [first, second, other], ['a', 'a', 'b'])
  const leases = await claim('letters')
  expect(leases.map(({ item_id }) => item_id).toSorted()).toEqual([first, other])
  await complete('letters', leases, { outcome: 'postponed', wait_seconds: 90 })
  expect(await claim('letters')).toEqual([])
  await passTime(91)
  expect((await claim('letters')).map(({ item_id }) => item_id).toSorted()).toEqual([first, other])
})

it('what is dropped is not tried again, and its lane is not to blame', async () => {
  const items = Array.from({ length: 8 }, () => crypto.randomUUID())
  await enqueue('letters', items)
  const done = await complete('letters', await claim('letters'), { outcome: 'dropped' })
  expect(done).toMatchObject({ died: null, turns: null })
  expect(done.settled).toHaveLength(8)
  expect(await waiting('letters')).toEqual([])
  const { rows } = await db.query(
    `select failure_count, opened_count, failing_since_at, blocked_until_at = '-infinity' as is_open
     from private.queue_lanes where queue = 'letters'`,
  )
  expect(rows).toEqual([{ failure_count: 0, opened_count: 0, failing_since_at: null, is_open: true }])
})

it('what is dropped lets the next item of its key go', async () => {
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()].sort()
  await enqueue('letters', [first!, second!], ['ada', 'ada'])
  const leases = await claim('letters')
  expect(leases.map(({ item_id }) => item_id)).toEqual([first])
  await complete(
    'letters',
    leases.map((lease) => ({ ...lease, ordering_key: 'ada' })),
    { outcome: 'dropped' },
  )
  await db.query(`select private.wake_queue_tenants('letters', array[$1::uuid])`, [tenant])
  expect((await claim('letters')).map(({ item_id }) => item_id)).toEqual([second])
})

it('each queue has dispatchers and calls of its own, and one that is registered again keeps them', async () => {
  const run = crypto.randomUUID()
  const begin = async (queue: string, id: string) =>
    (await db.query<{ slot: number | null }>('select private.begin_dispatch($1, $2) as slot', [queue, id]))
      .rows[0]!.slot
  expect(await begin('letters', run)).toBe(1)
  expect(await begin('letters', crypto.randomUUID())).toBeNull()
  expect(await begin('webhooks', crypto.randomUUID())).toBe(1)
  await db.query(`select private.register_queue('letters', '/letters/dispatch', '{1 min,1 hour}')`)
  const { rows } = await db.query(
    `select count(*)::int as places, count(run_id)::int as taken from private.queue_dispatchers where queue = 'letters'`,
  )
  expect(rows).toEqual([{ places: 16, taken: 1 }])
})

it('a dispatcher is called for what is due in its queue, and for what its outbox holds', async () => {
  await db.query(`update private.queue_dispatchers set awake_until_at = '-infinity', run_id = null`)
  const wake = async (queue: string) =>
    (await db.query<{ said: string }>('select private.wake_idle_dispatcher($1) as said', [queue])).rows[0]!
      .said
  await db.query('delete from private.webhook_outbox')
  await enqueue('letters', [crypto.randomUUID()])
  expect(await wake('letters')).toMatch(/^Woken/)
  expect(await wake('webhooks')).toBe('Nothing is due.')
  await db.query(
    `insert into public.webhook_endpoints (tenant_id, url, secret_id) values ($1, 'https://a.example/', gen_random_uuid())`,
    [tenant],
  )
  await db.query(`select private.emit_event($1, 'webhook.test', '{"note": "a"}')`, [tenant])
  expect(await wake('webhooks')).toMatch(/^Woken/)
})
