import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import {
  addEndpoint,
  claim,
  complete,
  type Endpoint,
  emit,
  emptyQueue,
  expand,
  failed,
  type Lease,
  makeQueue,
  type Outcome,
  passTime,
  type Queue,
  replay,
  succeeded,
} from './world.ts'

let queue: Queue
let tenant: string
let endpoint: Endpoint
beforeAll(async () => {
  queue = await makeQueue()
  tenant = (await makeTenant({ db: queue.db })).id
})
afterAll(() => queue.close())
beforeEach(async () => {
  await emptyQueue(queue)
  endpoint = await addEndpoint(queue, tenant)
})

const report = (leases: Lease[], outcome: Outcome) =>
  complete(
    queue.db,
    leases.map((lease) => [lease, outcome]),
  )

/** So many events of one ordering key, expanded. */
async function told(count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push((await emit(queue.db, tenant, { key: 'a' }))!)
  await expand(queue.db)
  return ids
}

/** What may be sent now. */
async function next(): Promise<{ ids: string[]; leases: Lease[] }> {
  const leases = await claim(queue.db)
  return { leases, ids: leases.map(({ event_id }) => event_id) }
}

describe('messages of one ordering key', () => {
  it('go out one by one, also when one fails, until it is dead', async () => {
    const [first, second, third] = await told(3)
    const once = await next()
    expect(once.ids).toEqual([first])
    expect((await next()).ids).toEqual([])
    await report(once.leases, failed)
    expect((await next()).ids).toEqual([])
    await passTime(queue, 6)
    const again = await next()
    expect(again.ids).toEqual([first])
    await report(again.leases, succeeded)
    const then = await next()
    expect(then.ids).toEqual([second])
    await report(then.leases, failed)
    await queue.db.query('update private.queue_items set attempt_count = 9')
    await passTime(queue, 400)
    await report((await next()).leases, failed)
    expect((await next()).ids).toEqual([third])
  })

  it('wait for an earlier one that is replayed, but not while they are under way', async () => {
    const [first, second, third] = await told(3)
    await report((await next()).leases, succeeded)
    const underWay = await next()
    expect(underWay.ids).toEqual([second])
    await replay(queue.db, endpoint, [first!])
    expect((await next()).ids).toEqual([])
    await report(underWay.leases, failed)
    // The second one's retry is due in five seconds: it waits all the same.
    const replayed = await next()
    expect(replayed.ids).toEqual([first])
    await passTime(queue, 50)
    expect((await next()).ids).toEqual([])
    await report(replayed.leases, succeeded)
    for (const id of [second, third]) {
      const { ids, leases } = await next()
      expect(ids).toEqual([id])
      await report(leases, succeeded)
    }
  })

  it('are not set free beside one that is under way by whoever lost its lease', async () => {
    const [first, second] = await told(2)
    await report((await next()).leases, succeeded)
    const lost = await next()
    await passTime(queue, 61)
    const underWay = await next()
    expect(underWay.ids).toEqual([second])
    await replay(queue.db, endpoint, [first!])
    expect(await report(lost.leases, failed)).toBe(0)
    expect((await next()).ids).toEqual([])
    await report(underWay.leases, succeeded)
    expect((await next()).ids).toEqual([first])
  })

  it('do not wait for one that was replayed, and arrived, before it was expanded', async () => {
    const first = await emit(queue.db, tenant, { key: 'a' })
    await replay(queue.db, endpoint, [first!])
    await report((await next()).leases, succeeded)
    const second = await emit(queue.db, tenant, { key: 'a' })
    expect(await expand(queue.db)).toBe(2)
    expect((await next()).ids).toEqual([second])
  })

  it('get their ids in the order in which they commit', async () => {
    const [one, other] = [await queue.db.connect(), await queue.db.connect()]
    try {
      await one.query('begin')
      const first = await emit(one, tenant, { key: 'a' })
      const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid')
      const second = emit(other, tenant, { key: 'a' })
      const isWaiting = async () => {
        for (;;) {
          const { rowCount } = await queue.db.query('select from pg_locks where pid = $1 and not granted', [
            rows[0]!.pid,
          ])
          if (rowCount) return 'waits'
        }
      }
      expect(await Promise.race([second, isWaiting()])).toBe('waits')
      // Another key does not.
      await emit(queue.db, tenant, { key: 'b' })
      await one.query('commit')
      expect((await second)! > first!).toBe(true)
    } finally {
      one.release()
      other.release()
    }
  })
})

describe('a message that is replayed', () => {
  it('is not handed to a second worker while the first has it', async () => {
    const id = await emit(queue.db, tenant)
    await expand(queue.db)
    const { leases } = await next()
    await replay(queue.db, endpoint, [id!])
    expect((await next()).ids).toEqual([])
    await report(leases, succeeded)
    expect((await next()).ids).toEqual([])
  })

  it('has all ten attempts before it again, whether it was delivered or was waiting', async () => {
    const id = await emit(queue.db, tenant)
    await expand(queue.db)
    for (const outcome of [failed, succeeded]) {
      await report((await next()).leases, outcome)
      await replay(queue.db, endpoint, [id!])
      const { leases } = await next()
      expect(leases.map(({ attempt_number }) => attempt_number)).toEqual([1])
      await report(leases, failed)
      await passTime(queue, 6)
    }
  })
})
