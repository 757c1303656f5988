import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { type Figure, interleave, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { asleep, wake } from '../dispatchers.ts'
import { fillEndpoints, fillEvents, payload } from './fill.ts'
import { now, type Receiver, startReceiver } from './receiver/receiver.ts'
import { drain } from './worker.ts'

const endpoints = 50
/** How many exchanges the dispatcher has under way, and so the bare loop too. */
const concurrency = 64

/**
 * The whole delivery, with the edge function and real requests, compared with a loop that only signs and posts. The loop
 * keeps nothing: a message that it was about to send when it is killed is lost, and nobody can see what was sent. So it is
 * also compared with the same loop while two workers expand, claim and complete as many deliveries in the database. What
 * is missing to 1 there is the dispatcher's own part: that it does both in one process, checks each URL, and keeps a
 * deadline.
 */
export async function benchDelivery(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [rounds, deliveries] = isQuick ? [1, 300] : [3, 10_000]
  const admin = await stack.connect(stack.adminUrl)
  const receiver = await startReceiver()
  const bare = await stack.startBare('deliver.ts')
  const postBare = async () => {
    const work = {
      url: receiver.url,
      count: deliveries,
      endpoints,
      concurrency,
      payload,
      key: 'k'.repeat(32),
    }
    const response = await fetch(`http://127.0.0.1:${bare.port}`, {
      method: 'POST',
      body: JSON.stringify(work),
    })
    if (!response.ok) throw new Error(`The bare loop answered ${response.status}.`)
  }
  try {
    say(`webhooks: ${deliveries.toLocaleString('en')} deliveries to a receiver`)
    const rates = await interleave(rounds, [
      async () => {
        await fillReceived(admin, receiver, endpoints)
        await fillEvents(admin, deliveries)
        return rate(receiver, deliveries, () => wake(admin, 'webhooks'))
      },
      () => rate(receiver, deliveries, postBare),
      async () => {
        await fillReceived(admin, receiver, endpoints)
        await fillEvents(admin, deliveries)
        const { lastAt } = await receiver.awaits(deliveries)
        const startedAt = now()
        await Promise.all([lastAt, postBare(), drain(stack.dbUrl, { deliveries, fanOut: 1 })])
        return (deliveries * 1_000) / (now() - startedAt)
      },
    ])
    const [value, baseline, withQueue] = rates.map(median) as [number, number, number]
    return [
      {
        ...{ what: 'delivered to a receiver', unit: 'deliveries/s', value, baseline },
        ...{ ratio: value / baseline, goal: { atLeast: 0.6 } },
        note: `${endpoints} endpoints; bare: a Deno loop that signs and posts with fetch, ${concurrency} at once, and writes nothing`,
      },
      {
        ...{ what: 'delivered to a receiver, against bare and the queue', unit: 'deliveries/s', value },
        ...{ baseline: withQueue, ratio: value / withQueue },
        note: 'bare as above, while two workers expand, claim and complete as many deliveries in the database and log their attempts, until both are done',
      },
    ]
  } finally {
    await asleep(admin, 'webhooks')
    receiver.stop()
    await bare.stop()
  }
}

async function rate(receiver: Receiver, count: number, start: () => Promise<unknown>): Promise<number> {
  const { lastAt } = await receiver.awaits(count)
  const startedAt = now()
  const started = start()
  const [at] = await Promise.all([lastAt, started])
  return (count * 1_000) / (at - startedAt)
}

/** This many endpoints of this receiver, each with a secret in Vault. No dispatcher is awake, and none is woken. */
export async function fillReceived(admin: pg.Client, receiver: Receiver, count: number): Promise<void> {
  await fillEndpoints(admin, count, 1)
  await admin.query(
    `update public.webhook_endpoints as p set url = $1 || '/' || n.n, secret_id = vault.create_secret($2)
     from bench.webhook_endpoint_numbers as n where n.tenant_id = p.tenant_id and n.id = p.id`,
    [receiver.url, `whsec_${randomBytes(32).toString('base64')}`],
  )
}
