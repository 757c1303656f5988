import { z } from 'zod'
import { momentOf, orderRefName, type PaymentFact } from '../fact.ts'

// Razorpay's objects, as far as we read them. Source: razorpay.com/docs/webhooks/payloads.

const text = z.string().min(1).max(255)
/** An empty object of PHP is an array. */
const notes = z
  .union([z.record(z.string(), z.unknown()), z.array(z.unknown())])
  .nullish()
  .catch(null)

export const RazorpayPayment = z.looseObject({
  id: text,
  order_id: text.nullish(),
  invoice_id: text.nullish(),
  status: z.string(),
  amount: z.int().min(0),
  amount_refunded: z.int().min(0).nullish(),
  currency: z.string().length(3),
  error_code: z.string().nullish(),
})
export const RazorpaySubscription = z.looseObject({
  id: text,
  status: z.string(),
  paid_count: z.int().min(0).nullish(),
  current_end: z.number().nullish(),
  notes,
})
const Refund = z.looseObject({ payment_id: text, amount: z.int().min(0), currency: z.string().length(3) })
const Event = z.looseObject({
  event: z.string(),
  payload: z.looseObject({
    payment: z.looseObject({ entity: RazorpayPayment }).optional(),
    subscription: z.looseObject({ entity: RazorpaySubscription }).optional(),
    refund: z.looseObject({ entity: Refund }).optional(),
  }),
})

type Payment = z.infer<typeof RazorpayPayment>
type Subscription = z.infer<typeof RazorpaySubscription>

/** What a webhook of Razorpay says about an order. Null for what is none of ours, or of a kind that we do not read. */
export function readRazorpayEvent(sent: unknown): PaymentFact | null {
  const { data } = Event.safeParse(sent)
  if (!data) return null
  const payment = data.payload.payment?.entity
  const subscription = data.payload.subscription?.entity
  const refund = data.payload.refund?.entity
  switch (data.event) {
    case 'payment.captured':
    case 'order.paid':
    case 'payment.failed':
      return payment ? paymentFact(payment) : null
    case 'subscription.charged':
      return payment && subscription
        ? chargeFact(subscription, payment, String(subscription.paid_count ?? 1))
        : null
    case 'subscription.authenticated':
    case 'subscription.activated':
      return subscription ? { what: 'started', ...namesOf(subscription) } : null
    case 'subscription.pending':
    case 'subscription.halted':
      return subscription ? failedCharge(subscription) : null
    case 'subscription.cancelled':
    case 'subscription.completed':
    case 'subscription.expired':
      return subscription ? { what: 'cancelled', ...namesOf(subscription) } : null
    case 'refund.processed':
      if (!refund) return null
      return {
        what: 'refunded',
        payment_id: refund.payment_id,
        order_id: payment?.order_id ?? undefined,
        // Of several parts, the payment says how much they are together.
        amount_minor: payment?.amount_refunded ?? refund.amount,
        currency: refund.currency,
      }
    default:
      return null
  }
}

/** A payment of an order that is paid once. Payments of subscriptions have events of their own. */
export function paymentFact(payment: Payment): PaymentFact | null {
  if (payment.invoice_id || !payment.order_id) return null
  const about = {
    order_id: payment.order_id,
    payment_id: payment.id,
    amount_minor: payment.amount,
    currency: payment.currency,
  }
  if (payment.status === 'captured') return { what: 'captured', ...about }
  if (payment.status === 'failed')
    return { what: 'failed', ...about, reason: payment.error_code ?? undefined }
  return null
}

/** A charge of a subscription. Its periods are counted by the payments. */
export function chargeFact(
  subscription: Subscription,
  { id, amount, currency }: Pick<Payment, 'id' | 'amount' | 'currency'>,
  period: string,
): PaymentFact {
  return {
    what: 'captured',
    ...namesOf(subscription),
    payment_id: id,
    period,
    period_ends_at: momentOf(subscription.current_end),
    amount_minor: amount,
    currency,
  }
}

/** A charge that failed has no payment that anybody needs to know. */
function failedCharge(subscription: Subscription): PaymentFact {
  const period = String((subscription.paid_count ?? 0) + 1)
  return {
    what: 'failed',
    ...namesOf(subscription),
    payment_id: `${subscription.id}/${period}`,
    period,
    reason: 'charge_failed',
  }
}

export function namesOf(
  subscription: Subscription,
): Pick<PaymentFact, 'order_id' | 'order_ref' | 'subscription_id'> {
  const noted = Array.isArray(subscription.notes) ? undefined : subscription.notes?.[orderRefName]
  return {
    order_id: subscription.id,
    order_ref: typeof noted === 'string' ? noted : undefined,
    subscription_id: subscription.id,
  }
}
