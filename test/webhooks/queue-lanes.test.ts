import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { takePicture, wrongIn } from './queue-picture.ts'
import {
  addEndpoint,
  claim,
  complete,
  type Endpoint,
  emit,
  emptyQueue,
  expand,
  fill,
  type Lease,
  makeQueue,
  makeTenant,
  type Outcome,
  passTime,
  type Queue,
  readLane,
  succeeded,
} from './queue-world.ts'

let queue: Queue
let tenant: string
beforeAll(async () => {
  queue = await makeQueue()
  tenant = await makeTenant(queue)
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

describe('an endpoint that is slow', () => {
  it('has at most four under way until it is quick again', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 200)
    await report(await claim(queue.db, 3), { outcome: 'succeeded', duration_ms: 4_000 })
    expect((await readLane(queue, endpoint)).isSlow).toBe(true)
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

describe('a lane', () => {
  it('is not put to rest by a claim that began before something came to be due', async () => {
    // Lanes that somebody holds are skipped one by one, so that the claim is on its way for a while.
    const crowd = await makeTenant(queue)
    await queue.db.query(
      `insert into public.webhook_endpoints (tenant_id, url, secret_id)
       select $1, 'https://receiver.example', gen_random_uuid() from generate_series(1, 1000)`,
      [crowd],
    )
    await queue.db.query(`update private.webhook_lanes set next_at = now() - interval '1 hour'`)
    const endpoint = await addEndpoint(queue, tenant)
    const holder = await queue.db.connect()
    try {
      await holder.query('begin')
      await holder.query('select from private.webhook_lanes where tenant_id = $1 for update', [crowd])
      for (let n = 0; n < 40; n++) {
        // Due, with nothing in it.
        await queue.db.query('update private.webhook_lanes set next_at = now() where endpoint_id = $1', [
          endpoint.id,
        ])
        await emit(queue.db, tenant)
        await Promise.all([claim(queue.db, 5), expand(queue.db)])
        const picture = await takePicture(queue)
        expect(wrongIn(picture).filter((wrong) => wrong.startsWith(endpoint.id))).toEqual([])
        await queue.db.query(
          `update public.webhook_deliveries set status = 'delivered', ended_at = now(), lease_id = null`,
        )
      }
    } finally {
      await holder.query('rollback')
      holder.release()
    }
  })
})
