/** What a provider says about an order, in our words. SQL settles it (private.settle_payment_event). */
export interface PaymentFact {
  what: /** Money came. */
    | 'captured'
    /** A payment was tried and failed. */
    | 'failed'
    /** So much of a payment was sent back in all. */
    | 'refunded'
    /** The provider takes no payment for the order any more. */
    | 'closed'
    /** A subscription exists. Nothing was paid by that. */
    | 'started'
    /** A subscription is not charged again. */
    | 'cancelled'
  order_id?: string | undefined
  /** Our own ref_id, which the provider was given and gives back. */
  order_ref?: string | undefined
  payment_id?: string | undefined
  subscription_id?: string | undefined
  /** Which period of a subscription a payment is for. Two payments of one period are one too many. */
  period?: string | undefined
  period_ends_at?: string | undefined
  amount_minor?: number | undefined
  currency?: string | undefined
  reason?: string | undefined
}

/** The name under which our ref_id stands in notes (Razorpay) and metadata (Stripe). */
export const orderRefName = 'tenantry_order'

/** A moment from the seconds that providers use. */
export function momentOf(seconds: number | null | undefined): string | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds < 253_402_300_800
    ? new Date(seconds * 1_000).toISOString()
    : undefined
}
