import { type Asker, type Db, readPage, serviceFor, sql } from '../../db/index.ts'
import {
  type Settlement,
  type UnsettledMessage,
  type UnsettledMessages,
  type UnsettledQuery,
  unsettledOrder,
} from './schema.ts'

/** A page of the messages of which nobody knows whether they were sent, the newest first. */
export async function listUnsettled(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  { limit, cursor }: UnsettledQuery,
): Promise<UnsettledMessages> {
  await db.query(sql`select private.require_permission(${tenantId}, 'read_admin')`)
  const { rows, next_cursor } = await readPage<UnsettledMessage>(
    serviceFor(claims, headers),
    unsettledOrder,
    { limit, cursor },
    (rowCount) => sql`
    select u.* from private.list_unsettled_messages(${tenantId}, private.ulid_to_uuid(${cursor?.ref_id}), ${rowCount}) as u`,
  )
  return { unsettled_messages: rows, next_cursor }
}

/** Says what became of one. 404 not_found for one whose end is known. */
export async function settleMessage(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  ref: string,
  { was_sent }: Settlement,
): Promise<void> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  await serviceFor(claims, headers).query(
    sql`select private.settle_message(${tenantId}, ${ref}, ${was_sent})`,
  )
}
