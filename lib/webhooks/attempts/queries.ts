import { type Db, readPage, sql, ulidOf } from '../../db/index.ts'
import { messageIdOf } from '../dispatch/deliver.ts'
import { type Attempt, type AttemptQuery, type Attempts, attemptOrder } from './schema.ts'

type Row = Omit<Attempt, 'ref_id' | 'message_id' | 'endpoint_id'> & {
  id: string
  event: string
  endpoint: string
}

/** A page of the attempts to deliver a tenant's messages, the newest first. */
export async function listAttempts(
  db: Db,
  tenantId: string,
  { endpoint, message, outcome, since, until, limit, cursor }: AttemptQuery,
): Promise<Attempts> {
  const { rows, next_cursor } = await readPage<Row>(
    db,
    attemptOrder,
    { endpoint, message, outcome, since, until, limit, cursor },
    (rowCount) => sql`
    select a.id, a.event_id as event, a.endpoint_id as endpoint, a.attempt_number, a.outcome, a.response_status,
      a.response_body, a.duration_ms, a.error_code, a.error_detail, a.created_at
    from public.webhook_attempts as a
    where a.tenant_id = ${tenantId}
      and (${endpoint}::text is null or a.endpoint_id = private.ulid_to_uuid(${endpoint}))
      and (${message}::text is null or a.event_id = private.ulid_to_uuid(substr(${message}, 5)))
      and (${outcome}::text is null or a.outcome = ${outcome}::public.webhook_attempt_outcome)
      and (${since}::timestamptz is null or a.id >= private.first_uuid_at(${since}))
      and (${until}::timestamptz is null or a.id < private.first_uuid_at(${until}))
      and (${cursor?.id}::uuid is null or a.id < ${cursor?.id}::uuid)
    order by a.id desc limit ${rowCount}`,
  )
  const attempts = rows.map(({ id, event, endpoint, ...row }) => ({
    ref_id: ulidOf(id),
    message_id: messageIdOf(event),
    endpoint_id: ulidOf(endpoint),
    ...row,
  }))
  return { attempts, next_cursor }
}
