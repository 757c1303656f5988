import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import {
  addEndpoint,
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
  type Querying,
  type Queue,
  setEnabled,
  succeeded,
} from './world.ts'

let queue: Queue
let tenant: string
beforeAll(async () => {
  queue = await makeQueue()
  tenant = (await makeTenant({ db: queue.db })).id
  await queue.superuser.query(`
    select vault.create_secret('http://functions.example', 'tenantry_functions_url'),
      vault.create_secret('key', 'tenantry_service_key')`)
})
afterAll(() => queue.close())
beforeEach(async () => {
  await emptyQueue(queue)
  await queue.db.query(
    `update private.queue_dispatchers set run_id = null, awake_until_at = '-infinity', seen_at = '-infinity'`,
  )
  await queue.db.query(`update private.queue_calls set called_at = '-infinity'`)
})

describe('a place for a dispatcher', () => {
  const begin = async (run: string) => {
    const { rows } = await queue.db.query<{ slot: number | null }>(
      `select private.begin_dispatch('webhooks', $1) as slot`,
      [run],
    )
    return rows[0]!.slot
  }
  const keep = async (run: string, hasRoom: boolean, isOver = false) => {
    const { rows } = await queue.db.query<{ kept: boolean }>(
      `select private.send_dispatcher_heartbeat('webhooks', $1, $2, $3) as kept`,
      [run, hasRoom, isOver],
    )
    return rows[0]!.kept
  }

  it('is free for another only when none that is awake has room, and there are four', async () => {
    const runs = [1, 2, 3, 4].map(() => randomUUID())
    for (const [n, run] of runs.entries()) {
      expect(await begin(run)).toBe(n + 1)
      expect(await begin(randomUUID())).toBeNull()
      expect(await keep(run, false)).toBe(true)
    }
    expect(await begin(randomUUID())).toBeNull()
    expect(await keep(runs[2]!, false, true)).toBe(true)
    expect(await keep(runs[2]!, true)).toBe(false)
    expect(await begin(randomUUID())).toBe(3)
  })

  it('is lost by one that was not heard of for five seconds, who learns of it', async () => {
    const [lost, late, next] = [randomUUID(), randomUUID(), randomUUID()]
    expect(await begin(lost)).toBe(1)
    await queue.db.query(
      `update private.queue_dispatchers set seen_at = seen_at - interval '6 seconds', awake_until_at = now()
       where slot = 1`,
    )
    expect(await begin(next)).toBe(1)
    expect(await keep(lost, true)).toBe(false)
    expect(await keep(late, true)).toBe(false)
    expect(await keep(next, true)).toBe(true)
  })
})

