import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import type { PaymentFact } from './fact.ts'
import { providerApis } from './providers/index.ts'
import {
  type BillingEvent,
  type BillingEventQuery,
  type BillingEvents,
  billingEventOrder,
  type NewOrder,
  orderOrder,
  type PaymentOrder,
  type PaymentOrderQuery,
  type PaymentOrders,
  type PaymentProvider,
  type ReceivedEvent,
} from './schema.ts'
import { providerSettings } from './settings.ts'

export const orderColumns = sql`
  ref_id, kind, bought, provider, provider_order_id, amount_minor::float8 as amount_minor, currency, status, pay_url,
  paid_at, created_at`

/** A page of a tenant's orders, the newest first. */
export async function listPaymentOrders(
  db: Db,
  tenantId: string,
  { limit, cursor }: PaymentOrderQuery,
): Promise<PaymentOrders> {
  const { rows, next_cursor } = await readPage<PaymentOrder>(
    db,
    orderOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${orderColumns} from public.payment_orders
    -- What a tenant's own customers pay to it is no bill of the tenant.
    where tenant_id = ${tenantId} and provider <> 'mpesa' and (${cursor?.ref_id}::text is null or id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by id desc limit ${rowCount}`,
  )
  return { orders: rows, next_cursor }
}

/** A page of what happened to a tenant's payments and subscriptions, the newest first. */
export async function listBillingEvents(
  db: Db,
  tenantId: string,
  { limit, cursor }: BillingEventQuery,
): Promise<BillingEvents> {
  const { rows, next_cursor } = await readPage<BillingEvent>(
    db,
    billingEventOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ref_id, event_type, provider, provider_entity_id, amount_minor::float8 as amount_minor, currency, plan, payload, created_at
    from public.billing_events
    where tenant_id = ${tenantId} and provider <> 'mpesa' and (${cursor?.ref_id}::text is null or id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by id desc limit ${rowCount}`,
  )
  return { billing_events: rows, next_cursor }
}

/**
 * Orders a plan or a bundle of credits, and makes the order at the provider. The same key answers the first order, and
 * asks the provider again if it could not be reached then. 403 tenant_frozen, forbidden; 409 not_billable, conflict; 422
 * for what has no price; 429 too_many_orders; 503 payment_provider_not_set_up, payment_provider_failed.
 */
export async function makeOrder(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  { plan, bundle, provider }: NewOrder,
  idempotencyKey: string | undefined,
): Promise<PaymentOrder> {
  // Before anything is noted that could not be paid.
  providerSettings(provider)
  const ordered = bundle
    ? sql`private.order_topup(${tenantId}, ${provider}, ${bundle}, ${idempotencyKey})`
    : sql`private.order_plan(${tenantId}, ${provider}, ${plan}, ${idempotencyKey})`
  const order = await db.one<PaymentOrder & { id: string; title: string }>(sql`
    select ${orderColumns}, id, coalesce(
      (select p.name from public.plans as p where p.plan = bought ->> 'plan'),
      (select b.name from public.topup_bundles as b where b.bundle = bought ->> 'bundle')) as title
    from ${ordered}`)
  const { id, title, ...shown } = order
  const placed = { ...shown, title, isRecurring: bundle === undefined }
  return placeOrder(serviceFor(claims, headers), { tenantId, id }, placed)
}

/**
 * Makes an order at its provider, unless that has happened, and answers it as it then stands. No transaction may be open:
 * none holds a connection while the provider answers. For the service, because a caller must not be able to state what
 * the provider said. 503 payment_provider_not_set_up, payment_provider_failed.
 */
export async function placeOrder(
  service: Db,
  { tenantId, id }: { tenantId: string; id: string },
  { title, isRecurring, ...order }: PaymentOrder & { title: string; isRecurring: boolean },
): Promise<PaymentOrder> {
  if (order.provider_order_id !== null) return order
  const settings = providerSettings(order.provider)
  const made = await providerApis[order.provider].makeOrder(settings, { ...order, title, isRecurring })
  return service.one(sql`
    select ${orderColumns} from private.attach_payment_order(${tenantId}, ${id}, ${made.id}, ${made.payUrl})`)
}

/** Stores what a provider said, and then does it. 503 unavailable while another request stores the same. */
export async function takePaymentEvent(
  db: Db,
  provider: PaymentProvider | 'mpesa',
  event: { id: string; body: Uint8Array; fact: PaymentFact | null },
): Promise<ReceivedEvent['outcome']> {
  const fact = event.fact && JSON.stringify(event.fact)
  const [received] = await db.query<{ event_id: string }>(sql`
    select private.receive_payment_event(${provider}, ${event.id}, ${event.body}, ${fact}::jsonb) as event_id`)
  if (!received?.event_id)
    throw new Problem('unavailable', 'This event is being stored. Send it again in a moment.')
  const { outcome } = await db.one<ReceivedEvent>(sql`
    select private.settle_payment_event(${provider}, ${received.event_id}) as outcome`)
  return outcome
}
