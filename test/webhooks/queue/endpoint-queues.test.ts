import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import { takePicture, wrongIn } from './picture.ts'
import {
  addEndpoint,
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

const at = (endpoint: Endpoint, leases: Lease[]) =>
  leases.filter(({ endpoint_id }) => endpoint_id === endpoint.id)
const report = (leases: Lease[], outcome: Outcome) =>
  complete(
    queue.db,
    leases.map((lease) => [lease, outcome]),
  )
const four = <Of>(run: () => Promise<Of>) => Promise.all([run(), run(), run(), run()])

/** Runs what blocks an endpoint for so many seconds. Of them only those have gone by that this took. */
async function expectBlocked<Of>(endpoint: Endpoint, seconds: number, run: () => Promise<Of>): Promise<Of> {
  const began = performance.now()
  const answer = await run()
  const { blocked } = await readEndpointQueue(queue, endpoint)
  expect(blocked).toBeGreaterThanOrEqual(seconds - (performance.now() - began) / 1_000)
  expect(blocked).toBeLessThanOrEqual(seconds)
  return answer
}

/** An endpoint with more to deliver than can be under way, five attempts of which failed one by one. */
async function openCircuit(): Promise<Endpoint> {
  const endpoint = await addEndpoint(queue, tenant)
  await fill(queue, endpoint, 100)
  for (let n = 0; n < 4; n++) await report(await claim(queue.db, 1), failed)
  await expectBlocked(endpoint, 15, async () => report(await claim(queue.db, 1), failed))
  return endpoint
}

describe('fairness', () => {
  it('serves fifty endpoints with little to deliver in their turn, whatever waits for another', async () => {
    const crowded = await addEndpoint(queue, tenant)
    await fill(queue, crowded, 20_000)
    const few: Endpoint[] = []
    for (let n = 0; n < 50; n++) few.push(await addEndpoint(queue, tenant))
    for (const endpoint of few) await fill(queue, endpoint, 5)
    const unserved = new Set(few.map(({ id }) => id))
    let taken = 0
    for (let claims = 1; unserved.size > 0; claims++) {
      expect(claims, 'claims until all were served').toBeLessThanOrEqual(3)
      const leases = await claim(queue.db, 64)
      for (const { endpoint_id } of leases) unserved.delete(endpoint_id)
      taken += at(crowded, leases).length
      await report(leases, succeeded)
    }
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThanOrEqual(16)
  })

  it('claims no more than it was asked for by much, and none for nobody', async () => {
    for (let n = 0; n < 60; n++) await fill(queue, await addEndpoint(queue, tenant), 3)
    expect((await claim(queue.db, 10)).length).toBe(10)
    expect((await claim(queue.db, 60)).length).toBeLessThanOrEqual(100)
  })
})

describe('the circuit of an endpoint', () => {
  it('opens at the fifth failure, and each time for twice as long, up to ten minutes', async () => {
    const endpoint = await openCircuit()
    let last = 15
    for (const seconds of [30, 60, 120, 240, 480, 600, 600]) {
      await passTime(queue, last + 1)
      await expectBlocked(endpoint, seconds, async () => report(await claim(queue.db), failed))
      const { blocked, wait } = await readEndpointQueue(queue, endpoint)
      expect(wait).toBeCloseTo(blocked, 0)
      expect(await claim(queue.db)).toEqual([])
      last = seconds
    }
  })

  it('lets exactly one probe through, however many ask', async () => {
    const endpoint = await openCircuit()
    for (const seconds of [16, 31, 61]) {
      await passTime(queue, seconds)
      const probes = (await four(() => claim(queue.db))).flat()
      expect(probes.length).toBe(1)
      // Half a second later it looks whether the probe is back.
      await passTime(queue, 1)
      expect((await four(() => claim(queue.db))).flat()).toEqual([])
      await report(probes, failed)
      expect((await readEndpointQueue(queue, endpoint)).isCapped).toBe(false)
    }
  })

  it('lets another probe through when the worker that sent the first one died', async () => {
    await openCircuit()
    await passTime(queue, 16)
    expect((await claim(queue.db)).length).toBe(1)
    await passTime(queue, 30)
    expect(await claim(queue.db)).toEqual([])
    await passTime(queue, 31)
    expect((await claim(queue.db)).length).toBe(1)
  })

  it('closes with the first success: the rest goes out at once', async () => {
    await openCircuit()
    await passTime(queue, 16)
    await report(await claim(queue.db), succeeded)
    expect((await claim(queue.db)).length).toBe(16)
  })

  it('closes with the success of what was under way when it opened', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 100)
    const [straggler, ...others] = await claim(queue.db, 6)
    await report(others, failed)
    expect(await claim(queue.db)).toEqual([])
    await report([straggler!], succeeded)
    expect(await readEndpointQueue(queue, endpoint)).toMatchObject({ blocked: 0, failures: 0 })
    expect((await claim(queue.db)).length).toBe(16)
  })

  it('stays open when something new comes', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 5)
    // All of it waits for longer than the circuit is open.
    await queue.db.query('update private.queue_items set attempt_count = 3')
    await report(await claim(queue.db), failed)
    await emit(queue.db, tenant)
    await expand(queue.db)
    expect(await claim(queue.db)).toEqual([])
    await passTime(queue, 16)
    expect((await claim(queue.db)).length).toBe(1)
  })

  it('takes a burst of failures for one', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 100)
    const leases = await claim(queue.db, 16)
    for (const part of [leases.slice(0, 8), leases.slice(8, 12), leases.slice(12)]) await report(part, failed)
    const { blocked, failures } = await readEndpointQueue(queue, endpoint)
    expect(failures).toBe(16)
    expect(blocked).toBeLessThanOrEqual(15)
  })

  it('opens however often it failed', async () => {
    const endpoint = await openCircuit()
    await queue.db.query('update private.queue_lanes set failure_count = 1000000')
    await passTime(queue, 16)
    await report(await claim(queue.db), failed)
    expect((await readEndpointQueue(queue, endpoint)).failures).toBe(1_000_001)
  })
})

