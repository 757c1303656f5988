import { z } from 'zod'
import { momentOf, orderRefName, type PaymentFact } from '../fact.ts'

// Stripe's objects, as far as we read them. Source: docs.stripe.com/api.

const text = z.string().min(1).max(255)
/** An id, or the object itself where a request asked for it. */
const reference = z
  .union([text, z.looseObject({ id: text }).transform(({ id }) => id)])
  .nullish()
  .catch(null)
const metadata = z.record(z.string(), z.unknown()).nullish().catch(null)
const currency = z
  .string()
  .length(3)
  .transform((code) => code.toUpperCase())

export const StripeSession = z.looseObject({
  id: text,
  mode: z.string(),
  status: z.string().nullish(),
  payment_status: z.string(),
  payment_intent: reference,
  subscription: reference,
  amount_total: z.int().min(0).nullish(),
  currency: currency.nullish(),
  metadata,
})
/** The subscription of an invoice stands in another place since the API's version of March 2025. */
export const StripeInvoice = z.looseObject({
  id: text,
  status: z.string().nullish(),
  amount_paid: z.int().min(0),
  amount_due: z.int().min(0),
  currency,
  subscription: reference,
  subscription_details: z.looseObject({ metadata }).nullish().catch(null),
  parent: z
    .looseObject({ subscription_details: z.looseObject({ subscription: reference, metadata }).nullish() })
    .nullish()
    .catch(null),
  lines: z
    .looseObject({ data: z.array(z.looseObject({ period: z.looseObject({ end: z.number() }).nullish() })) })
    .nullish()
    .catch(null),
})
const Subscription = z.looseObject({ id: text, metadata })
const Charge = z.looseObject({
  payment_intent: reference,
  invoice: reference,
  amount_refunded: z.int().min(0),
  currency,
})
const Event = z.looseObject({
  id: text,
  type: z.string(),
  data: z.looseObject({ object: z.unknown() }),
})

/** The id of an event. Null if this is none. */
export function stripeEventId(sent: unknown): string | null {
  return Event.safeParse(sent).data?.id ?? null
}

/** What a webhook of Stripe says about an order. Null for what is none of ours, or of a kind that we do not read. */
export function readStripeEvent(sent: unknown): PaymentFact | null {
  const { data: event } = Event.safeParse(sent)
  if (!event) return null
  const { object } = event.data
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
    case 'checkout.session.async_payment_failed':
    case 'checkout.session.expired': {
      const { data } = StripeSession.safeParse(object)
      return data ? sessionFact(data, event.type.endsWith('async_payment_failed')) : null
    }
    case 'invoice.paid':
    case 'invoice.payment_failed': {
      const { data } = StripeInvoice.safeParse(object)
      return data ? invoiceFact(data, event.type === 'invoice.payment_failed') : null
    }
    case 'customer.subscription.deleted': {
      const { data } = Subscription.safeParse(object)
      return data
        ? { what: 'cancelled', subscription_id: data.id, order_ref: orderRefOf(data.metadata) }
        : null
    }
    case 'charge.refunded': {
      const { data } = Charge.safeParse(object)
      const payment_id = data?.invoice ?? data?.payment_intent
      if (!data || !payment_id) return null
      return { what: 'refunded', payment_id, amount_minor: data.amount_refunded, currency: data.currency }
    }
    default:
      return null
  }
}

/** A checkout. What a subscription was paid, its invoices say, because only they name the period. */
export function sessionFact(session: z.infer<typeof StripeSession>, hasFailed: boolean): PaymentFact | null {
  const about = { order_id: session.id, order_ref: orderRefOf(session.metadata) }
  if (session.status === 'expired') return { what: 'closed', ...about }
  if (session.mode === 'subscription')
    return session.subscription ? { what: 'started', ...about, subscription_id: session.subscription } : null
  const payment = {
    ...about,
    payment_id: session.payment_intent ?? session.id,
    amount_minor: session.amount_total ?? 0,
    currency: session.currency ?? undefined,
  }
  if (hasFailed) return { what: 'failed', ...payment, reason: 'payment_failed' }
  return session.payment_status === 'paid' && session.currency ? { what: 'captured', ...payment } : null
}

/** An invoice of a subscription. Each is for one period. */
export function invoiceFact(invoice: z.infer<typeof StripeInvoice>, hasFailed: boolean): PaymentFact | null {
  const subscription = invoice.subscription ?? invoice.parent?.subscription_details?.subscription
  const amount = hasFailed ? invoice.amount_due : invoice.amount_paid
  // A free period is no payment.
  if (!subscription || amount === 0) return null
  const ends = (invoice.lines?.data ?? []).map(({ period }) => period?.end ?? 0)
  return {
    what: hasFailed ? 'failed' : 'captured',
    order_ref: orderRefOf(
      invoice.parent?.subscription_details?.metadata ?? invoice.subscription_details?.metadata,
    ),
    subscription_id: subscription,
    payment_id: invoice.id,
    period: invoice.id,
    period_ends_at: momentOf(Math.max(0, ...ends)),
    amount_minor: amount,
    currency: invoice.currency,
    ...(hasFailed && { reason: 'charge_failed' }),
  }
}

function orderRefOf(given: Record<string, unknown> | null | undefined): string | undefined {
  const ref = given?.[orderRefName]
  return typeof ref === 'string' ? ref : undefined
}
