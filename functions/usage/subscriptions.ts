import { askerOf, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  cancelSubscription,
  listSubscriptions,
  Subscription,
  SubscriptionPath,
  SubscriptionQuery,
  Subscriptions,
} from '../../lib/usage/index.ts'

// "read_admin", also for cancelling: who is frozen because a charge failed must be able to end the charges.
export const subscriptions = router({ auth: 'member', permission: 'read_admin' })
  .get(
    '/',
    describeRoute("List a tenant's subscriptions, the newest first", {
      200: { description: 'A page of them.', schema: Subscriptions },
    }),
    query(SubscriptionQuery),
    async (c) => c.json(await listSubscriptions(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .post(
    '/:subscription/cancellation',
    describeRoute(
      'Cancel a subscription at the end of the month that is paid',
      {
        200: {
          description:
            'How it stands. If the provider could not be reached, the status is not cancelled yet, and the provider is told later.',
          schema: Subscription,
        },
      },
      ['not_found', 'conflict'],
    ),
    params(SubscriptionPath),
    async (c) => {
      const asker = askerOf(c)
      const { subscription } = c.req.valid('param')
      return c.json(await cancelSubscription(c.var.db, asker, c.var.tenant.id, subscription))
    },
  )
