import { setTimeout as sleep } from 'node:timers/promises'
import { admin, type Queryable } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** A follow-up of a participant of this tenant, due in three days. Its ref_id. */
export async function planFollowup({ id }: Tenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `with session as (
       insert into public.participant_sessions (tenant_id, client_status, started_at, completed_at)
       values ($1, 'completed', now(), now()) returning tenant_id, id
     )
     insert into public.followups (tenant_id, session_id, followup_id, template, due_at)
     select tenant_id, id, 'day3', 'followup_day3', now() + interval '3 days' from session returning ref_id`,
    [id],
  )
  return rows[0]!.ref_id
}

export interface PlannedRow {
  ref_id: string
  followup_id: string
  template: string
  status: string
  cancel_reason: string | null
  /** From the completion. */
  hours: number
}

/** The follow-ups of a tenant, in the order in which they are due. */
export async function followupsOf({ id }: Tenant, db: Queryable = admin): Promise<PlannedRow[]> {
  const { rows } = await db.query<PlannedRow>(
    `select f.ref_id, f.followup_id, f.template, f.status, f.cancel_reason,
       extract(epoch from f.due_at - s.completed_at)::int / 3600 as hours
     from public.followups as f join public.participant_sessions as s on s.tenant_id = f.tenant_id and s.id = f.session_id
     where f.tenant_id = $1 order by f.due_at, f.id`,
    [id],
  )
  return rows
}

/** What became of each, in short: "day3 sent", "day10 cancelled converted". */
export async function endsOf(tenant: Tenant, db: Queryable = admin): Promise<string[]> {
  const rows = await followupsOf(tenant, db)
  return rows.map((row) => [row.followup_id, row.status, row.cancel_reason].filter(Boolean).join(' ')).sort()
}

/** Time goes by: these are due since a minute. All of them, unless one is named. */
export const makeDue = ({ id }: Tenant, followup: string | null = null, db: Queryable = admin) =>
  db.query(
    `update public.followups set due_at = now() - interval '1 minute'
     where tenant_id = $1 and status = 'planned' and ($2::text is null or followup_id = $2)`,
    [id, followup],
  )

/** What cron does each minute. */
export const sweep = async (db: Queryable = admin, batch = 5_000) =>
  (await db.query<{ n: number }>('select private.send_due_followups($1) as n', [batch])).rows[0]!.n

/** Sweeps until nothing of this tenant is due: another sweep may hold some at this moment. */
export async function sendDue({ id }: Tenant): Promise<void> {
  for (const end = Date.now() + 90_000; ; await sleep(100)) {
    await sweep()
    const { rowCount } = await admin.query(
      `select from public.followups where tenant_id = $1 and status = 'planned' and due_at <= now()`,
      [id],
    )
    if (rowCount === 0) return
    if (Date.now() > end) throw new Error('Some follow-ups stay due.')
  }
}
