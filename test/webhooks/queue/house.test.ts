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
  type Queue,
  readEndpointQueue,
  setEnabled,
  type succeeded,
} from './world.ts'

let queue: Queue
let tenant: string
beforeAll(async () => {
  queue = await makeQueue()
  tenant = (await makeTenant({ db: queue.db })).id
})
afterAll(() => queue.close())
beforeEach(() => emptyQueue(queue))

describe('an old message', () => {
  /** An event of so many days ago, and what became of it at an endpoint. */
  async function past(
    days: number,
    endpoint: string | null,
    status = 'pending',
    options: { endedDaysAgo?: number; key?: string; isWaiting?: boolean; inOutbox?: boolean } = {},
  ): Promise<string> {
    const { rows } = await queue.db.query<{ id: string }>(
      `insert into public.webhook_events (tenant_id, id, type, version, payload, ordering_key, created_at)
       select $1, private.uuid_v7_at((extract(epoch from m) * 1000000)::bigint), 'order.paid', 1, '{}', $3, m
       from (select now() - make_interval(days => $2) as m) as m returning id`,
      [tenant, days, options.key ?? null],
    )
    const { id } = rows[0]!
    if (options.inOutbox)
      await queue.db.query('insert into private.webhook_outbox (tenant_id, event_id) values ($1, $2)', [
        tenant,
        id,
      ])
    if (!endpoint) return id
    await queue.db.query(
      `insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, ordering_key, status, ended_at)
       values ($1, $2, $3, $4, $5, now() - make_interval(days => $6))`,
      [tenant, id, endpoint, options.key ?? null, status, options.endedDaysAgo ?? null],
    )
    if (status === 'pending')
      await queue.db.query(
        `insert into private.queue_items (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
         values ($1, 'webhooks', $2, $3, $4, case when $5 then 'infinity' else now() end)`,
        [tenant, endpoint, id, options.key ?? null, options.isWaiting ?? false],
      )
    await queue.db.query(
      `insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
       values ($1, $2, $3, 1, 'succeeded', 5)`,
      [tenant, id, endpoint],
    )
    return id
  }
  const sweep = async (batch = 5_000) => {
    const { rows } = await queue.db.query<{ n: number }>('select private.sweep_webhooks($1) as n', [batch])
    return rows[0]!.n
  }
  const statuses = async () => {
    const { rows } = await queue.db.query<{ event_id: string; status: string }>(
      'select event_id, status from public.webhook_deliveries',
    )
    return new Map(rows.map(({ event_id, status }) => [event_id, status]))
  }
  const events = async () => {
    const { rows } = await queue.db.query<{ id: string }>('select id from public.webhook_events')
    return new Set(rows.map(({ id }) => id))
  }

  it('goes, with its attempts, and nothing else does', async () => {
    const { id: push } = await addEndpoint(queue, tenant)
    const { id: poll } = await addEndpoint(queue, tenant, { kind: 'poll' })
    const off = await addEndpoint(queue, tenant)
    await setEnabled(queue, off, false)
    const gone = [
      await past(40, push, 'delivered', { endedDaysAgo: 31 }),
      await past(100, push, 'dead', { endedDaysAgo: 91 }),
      await past(31, null),
    ]
    const kept = {
      delivered: [await past(40, push, 'delivered', { endedDaysAgo: 29 })],
      dead: [
        await past(100, push, 'dead', { endedDaysAgo: 89 }),
        await past(31, poll),
        await past(31, off.id),
      ],
      pending: [await past(31, push), await past(29, poll), await past(29, off.id)],
    }
    const bare = [await past(29, null), await past(31, null, '', { inOutbox: true })]
    expect(await sweep()).toBe(7)
    const left = await statuses()
    for (const [status, ids] of Object.entries(kept))
      for (const id of ids) expect(left.get(id), id).toBe(status)
    expect(left.size).toBe(7)
    expect(await events()).toEqual(new Set([...Object.values(kept).flat(), ...bare]))
    const { rowCount } = await queue.db.query('select from public.webhook_attempts')
    expect(rowCount).toBe(7)
    expect(await sweep()).toBe(0)
    expect(gone.some((id) => left.has(id))).toBe(false)
  })

  it('goes a batch at a time even if the planner expects nothing', async () => {
    const { id } = await addEndpoint(queue, tenant)
    // Of a table that looked empty, the planner expects no row, so it joins by nested loops.
    await queue.superuser.query(
      'analyze public.webhook_deliveries, public.webhook_events, private.queue_items',
    )
    for (let n = 0; n < 20; n++) {
      await past(40, id, 'delivered', { endedDaysAgo: 31 })
      await past(100, id, 'dead', { endedDaysAgo: 91 })
    }
    expect(await sweep(6)).toBe(18)
    expect((await statuses()).size).toBe(28)
  })

  it('goes a batch at a time', async () => {
    const { id } = await addEndpoint(queue, tenant)
    for (let n = 0; n < 7; n++) {
      await past(40, id, 'delivered', { endedDaysAgo: 31 })
      await past(100, id, 'dead', { endedDaysAgo: 91 })
      await past(31, null)
    }
    // Of delivered ones, of dead ones, and of events, which are those that were bare or become so.
    expect(await sweep(3)).toBe(9)
    expect((await statuses()).size).toBe(8)
    for (let n = 0; n < 20 && (await sweep(3)) > 0; n++);
    expect(await events()).toEqual(new Set())
  })

  it('does not keep back the rest of its ordering key', async () => {
    const endpoint = await addEndpoint(queue, tenant, { kind: 'poll' })
    await past(31, endpoint.id, 'pending', { key: 'a' })
    const next = await past(29, endpoint.id, 'pending', { key: 'a', isWaiting: true })
    await past(28, endpoint.id, 'pending', { key: 'a', isWaiting: true })
    expect(await sweep()).toBe(1)
    const { rows } = await queue.db.query('select event_id from public.poll_webhook_deliveries($1, $2)', [
      tenant,
      endpoint.id,
    ])
    expect(rows).toEqual([{ event_id: next }])
  })
})

