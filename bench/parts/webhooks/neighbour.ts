import { type Figure, interleave, median, say } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { fillDeliveries, fillEndpoints, settle } from './fill.ts'
import { drain } from './worker.ts'

const healthy = 999

/** How much slower 999 endpoints with 50 deliveries each get beside one endpoint with a long queue, dead or only busy. */
export async function benchNeighbour(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [rounds, overdue, each] = isQuick ? [1, 1_000, 2] : [3, 100_000, 50]
  const admin = await stack.connect(stack.adminUrl)
  const run = (queued: number, succeeds: boolean) => async () => {
    await fillEndpoints(admin, healthy + 1, 1)
    await fillDeliveries(admin, [1, healthy], each, 0)
    // Overdue, so its queue comes first, and its deliveries before all others.
    if (queued > 0) await fillDeliveries(admin, [healthy + 1, healthy + 1], queued, 3_600)
    await settle(admin)
    const isNeighbour = ({ url }: { url: string }) => url === `https://example.com/${healthy + 1}`
    return drain(stack.dbUrl, {
      ...{ deliveries: healthy * each, fanOut: 0 },
      counts: (delivery) => !isNeighbour(delivery),
      succeeds: (delivery) => succeeds || !isNeighbour(delivery),
    })
  }
  say(`webhooks: a neighbour with ${overdue.toLocaleString('en')} overdue`)
  const rates = await interleave(rounds, [run(0, true), run(overdue, false), run(overdue, true)])
  const [clean, dead, busy] = rates.map(median) as [number, number, number]
  const figure = (what: string, value: number): Figure => ({
    ...{ what: `999 endpoints, and one ${what}`, unit: 'deliveries/s' },
    ...{ value, baseline: clean, ratio: value / clean },
  })
  const note = `${overdue.toLocaleString('en')} of its deliveries are overdue; the rate is that of the others`
  return [{ ...figure('dead', dead), goal: { atLeast: 0.8 }, note }, figure('busy', busy)]
}
