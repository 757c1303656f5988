import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { fillTenants } from '../../fill/fill.ts'
import { type Figure, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { asleep, wake } from '../dispatchers.ts'
import { fillReceived } from './delivery.ts'
import { eventType, payload, settle } from './fill.ts'
import { now, type Receiver, startReceiver } from './receiver/receiver.ts'

const strangers = 50
const hostileEndpoints = 50
const samplesASecond = 20

interface Run {
  p99: number
  rate: number
}

/**
 * What other tenants notice of tenants with 50 slow receivers each: the time from a commit to the receiver, and
 * deliveries a second. The receivers of these tenants answer 200 after 14 seconds, and thousands of deliveries wait for them.
 */
export async function benchTenants(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [seconds, deliveries] = isQuick ? [1, 300] : [15, 20_000]
  // Just within the 15 seconds that a receiver has.
  const slowMs = isQuick ? 1_000 : 14_000
  const admin = await stack.connect(stack.adminUrl)
  const db = await stack.connect(stack.dbUrl)
  const receiver = await startReceiver()
  const slow = await startSlow(slowMs)
  const run = async (hostile: number): Promise<Run> => {
    say(`webhooks: ${strangers} tenants beside ${hostile} with ${hostileEndpoints} slow receivers each`)
    const tenants = await fillStrangers(admin, receiver)
    const arrivals = await startArrivals()
    try {
      await addHostile(admin, hostile, slow.url, isQuick ? 5 : 200)
      await settle(admin)
      await wake(admin, 'webhooks')
      // The first answers of the slow ones come, and what was free is taken again.
      if (hostile > 0) await sleep(slowMs + 2_000)
      const rate = await rateOf(db, admin, receiver, tenants, deliveries)
      await admin.query('update public.webhook_endpoints set url = $1 where tenant_id = any ($2)', [
        arrivals.url,
        tenants,
      ])
      const times = await latencies(db, arrivals, tenants, seconds)
      return { rate, p99: times[Math.ceil(times.length * 0.99) - 1]! }
    } finally {
      // What is under way to the slow ones may end first, and no more is sent there.
      await empty(admin)
      await asleep(admin, 'webhooks')
      arrivals.server.close()
    }
  }
  try {
    const calm = await run(0)
    const figures: Figure[] = []
    for (const hostile of [1, 5]) {
      const { p99, rate } = await run(hostile)
      const beside = `beside ${hostile === 1 ? 'one tenant' : `${hostile} tenants`} of slow receivers`
      figures.push(
        {
          ...{ what: `commit to receiver, p99, ${beside}`, unit: 'ms', value: p99 },
          ...{ baseline: calm.p99, ratio: p99 / calm.p99, goal: { atMost: 2 } },
          note: `${hostileEndpoints} endpoints each, which answer after ${slowMs / 1_000} s; against the same without them`,
        },
        {
          ...{ what: `delivered ${beside}`, unit: 'deliveries/s', value: rate },
          ...{ baseline: calm.rate, ratio: rate / calm.rate, goal: { atLeast: 0.8 } },
        },
      )
    }
    return figures
  } finally {
    receiver.stop()
    slow.server.closeAllConnections()
    slow.server.close()
  }
}

/** Tenants with one endpoint each. Returns their ids. */
async function fillStrangers(admin: pg.Client, receiver: Receiver): Promise<string[]> {
  await fillReceived(admin, receiver, strangers)
  const { rows } = await admin.query<{ tenant_id: string }>('select tenant_id from public.webhook_endpoints')
  return rows.map(({ tenant_id }) => tenant_id)
}

/** So many further tenants, with so many due deliveries to each of their endpoints. */
async function addHostile(admin: pg.Client, tenants: number, url: string, each: number): Promise<void> {
  await fillTenants(admin, strangers + tenants)
  const { rows } = await admin.query<{ id: string }>(
    `select t.id from public.tenants as t where t.slug like 'tenant-%'
       and not exists (select from public.webhook_endpoints as p where p.tenant_id = t.id) order by t.id limit $1`,
    [tenants],
  )
  for (const { id } of rows) {
    await admin.query(
      `insert into public.webhook_endpoints (tenant_id, url, secret_id)
       select $1, $2, (select secret_id from public.webhook_endpoints limit 1) from generate_series(1, $3::int)`,
      [id, url, hostileEndpoints],
    )
    await admin.query(
      `with event as (
         insert into public.webhook_events (tenant_id, type, version, payload)
         select $1, $2, 1, $3 from generate_series(1, $4::int) returning id
       ), delivery as (
         insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id)
         select $1, e.id, p.id from event as e, public.webhook_endpoints as p where p.tenant_id = $1
       )
       insert into private.queue_items (tenant_id, queue, lane_id, item_id)
       select $1, 'webhooks', p.id, e.id from event as e, public.webhook_endpoints as p where p.tenant_id = $1`,
      [id, eventType, payload, each],
    )
    await admin.query('update private.queue_lanes set next_at = now(), is_slow = null where tenant_id = $1', [
      id,
    ])
    await admin.query(`select private.wake_queue_tenants('webhooks', array[$1::uuid])`, [id])
  }
}

/** Deliveries a second, from the commit of their events to the last arrival. */
async function rateOf(
  db: pg.Client,
  admin: pg.Client,
  receiver: Receiver,
  tenants: string[],
  deliveries: number,
): Promise<number> {
  const { lastAt } = await receiver.awaits(deliveries)
  const startedAt = now()
  await db.query(
    `with event as (
       insert into public.webhook_events (tenant_id, type, version, payload)
       select ($1::uuid[])[1 + n % $2], $3, 1, $4 from generate_series(0, $5::int - 1) as n
       returning tenant_id, id
     )
     insert into private.webhook_outbox (tenant_id, event_id) select tenant_id, id from event`,
    [tenants, tenants.length, eventType, payload, deliveries],
  )
  await wake(admin, 'webhooks')
  return (deliveries * 1_000) / ((await lastAt) - startedAt)
}

interface Arrivals {
  server: Server
  url: string
  /** By the number of the sample: who waits for its arrival. */
  awaited: Map<number, (at: number) => void>
}

/** Milliseconds from commit to arrival, sorted. */
async function latencies(
  db: pg.Client,
  { awaited }: Arrivals,
  tenants: string[],
  seconds: number,
): Promise<number[]> {
  const times: Promise<number>[] = []
  const start = now()
  for (let n = 0; n < seconds * samplesASecond; n++) {
    await sleep(Math.max(0, start + (n * 1_000) / samplesASecond - now()))
    const arrived = new Promise<number>((resolve) => awaited.set(n, resolve))
    await db.query('select private.emit_event($1, $2, $3)', [tenants[n % tenants.length], eventType, { n }])
    const committedAt = now()
    times.push(arrived.then((at) => at - committedAt))
  }
  return (await Promise.all(times)).sort((a, b) => a - b)
}

async function startArrivals(): Promise<Arrivals> {
  const awaited: Arrivals['awaited'] = new Map()
  const { server, url } = await listen((body, answer) => {
    const at = now()
    answer()
    const { n } = (JSON.parse(body) as { data: { n?: number } }).data
    if (n !== undefined) awaited.get(n)?.(at)
  })
  return { server, url, awaited }
}

const startSlow = (ms: number) => listen((_body, answer) => void setTimeout(answer, ms))

async function listen(
  take: (body: string, answer: () => void) => void,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk
    })
    request.once('end', () => take(body, () => response.end('ok')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A dispatcher at work holds some of these tables and waits for others. Postgres then ends one of the two. */
async function empty(admin: pg.Client): Promise<void> {
  for (;;) {
    try {
      await admin.query('truncate public.webhook_endpoints, public.webhook_events cascade')
      return
    } catch (thrown) {
      if (!(thrown instanceof pg.DatabaseError && thrown.code === '40P01')) throw thrown
    }
  }
}
