import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../failure.ts'
import { say } from '../../log.ts'
import { inSeconds, newId } from './books.ts'
import type { PaymentSecrets } from './secrets.ts'

const pausesMs = [500, 1_000, 2_000, 4_000, 8_000]

/** The headers with which Razorpay sends these bytes. */
export function signAsRazorpay(body: string, secret: string): Record<string, string> {
  return {
    'x-razorpay-signature': createHmac('sha256', secret).update(body).digest('hex'),
    'x-razorpay-event-id': newId('evt'),
  }
}

/** The headers with which Stripe sends these bytes. */
export function signAsStripe(body: string, secret: string, seconds = inSeconds()): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return { 'stripe-signature': `t=${seconds},v1=${signature}` }
}

/** Sends an event as its provider would, and again if it is not answered with 2xx. Gives up sooner than a real one. */
export async function sendWebhook(
  functionsUrl: string,
  provider: 'razorpay' | 'stripe',
  event: object,
  secrets: PaymentSecrets,
): Promise<boolean> {
  const body = JSON.stringify(event)
  const signed = provider === 'razorpay' && signAsRazorpay(body, secrets.razorpayWebhookSecret)
  for (const pause of pausesMs) {
    // Stripe signs each try anew. Razorpay keeps the event's id, by which a second one is known.
    const headers = signed || signAsStripe(body, secrets.stripeWebhookSecret)
    try {
      const answer = await fetch(`${functionsUrl}/usage/payments/webhooks/${provider}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(5_000),
      })
      await answer.body?.cancel()
      if (answer.ok) return true
    } catch (error) {
      say(`[payments] the webhook was not taken: ${messageOf(error)}`)
    }
    await sleep(pause, undefined, { ref: false })
  }
  return false
}
