import type { Figure } from './measure.ts'
import type { BenchStack } from './stack.ts'
import { benchDelivery } from './webhooks-delivery.ts'
import { benchDepth } from './webhooks-depth.ts'
import { benchEmit } from './webhooks-emit.ts'
import { benchLatency } from './webhooks-latency.ts'
import { benchNeighbour } from './webhooks-neighbour.ts'
import { benchQueue } from './webhooks-queue.ts'
import { benchTenants } from './webhooks-tenants.ts'

/** Webhooks: from the transaction that emits to the receiver, and the queue alone. */
export async function benchWebhooks(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const part of [
    ...[benchEmit, benchLatency, benchDelivery, benchTenants, benchQueue, benchNeighbour, benchDepth],
  ])
    figures.push(...(await part(stack, isQuick)))
  return figures
}
