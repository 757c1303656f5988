import { body, describeRoute, etagOf, ifNoneMatches, params, query, router } from '../../lib/http/index.ts'
import {
  countUnread,
  listNotifications,
  MarkedNotifications,
  markAllRead,
  markNotification,
  Notification,
  NotificationMark,
  NotificationPath,
  NotificationQuery,
  Notifications,
  ReadUntil,
  UnreadCount,
} from '../../lib/notifications/index.ts'

// "read" also for marking: everybody who may read is told things, and what they have read is their own affair.
export const notifications = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('List what you are told in this tenant, the newest first', {
      200: { description: 'A page of it, without what you archived.', schema: Notifications },
    }),
    query(NotificationQuery),
    async (c) => c.json(await listNotifications(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/unread-count',
    describeRoute('Count what you have not read', {
      200: { description: 'How many, up to a hundred.', schema: UnreadCount },
      304: { description: 'The same as for the ETag in if-none-match.' },
    }),
    async (c) => {
      const text = JSON.stringify(await countUnread(c.var.db, c.var.tenant.id))
      const headers = {
        etag: etagOf(text),
        'cache-control': 'private, no-cache',
        vary: 'authorization, x-tenant',
      }
      if (ifNoneMatches(c.req.header('if-none-match'), headers.etag)) return c.body(null, 304, headers)
      return c.body(text, 200, { ...headers, 'content-type': 'application/json' })
    },
  )
  .post(
    '/read-all',
    describeRoute('Mark everything as read that you were shown', {
      200: { description: 'How many were unread.', schema: MarkedNotifications },
    }),
    body(ReadUntil),
    async (c) => c.json(await markAllRead(c.var.db, c.var.tenant.id, c.req.valid('json'))),
  )
  .patch(
    '/:notification',
    describeRoute(
      'Mark a notification as read or archived, or as neither',
      { 200: { description: 'The notification.', schema: Notification } },
      ['not_found'],
    ),
    params(NotificationPath),
    body(NotificationMark),
    async (c) => {
      const { notification } = c.req.valid('param')
      return c.json(await markNotification(c.var.db, c.var.tenant.id, notification, c.req.valid('json')))
    },
  )