describe('waking a dispatcher', () => {
  /** What is asked of pg_net when this is run in a transaction, which is rolled back. */
  async function requests(run: (db: Querying) => Promise<unknown>): Promise<string[]> {
    const db = await queue.superuser.connect()
    try {
      await db.query('begin')
      await db.query('delete from net.http_request_queue')
      await run(db)
      const { rows } = await db.query<{ url: string }>('select url from net.http_request_queue')
      return rows.map(({ url }) => url)
    } finally {
      await db.query('rollback')
      db.release()
    }
  }
  const once = ['http://functions.example/webhooks/dispatch']

  it('takes one call a transaction, however much is told in it', async () => {
    expect(
      await requests(async (db) => {
        for (let n = 0; n < 5; n++) await emit(db, tenant)
      }),
    ).toEqual(once)
    expect(await requests((db) => emit(db, tenant))).toEqual(once)
  })

  it('is not forgotten because a part of the transaction was taken back', async () => {
    expect(
      await requests(async (db) => {
        await db.query('savepoint part')
        await emit(db, tenant)
        await db.query('rollback to part')
        await emit(db, tenant)
      }),
    ).toEqual(once)
  })

  it('is left out while one is awake', async () => {
    await queue.db.query(`select private.begin_dispatch('webhooks', $1)`, [randomUUID()])
    expect(await requests((db) => emit(db, tenant))).toEqual([])
    await queue.db.query(`update private.queue_dispatchers set awake_until_at = now()`)
    expect(await requests((db) => emit(db, tenant))).toEqual(once)
  })

  it('takes one call in 250 ms, however many transactions tell something', async () => {
    const began = performance.now()
    for (let n = 0; n < 30; n++) await emit(queue.db, tenant)
    const elapsed = performance.now() - began
    const { rows } = await queue.superuser.query<{ calls: number }>(
      `select count(*)::int as calls from net.http_request_queue`,
    )
    // A slow machine takes longer for thirty than 250 ms.
    expect(rows[0]!.calls).toBeGreaterThanOrEqual(1)
    expect(rows[0]!.calls).toBeLessThanOrEqual(1 + elapsed / 250)
    await sleep(300)
    expect(await requests((db) => emit(db, tenant))).toEqual(once)
  })

  it('calls again if one came and went in the meantime, because it may not have seen what is new', async () => {
    await emit(queue.db, tenant)
    await queue.db.query(`update private.queue_calls set called_at = clock_timestamp()`)
    expect(await requests((db) => emit(db, tenant))).toEqual([])
    const run = randomUUID()
    await queue.db.query(`select private.begin_dispatch('webhooks', $1)`, [run])
    await queue.db.query(`select private.send_dispatcher_heartbeat('webhooks', $1, false, true)`, [run])
    expect(await requests((db) => emit(db, tenant))).toEqual(once)
  })

  it('waits for no transaction that has called and is still open', async () => {
    const open = await queue.superuser.connect()
    try {
      await open.query('begin')
      await emit(open, tenant)
      expect(await requests((db) => emit(db, tenant))).toEqual(once)
    } finally {
      await open.query('rollback')
      open.release()
    }
  })

  it('fails no repeatable read transaction, though another has called since it began', async () => {
    const late = await queue.superuser.connect()
    try {
      await late.query('begin isolation level repeatable read')
      await late.query('select from private.queue_calls')
      await emit(queue.db, tenant)
      await late.query('delete from net.http_request_queue')
      await emit(late, tenant)
      const { rows } = await late.query<{ url: string }>('select url from net.http_request_queue')
      expect(rows.map(({ url }) => url)).toEqual(once)
    } finally {
      await late.query('rollback')
      late.release()
    }
  })

  it('is not held up by a clock that was ahead', async () => {
    await queue.db.query(`update private.queue_calls set called_at = now() + interval '1 hour'`)
    expect(await requests((db) => emit(db, tenant))).toEqual(once)
  })

  it('is done by cron when events wait or something is due, and only then', async () => {
    const check = (db: Querying) => db.query(`select private.wake_idle_dispatcher('webhooks')`)
    expect(await requests(check)).toEqual([])
    await emit(queue.db, tenant)
    expect(await requests(check)).toEqual(once)
    await expand(queue.db)
    expect(await requests(check)).toEqual([])
    await fill(queue, await addEndpoint(queue, tenant), 1)
    expect(await requests(check)).toEqual(once)
    const leases = await claim(queue.db)
    expect(await requests(check)).toEqual([])
    await passTime(queue, 61)
    expect(await requests(check)).toEqual(once)
    await report(leases, succeeded)
  })
})

describe('the metrics', () => {
  it('add up', async () => {
    const read = async () => {
      const { rows } = await queue.db.query<{ m: Record<string, number> & { duration_buckets: number[] } }>(
        'select private.read_webhook_metrics() as m',
      )
      return rows[0]!.m
    }
    const before = await read()
    expect(before).toMatchObject({
      outbox: 0,
      pending: 0,
      due: 0,
      leased: 0,
      oldest_due_seconds: 0,
      open_circuits: 0,
    })
    const [good, bad, off] = [
      await addEndpoint(queue, tenant),
      await addEndpoint(queue, tenant),
      await addEndpoint(queue, tenant),
    ]
    await fill(queue, good, 10)
    await fill(queue, bad, 10)
    await setEnabled(queue, off, false)
    await passTime(queue, 100)
    expect((await read()).oldest_due_seconds).toBeGreaterThanOrEqual(100)
    const leases = await claim(queue.db, 20)
    const [toGood, toBad] = [good, bad].map(({ id }) =>
      leases.filter(({ endpoint_id }) => endpoint_id === id),
    )
    await complete(
      queue.db,
      toGood!.slice(0, 7).map((lease) => [lease, { ...succeeded, duration_ms: 300 }]),
      1,
    )
    await complete(
      queue.db,
      toBad!.slice(0, 6).map((lease) => [lease, { ...failed, duration_ms: 40 }]),
      2,
    )
    await complete(queue.db, [[toGood![0]!, { ...succeeded, duration_ms: 99_999 }]], 2)
    await emit(queue.db, tenant)
    const after = await read()
    expect(after).toMatchObject({
      outbox: 1,
      pending: 13,
      due: 0,
      leased: 7,
      open_circuits: 1,
      disabled_endpoints: 1,
    })
    expect(after.oldest_due_seconds).toBe(0)
    const grown = (name: string) => after[name]! - before[name]!
    expect([grown('succeeded'), grown('failed'), grown('stale'), grown('dead')]).toEqual([8, 6, 1, 0])
    expect(grown('duration_ms_sum')).toBe(7 * 300 + 6 * 40 + 99_999)
    const buckets = after.duration_buckets.map((count, n) => count - before.duration_buckets[n]!)
    expect(buckets).toEqual([0, 6, 6, 6, 13, 13, 13, 13, 13])
  })
})

const report = (leases: Lease[], outcome: typeof succeeded) =>
  complete(
    queue.db,
    leases.map((lease) => [lease, outcome]),
  )
