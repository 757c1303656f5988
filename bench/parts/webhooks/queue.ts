import { type Figure, interleave, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { fillBaselineEvents, type Queue, startGraphileWorker, startPgBoss } from './baselines.ts'
import { fillEndpoints, fillEvents } from './fill.ts'
import { drain } from './worker.ts'

const endpoints = 1_000

/** Only the queue, from events to logged attempts, compared with two other queues that do the same work. */
export async function benchQueue(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [rounds, deliveries] = isQuick ? [1, 1_000] : [3, 40_000]
  const admin = await stack.connect(stack.adminUrl)
  const boss = await startPgBoss(stack.dbUrl)
  const graphile = await startGraphileWorker(stack.dbUrl)
  const figures: Figure[] = []
  try {
    for (const fanOut of [1, 5]) {
      say(`webhooks: the queue, an event for ${fanOut}`)
      const ours = async () => {
        await fillEndpoints(admin, endpoints, fanOut)
        await fillEvents(admin, deliveries / fanOut)
        return drain(stack.dbUrl, { deliveries, fanOut })
      }
      const theirs = (queue: Queue, share: number) => async () => {
        await fillBaselineEvents(admin, deliveries / share / fanOut)
        await admin.query('vacuum (analyze)')
        return queue.drain(deliveries / share, fanOut)
      }
      const rates = await interleave(rounds, [ours, theirs(boss, 1), theirs(graphile, fanOut === 1 ? 4 : 10)])
      const [value, byBoss, byGraphile] = rates.map(median) as [number, number, number]
      const what = `queue, an event for ${fanOut === 1 ? 'one' : fanOut}`
      figures.push(
        { what, unit: 'deliveries/s', value, goal: { atLeast: 15_000 } },
        against(`${what}, against pg-boss`, value, byBoss),
        against(`${what}, against graphile-worker`, value, byGraphile),
      )
    }
  } finally {
    await graphile.stop()
    await boss.stop()
  }
  return figures
}

const against = (what: string, value: number, baseline: number): Figure => ({
  ...{ what, unit: 'deliveries/s', value, baseline },
  ...{ ratio: value / baseline, goal: { atLeast: 1 } },
})
