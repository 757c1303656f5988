import type { Figure } from './measure.ts'
import type { BenchStack } from './stack.ts'
import { benchDelivery } from './webhooks-delivery.ts'
import { benchDepth } from './webhooks-depth.ts'
import { benchEmit } from './webhooks-emit.ts'
import { benchNeighbour } from './webhooks-neighbour.ts'
import { benchQueue } from './webhooks-queue.ts'

/** Webhooks: what an event costs its transaction, the queue by itself, and the whole way to a receiver. */
export async function benchWebhooks(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const part of [benchEmit, benchQueue, benchNeighbour, benchDepth, benchDelivery])
    figures.push(...(await part(stack, isQuick)))
  return figures
}
