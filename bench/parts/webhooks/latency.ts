import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Figure, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { asleep, wake } from '../dispatchers.ts'
import { fillReceived } from './delivery.ts'
import { now, type Receiver, startReceiver } from './receiver/receiver.ts'

/** From the commit of a brand's change to the arrival of its webhook, while nothing else happens. */
export async function benchLatency(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [samples, pauses] = isQuick ? [5, 1] : [60, 6]
  const admin = await stack.connect(stack.adminUrl)
  const db = await stack.connect(stack.dbUrl)
  const receiver = await startReceiver()
  try {
    await fillReceived(admin, receiver, 1)
    await admin.query(`update public.webhook_endpoints set event_types = '{brand.updated}'`)
    await wake(admin, 'webhooks')
    const sample = sampler(db, receiver)
    // The first one starts the function.
    await sample()
    say('webhooks: from commit to receiver, twice a second')
    const times: number[] = []
    for (let n = 0; n < samples; n++) {
      await sleep(500)
      times.push(await sample())
    }
    say('webhooks: from commit to receiver, after a pause')
    const afterPause: number[] = []
    for (let n = 0; n < pauses; n++) {
      // No dispatcher is awake any more, so the commit has to wake one.
      await asleep(admin, 'webhooks')
      afterPause.push(await sample())
    }
    times.sort((a, b) => a - b)
    const p99 = times[Math.ceil(times.length * 0.99) - 1]!
    const common = { unit: 'ms' }
    return [
      { ...common, what: 'commit to receiver, p50', value: median(times), goal: { atMost: 100 } },
      { ...common, what: 'commit to receiver, p99', value: p99, goal: { atMost: 1_000 } },
      {
        ...{ ...common, what: 'commit to receiver, no dispatcher awake, p50', value: median(afterPause) },
        ...{
          goal: { atMost: 100 },
          note: `${pauses} samples; the slowest ${Math.max(...afterPause).toFixed(0)} ms`,
        },
      },
    ]
  } finally {
    await asleep(admin, 'webhooks')
    receiver.stop()
  }
}

function sampler(db: pg.Client, receiver: Receiver): () => Promise<number> {
  let n = 0
  return async () => {
    const { lastAt } = await receiver.awaits(1)
    await db.query('begin')
    await db.query(
      'update public.tenant_brands set display_name = $1 where tenant_id = (select tenant_id from public.webhook_endpoints)',
      [`Number ${n++} at ${now()}`],
    )
    const committedAt = now()
    await db.query('commit')
    return (await lastAt) - committedAt
  }
}
