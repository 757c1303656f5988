import { takePicture, wrongIn } from './picture.ts'
import {
  addEndpoint,
  callAll,
  claim,
  complete,
  type Endpoint,
  emptyQueue,
  fill,
  type Lease,
  passTime,
  type Queue,
  succeeded,
} from './world.ts'

/** What a tenant may have under way, and how much of that to receivers that are slow or did not answer yet. */
export const maxOfTenant = 48
const maxSlowOfTenant = 16

/** A queue with these tenants in it, and nothing due. */
export interface Town {
  queue: Queue
  tenants: string[]
}

/** Returns what is wrong; nothing if the promise is kept. */
type Promised = (town: Town) => Promise<string[]>

const count = (leases: Lease[], tenant: string) =>
  leases.filter(({ tenant_id }) => tenant_id === tenant).length
const to = (leases: Lease[], { id }: Endpoint) => leases.filter(({ endpoint_id }) => endpoint_id === id)
const unless = (isKept: boolean, wrong: string) => (isKept ? [] : [wrong])
/** So many endpoints of a tenant, with so many deliveries due to each. */
async function crowd(
  { queue: { db } }: Town,
  tenant: string,
  endpoints: number,
  each: number,
  isSlow: boolean | null,
): Promise<Endpoint[]> {
  const { rows } = await db.query<Endpoint>(
    `insert into public.webhook_endpoints (tenant_id, url, secret_id)
     select $1, 'https://receiver.example/hook', gen_random_uuid() from generate_series(1, $2::int)
     returning tenant_id as tenant, id, ref_id as ref`,
    [tenant, endpoints],
  )
  const ids = rows.map(({ id }) => id)
  await db.query(
    `with event as (
       insert into public.webhook_events (tenant_id, type, version, payload)
       select $1, 'order.paid', 1, '{}' from generate_series(1, $3::int) returning id
     ), delivery as (
       insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id)
       select $1, e.id, p from event as e, unnest($2::uuid[]) as p
     )
     insert into private.queue_items (tenant_id, queue, lane_id, item_id)
     select $1, 'webhooks', p, e.id from event as e, unnest($2::uuid[]) as p`,
    [tenant, ids, each],
  )
  await db.query('update private.queue_lanes set is_slow = $2, next_at = now() where lane_id = any ($1)', [
    ids,
    isSlow,
  ])
  await db.query(`select private.wake_queue_tenants('webhooks', array[$1::uuid])`, [tenant])
  return rows
}

/** As if they had been due for an hour, so that they come before whatever comes to be due now. */
async function backdate({ queue }: Town): Promise<void> {
  for (const table of ['queue_tenants', 'queue_lanes'])
    await queue.db.query(
      `update private.${table} set next_at = now() - interval '1 hour' where next_at <= now()`,
    )
}

