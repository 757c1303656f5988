import { describeRoute, query, router } from '../../lib/http/index.ts'
import {
  listDispatches,
  NotificationDispatches,
  NotificationDispatchQuery,
} from '../../lib/notifications/index.ts'

export const dispatches = router({ auth: 'member', permission: 'read_admin' }).get(
  '/',
  describeRoute('List the attempts to send your messages, the newest first', {
    200: { description: 'A page of them. None names an address.', schema: NotificationDispatches },
  }),
  query(NotificationDispatchQuery),
  async (c) => c.json(await listDispatches(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)
