import { type Db, Problem, readPage, sql } from '../db/index.ts'
import {
  type MarkedNotifications,
  maxUnread,
  type Notification,
  type NotificationMark,
  type NotificationQuery,
  type Notifications,
  notificationOrder,
  type ReadUntil,
  type UnreadCount,
} from './schema.ts'

const notificationColumns = sql`
  n.ref_id, n.type, t.category, t.is_critical, n.message, n.data, n.subject_type, n.subject_ref, n.read_at, n.archived_at, n.created_at`

/** A page of what the caller was told in this tenant, the newest first, without what was archived. */
export async function listNotifications(
  db: Db,
  tenantId: string,
  { limit, cursor, status }: NotificationQuery,
): Promise<Notifications> {
  const onlyUnread = status === 'unread' ? sql`and n.read_at is null` : sql``
  const { rows, next_cursor } = await readPage<Notification>(
    db,
    notificationOrder,
    { limit, cursor, status },
    (rowCount) => sql`
    select ${notificationColumns}
    from public.notifications as n join public.notification_types as t on t.type = n.type
    where n.tenant_id = ${tenantId} and n.user_id = (select auth.uid()) and n.archived_at is null ${onlyUnread}
      and (${cursor?.ref_id}::text is null or n.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by n.id desc limit ${rowCount}`,
  )
  return { notifications: rows, next_cursor }
}

/** How many the caller has not read, counted up to a hundred: so it costs the same for everybody. */
export async function countUnread(db: Db, tenantId: string): Promise<UnreadCount> {
  const { counted } = await db.one<{ counted: number }>(sql`
    select count(*)::int as counted from (
      select from public.notifications as n
      where n.tenant_id = ${tenantId} and n.user_id = (select auth.uid()) and n.read_at is null and n.archived_at is null
      limit ${maxUnread + 1}) as counted`)
  return { unread: Math.min(counted, maxUnread), has_more: counted > maxUnread }
}

/** Marks one of the caller's notifications. 404 not_found. */
export async function markNotification(
  db: Db,
  tenantId: string,
  ref: string,
  { is_read, is_archived }: NotificationMark,
): Promise<Notification> {
  // The update is seen by the next statement only, so the row is read after it.
  const { marked } = await db.one<{ marked: number }>(sql`
    select public.mark_notifications(${tenantId}, array[${ref}]::text[], ${is_read}::boolean, ${is_archived}::boolean) as marked`)
  if (marked === 0) throw new Problem('not_found', 'You have no notification with this ref_id.')
  return db.one<Notification>(sql`
    select ${notificationColumns}
    from public.notifications as n join public.notification_types as t on t.type = n.type
    where n.tenant_id = ${tenantId} and n.user_id = (select auth.uid()) and n.ref_id = ${ref}`)
}

/** Marks everything as read that the caller was shown. */
export function markAllRead(db: Db, tenantId: string, { until }: ReadUntil): Promise<MarkedNotifications> {
  return db.one<MarkedNotifications>(sql`
    select public.mark_all_notifications_read(${tenantId}, ${until}) as marked`)
}
