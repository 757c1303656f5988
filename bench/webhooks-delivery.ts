import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Figure, interleave, median, say } from './measure.ts'
import type { BenchStack } from './stack.ts'

const endpointCount = 50
/** As many exchanges as the dispatcher has under way. */
const concurrency = 64

/** From the commit of an event to the receiver: how many, and how soon. The receiver is in this process. */
export async function benchDelivery(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [rounds, deliveries, samples] = isQuick ? [1, 5_000, 30] : [5, 20_000, 100]
  const db = await stack.connect(stack.dbUrl)
  const bare = await stack.startBare('deliver.ts')
  const receiver = await startReceiver()
  try {
    // Whatever the other parts left in the queue is not ours to deliver.
    await db.query('truncate public.webhook_endpoints, public.webhook_events cascade')
    const tenant = await makeTenant(db, receiver.url)
    say(`webhooks: ${deliveries.toLocaleString('en')} deliveries, end to end`)
    const ours = async () => {
      const arrived = receiver.count(deliveries)
      const start = performance.now()
      await db.query(
        `select private.emit_event($1, 'brand.updated', jsonb_build_object('n', n, 'text', repeat('x', 350)))
         from generate_series(1, $2::int) as n`,
        [tenant, deliveries / endpointCount],
      )
      await arrived
      return (deliveries * 1_000) / (performance.now() - start)
    }
    const theirs = async () => {
      const start = performance.now()
      const response = await fetch(`http://127.0.0.1:${bare.port}`, {
        method: 'POST',
        body: JSON.stringify({
          urls: Array.from({ length: endpointCount }, (_, n) => `${receiver.url}/${n}`),
          body: JSON.stringify({ type: 'brand.updated', data: { n: 1, text: 'x'.repeat(350) } }),
          count: deliveries,
          concurrency,
        }),
      })
      await response.text()
      return (deliveries * 1_000) / (performance.now() - start)
    }
    const [value, baseline] = (await interleave(rounds, [ours, theirs])).map(median) as [number, number]
    const what = 'end to end, 50 endpoints on one receiver'
    const note =
      'from emitting to arriving; the baseline signs and fetches with as many at once, and keeps no books'
    const delivery = { part: 'webhooks', what, unit: 'deliveries/s', value, baseline }
    return [
      { ...delivery, ratio: value / baseline, goal: { atLeast: 0.6 }, note },
      ...(await benchLatency(db, tenant, receiver, samples)),
    ]
  } finally {
    await receiver.stop()
    await bare.stop()
  }
}

async function benchLatency(
  db: pg.Client,
  tenant: string,
  receiver: Receiver,
  samples: number,
): Promise<Figure[]> {
  await db.query(`delete from public.webhook_endpoints where url not like '%/0'`)
  const took: { asleep: number[]; awake: number[] } = { asleep: [], awake: [] }
  for (const [state, pauseMs] of [
    ['awake', 1_000],
    ['asleep', 3_000],
  ] as const) {
    say(`webhooks: latency, ${samples} events ${pauseMs / 1_000} s apart`)
    // A dispatcher looks on for two seconds after it has delivered.
    for (let sample = 0; sample < samples; sample++) {
      await sleep(pauseMs + Math.random() * 50)
      const arrived = receiver.count(1)
      await db.query(`select private.emit_event($1, 'brand.updated', '{"n": 1}')`, [tenant])
      const start = performance.now()
      await arrived
      took[state].push(performance.now() - start)
    }
  }
  const figure = (what: string, value: number, atMost: number): Figure => ({
    ...{ part: 'webhooks', what: `from commit to receiver, ${what}`, unit: 'ms', value, goal: { atMost } },
  })
  return (['awake', 'asleep'] as const).flatMap((state) => [
    figure(`dispatcher ${state}, p50`, percentile(took[state], 0.5), 100),
    figure(`dispatcher ${state}, p99`, percentile(took[state], 0.99), 1_000),
  ])
}

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

async function makeTenant(db: pg.Client, url: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into public.tenants (slug, name, status) values ('bench-delivery', 'Bench', 'active') returning id`,
  )
  const tenant = rows[0]!.id
  await db.query(
    `insert into public.webhook_endpoints (tenant_id, url, secret_id)
     select $1, $2 || '/' || n, vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') from generate_series(0, $3::int - 1) as n`,
    [tenant, url, endpointCount],
  )
  return tenant
}

interface Receiver {
  url: string
  /** Resolves once so many more requests have come. */
  count(requests: number): Promise<void>
  stop(): Promise<void>
}

async function startReceiver(): Promise<Receiver> {
  let missing = 0
  let whenDone = () => {}
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.end('ok')
      missing--
      if (missing === 0) whenDone()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count(requests) {
      missing = requests
      return new Promise((resolve) => {
        whenDone = resolve
      })
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
