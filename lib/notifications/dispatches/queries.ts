import { type Db, readPage, sql } from '../../db/index.ts'
import {
  dispatchOrder,
  type NotificationDispatch,
  type NotificationDispatches,
  type NotificationDispatchQuery,
} from './schema.ts'

/** A page of a tenant's attempts to send messages, the newest first. */
export async function listDispatches(
  db: Db,
  tenantId: string,
  { limit, cursor, channel, status }: NotificationDispatchQuery,
): Promise<NotificationDispatches> {
  const { rows, next_cursor } = await readPage<NotificationDispatch>(
    db,
    dispatchOrder,
    { limit, cursor, channel, status },
    (rowCount) => sql`
    select l.ref_id, l.notification_job_id as job_id, l.channel, l.type, l.recipients_count, l.provider, l.status,
      l.provider_response, l.error, l.duration_ms, l.attempt, l.created_at
    from public.notification_dispatch_log as l
    where l.tenant_id = ${tenantId} ${channel ? sql`and l.channel = ${channel}` : sql``}
      ${status ? sql`and l.status = ${status}` : sql``}
      and (${cursor?.ref_id}::text is null or l.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by l.id desc limit ${rowCount}`,
  )
  return { dispatches: rows, next_cursor }
}
