import { type Db, readPage, sql } from '../../db/index.ts'
import { findBot } from '../bots/queries.ts'
import {
  type ContactSubscription,
  type ContactSubscriptionQuery,
  type ContactSubscriptions,
  subscriptionOrder,
} from './schema.ts'

/** A page of the subscriptions of a bot's contacts, the newest first. 404 not_found. */
export async function listContactSubscriptions(
  db: Db,
  tenantId: string,
  ref: string,
  { limit, cursor, status, contact }: ContactSubscriptionQuery,
): Promise<ContactSubscriptions> {
  const bot = await findBot(db, tenantId, ref)
  const begins = contact === undefined ? undefined : `${contact.replace(/[\\%_]/g, '\\$&')}%`
  const digits = begins?.replace(/^\+/, '')
  const { rows, next_cursor } = await readPage<ContactSubscription>(
    db,
    subscriptionOrder,
    { limit, cursor, bot: ref, status, contact },
    (rowCount) => sql`
    select s.ref_id, c.ref_id as contact, c.full_name, private.ulid(s.plan_id) as plan, s.plan_name, s.plan_type, s.level,
      s.amount_minor::float8 as amount_minor, s.currency, s.phone, s.checkout_request_id, s.status, s.reason, s.starts_at, s.expires_at, s.created_at
    from public.contact_subscriptions as s left join public.contacts as c on c.tenant_id = s.tenant_id and c.id = s.contact_id
    where s.tenant_id = ${tenantId} and s.bot_id = ${bot}
      and (${cursor?.ref_id}::text is null or s.id < private.ulid_to_uuid(${cursor?.ref_id}))
      and (${status}::text is null or s.status::text = ${status})
      and (${begins}::text is null or c.full_name ilike ${begins} or c.wa_id like ${digits} or s.phone like ${digits})
    order by s.id desc limit ${rowCount}`,
  )
  return { subscriptions: rows, next_cursor }
}
