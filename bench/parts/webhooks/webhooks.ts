import type { Figure } from '../../measure.ts'
import type { BenchStack } from '../../stack.ts'
import { benchDelivery } from './delivery.ts'
import { benchDepth } from './depth.ts'
import { benchEmit } from './emit.ts'
import { benchLatency } from './latency.ts'
import { benchNeighbour } from './neighbour.ts'
import { benchQueue } from './queue.ts'
import { benchTenants } from './tenants.ts'

/** Webhooks: from the transaction that emits to the receiver, and the queue alone. */
export async function benchWebhooks(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const part of [
    ...[benchEmit, benchLatency, benchDelivery, benchTenants, benchQueue, benchNeighbour, benchDepth],
  ])
    figures.push(...(await part(stack, isQuick)))
  return figures
}
