import { admin } from '../../kit/db.ts'
import { captured, freshId, makeOrder, type Order, settleFact } from '../payments/world.ts'

/** An order of the largest plan whose first month is paid, and the ref_id of the subscription it began. */
export async function makeSubscription(
  tenant: { id: string },
  provider: Order['provider'] = 'stripe',
): Promise<{ order: Order; subscription: string }> {
  const order = await makeOrder(tenant, { provider, plan: 'business' })
  await settleFact(order, captured({ amount_minor: 34_900, subscription_id: freshId('sub') }))
  const { rows } = await admin.query<{ ref_id: string }>(
    'select ref_id from public.subscriptions where tenant_id = $1 and order_id = $2',
    [order.tenant_id, order.id],
  )
  return { order, subscription: rows[0]!.ref_id }
}
