import { z } from 'zod'
import { orderRefName } from '../fact.ts'
import { type AskedFact, ask, type ProviderApi } from '../provider-api.ts'
import { invoiceFact, StripeInvoice, StripeSession, sessionFact } from './stripe-events.ts'

const Made = z.looseObject({ id: z.string().min(1), url: z.string().nullish() })
/** With the invoice itself, because it was asked for. */
const AskedSession = z.looseObject({
  ...StripeSession.shape,
  invoice: StripeInvoice.nullish().catch(null),
})
const form = 'application/x-www-form-urlencoded'

/** Stripe: a Checkout Session for everything, because its page is where a product lets people pay. */
export const stripe: ProviderApi = {
  async makeOrder(settings, { ref_id, amount_minor, currency, title, isRecurring }) {
    const inside = isRecurring ? 'subscription_data' : 'payment_intent_data'
    const body = new URLSearchParams({
      mode: isRecurring ? 'subscription' : 'payment',
      client_reference_id: ref_id,
      success_url: settings.returnUrl,
      cancel_url: settings.returnUrl,
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': currency.toLowerCase(),
      'line_items[0][price_data][unit_amount]': String(amount_minor),
      'line_items[0][price_data][product_data][name]': title,
      [`metadata[${orderRefName}]`]: ref_id,
      [`${inside}[metadata][${orderRefName}]`]: ref_id,
      ...(isRecurring && { 'line_items[0][price_data][recurring][interval]': 'month' }),
    })
    const made = await ask(settings, '/v1/checkout/sessions', Made, {
      type: form,
      body: body.toString(),
      // The same order again is the same session, also if our first request was cut off.
      headers: { 'idempotency-key': ref_id },
    })
    return { id: made.id, payUrl: made.url ?? null }
  },

  async askOrder(settings, id) {
    const path = `/v1/checkout/sessions/${encodeURIComponent(id)}?expand[]=invoice`
    const session = await ask(settings, path, AskedSession)
    const facts: AskedFact[] = []
    const about = sessionFact(session, false)
    if (about) facts.push({ fact: about, words: session })
    const { invoice } = session
    const charge = invoice?.status === 'paid' ? invoiceFact(invoice, false) : null
    if (charge) facts.push({ fact: { ...charge, order_id: id }, words: invoice })
    return facts
  },

  async cancelSubscription(settings, id) {
    // Always at the end of the period that was paid: a newer subscription gives what is used until then.
    const body = new URLSearchParams({ cancel_at_period_end: 'true' }).toString()
    const words = await ask(settings, `/v1/subscriptions/${encodeURIComponent(id)}`, Made, {
      type: form,
      body,
    })
    return { fact: { what: 'cancelled', subscription_id: id }, words }
  },
}
