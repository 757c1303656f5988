import { Buffer } from 'node:buffer'
import type { z } from 'zod'
import { Problem } from '../../db/index.ts'
import { fetchPublic, NetFault } from '../../net/index.ts'
import type { PaymentFact } from './fact.ts'
import type { ProviderSettings } from './settings.ts'

/** What is to be paid for. */
interface OrderToMake {
  ref_id: string
  amount_minor: number
  currency: string
  /** What the buyer reads. */
  title: string
  /** Whether the provider charges it again each month. */
  isRecurring: boolean
}

/** How the provider calls an order, and where it is paid. */
interface MadeOrder {
  id: string
  payUrl: string | null
}

/** A fact that was asked for, with the provider's words. */
export interface AskedFact {
  fact: PaymentFact
  words: unknown
}

/** What every provider can do. */
export interface ProviderApi {
  makeOrder(settings: ProviderSettings, order: OrderToMake): Promise<MadeOrder>
  askOrder(settings: ProviderSettings, id: string, isRecurring: boolean): Promise<AskedFact[]>
  /** atPeriodEnd: what was paid is used to its end. Otherwise at once, if the provider can. */
  cancelSubscription(settings: ProviderSettings, id: string, atPeriodEnd: boolean): Promise<AskedFact>
}

const timeoutMs = 5_000
const maxBytes = 1_048_576

/** One request to a provider's API, and its answer. 503 payment_provider_failed, whatever goes wrong. */
export async function ask<Schema extends z.ZodType>(
  { url, authorization }: ProviderSettings,
  path: string,
  schema: Schema,
  sent?: { type: string; body: string; headers?: Record<string, string> },
): Promise<z.output<Schema>> {
  try {
    const answer = await fetchPublic(`${url}${path}`, {
      method: sent ? 'POST' : 'GET',
      headers: {
        authorization,
        accept: 'application/json',
        ...(sent && { 'content-type': sent.type }),
        ...sent?.headers,
      },
      ...(sent && { body: sent.body }),
      timeoutMs,
      maxBytes,
    })
    if (answer.status !== 200) throw failure(`answered ${answer.status}`)
    return schema.parse(JSON.parse(Buffer.from(answer.bytes).toString('utf8')))
  } catch (thrown) {
    if (thrown instanceof Problem) throw thrown
    throw failure(
      thrown instanceof NetFault ? 'did not answer' : 'gave an answer that cannot be read',
      thrown,
    )
  }
}

function failure(what: string, cause?: unknown): Problem {
  // What the provider wrote may repeat our key, so it goes to the log alone.
  return new Problem('payment_provider_failed', `The payment provider ${what}. Try again in a moment.`, {
    cause,
  })
}
