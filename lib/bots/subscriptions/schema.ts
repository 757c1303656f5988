import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const status = z.enum(['pending', 'failed', 'subscribed', 'expired'])

export const ContactSubscription = z
  .strictObject({
    ref_id: refId,
    contact: refId.nullable().meta({ description: 'null: the contact was forgotten.' }),
    full_name: z.string().nullable(),
    plan: refId.nullable().meta({ description: 'null: the plan was deleted.' }),
    plan_name: z.string(),
    plan_type: z.enum(['monthly', 'one']),
    level: z.int(),
    amount_minor: z.int().meta({ description: 'In cents of the currency.' }),
    currency: z.string(),
    phone: z.string().nullable().meta({ description: 'Whose M-Pesa pays.' }),
    checkout_request_id: z.string().nullable().meta({ description: 'How M-Pesa calls the payment.' }),
    status: status.meta({ description: 'pending: M-Pesa has not said how it ended.' }),
    reason: z.string().nullable().meta({ description: 'Why it failed, as cancelled.' }),
    starts_at: moment.nullable(),
    expires_at: moment.nullable().meta({ description: 'null: never, or it was not paid.' }),
    created_at: moment,
  })
  .meta({ id: 'ContactSubscription', description: 'What a contact of a bot subscribed to.' })
export type ContactSubscription = z.infer<typeof ContactSubscription>

/** The newest first. */
export const subscriptionOrder = keyset('contact-subscriptions', { ref_id: refId })
export const ContactSubscriptionQuery = z.strictObject({
  ...pageParameters(subscriptionOrder),
  status: status.optional().meta({ description: 'Only those.' }),
  contact: z.string().trim().min(1).max(100).optional().meta({
    description: 'Only of contacts whose name or number begins like this, or paid with such a number.',
  }),
})
export type ContactSubscriptionQuery = z.output<typeof ContactSubscriptionQuery>
export const ContactSubscriptions = z
  .strictObject({ subscriptions: z.array(ContactSubscription), next_cursor: nextCursor })
  .meta({ id: 'ContactSubscriptions' })
export type ContactSubscriptions = z.infer<typeof ContactSubscriptions>

export const CheckoutPath = z.object({
  subscription: refId,
  token: z.string().regex(/^[0-9a-f]{40}$/),
})
export const HeardCheckout = z
  .strictObject({ ResultCode: z.literal(0), ResultDesc: z.string() })
  .meta({ id: 'HeardCheckout', description: 'What M-Pesa expects.' })
export const CheckedCheckouts = z
  .strictObject({
    asked: z.int().meta({ description: 'About how many payments M-Pesa was asked.' }),
    settled: z.int().meta({ description: 'How many of these have ended.' }),
    told: z.int().meta({ description: 'How many contacts were written to.' }),
  })
  .meta({ id: 'CheckedCheckouts' })
export type CheckedCheckouts = z.infer<typeof CheckedCheckouts>
