import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../db/index.ts'

/** What a person is told inside the application. */
export const Notification = z
  .strictObject({
    ref_id: z.string(),
    type: z.string().meta({ description: 'A type of the catalogue: domain.lost.' }),
    category: z.string(),
    is_critical: z.boolean(),
    message: z.string().meta({
      description: 'Plain text, in the language of the person or else of the tenant. Escape it in HTML.',
    }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'What the message was made of.' }),
    subject_type: z.string().nullable().meta({ description: 'What it is about: domain, endpoint, order.' }),
    subject_ref: z.string().nullable(),
    read_at: moment.nullable(),
    archived_at: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

/** The newest first. */
export const notificationOrder = keyset('notifications', { ref_id: refId })
export const NotificationQuery = z.strictObject({
  ...pageParameters(notificationOrder),
  status: z.enum(['unread']).optional().meta({ description: 'Only those that were not read.' }),
})
export type NotificationQuery = z.output<typeof NotificationQuery>
export const Notifications = z
  .strictObject({ notifications: z.array(Notification), next_cursor: nextCursor })
  .meta({ id: 'Notifications' })
export type Notifications = z.infer<typeof Notifications>

/** The most that are counted. A badge shows "99+" for more. */
export const maxUnread = 100

export const UnreadCount = z
  .strictObject({
    unread: z
      .int()
      .min(0)
      .max(maxUnread)
      .meta({ description: `At most ${maxUnread}.` }),
    has_more: z.boolean(),
  })
  .meta({ id: 'UnreadCount' })
export type UnreadCount = z.infer<typeof UnreadCount>

export const NotificationMark = z
  .strictObject({ is_read: z.boolean().optional(), is_archived: z.boolean().optional() })
  .refine((mark) => Object.keys(mark).length > 0, 'must mark something')
  .meta({ id: 'NotificationMark', description: 'What is left out stays as it is.' })
export type NotificationMark = z.infer<typeof NotificationMark>

export const ReadUntil = z
  .strictObject({
    until: refId.meta({ description: 'The newest notification that was shown. Later ones stay unread.' }),
  })
  .meta({ id: 'ReadUntil' })
export type ReadUntil = z.infer<typeof ReadUntil>

export const MarkedNotifications = z
  .strictObject({ marked: z.int().min(0).meta({ description: 'How many were unread.' }) })
  .meta({ id: 'MarkedNotifications' })
export type MarkedNotifications = z.infer<typeof MarkedNotifications>

export const NotificationPath = z.object({ notification: refId })
