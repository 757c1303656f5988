import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import {
  addEndpoint,
  claim,
  complete,
  type Endpoint,
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
  reportAll,
  setEnabled,
  succeeded,
} from './world.ts'

let queue: Queue
let tenant: string
beforeAll(async () => {
  queue = await makeQueue()
  tenant = (await makeTenant({ db: queue.db })).id
})
afterAll(() => queue.close())
beforeEach(() => emptyQueue(queue))

const day = 86_400

const report = (leases: Lease[], outcome: Outcome) => reportAll(queue, leases, outcome)
const told = (type: string) => eventData(queue, type)
const reasonOf = async ({ id }: Endpoint) => {
  const { rows } = await queue.db.query(
    'select disabled_reason from public.webhook_endpoints where id = $1',
    [id],
  )
  return rows[0].disabled_reason
}
/** An endpoint that has failed for so long, twelve times in a row, with so much under way to it. */
async function failingFor(hours: number, underWay = 1): Promise<{ endpoint: Endpoint; leases: Lease[] }> {
  const endpoint = await addEndpoint(queue, tenant)
  await fill(queue, endpoint, underWay + 5)
  const leases = await claim(queue.db, underWay)
  await failSince(endpoint, hours)
  return { endpoint, leases }
}

async function failSince({ id }: Endpoint, hours: number): Promise<void> {
  await queue.db.query(
    `update private.queue_lanes set failure_count = 12, failing_since_at = now() - make_interval(hours => $2)
     where lane_id = $1`,
    [id, hours],
  )
}

async function failAgain(): Promise<void> {
  await passTime(queue, 700)
  await report(await claim(queue.db), failed)
}

describe('an endpoint that fails', () => {
  it('is told of at 50, 70 and 90 percent of five days, once each, and is disabled then', async () => {
    const { endpoint, leases } = await failingFor(59)
    await report(leases, failed)
    expect(await told('endpoint.failing')).toEqual([])
    const percents = [50, 70, 90]
    for (const [n, hours] of [61, 85, 109].entries()) {
      await failSince(endpoint, hours)
      await failAgain()
      await failAgain()
      expect((await told('endpoint.failing')).map(({ percent }) => percent)).toEqual(percents.slice(0, n + 1))
    }
    expect((await told('endpoint.failing'))[0]).toMatchObject({
      endpoint_id: endpoint.ref,
      consecutive_failures: 13,
    })
    expect(await reasonOf(endpoint)).toBeNull()
    await failSince(endpoint, 121)
    await failAgain()
    expect(await reasonOf(endpoint)).toBe('failing')
    expect(await told('endpoint.disabled')).toEqual([
      expect.objectContaining({
        endpoint_id: endpoint.ref,
        reason: 'failing',
        failing_since: expect.any(String),
      }),
    ])
    expect(await told('endpoint.failing')).toHaveLength(3)
  })

  it('is told of with the last percentage alone when several have passed, and not for few failures', async () => {
    const { leases } = await failingFor(100)
    await report(leases, failed)
    expect((await told('endpoint.failing')).map(({ percent }) => percent)).toEqual([70])
    await emptyQueue(queue)
    const other = await failingFor(200)
    await queue.db.query('update private.queue_lanes set failure_count = 8')
    await report(other.leases, failed)
    expect(await told('endpoint.failing')).toEqual([])
    expect(await reasonOf(other.endpoint)).toBeNull()
  })

  it('is disabled, and told of, once, also when dispatchers report at the same time', async () => {
    const reasons: Outcome[] = [
      failed,
      { outcome: 'failed', disable: 'gone' },
      { outcome: 'succeeded', disable: 'asked' },
    ]
    for (const outcome of [...reasons, ...reasons, ...reasons]) {
      await emptyQueue(queue)
      const { leases } = await failingFor(130, 6)
      await Promise.all(leases.map((lease) => complete(queue.db, [[lease, outcome]])))
      expect(await told('endpoint.disabled')).toHaveLength(1)
      expect(await told('endpoint.recovered')).toEqual([])
    }
  })

  it.each<[string, Outcome]>([
    ['gone', { outcome: 'failed', disable: 'gone' }],
    ['asked', { outcome: 'succeeded', disable: 'asked' }],
    ['asked', { outcome: 'failed', disable: 'asked' }],
  ])('is disabled at once when it is or says so: %s', async (reason, outcome) => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 1)
    await report(await claim(queue.db), outcome)
    expect(await reasonOf(endpoint)).toBe(reason)
    const [event] = await told('endpoint.disabled')
    expect(event).toMatchObject({ endpoint_id: endpoint.ref, reason })
    expect(event).not.toHaveProperty('failing_since')
  })

  it('keeps what is pending while it is disabled, and goes on when it is enabled, as if it had never failed', async () => {
    const { endpoint, leases } = await failingFor(121, 3)
    await report([leases[0]!], failed)
    await emit(queue.db, tenant)
    await expand(queue.db)
    await report(leases.slice(1), failed)
    await passTime(queue, 3 * day)
    expect(await claim(queue.db)).toEqual([])
    await setEnabled(queue, endpoint, true)
    expect(await readEndpointQueue(queue, endpoint)).toMatchObject({ failures: 0, blocked: 0 })
    // Nobody knows yet how quickly it answers now.
    const first = await claim(queue.db)
    expect(first.length).toBe(4)
    await report(first, succeeded)
    expect((await claim(queue.db)).length).toBe(4)
  })

  it('is told of as recovered only after a warning, and not when it is disabled by then', async () => {
    const well = await failingFor(59)
    await report(well.leases, succeeded)
    expect(await told('endpoint.recovered')).toEqual([])

    await emptyQueue(queue)
    const warned = await failingFor(61)
    await report(warned.leases, failed)
    await passTime(queue, 700)
    await report(await claim(queue.db), succeeded)
    await report(await claim(queue.db), succeeded)
    expect(await told('endpoint.recovered')).toEqual([
      {
        endpoint_id: warned.endpoint.ref,
        url: 'https://receiver.example/hook',
        failing_since: expect.any(String),
      },
    ])

    await emptyQueue(queue)
    const disabled = await failingFor(121, 2)
    await report([disabled.leases[0]!], failed)
    await report([disabled.leases[1]!], succeeded)
    expect(await told('endpoint.recovered')).toEqual([])
  })

  it('is told of to others that ask for it, not to itself, and to none that asks for nothing', async () => {
    const types = ['endpoint.failing', 'endpoint.disabled']
    const listener = await addEndpoint(queue, tenant, { types })
    const everything = await addEndpoint(queue, tenant)
    const stranger = await addEndpoint(queue, (await makeTenant({ db: queue.db })).id, { types })
    const itself = await addEndpoint(queue, tenant, { types: [...types, 'order.paid'] })
    await fill(queue, itself, 2)
    // What it is told of itself would wait for it, and reach it when it works again.
    for (const [hours, type] of [
      [61, 'endpoint.failing'],
      [121, 'endpoint.disabled'],
    ] as const) {
      await failSince(itself, hours)
      await passTime(queue, 700)
      await report(await claim(queue.db), failed)
      await expand(queue.db)
      const { rows } = await queue.db.query<{ endpoint_id: string }>(
        `select d.endpoint_id from public.webhook_deliveries as d join public.webhook_events as e on e.id = d.event_id
         where e.type = $1`,
        [type],
      )
      expect(rows.map(({ endpoint_id }) => endpoint_id)).toEqual([listener.id])
    }
    expect([everything.id, stranger.id]).not.toContain(listener.id)
  })
})
