import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { PaymentFact } from '../../../lib/usage/payments/fact.ts'
import { type PaymentSecrets, paymentSecrets } from '../../../stack/providers/payments/secrets.ts'
import { signAsRazorpay, signAsStripe } from '../../../stack/providers/payments/webhooks.ts'
import { admin, type Queryable } from '../../kit/db.ts'

const stack = inject('stack')

/** With what the stack's functions verify webhooks, so that a test can sign as the provider does. */
export function secretsOfStack(): PaymentSecrets {
  const file = JSON.parse(readFileSync(join(stack.data_dir, 'stack.json'), 'utf8')) as { key_pepper: string }
  return paymentSecrets(file.key_pepper)
}

export interface Order {
  tenant_id: string
  id: string
  ref_id: string
  provider: 'razorpay' | 'stripe'
  provider_order_id: string
}

/** An id that no other test has. */
export const freshId = (prefix: string) => `${prefix}_${randomBytes(8).toString('hex')}`

/** An order of a plan, as it stands once the provider knows of it. */
export async function makeOrder(
  tenant: { id: string },
  {
    provider = 'stripe',
    plan = 'professional',
    db = admin,
    id = freshId('cs'),
  }: { provider?: Order['provider']; plan?: string; db?: Queryable; id?: string } = {},
): Promise<Order> {
  const { rows } = await db.query<Order>(
    `select a.* from public.plans as p
     cross join lateral private.make_payment_order($1, $2, 'subscription', p.price_minor, p.currency, jsonb_build_object('plan', p.plan)) as o
     cross join lateral private.attach_payment_order(o.tenant_id, o.id, $4, null) as a
     where p.plan = $3`,
    [tenant.id, provider, plan, id],
  )
  return rows[0]!
}

/** Receives and settles a fact about the order, as the webhook's route does. Answers the outcome. */
export async function settleFact(
  order: Order,
  fact: PaymentFact,
  { db = admin, eventId = freshId('evt') }: { db?: Queryable; eventId?: string } = {},
): Promise<string> {
  const whole = { order_id: order.provider_order_id, ...fact }
  await db.query('select private.receive_payment_event($1, $2, $3, $4)', [
    order.provider,
    eventId,
    Buffer.from(`${eventId} ${JSON.stringify(whole)}`),
    whole,
  ])
  const { rows } = await db.query<{ outcome: string }>(
    'select private.settle_payment_event($1, $2) as outcome',
    [order.provider, eventId],
  )
  return rows[0]!.outcome
}

/** What a right payment of a month says. The plan professional costs 149 CHF. */
export const captured = (change: Partial<PaymentFact> = {}): PaymentFact => ({
  what: 'captured',
  payment_id: freshId('in'),
  subscription_id: undefined,
  period: '1',
  period_ends_at: new Date(Date.now() + 30 * 86_400_000).toISOString(),
  amount_minor: 14_900,
  currency: 'CHF',
  ...change,
})

/** How an order stands, with its payments and what they did to the tenant. */
export async function stateOf(order: Pick<Order, 'tenant_id' | 'id'>, db: Queryable = admin) {
  const { rows } = await db.query<{
    order: string
    payments: string[]
    settled: number
    subscription: string | null
    plan: string
    tenant: string
    reason: string | null
  }>(
    `select o.status as order, s.status as subscription, t.plan, t.status as tenant, t.status_reason as reason,
       (select count(*)::int from public.payments as p where p.tenant_id = o.tenant_id and p.order_id = o.id and p.settled_at is not null) as settled,
       (select coalesce(array_agg(p.status::text order by p.status), '{}') from public.payments as p
        where p.tenant_id = o.tenant_id and p.order_id = o.id) as payments
     from public.payment_orders as o join public.tenants as t on t.id = o.tenant_id
     left join public.subscriptions as s on s.tenant_id = o.tenant_id and s.order_id = o.id
     where o.tenant_id = $1 and o.id = $2`,
    [order.tenant_id, order.id],
  )
  return rows[0]!
}

/** How many events of this provider the inbox holds under these ids. */
export async function inboxHolds(provider: string, eventId: string): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    'select count(*)::int from private.payment_events where provider = $1 and event_id = $2',
    [provider, eventId],
  )
  return rows[0]!.count
}

export interface SentWebhook {
  body: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

/** One request to the webhook's route, with nothing but what is given. */
export function sendWebhook(provider: string, { body, headers = {} }: SentWebhook): Promise<Response> {
  return fetch(`${stack.api_url}/functions/v1/usage/payments/webhooks/${provider}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

/** Sends an event with a signature that is good, unless a secret or a moment is given that is not. */
export function sendSigned(
  provider: Order['provider'],
  event: object,
  { secret, seconds, eventId }: { secret?: string; seconds?: number; eventId?: string } = {},
): Promise<Response> {
  const secrets = secretsOfStack()
  const body = JSON.stringify(event)
  const headers =
    provider === 'razorpay'
      ? signAsRazorpay(body, secret ?? secrets.razorpayWebhookSecret)
      : signAsStripe(body, secret ?? secrets.stripeWebhookSecret, seconds)
  return sendWebhook(provider, {
    body,
    headers: { ...headers, ...(eventId !== undefined && { 'x-razorpay-event-id': eventId }) },
  })
}

/** An event of Stripe about an invoice of a subscription that this order began. */
export function invoiceEvent(order: Order, change: Record<string, unknown> = {}, type = 'invoice.paid') {
  const subscription_details = { subscription: `sub_${order.id}`, metadata: { tenantry_order: order.ref_id } }
  return {
    id: freshId('evt'),
    type,
    data: {
      object: {
        id: freshId('in'),
        status: 'paid',
        amount_paid: 14_900,
        amount_due: 14_900,
        currency: 'chf',
        parent: { subscription_details },
        lines: { data: [{ period: { end: Math.floor(Date.now() / 1_000) + 30 * 86_400 } }] },
        ...change,
      },
    },
  }
}
