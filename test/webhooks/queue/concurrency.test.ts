import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import { takePicture, wrongIn } from './picture.ts'
import { Storm } from './storm.ts'
import {
  addEndpoint,
  claim,
  complete,
  emit,
  emptyQueue,
  expand,
  fill,
  type Lease,
  makeQueue,
  passTime,
  type Queue,
  removeEndpoint,
  replay,
  setEnabled,
  succeeded,
} from './world.ts'

const events = Number(process.env.TENANTRY_STORM_EVENTS ?? 900)

let queue: Queue
beforeAll(async () => {
  queue = await makeQueue()
})
afterAll(() => queue.close())
beforeEach(() => emptyQueue(queue))

describe('many connections at once', () => {
  it('lose nothing, take nothing twice, keep the order of keys, and never lock each other out', {
    timeout: 60_000 + events * 100,
  }, async () => {
    const storm = new Storm(queue, [
      (await makeTenant({ db: queue.db })).id,
      (await makeTenant({ db: queue.db })).id,
      (await makeTenant({ db: queue.db })).id,
    ])
    await storm.blow(events)
    expect([...storm.errors]).toEqual([])
    expect(storm.twice).toEqual([])
    const calm = await takePicture(queue)
    expect(wrongIn(calm)).toEqual([])
    for (const id of storm.rolledBack) expect(calm.events.has(id)).toBe(false)
    for (const [key, events] of storm.order)
      if (storm.steady.some(({ id }) => key.startsWith(id))) {
        const first = [...new Set(events)]
        expect(first, `first successes of ${key}`).toEqual([...first].sort())
      }
    for (const [name, { logged }] of calm.deliveries)
      expect(logged, `attempts logged of ${name}`).toBe(storm.reported.get(name) ?? 0)

    for (const { id, tenant } of calm.endpoints.values())
      await setEnabled(queue, { id, tenant, ref: '' }, true)
    for (let leases: Lease[] = [], nothing = 0; nothing < 30; nothing = leases.length ? 0 : nothing + 1) {
      await passTime(queue, leases.length ? 0 : 100_000)
      await expand(queue.db)
      leases = await claim(queue.db, 500)
      await complete(
        queue.db,
        leases.map((lease) => [lease, succeeded]),
      )
    }
    const end = await takePicture(queue)
    expect([...end.deliveries.values()].filter(({ status }) => status === 'pending')).toEqual([])
    for (const { id, tenant } of storm.emitted)
      for (const steady of storm.steady)
        if (steady.tenant === tenant)
          expect(end.deliveries.get(`${id} to ${steady.id}`)?.status, `${id} to ${steady.id}`).toMatch(
            /delivered|dead/,
          )
  })
  it('complete deliveries while they are replayed, and their endpoint deleted, without a deadlock', async () => {
    const tenant = (await makeTenant({ db: queue.db })).id
    for (let round = 0; round < 10; round++) {
      await emptyQueue(queue)
      const endpoint = await addEndpoint(queue, tenant)
      await fill(queue, endpoint, 500)
      // Where they lie tells nothing of their order.
      await queue.db.query('delete from private.queue_items')
      await queue.db.query('delete from public.webhook_deliveries')
      await queue.db.query(
        `insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id)
         select tenant_id, id, $1 from public.webhook_events order by random()`,
        [endpoint.id],
      )
      await queue.db.query(
        `insert into private.queue_items (tenant_id, queue, lane_id, item_id, lease_id, next_at)
         select tenant_id, 'webhooks', $1, id, gen_random_uuid(), now() + interval '1 hour' from public.webhook_events order by random()`,
        [endpoint.id],
      )
      const { rows: leases } = await queue.db.query<Lease>(
        `select tenant_id, item_id as event_id, lane_id as endpoint_id, lease_id, 1 as attempt_number, ordering_key
         from private.queue_items order by random()`,
      )
      const third = (n: number) => leases.filter((_, index) => index % 3 === n)
      await Promise.all([
        ...[0, 1, 2].map((n) =>
          complete(
            queue.db,
            third(n).map((lease) => [lease, succeeded]),
          ),
        ),
        round % 2
          ? removeEndpoint(queue, endpoint)
          : replay(
              queue.db,
              endpoint,
              leases.map(({ event_id }) => event_id),
            ),
      ])
    }
  })
  it('do not overtake an event of the same key that another is expanding', async () => {
    const tenant = (await makeTenant({ db: queue.db })).id
    await addEndpoint(queue, tenant)
    const first = await emit(queue.db, tenant, { key: 'a' })
    await emit(queue.db, tenant, { key: 'a' })
    await emit(queue.db, tenant, { key: 'b' })
    const other = await queue.db.connect()
    try {
      await other.query('begin')
      await other.query('select from private.webhook_outbox where event_id = $1 for update', [first])
      expect(await expand(queue.db)).toBe(1)
      expect(await expand(queue.db)).toBe(0)
    } finally {
      await other.query('rollback')
      other.release()
    }
    expect(await expand(queue.db)).toBe(2)
    expect((await claim(queue.db)).map(({ ordering_key }) => ordering_key).sort()).toEqual(['a', 'b'])
  })
})
