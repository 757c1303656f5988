import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import { cancelAtProvider, type SubscriptionToCancel } from '../payments/check.ts'
import { type Subscription, type SubscriptionQuery, type Subscriptions, subscriptionOrder } from './schema.ts'

const subscriptionColumns = sql`
  ref_id, private.ulid(order_id) as order_ref, plan, provider, provider_subscription_id, status, paid_until_at,
  cancel_requested_at, cancelled_at, replaced_at, freezes_at, created_at`

/** A page of a tenant's subscriptions, the newest first. */
export async function listSubscriptions(
  db: Db,
  tenantId: string,
  { limit, cursor }: SubscriptionQuery,
): Promise<Subscriptions> {
  const { rows, next_cursor } = await readPage<Subscription>(
    db,
    subscriptionOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${subscriptionColumns} from public.subscriptions
    where tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by id desc limit ${rowCount}`,
  )
  return { subscriptions: rows, next_cursor }
}

/**
 * Cancels a subscription at the end of the month that is paid, and answers how it stands then. If the provider cannot be
 * reached now, the wish is kept and cron tells the provider later: the status stays, with a cancel_requested_at. 404
 * not_found; 409 conflict for one that is not charged.
 */
export async function cancelSubscription(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  ref: string,
): Promise<Subscription> {
  const asked = await db.one<Subscription & { at_period_end: boolean }>(sql`
    select ${subscriptionColumns}, status = 'active' as at_period_end from private.request_cancellation(${tenantId}, ${ref})`)
  const { at_period_end, ...subscription } = asked
  const { status, provider, provider_subscription_id } = subscription
  if (status === 'cancelled' || provider_subscription_id === null) return subscription
  const service = serviceFor(claims, headers)
  const wanted: SubscriptionToCancel = { provider, provider_subscription_id, at_period_end }
  try {
    await cancelAtProvider(service, wanted)
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.status !== 503) throw thrown
  }
  return service.one(sql`
    select ${subscriptionColumns} from public.subscriptions where tenant_id = ${tenantId} and ref_id = ${ref}`)
}
