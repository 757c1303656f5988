import { type Db, Problem, sql } from '../../db/index.ts'
import { cursorAfter } from '../cursor.ts'
import { messageIdOf } from '../dispatch/deliver.ts'
import { readPage } from '../page.ts'
import type { Message, MessageQuery, MessageWithPayload } from './schema.ts'

type Row = Omit<Message, 'id'> & { id: string }

/** A page of a tenant's messages, the newest first. */
export async function listMessages(
  db: Db,
  tenantId: string,
  { event_type: type, since, until, limit = 50, cursor }: MessageQuery,
): Promise<{ messages: Message[]; next: string | null }> {
  const found = await readPage<Row>(
    db,
    sql`
    select e.id, e.type as event_type, e.version as event_version, e.ordering_key, e.is_test, e.created_at
    from public.webhook_events as e
    where e.tenant_id = ${tenantId}
      and (${type}::text is null or e.type = ${type})
      and (${since}::timestamptz is null or e.id >= private.first_uuid_at(${since}))
      and (${until}::timestamptz is null or e.id < private.first_uuid_at(${until}))
      and (${cursor?.[0]}::uuid is null or e.id < ${cursor?.[0]}::uuid)
    order by e.id desc limit ${limit + 1}`,
  )
  const last = found[limit - 1]
  const messages = found.slice(0, limit).map((row) => ({ ...row, id: messageIdOf(row.id) }))
  return { messages, next: last && found.length > limit ? cursorAfter(last.id) : null }
}

/** One message, with its payload. 404 not_found. */
export async function readMessage(db: Db, tenantId: string, id: string): Promise<MessageWithPayload> {
  const [row] = await db.query<Row & { payload: string }>(sql`
    select e.id, e.type as event_type, e.version as event_version, e.ordering_key, e.is_test, e.created_at, e.payload
    from public.webhook_events as e
    where e.tenant_id = ${tenantId} and e.id = private.ulid_to_uuid(substr(${id}, 5))`)
  if (!row) throw new Problem('not_found', 'This tenant has no message by this id.')
  const { data } = JSON.parse(row.payload) as { data: Record<string, unknown> }
  return { ...row, id, data }
}
