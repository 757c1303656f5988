import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import { maxOfTenant, promises, type Town } from './fairness.ts'
import {
  addEndpoint,
  claim,
  type Endpoint,
  emit,
  emptyQueue,
  expand,
  fill,
  makeQueue,
  type Queue,
} from './world.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

let queue: Queue
let town: Town
beforeAll(async () => {
  queue = await makeQueue()
  const tenants: string[] = []
  for (let n = 0; n < 12; n++) tenants.push((await makeTenant({ db: queue.db })).id)
  town = { queue, tenants }
})
afterAll(() => queue.close())
beforeEach(() => emptyQueue(queue))

describe('tenants share the queue', () => {
  it.each(Object.entries(promises))('%s', async (_, promised) => {
    expect(await promised(town)).toEqual([])
  })

  it('a delivery of a stranger is in the next claim although 100,000 of another tenant are due', async () => {
    const [hostile, stranger] = town.tenants as [string, string]
    const crowded: Endpoint[] = []
    for (let n = 0; n < 50; n++) crowded.push(await addEndpoint(queue, hostile))
    for (const endpoint of crowded) await fill(queue, endpoint, 2_000)
    const endpoint = await addEndpoint(queue, stranger)
    const taken: string[] = []
    for (let round = 0; round < 5; round++) {
      await emit(queue.db, stranger)
      await expand(queue.db)
      const leases = await claim(queue.db, 16)
      expect(leases.filter(({ endpoint_id }) => endpoint_id === endpoint.id)).toHaveLength(1)
      taken.push(...leases.filter(({ tenant_id }) => tenant_id === hostile).map(({ event_id }) => event_id))
    }
    expect(taken.length).toBeLessThanOrEqual(maxOfTenant)
  })
})

// Each line of the claim that makes it fair is broken in turn, and one of the promises must notice.
describe('a claim that is not fair does not go unseen', () => {
  const claiming = 'private.claim_items(text,integer,integer,integer)'
  const mutants: [from: string, to: string][] = [
    ['max_of_tenant constant int := 48', 'max_of_tenant constant int := 480'],
    ['max_slow_of_tenant constant int := 16', 'max_slow_of_tenant constant int := 48'],
    ['order by t.next_at limit least(batch, 50)', 'order by t.next_at desc limit least(batch, 50)'],
    ['max_of_tenant - u.under_way', 'max_of_tenant'],
    ['max_slow_of_tenant - u.slow_under_way', 'max_slow_of_tenant'],
    ['select l.is_slow is not false from', 'select l.is_slow from'],
    [
      'i.queue = claim_items.queue and i.dispatched_at is not null and i.next_at > now()\n      group by',
      'i.queue = claim_items.queue and i.dispatched_at is not null\n      group by',
    ],
    [
      'i.queue = claim_items.queue and i.dispatched_at is not null and i.next_at > now()\n      group by',
      'i.queue = claim_items.queue and i.lease_id is not null and i.next_at > now()\n      group by',
    ],
    ['and (l.is_slow is false or t.slow_room > 0)', ''],
    ['and (l.is_slow is not true or max_slow > 0)', ''],
    ['/ cardinality(tenants)), t.room), 0)', '/ cardinality(tenants)), 50), 0)'],
    ['/ cardinality(served_tenants))::int) / l.of_tenant, 1)', '/ cardinality(served_tenants))::int), 1)'],
    ['least(l.room, ceil(', 'least(batch, ceil('],
    [
      'when l.place_in_its_slow <= l.slow_room then greatest(l.slow_room / l.of_its_slow, 1) else 0 end',
      'when true then 4 end',
    ],
    [
      'when l.place_among_slow <= max_slow then greatest(max_slow / l.of_slow, 1) else 0 end',
      'when true then 4 end',
    ],
    ['least(t.room, t.slow_room, max_slow) <= 0 as is_capped', 'false as is_capped'],
    [
      'least(t.room, t.slow_room, max_slow) <= 0 as is_capped',
      'least(t.room, t.slow_room) <= 0 as is_capped',
    ],
    [`when s.is_capped then now() + interval '500 ms'`, `when s.is_capped then 'infinity'`],
    ['greatest(s.next_at, clock_timestamp())', 's.next_at'],
  ]

  it.each(mutants)('%s -> %s', async (from, to) => {
    const { rows } = await queue.db.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [claiming],
    )
    const { definition } = rows[0]!
    expect(definition).toContain(from)
    try {
      await queue.db.query(definition.replaceAll(from, to))
      const wrong: string[] = []
      for (const promised of Object.values(promises)) {
        await emptyQueue(queue)
        wrong.push(...(await promised(town)))
        if (wrong.length > 0) break
      }
      expect(wrong).not.toEqual([])
    } finally {
      await queue.db.query(definition)
    }
  })
})

describe('expanding', () => {
  const hold = (tenant: string, count: number) =>
    queue.db.query(
      `with event as (
         insert into public.webhook_events (tenant_id, type, version, payload)
         select $1, 'order.paid', 1, '{}' from generate_series(1, $2::int) returning tenant_id, id
       )
       insert into private.webhook_outbox (tenant_id, event_id) select tenant_id, id from event`,
      [tenant, count],
    )
  const waiting = async () => {
    const { rows } = await queue.db.query<{ tenant_id: string; n: number }>(
      'select tenant_id, count(*)::int as n from private.webhook_outbox group by tenant_id',
    )
    return new Map(rows.map(({ tenant_id, n }) => [tenant_id, n]))
  }

  it('takes a share for each tenant, however many events one has told before', async () => {
    const [loud, quiet, other] = await Promise.all([1, 2, 3].map(() => makeTenant({ db: queue.db })))
    await hold(loud!.id, 5_000)
    await hold(quiet!.id, 1)
    await hold(other!.id, 300)
    expect(await expand(queue.db, 300)).toBe(201)
    expect(await waiting()).toEqual(
      new Map([
        [loud!.id, 4_900],
        [other!.id, 200],
      ]),
    )
  })

  it('has a turn for everybody where more wait than have one', async () => {
    const tenants = await Promise.all(Array.from({ length: 70 }, () => makeTenant({ db: queue.db })))
    for (const { id } of tenants) await hold(id, 20)
    expect(await expand(queue.db, 500)).toBe(500)
    const left = await waiting()
    expect([...left.values()].filter((n) => n === 10)).toHaveLength(50)
    for (let n = 0; n < 50 && (await expand(queue.db, 500)) > 0; n++);
    expect(await waiting()).toEqual(new Map())
  })

  it('takes the oldest of a tenant first, and all of one that is alone', async () => {
    const { id } = await makeTenant({ db: queue.db })
    await hold(id, 700)
    const { rows } = await queue.db.query('select event_id from private.webhook_outbox order by event_id')
    expect(await expand(queue.db, 500)).toBe(500)
    const { rows: left } = await queue.db.query(
      'select event_id from private.webhook_outbox order by event_id',
    )
    expect(left).toEqual(rows.slice(500))
    expect(await expand(queue.db, 500)).toBe(200)
    expect(await expand(queue.db, 500)).toBe(0)
  })
})
