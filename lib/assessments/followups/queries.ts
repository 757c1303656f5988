import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import { type Followup, type FollowupQuery, type Followups, followupOrder } from './schema.ts'

const followupColumns = sql`
  f.ref_id, (select jsonb_build_object('ref_id', s.ref_id, 'email', s.email, 'full_name', s.full_name)
    from public.participant_sessions as s where s.tenant_id = f.tenant_id and s.id = f.session_id) as participant,
  f.followup_id, f.template, f.due_at, f.status, f.cancel_reason, f.settled_at, private.ulid(f.settled_by) as settled_by, f.created_at`

/** A page of a tenant's follow-ups, the newest first. */
export async function listFollowups(
  db: Db,
  tenantId: string,
  { limit, cursor, status, participant }: FollowupQuery,
): Promise<Followups> {
  const { rows, next_cursor } = await readPage<Followup>(
    db,
    followupOrder,
    { limit, cursor, status, participant },
    (rowCount) => sql`
    select ${followupColumns} from public.followups as f
    where f.tenant_id = ${tenantId} ${status ? sql`and f.status = ${status}::public.followup_status` : sql``}
      ${participant ? sql`and f.session_id = private.ulid_to_uuid(${participant})` : sql``}
      ${cursor ? sql`and f.id < private.ulid_to_uuid(${cursor.ref_id})` : sql``}
    order by f.id desc limit ${rowCount}`,
  )
  return { followups: rows, next_cursor }
}

/** A second call changes nothing. 404 followup_not_found, 409 followup_settled if it was sent. */
export function cancelFollowup(asker: Asker, tenantId: string, ref: string): Promise<Followup> {
  return change(asker, tenantId, ref, 'cancelled', (tx) =>
    tx.query(sql`
      update public.followups as f
      set status = 'cancelled', cancel_reason = 'by_hand', settled_at = now(), settled_by = auth.uid()
      where f.tenant_id = ${tenantId} and f.ref_id = ${ref} and f.status = 'planned'`),
  )
}

/** Cron sends it within a minute. A second call changes nothing. 404 followup_not_found, 409 followup_settled if it was cancelled. */
export function sendFollowupNow(asker: Asker, tenantId: string, ref: string): Promise<Followup> {
  return change(asker, tenantId, ref, 'sent', (tx) =>
    tx.query(sql`
      update public.followups as f set due_at = least(f.due_at, now())
      where f.tenant_id = ${tenantId} and f.ref_id = ${ref} and f.status = 'planned'`),
  )
}

/** Only the service writes follow-ups. Who may ask for it was checked by the route. */
function change(
  { claims, headers }: Asker,
  tenantId: string,
  ref: string,
  wanted: Followup['status'],
  update: (tx: Db) => Promise<unknown>,
): Promise<Followup> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    // It waits for cron, if that is about to send it.
    await update(tx)
    const [followup] = await tx.query<Followup>(sql`
      select ${followupColumns} from public.followups as f where f.tenant_id = ${tenantId} and f.ref_id = ${ref}`)
    if (!followup) throw new Problem('followup_not_found', 'This tenant has no follow-up with this ref_id.')
    if (followup.status !== 'planned' && followup.status !== wanted)
      throw new Problem('followup_settled', `This follow-up was ${followup.status} before.`)
    return followup
  })
}
