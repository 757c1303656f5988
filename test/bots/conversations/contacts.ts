import { admin } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** Somebody who has written to a bot just now. */
export async function addContact(
  tenant: Pick<Tenant, 'id'>,
  bot: string,
  name = 'Ada Example',
): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `with made as (
       insert into public.contacts (tenant_id, bot_id, wa_id, full_name)
       select b.tenant_id, b.id, '2547' || lpad((random() * 1e8)::bigint::text, 8, '0'), $3
       from public.bot_tenants as b where b.tenant_id = $1 and b.ref_id = $2 returning *
     ), state as (
       insert into public.conversation_states (tenant_id, bot_id, contact_id, last_received_at)
       select m.tenant_id, m.bot_id, m.id, now() from made as m)
     select m.ref_id from made as m`,
    [tenant.id, bot, name],
  )
  return rows[0]!.ref_id
}
