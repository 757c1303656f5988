import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'
import { PaymentProvider } from '../payments/schema.ts'

/** A plan that is paid for each month. */
export const Subscription = z
  .strictObject({
    ref_id: z.string(),
    order_ref: z.string().meta({ description: 'The order that began it.' }),
    plan: z.string(),
    provider: PaymentProvider,
    provider_subscription_id: z.string().nullable(),
    status: z.enum(['pending', 'active', 'past_due', 'cancelled']),
    paid_until_at: moment.nullable(),
    cancel_requested_at: moment.nullable().meta({
      description: 'When somebody cancelled it. The status is cancelled once the provider has heard.',
    }),
    cancelled_at: moment.nullable(),
    replaced_at: moment.nullable().meta({ description: 'When a newer subscription took its place.' }),
    freezes_at: moment.nullable().meta({ description: 'When the tenant is frozen unless somebody pays.' }),
    created_at: moment,
  })
  .meta({ id: 'Subscription' })
export type Subscription = z.infer<typeof Subscription>

/** The newest first. */
export const subscriptionOrder = keyset('subscriptions', { ref_id: refId })
export const SubscriptionQuery = z.strictObject(pageParameters(subscriptionOrder))
export type SubscriptionQuery = z.output<typeof SubscriptionQuery>
export const Subscriptions = z
  .strictObject({ subscriptions: z.array(Subscription), next_cursor: nextCursor })
  .meta({ id: 'Subscriptions' })
export type Subscriptions = z.infer<typeof Subscriptions>

export const SubscriptionPath = z.object({ subscription: refId })