describe('an endpoint that is slow', () => {
  it('has at most four under way until it is quick again', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 200)
    await report(await claim(queue.db, 3), { outcome: 'succeeded', duration_ms: 4_000 })
    expect((await readEndpointQueue(queue, endpoint)).isSlow).toBe(true)
    for (let round = 0; round < 10; round++) {
      const leases = (await four(() => claim(queue.db, 2))).flat()
      await passTime(queue, 1)
      leases.push(...(await four(() => claim(queue.db, 50))).flat())
      expect(leases.length).toBe(4)
      await report(leases, { outcome: 'succeeded', duration_ms: 3_000 })
    }
    await report(await claim(queue.db, 1), { outcome: 'succeeded', duration_ms: 20 })
    expect((await claim(queue.db)).length).toBe(16)
  })
})

describe('a rate limit', () => {
  it.each([1, 3, 10, 60])(
    'of %i a second hands out about as many in any second, and goes on',
    async (rate) => {
      const endpoint = await addEndpoint(queue, tenant, { rate })
      await fill(queue, endpoint, rate * 12)
      const start = performance.now()
      const handedOut: { asked: number; got: number }[] = []
      let passed = 0
      let looks = 0
      const elapsed = () => passed + (performance.now() - start) / 1_000
      for (; elapsed() < 5; looks++) {
        const asked = elapsed()
        const leases = await claim(queue.db, 500)
        const got = elapsed()
        handedOut.push(...leases.map(() => ({ asked, got })))
        await report(leases, succeeded)
        // As often as an idle dispatcher looks.
        await passTime(queue, 0.025)
        passed += 0.025
      }
      for (const { asked: from } of handedOut) {
        // An answer that came late may have been given in the next second.
        const count = handedOut.filter(({ asked, got }) => asked >= from && got < from + 0.99).length
        expect(count, `in the second from ${from}`).toBeLessThanOrEqual(rate * 1.15 + 1)
      }
      expect(handedOut.length).toBeGreaterThanOrEqual(Math.min(looks, rate * 2.5))
    },
  )
})

describe('a receiver that asks for a pause', () => {
  it('gets it, and no other does', async () => {
    const [busy, other] = [await addEndpoint(queue, tenant), await addEndpoint(queue, tenant)]
    await fill(queue, busy, 50)
    await fill(queue, other, 50)
    const leases = await claim(queue.db, 2)
    expect(at(busy, leases).length).toBe(1)
    await expectBlocked(busy, 120, () => report(at(busy, leases), { outcome: 'failed', block_seconds: 120 }))
    await report(at(other, leases), succeeded)
    expect(at(busy, await claim(queue.db))).toEqual([])
    await emit(queue.db, tenant)
    await expand(queue.db)
    const next = await claim(queue.db)
    expect(at(busy, next)).toEqual([])
    await passTime(queue, 121)
    expect(at(busy, await claim(queue.db)).length).toBeGreaterThan(0)
  })

  it('gets it also when others of its answers, sent at the same time, are successes', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 50)
    const [first, second, third] = await claim(queue.db, 3)
    await expectBlocked(endpoint, 120, async () => {
      await report([first!], { outcome: 'failed', block_seconds: 120 })
      await report([second!], succeeded)
      await report([third!], succeeded)
    })
    expect(await claim(queue.db)).toEqual([])
  })
})

describe('a queue', () => {
  it('that has as much under way as it may is served again when the workers died', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 50)
    expect((await claim(queue.db)).length).toBe(16)
    await passTime(queue, 30)
    expect(await claim(queue.db)).toEqual([])
    await passTime(queue, 31)
    expect((await claim(queue.db)).length).toBe(16)
  })

  it('is not put to rest by a claim that began before something came to be due', async () => {
    // Queues that somebody holds are skipped one by one, so that the claim is on its way for a while.
    const crowd = (await makeTenant({ db: queue.db })).id
    await queue.db.query(
      `insert into public.webhook_endpoints (tenant_id, url, secret_id)
       select $1, 'https://receiver.example', gen_random_uuid() from generate_series(1, 1000)`,
      [crowd],
    )
    await queue.db.query(`update private.queue_lanes set next_at = now() - interval '1 hour'`)
    await queue.db.query(`update private.queue_tenants set next_at = now() - interval '1 hour'`)
    const endpoint = await addEndpoint(queue, tenant)
    const holder = await queue.db.connect()
    try {
      await holder.query('begin')
      await holder.query('select from private.queue_lanes where tenant_id = $1 for update', [crowd])
      for (let n = 0; n < 40; n++) {
        // Due, with nothing in it.
        await queue.db.query('update private.queue_lanes set next_at = now() where lane_id = $1', [
          endpoint.id,
        ])
        await queue.db.query('update private.queue_tenants set next_at = now() where tenant_id = $1', [
          tenant,
        ])
        await emit(queue.db, tenant)
        await Promise.all([claim(queue.db, 5), expand(queue.db)])
        const picture = await takePicture(queue)
        expect(wrongIn(picture).filter((wrong) => wrong.startsWith(endpoint.id))).toEqual([])
        await queue.db.query('delete from private.queue_items')
      }
    } finally {
      await holder.query('rollback')
      holder.release()
    }
  })
})
