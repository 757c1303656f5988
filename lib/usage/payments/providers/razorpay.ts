import { z } from 'zod'
import { orderRefName } from '../fact.ts'
import { type AskedFact, ask, type ProviderApi } from '../provider-api.ts'
import type { ProviderSettings } from '../settings.ts'
import { chargeFact, namesOf, paymentFact, RazorpayPayment, RazorpaySubscription } from './razorpay-events.ts'

const Made = z.looseObject({ id: z.string().min(1), short_url: z.string().nullish() })
const Payments = z.looseObject({ items: z.array(RazorpayPayment) })
const Invoices = z.looseObject({
  items: z.array(
    z.looseObject({
      status: z.string(),
      payment_id: z.string().nullish(),
      amount_paid: z.int().min(0).nullish(),
      currency: z.string().length(3),
      billing_end: z.number().nullish(),
    }),
  ),
})
/** Ten years of months. A subscription must have an end. */
const monthCount = 120
const ended = ['cancelled', 'completed', 'expired']

/** Razorpay: an Order for what is paid once, a Plan and a Subscription for what is paid each month. */
export const razorpay: ProviderApi = {
  async makeOrder(settings, { ref_id, amount_minor, currency, title, isRecurring }) {
    const notes = { [orderRefName]: ref_id }
    if (!isRecurring) {
      const order = { amount: amount_minor, currency, receipt: ref_id, notes }
      return { id: (await post(settings, '/v1/orders', order)).id, payUrl: null }
    }
    const plan = await post(settings, '/v1/plans', {
      period: 'monthly',
      interval: 1,
      item: { name: title, amount: amount_minor, currency },
      notes,
    })
    const made = await post(settings, '/v1/subscriptions', {
      plan_id: plan.id,
      total_count: monthCount,
      quantity: 1,
      notes,
    })
    return { id: made.id, payUrl: made.short_url ?? null }
  },

  async askOrder(settings, id, isRecurring) {
    const path = encodeURIComponent(id)
    if (!isRecurring) {
      const { items } = await ask(settings, `/v1/orders/${path}/payments`, Payments)
      return items.flatMap((payment) => {
        const fact = paymentFact({ ...payment, order_id: payment.order_id ?? id })
        return fact ? [{ fact, words: payment }] : []
      })
    }
    const subscription = await ask(settings, `/v1/subscriptions/${path}`, RazorpaySubscription)
    const { items } = await ask(settings, `/v1/invoices?subscription_id=${path}`, Invoices)
    const paid = items.filter(({ status, payment_id }) => status === 'paid' && payment_id)
    // The newest comes first, and the periods are counted from the first.
    const charges: AskedFact[] = paid.reverse().map((invoice, index) => ({
      fact: chargeFact(
        { ...subscription, current_end: invoice.billing_end ?? subscription.current_end },
        { id: invoice.payment_id ?? '', amount: invoice.amount_paid ?? 0, currency: invoice.currency },
        String(index + 1),
      ),
      words: invoice,
    }))
    if (!ended.includes(subscription.status)) return charges
    return [...charges, { fact: { what: 'cancelled', ...namesOf(subscription) }, words: subscription }]
  },

  async cancelSubscription(settings, id, atPeriodEnd) {
    const path = `/v1/subscriptions/${encodeURIComponent(id)}/cancel`
    const words = await post(settings, path, { cancel_at_cycle_end: atPeriodEnd ? 1 : 0 })
    return { fact: { what: 'cancelled', order_id: id, subscription_id: id }, words }
  },
}

function post(settings: ProviderSettings, path: string, body: object) {
  return ask(settings, path, Made, { type: 'application/json', body: JSON.stringify(body) })
}
