import {
  BotPath,
  ContactSubscriptionQuery,
  ContactSubscriptions,
  listContactSubscriptions,
} from '../../lib/bots/index.ts'
import { describeRoute, params, query, router } from '../../lib/http/index.ts'

export const subscriptions = router({ auth: 'member', permission: 'read', key: 'bots:read' }).get(
  '/:bot/subscriptions',
  describeRoute('List what the contacts of a bot subscribed to, the newest first', {
    200: { description: 'A page of subscriptions, paid or not.', schema: ContactSubscriptions },
  }),
  params(BotPath),
  query(ContactSubscriptionQuery),
  async (c) => {
    const { bot } = c.req.valid('param')
    return c.json(await listContactSubscriptions(c.var.db, c.var.tenant.id, bot, c.req.valid('query')))
  },
)
