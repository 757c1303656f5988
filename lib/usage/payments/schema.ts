import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

/** Those that take payments. */
export const PaymentProvider = z.enum(['razorpay', 'stripe']).meta({ id: 'PaymentProvider' })
export type PaymentProvider = z.infer<typeof PaymentProvider>

const amount = z.int().meta({ description: 'In the smallest unit of the currency.' })
const currency = z.string().meta({ description: 'ISO 4217.' })

/** What a tenant's manager orders: a plan that is paid each month, or a bundle of credits that is paid once. */
export const NewOrder = z
  .strictObject({
    plan: z
      .string()
      .regex(/^[a-z][a-z0-9_]{1,39}$/, 'must be the name of a plan')
      .optional(),
    bundle: z
      .string()
      .regex(/^[a-z][a-z0-9_]{1,39}$/, 'must be the name of a bundle of credits')
      .optional(),
    provider: PaymentProvider,
  })
  .refine(({ plan, bundle }) => (plan === undefined) !== (bundle === undefined), {
    error: 'name one thing to order: a plan or a bundle',
    path: ['plan'],
  })
  .meta({ id: 'NewOrder', description: 'Either a plan or a bundle.' })
export type NewOrder = z.infer<typeof NewOrder>

/** An order as managers see it. */
export const PaymentOrder = z
  .strictObject({
    ref_id: z.string(),
    kind: z.string().meta({ description: 'subscription, topup, or another kind of order.' }),
    bought: z.record(z.string(), z.unknown()).meta({
      description: 'What is bought: {"plan": "business"} or {"bundle": "credits_500", "credits": 500}.',
    }),
    provider: PaymentProvider,
    provider_order_id: z
      .string()
      .nullable()
      .meta({ description: 'The id at the provider. Null if the provider could not be reached yet.' }),
    amount_minor: amount,
    currency,
    status: z.enum(['created', 'failed', 'paid', 'refund_due', 'refunded']),
    pay_url: z
      .string()
      .nullable()
      .meta({ description: "The provider's page on which it is paid, if there is one." }),
    paid_at: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: 'PaymentOrder' })
export type PaymentOrder = z.infer<typeof PaymentOrder>

/** The newest first. */
export const orderOrder = keyset('payment_orders', { ref_id: refId })
export const PaymentOrderQuery = z.strictObject(pageParameters(orderOrder))
export type PaymentOrderQuery = z.output<typeof PaymentOrderQuery>
export const PaymentOrders = z
  .strictObject({ orders: z.array(PaymentOrder), next_cursor: nextCursor })
  .meta({ id: 'PaymentOrders' })
export type PaymentOrders = z.infer<typeof PaymentOrders>

/** What happened to a payment or a subscription. */
export const BillingEvent = z
  .strictObject({
    ref_id: z.string(),
    event_type: z.string(),
    provider: PaymentProvider,
    provider_entity_id: z
      .string()
      .nullable()
      .meta({ description: 'The payment or the subscription at the provider.' }),
    amount_minor: z.int().nullable().meta({ description: 'In the smallest unit of the currency.' }),
    currency: currency.nullable(),
    plan: z.string().nullable(),
    payload: z.record(z.string(), z.unknown()),
    created_at: moment,
  })
  .meta({ id: 'BillingEvent' })
export type BillingEvent = z.infer<typeof BillingEvent>

/** The newest first. */
export const billingEventOrder = keyset('billing_events', { ref_id: refId })
export const BillingEventQuery = z.strictObject(pageParameters(billingEventOrder))
export type BillingEventQuery = z.output<typeof BillingEventQuery>
export const BillingEvents = z
  .strictObject({ billing_events: z.array(BillingEvent), next_cursor: nextCursor })
  .meta({ id: 'BillingEvents' })
export type BillingEvents = z.infer<typeof BillingEvents>

/** The part of the path that names a provider. */
export const ProviderPath = z.object({ provider: PaymentProvider })

/** What became of a webhook. */
export const ReceivedEvent = z
  .strictObject({ outcome: z.enum(['ignored', 'unknown_order', 'nothing_new', 'applied']) })
  .meta({ id: 'ReceivedEvent' })
export type ReceivedEvent = z.infer<typeof ReceivedEvent>

/** What was learned by asking. */
export const CheckedOrders = z
  .strictObject({
    asked: z.int().meta({ description: 'Orders about which a provider was asked.' }),
    changed: z.int().meta({ description: 'Facts that were new.' }),
    cancelled: z.int().meta({
      description: 'Subscriptions that were replaced or cancelled here, and that the provider now ends.',
    }),
    unanswered: z
      .int()
      .meta({ description: 'Requests that a provider did not answer. They are made again.' }),
  })
  .meta({ id: 'CheckedOrders' })
export type CheckedOrders = z.infer<typeof CheckedOrders>
