import { superuser } from '../../kit/db.ts'

/** A message of which nobody knows whether it was sent. Returns its ref_id. */
export async function makeUnsettled(
  tenantId: string,
  { key = 'one', address = '+447700900123', userId = null as string | null, hoursAgo = 0 } = {},
): Promise<string> {
  const { rows } = await superuser.query<{ ref_id: string }>(
    `insert into private.notification_jobs (tenant_id, channel, type, template, address, user_id, idempotency_key, queued_at, status,
       begun_at, settled_at, provider)
     values ($1, 'sms', 'welcome', 'welcome', $2, $3, $4, now(), 'unknown', now(), now() - make_interval(hours => $5), 'msg91')
     returning private.ulid(id) as ref_id`,
    [tenantId, userId === null ? address : null, userId, key, hoursAgo],
  )
  return rows[0]!.ref_id
}
