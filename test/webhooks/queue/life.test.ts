import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import {
  addEndpoint,
  callAll,
  claim,
  emit,
  emptyQueue,
  eventData,
  expand,
  failed,
  fill,
  type Lease,
  makeQueue,
  type Outcome,
  passTime,
  type Queue,
  readEndpointQueue,
  replay,
  reportAll,
} from './world.ts'

let queue: Queue
let tenant: string
beforeAll(async () => {
  queue = await makeQueue()
  tenant = (await makeTenant({ db: queue.db })).id
})
afterAll(() => queue.close())
beforeEach(() => emptyQueue(queue))

const seconds = (...of: number[]) => of.map((count, n) => count * [1, 60, 60, 3_600][Math.min(n, 3)]!)
const schedule = seconds(5, 5, 30, 2, 5, 10, 14, 20, 24)
const day = 86_400

const report = (leases: Lease[], outcome: Outcome) => reportAll(queue, leases, outcome)
const told = (type: string) => eventData(queue, type)
/** What is pending has failed nine times, and is due. */
const wearOut = () => queue.db.query('update private.queue_items set attempt_count = 9')

describe('a delivery that fails', () => {
  it('is tried ten times after the schedule, never early and at most a tenth late, and is dead then', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await emit(queue.db, tenant)
    await expand(queue.db)
    for (const [n, wait] of schedule.entries()) {
      const leases = await claim(queue.db)
      expect(leases.map(({ attempt_number }) => attempt_number)).toEqual([n + 1])
      await report(leases, failed)
      const { rows } = await queue.db.query<{ waits: number; status: string }>(
        `select d.status, extract(epoch from i.next_at - max(a.created_at))::float8 as waits
         from public.webhook_deliveries as d join public.webhook_attempts as a using (tenant_id, event_id, endpoint_id)
         join private.queue_items as i on i.item_id = d.event_id and i.lane_id = d.endpoint_id
         group by d.status, i.next_at`,
      )
      expect(rows[0]!.status).toBe('pending')
      expect(rows[0]!.waits).toBeGreaterThanOrEqual(wait)
      expect(rows[0]!.waits).toBeLessThanOrEqual(wait * 1.1)
      await passTime(queue, Math.max(rows[0]!.waits, (await readEndpointQueue(queue, endpoint)).blocked))
    }
    await report(await claim(queue.db), failed)
    const { rows } = await queue.db.query(
      'select status, attempt_count, ended_at from public.webhook_deliveries',
    )
    expect(rows).toEqual([{ status: 'dead', attempt_count: 10, ended_at: expect.any(Date) }])
    await passTime(queue, 30 * day)
    expect(await claim(queue.db)).toEqual([])
    expect(await told('delivery.exhausted')).toEqual([
      expect.objectContaining({ endpoint_id: endpoint.ref, event_type: 'order.paid', attempt_count: 10 }),
    ])
  })

  it('is told of as exhausted once, whoever reports late, and again when it was replayed', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 2)
    await wearOut()
    const [one, other] = await claim(queue.db, 2)
    // One of the leases ends: another worker takes it, and is done before the first one is.
    await queue.db.query('update private.queue_items set next_at = now() where item_id = $1', [one!.event_id])
    await callAll(queue)
    expect(await report(await claim(queue.db), failed)).toBe(1)
    expect(await report([one!, other!], failed)).toBe(1)
    const messages = (await told('delivery.exhausted')).map(({ message_id }) => message_id)
    expect(messages).toHaveLength(2)
    expect(new Set(messages).size).toBe(2)

    await replay(queue.db, endpoint, [one!.event_id])
    await passTime(queue, 700)
    await wearOut()
    await report(
      (await claim(queue.db)).filter(({ event_id }) => event_id === one!.event_id),
      failed,
    )
    expect((await told('delivery.exhausted')).length).toBe(messages.length + 1)
  })

  it('is not told of as exhausted when it was about webhooks themselves', async () => {
    const endpoint = await addEndpoint(queue, tenant, { types: ['endpoint.disabled'] })
    await emit(queue.db, tenant, { type: 'endpoint.disabled' })
    await expand(queue.db)
    await queue.db.query('select public.send_webhook_test($1, $2)', [tenant, endpoint.id])
    await wearOut()
    expect(await report(await claim(queue.db), failed)).toBe(2)
    expect(await told('delivery.exhausted')).toEqual([])
  })

  it('begins its schedule anew when it is replayed, also while its last attempt is under way', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 1)
    await wearOut()
    const [last] = await claim(queue.db)
    expect(last!.attempt_number).toBe(10)
    await replay(queue.db, endpoint, [last!.event_id])
    await report([last!], failed)
    const { rows } = await queue.db.query('select status, attempt_count from public.webhook_deliveries')
    expect(rows).toEqual([{ status: 'pending', attempt_count: 1 }])
  })
})