/** What the queue promises to tenants, each shown by what is claimed and never by how long something takes. */
export const promises: Record<string, Promised> = {
  async 'a stranger is in the next claim, however many endpoints of another have been due for longer'(town) {
    const [hostile, stranger] = town.tenants as [string, string]
    await crowd(town, hostile, 60, 20, false)
    await backdate(town)
    const [endpoint] = await crowd(town, stranger, 1, 5, false)
    const leases = await claim(town.queue.db, 64)
    return unless(
      to(leases, endpoint!).length === 5,
      `${to(leases, endpoint!).length} of the stranger's 5 came`,
    )
  },

  async 'tenants are served in turn'(town) {
    for (const tenant of town.tenants) await crowd(town, tenant, 2, 5, false)
    const seen = new Set<string>()
    const claims = Math.ceil(town.tenants.length / 5)
    for (let n = 0; n < claims; n++)
      for (const { tenant_id } of await claim(town.queue.db, 5)) seen.add(tenant_id)
    return unless(seen.size === town.tenants.length, `${seen.size} of ${town.tenants.length} had a turn`)
  },

  async 'a tenant has so many under way, whoever claims how often'(town) {
    const { queue, tenants } = town
    await crowd(town, tenants[0]!, 20, 20, false)
    const leases: Lease[] = []
    for (const batch of [100, 3, 500, 50]) {
      leases.push(...(await Promise.all([1, 2, 3].map(() => claim(queue.db, batch)))).flat())
      await callAll(queue)
    }
    return unless(leases.length === maxOfTenant, `${leases.length} are under way`)
  },

  async 'a tenant has fewer under way to receivers that are slow, or did not answer yet'(town) {
    const { queue, tenants } = town
    const wrong: string[] = []
    for (const isSlow of [true, null]) {
      await emptyQueue(queue)
      await crowd(town, tenants[0]!, 30, 10, isSlow)
      const leases: Lease[] = []
      for (const batch of [100, 3, 500, 50]) {
        leases.push(...(await Promise.all([1, 2, 3].map(() => claim(queue.db, batch)))).flat())
        await callAll(queue)
      }
      wrong.push(
        ...unless(leases.length === maxSlowOfTenant, `${leases.length} are under way, slow: ${isSlow}`),
      )
    }
    return wrong
  },

  async 'its slow receivers take nothing from its quick ones'(town) {
    const { queue, tenants } = town
    await crowd(town, tenants[0]!, 30, 10, true)
    while ((await claim(queue.db, 50)).length > 0) await callAll(queue)
    // The slow ones have waited for longer, and there are more of them than queues in the claim.
    await callAll(queue)
    await backdate(town)
    const [quick] = await crowd(town, tenants[0]!, 1, 10, false)
    const leases = await claim(queue.db, 20)
    return unless(to(leases, quick!).length === 10 && leases.length === 10, `${leases.length} were claimed`)
  },

  async 'at its cap it rests until one of its deliveries has ended'(town) {
    const { queue, tenants } = town
    const [tenant] = tenants as [string]
    const wrong: string[] = []
    for (const [isSlow, cap] of [
      [true, maxSlowOfTenant],
      [false, maxOfTenant],
    ] as const) {
      await emptyQueue(queue)
      await crowd(town, tenant, 30, 10, isSlow)
      const leases: Lease[] = []
      for (let n = 0; n < 9; n++) leases.push(...(await claim(queue.db, 50)))
      const resting = await takePicture(queue)
      await complete(
        queue.db,
        leases.slice(0, 3).map((lease) => [lease, { ...succeeded, duration_ms: isSlow ? 4_000 : 5 }]),
      )
      const awake = await takePicture(queue)
      wrong.push(
        ...unless(leases.length === cap, `${leases.length} were claimed`),
        ...unless(resting.tenants.get(tenant)!.next! > resting.now, 'it does not rest'),
        ...unless(awake.tenants.get(tenant)!.next! <= awake.now, 'it rests on'),
        ...unless((await claim(queue.db, 50)).length === 3, 'not as many as have ended are claimed'),
        ...wrongIn(await takePicture(queue)),
      )
    }
    return wrong
  },

  async 'at its cap it looks again soon, should the end of a delivery be missed'(town) {
    const { queue, tenants } = town
    await crowd(town, tenants[0]!, 20, 10, false)
    for (let n = 0; n < 9; n++) await claim(queue.db, 50)
    // What was under way has ended, and nobody said so.
    await queue.db.query(
      'update private.queue_items set lease_id = null, dispatched_at = null, next_at = now()',
    )
    await passTime(queue, 0.6)
    const found = (await claim(queue.db, 50)).length
    return unless(found > 0, 'it rests for ever')
  },

  async 'a dispatcher that died takes nothing from its tenants for longer than its leases'(town) {
    const { queue, tenants } = town
    await crowd(town, tenants[0]!, 20, 10, false)
    for (let n = 0; n < 9; n++) await claim(queue.db, 50)
    await passTime(queue, 61)
    let again = 0
    for (let n = 0; n < 3; n++) again += (await claim(queue.db, 50)).length
    return unless(again === maxOfTenant, `${again} were claimed again`)
  },

  async 'what a receiver polls does not count'(town) {
    const { queue, tenants } = town
    const [tenant] = tenants as [string]
    const polled = await addEndpoint(queue, tenant, { kind: 'poll' })
    await fill(queue, polled, 100)
    const { rowCount } = await queue.db.query('select from public.poll_webhook_deliveries($1, $2, 100)', [
      tenant,
      polled.id,
    ])
    const [pushed] = await crowd(town, tenant, 1, 16, false)
    const leases = await claim(queue.db, 50)
    return [
      ...unless(rowCount === 100, `${rowCount} were polled`),
      ...unless(to(leases, pushed!).length === 16, `${leases.length} were claimed`),
    ]
  },

  async 'of one claim, slow receivers get the share that they may have'(town) {
    const { queue, tenants } = town
    const slow = tenants.slice(0, 8)
    for (const tenant of slow) await crowd(town, tenant, 2, 5, true)
    const quick = tenants[9]!
    await crowd(town, quick, 1, 5, false)
    const leases = await claim(queue.db, 50, 60, 3)
    const [slowCount, quickCount] = [leases.length - count(leases, quick), count(leases, quick)]
    return [
      ...unless(slowCount === 3, `${slowCount} to slow ones`),
      ...unless(quickCount === 5, `${quickCount} of 5 to the quick one`),
    ]
  },

  async 'when slow receivers may have nothing, they do not stand in the way of others'(town) {
    const { queue, tenants } = town
    for (const tenant of tenants.slice(0, 8)) await crowd(town, tenant, 5, 5, true)
    await backdate(town)
    const quick = tenants[9]!
    const [unknown] = await crowd(town, quick, 1, 3, null)
    const first = await claim(queue.db, 50, 60, 0)
    const second = await claim(queue.db, 50, 60, 0)
    const rested = [...(await takePicture(queue)).tenants.values()].filter(({ isCapped }) => isCapped).length
    await passTime(queue, 0.6)
    const later = await claim(queue.db, 50, 60, 20)
    return [
      ...unless(to(first, unknown!).length === 3 && first.length === 3, `${first.length} were claimed`),
      ...unless(second.length === 0, `${second.length} were claimed afterwards`),
      ...unless(rested === 8, `${rested} of 8 rest`),
      ...unless(later.length > 0 && later.length <= 20, `${later.length} when they may have 20`),
    ]
  },
}
