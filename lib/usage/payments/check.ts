import { Buffer } from 'node:buffer'
import { type Db, Problem, sql } from '../../db/index.ts'
import type { AskedFact } from './provider-api.ts'
import { providerApis } from './providers/index.ts'
import { takePaymentEvent } from './queries.ts'
import type { CheckedOrders, PaymentProvider, ReceivedEvent } from './schema.ts'
import { providerSettings } from './settings.ts'

/** Each order takes two requests of five seconds at most, and ten run at a time: a batch is done within a minute. */
const batchSize = 50
const atOnce = 10

interface OpenOrder {
  provider: PaymentProvider
  provider_order_id: string
  is_recurring: boolean
}

/**
 * Asks the providers about orders that nobody has paid, as far as we know, and has them cancel subscriptions that were
 * replaced or cancelled here. For the service: a webhook may get lost, and nobody should wait for what is paid.
 */
export async function checkOpenOrders(db: Db): Promise<CheckedOrders> {
  const sum: CheckedOrders = { asked: 0, changed: 0, cancelled: 0, unanswered: 0 }
  const open = await db.query<OpenOrder>(sql`
    select provider, provider_order_id, is_recurring from private.claim_open_orders(${batchSize})`)
  const waiting = open.values()
  await atATime(atOnce, async () => {
    for (const { provider, provider_order_id, is_recurring } of waiting) {
      const asking = () =>
        providerApis[provider].askOrder(providerSettings(provider), provider_order_id, is_recurring)
      for (const asked of (await answerOf(asking, sum)) ?? [])
        if ((await take(db, provider, asked)) === 'applied') sum.changed++
      sum.asked++
    }
  })
  const ending = await db.query<SubscriptionToCancel>(sql`
    select provider, provider_subscription_id, at_period_end from private.claim_subscriptions_to_cancel()`)
  for (const subscription of ending) {
    if ((await answerOf(() => cancelAtProvider(db, subscription), sum)) === 'applied') sum.cancelled++
  }
  return sum
}

/** A subscription that is not to be charged again. */
export interface SubscriptionToCancel {
  provider: PaymentProvider
  provider_subscription_id: string
  at_period_end: boolean
}

/** Has a subscription cancelled at its provider, and notes that it was. 503 payment_provider_failed. */
export async function cancelAtProvider(
  db: Db,
  { provider, provider_subscription_id, at_period_end }: SubscriptionToCancel,
): Promise<ReceivedEvent['outcome']> {
  const settings = providerSettings(provider)
  return take(
    db,
    provider,
    await providerApis[provider].cancelSubscription(settings, provider_subscription_id, at_period_end),
  )
}

/** What was asked for is an event like any other, so that one function settles all of them. */
function take(db: Db, provider: PaymentProvider, { fact, words }: AskedFact) {
  const id = ['asked', fact.what, fact.payment_id ?? fact.subscription_id ?? fact.order_id].join(':')
  return takePaymentEvent(db, provider, { id, body: Buffer.from(JSON.stringify(words)), fact })
}

/** One provider that does not answer must not keep the other orders waiting. */
async function answerOf<Answer>(
  asking: () => Promise<Answer>,
  sum: CheckedOrders,
): Promise<Answer | undefined> {
  try {
    return await asking()
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.status !== 503) throw thrown
    sum.unanswered++
    return undefined
  }
}

async function atATime(count: number, work: () => Promise<void>): Promise<void> {
  const workers = await Promise.allSettled(Array.from({ length: count }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
}
