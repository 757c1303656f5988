import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import {
  addEndpoint,
  callAll,
  claim,
  complete,
  type Endpoint,
  emit,
  emptyQueue,
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

const seconds = (...of: number[]) => of.map((count, n) => count * [1, 60, 60, 3_600][Math.min(n, 3)]!)
const schedule = seconds(5, 5, 30, 2, 5, 10, 14, 20, 24)
const day = 86_400

const report = (leases: Lease[], outcome: Outcome) =>
  complete(
    queue.db,
    leases.map((lease) => [lease, outcome]),
  )
const told = async (type: string) => {
  const { rows } = await queue.db.query<{ data: Record<string, unknown> }>(
    `select payload::json -> 'data' as data from public.webhook_events where type = $1 and not is_test order by id`,
    [type],
  )
  return rows.map(({ data }) => data)
}
const reasonOf = async ({ id }: Endpoint) => {
  const { rows } = await queue.db.query(
    'select disabled_reason from public.webhook_endpoints where id = $1',
    [id],
  )
  return rows[0].disabled_reason
}
/** What is pending has failed nine times, and is due. */
const wearOut = () =>
  queue.db.query(`update public.webhook_deliveries set attempt_count = 9 where status = 'pending'`)

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
    `update private.webhook_endpoint_queues set failure_count = 12, failing_since_at = now() - make_interval(hours => $2)
     where endpoint_id = $1`,
    [id, hours],
  )
}

async function failAgain(): Promise<void> {
  await passTime(queue, 700)
  await report(await claim(queue.db), failed)
}

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
        `select d.status, extract(epoch from d.next_at - max(a.created_at))::float8 as waits
         from public.webhook_deliveries as d join public.webhook_attempts as a using (tenant_id, event_id, endpoint_id)
         group by d.status, d.next_at`,
      )
      expect(rows[0]!.status).toBe('pending')
      expect(rows[0]!.waits).toBeGreaterThanOrEqual(wait)
      expect(rows[0]!.waits).toBeLessThanOrEqual(wait * 1.1)
      await passTime(queue, Math.max(rows[0]!.waits, (await readEndpointQueue(queue, endpoint)).blocked))
    }
    await report(await claim(queue.db), failed)
    const { rows } = await queue.db.query(
      'select status, attempt_count, ended_at, lease_id from public.webhook_deliveries',
    )
    expect(rows).toEqual([{ status: 'dead', attempt_count: 10, ended_at: expect.any(Date), lease_id: null }])
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
    await queue.db.query('update public.webhook_deliveries set next_at = now() where event_id = $1', [
      one!.event_id,
    ])
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
    await queue.db.query('update private.webhook_endpoint_queues set failure_count = 8')
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
