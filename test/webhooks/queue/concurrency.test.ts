import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../kit/eventually.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { takePicture, wrongIn } from './picture.ts'
import { Storm } from './storm.ts'
import {
  addEndpoint,
  callAll,
  claim,
  complete,
  emit,
  emptyQueue,
  expand,
  failed,
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

/** Holds the item of a lease until it is released. */
async function hold({ endpoint_id, event_id }: Lease) {
  const holder = await queue.db.connect()
  await holder.query('begin')
  await holder.query(
    'select from private.queue_items where lane_id = $1 and item_id = $2 for no key update',
    [endpoint_id, event_id],
  )
  return {
    async release() {
      await holder.query('rollback')
      holder.release()
    },
  }
}

/** Until so many completions wait for a lock. */
async function waiting(count: number): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await queue.superuser.query(
      `select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query ~ 'complete_webhook_deliveries'`,
    )
    expect(rowCount).toBe(count)
  })
}

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
    // As text, for a message that names them whole.
    expect([...storm.errors].map(([what, times]) => `${times} x ${what}`).join('\n')).toBe('')
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
  it('complete what others have taken meanwhile, some of it failed, without a deadlock', async () => {
    const tenant = (await makeTenant({ db: queue.db })).id
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 4)
    const byEvent = (a: Lease, b: Lease) => (a.event_id < b.event_id ? -1 : 1)
    const late = (await claim(queue.db, 50, 0)).sort(byEvent)
    const [first, second, third, fourth] = late as [Lease, Lease, Lease, Lease]
    const firstHeld = await hold(first)
    // It sees its leases as they are now, and then waits for the first.
    const stale = complete(
      queue.db,
      [first, second, third].map((lease) => [lease, succeeded]),
    )
    await waiting(1)
    await callAll(queue)
    const taken = (await claim(queue.db)).sort(byEvent)
    expect(taken.map(({ event_id }) => event_id)).toEqual(
      [second, third, fourth].map(({ event_id }) => event_id),
    )
    const fourthHeld = await hold(fourth)
    const outcomes = [succeeded, failed, failed]
    const current = complete(
      queue.db,
      taken.map((lease, n) => [lease, outcomes[n]!]),
    )
    await waiting(2)
    await firstHeld.release()
    // Now one of them waits for the other, whichever it is.
    await waiting(2)
    await fourthHeld.release()
    expect(await Promise.all([stale, current])).toEqual([1, 3])
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
