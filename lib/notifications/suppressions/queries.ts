import { admin, type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type Suppression,
  type SuppressionQuery,
  type Suppressions,
  suppressionOrder,
  type Unsubscribing,
} from './schema.ts'

/** A page of the addresses to which a tenant sends nothing more, the newest first. */
export async function listSuppressions(
  db: Db,
  tenantId: string,
  { limit, cursor }: SuppressionQuery,
): Promise<Suppressions> {
  const { rows, next_cursor } = await readPage<Suppression>(
    db,
    suppressionOrder,
    { limit, cursor },
    (rowCount) => sql`
    select s.ref_id, s.channel, s.address, s.reason, s.expires_at, s.created_at
    from public.notification_suppressions as s
    where s.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or s.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by s.id desc limit ${rowCount}`,
  )
  return { suppressions: rows, next_cursor }
}

/** Sends to an address again. 404 not_found. */
export async function liftSuppression(db: Db, tenantId: string, ref: string): Promise<void> {
  const lifted = await db.query(sql`
    delete from public.notification_suppressions as s
    where s.tenant_id = ${tenantId} and s.id = private.ulid_to_uuid(${ref}) returning 1`)
  if (lifted.length === 0) throw new Problem('not_found', 'This tenant has no suppression with this ref_id.')
}

/** Whose mails a link ends. As the service, because whoever holds a mail may have no account. 404 not_found. */
export async function lookUpUnsubscribing(token: string): Promise<Unsubscribing> {
  const [found] = await admin.query<Unsubscribing>(sql`
    select u.tenant_name, private.mask_email(u.address) as address_hint, u.color from private.find_unsubscribing(${token}::uuid) as u`)
  if (!found) throw noSuchLink()
  return found
}

/** Ends them. A second time changes nothing. 404 not_found. */
export async function unsubscribe(token: string): Promise<void> {
  const { is_done } = await admin.one<{ is_done: boolean }>(
    sql`select private.unsubscribe(${token}::uuid) as is_done`,
  )
  if (!is_done) throw noSuchLink()
}

const noSuchLink = () => new Problem('not_found', 'There is no such link, or it is too old.')