describe('a tenant that is archived', () => {
  const move = (status: string) =>
    queue.db.query('update public.tenants set status = $2 where id = $1', [tenant, status])

  it('is told nothing, and when it comes back, what waited', async () => {
    const endpoint = await addEndpoint(queue, tenant, { types: ['order.paid'] })
    await fill(queue, endpoint, 3)
    await emit(queue.db, tenant)
    await report(await claim(queue.db, 1), failed)
    await move('archived')
    try {
      expect((await readEndpointQueue(queue, endpoint)).wait).toBeNull()
      expect(await emit(queue.db, tenant)).toBeNull()
      // Told before it was archived, and expanded after.
      await expand(queue.db)
      await passTime(queue, 3_600)
      expect(await claim(queue.db)).toEqual([])
      expect((await readEndpointQueue(queue, endpoint)).wait).toBeNull()
    } finally {
      await move('active')
    }
    await expand(queue.db)
    expect((await claim(queue.db)).length).toBe(4)
  })

  it('gives a receiver that asked for a pause the rest of it', async () => {
    const endpoint = await addEndpoint(queue, tenant)
    await fill(queue, endpoint, 3)
    await complete(queue.db, [[(await claim(queue.db, 1))[0]!, { outcome: 'failed', block_seconds: 900 }]])
    await move('archived')
    await move('active')
    expect(await claim(queue.db)).toEqual([])
    expect((await readEndpointQueue(queue, endpoint)).wait).toBeGreaterThan(800)
  })
})

const report = (leases: Lease[], outcome: typeof succeeded) =>
  complete(
    queue.db,
    leases.map((lease) => [lease, outcome]),
  )

it('deleting an endpoint takes 10,000 deliveries a call, even if the planner expects none', async () => {
  const endpoint = await addEndpoint(queue, tenant)
  await fill(queue, await addEndpoint(queue, (await makeTenant({ db: queue.db })).id), 3_000)
  await queue.superuser.query('analyze public.webhook_deliveries, private.queue_items')
  await setEnabled(queue, endpoint, false)
  await fill(queue, endpoint, 10_001)
  const { rows } = await queue.superuser.query<{ gone: boolean }>(
    'select public.delete_webhook_endpoint($1, $2) as gone',
    [tenant, endpoint.id],
  )
  expect(rows).toEqual([{ gone: false }])
  const { rowCount } = await queue.superuser.query(
    'select from public.webhook_deliveries where tenant_id = $1',
    [tenant],
  )
  expect(rowCount).toBe(1)
})
