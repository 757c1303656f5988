import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { messageIdOf } from '../dispatch/deliver.ts'
import {
  type Message,
  type MessageQuery,
  type Messages,
  type MessageWithPayload,
  messageOrder,
} from './schema.ts'

type Row = Omit<Message, 'id'> & { id: string }

const messageColumns = sql`
  e.id, e.type as event_type, e.version as event_version, e.ordering_key, e.is_test, e.created_at`

/** A page of a tenant's messages, the newest first. */
export async function listMessages(
  db: Db,
  tenantId: string,
  { event_type: type, since, until, limit, cursor }: MessageQuery,
): Promise<Messages> {
  const { rows, next_cursor } = await readPage<Row>(
    db,
    messageOrder,
    { type, since, until, limit, cursor },
    (rowCount) => sql`
    select ${messageColumns}
    from public.webhook_events as e
    where e.tenant_id = ${tenantId}
      and (${type}::text is null or e.type = ${type})
      and (${since}::timestamptz is null or e.id >= private.first_uuid_at(${since}))
      and (${until}::timestamptz is null or e.id < private.first_uuid_at(${until}))
      and (${cursor?.id}::uuid is null or e.id < ${cursor?.id}::uuid)
    order by e.id desc limit ${rowCount}`,
  )
  return { messages: rows.map((row) => ({ ...row, id: messageIdOf(row.id) })), next_cursor }
}

/** One message, with its payload. 404 not_found. */
export async function readMessage(db: Db, tenantId: string, id: string): Promise<MessageWithPayload> {
  const [row] = await db.query<Row & { payload: string }>(sql`
    select ${messageColumns}, e.payload
    from public.webhook_events as e
    where e.tenant_id = ${tenantId} and e.id = private.ulid_to_uuid(substr(${id}, 5))`)
  if (!row) throw new Problem('not_found', 'This tenant has no message with this id.')
  const { data } = JSON.parse(row.payload) as { data: Record<string, unknown> }
  return { ...row, id, data }
}
