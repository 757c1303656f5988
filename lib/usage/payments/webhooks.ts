import { Buffer } from 'node:buffer'
import { admin, Problem } from '../../db/index.ts'
import type { PaymentFact } from './fact.ts'
import { readRazorpayEvent } from './providers/razorpay-events.ts'
import { readStripeEvent, stripeEventId } from './providers/stripe-events.ts'
import { takePaymentEvent } from './queries.ts'
import type { PaymentProvider, ReceivedEvent } from './schema.ts'
import { providerSettings } from './settings.ts'
import { verifyRazorpay, verifyStripe } from './signature.ts'

/** Both providers give up after five seconds. Then they send the event again. */
const answerWithinMs = 4_000

interface Verified {
  id: string
  fact: PaymentFact | null
}

/**
 * Verifies a webhook, stores it and settles it. Nothing is stored before the signature was verified. An event that was
 * received before changes nothing.
 *
 * @throws Problem 400 invalid_signature, also for a body that is no event; 503 for whatever is our own fault, so that
 * the provider sends it again.
 */
export async function receiveWebhook(
  provider: PaymentProvider,
  headers: Pick<Headers, 'get'>,
  body: Uint8Array,
): Promise<ReceivedEvent> {
  const { webhookSecrets } = providerSettings(provider)
  const verified =
    provider === 'razorpay'
      ? await verifiedByRazorpay(headers, body, webhookSecrets)
      : await verifiedByStripe(headers, body, webhookSecrets)
  if (!verified)
    throw new Problem('invalid_signature', `The body is not an event that ${provider} has signed just now.`)
  return { outcome: await within(answerWithinMs, takePaymentEvent(admin, provider, { ...verified, body })) }
}

async function verifiedByRazorpay(
  headers: Pick<Headers, 'get'>,
  body: Uint8Array,
  secrets: string[],
): Promise<Verified | undefined> {
  const signature = headers.get('x-razorpay-signature') ?? undefined
  const id = headers.get('x-razorpay-event-id')
  if (!(await verifyRazorpay(body, signature, secrets)) || !id || !isEventId(id)) return undefined
  const event = parse(body)
  return event === undefined ? undefined : { id, fact: readRazorpayEvent(event) }
}

async function verifiedByStripe(
  headers: Pick<Headers, 'get'>,
  body: Uint8Array,
  secrets: string[],
): Promise<Verified | undefined> {
  if (!(await verifyStripe(body, headers.get('stripe-signature') ?? undefined, secrets))) return undefined
  const event = parse(body)
  const id = stripeEventId(event)
  return id && isEventId(id) ? { id, fact: readStripeEvent(event) } : undefined
}

function isEventId(id: string): boolean {
  return /^[\w.:-]{1,200}$/.test(id)
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body)))
  } catch {
    return undefined
  }
}

/** The work goes on after the answer. If it succeeds, the event that is sent again changes nothing. */
async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const problem = new Problem('unavailable', 'This takes too long. Send it again in a moment.')
    timer = setTimeout(() => reject(problem), milliseconds)
  })
  // Nobody waits for it any more when it fails later.
  work.catch(() => {})
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
