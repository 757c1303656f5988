export { countUnread, listNotifications, markAllRead, markNotification } from './queries.ts'
export {
  MarkedNotifications,
  Notification,
  NotificationMark,
  NotificationPath,
  NotificationQuery,
  Notifications,
  ReadUntil,
  UnreadCount,
} from './schema.ts'
