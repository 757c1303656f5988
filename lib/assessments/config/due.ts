import { type Claims, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import type { Publications } from './draft-schema.ts'
import { publish } from './drafts.ts'
import { lockHead } from './head.ts'
import type { Overrides } from './parts.ts'

const batchSize = 100
/** A database that is down for a while suspends nothing. */
const triedForMs = 3_600_000
const maxConflicts = 50

interface Due {
  tenant_id: string
  id: string
  framework_id: string
  scheduled_by: string | null
  publish_at: Date
}

interface Scheduled {
  id: string
  base_config: Overrides
  change: Partial<Overrides>
  reason: string | null
}

/**
 * Publishes what is due, in the name of who scheduled it. What cannot be published is suspended and told to the managers.
 * Two callers never publish the same one. What fails for a reason that may pass is tried again at the next call.
 */
export async function publishDue(db: Db): Promise<Publications> {
  const due = await db.query<Due>(sql`
    select d.tenant_id, d.id, d.framework_id, d.scheduled_by, d.publish_at from public.framework_config_drafts as d
    where d.status = 'scheduled' and d.publish_at <= now() order by d.publish_at, d.id limit ${batchSize}`)
  const sum: Publications = { published: 0, suspended: 0, failed: 0 }
  for (const one of due) {
    try {
      if (await publishOne(one)) sum.published++
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      const mayPass = thrown.status >= 500 && Date.now() - one.publish_at.getTime() < triedForMs
      if (mayPass) sum.failed++
      else if (await suspend(db, one, thrown)) sum.suspended++
    }
  }
  return sum
}

function publishOne({ tenant_id, id, framework_id, scheduled_by }: Due): Promise<boolean> {
  const claims: Claims =
    scheduled_by === null ? { role: 'service_role' } : { role: 'authenticated', sub: scheduled_by }
  return serviceFor(claims, {}).transaction(async (tx) => {
    const [scheduled] = await tx.query<Scheduled>(sql`
      select d.id, d.base_config, d.change, d.reason from public.framework_config_drafts as d
      where d.tenant_id = ${tenant_id} and d.id = ${id} and d.status = 'scheduled' and d.publish_at <= now()
      for update skip locked`)
    // Another isolate has it, or somebody cancelled it.
    if (!scheduled) return false
    // Rights are asked when something happens, and not when somebody planned it.
    const [manager] = await tx.query(sql`
      select from public.tenant_members as m
      where m.tenant_id = ${tenant_id} and m.user_id = ${scheduled_by} and m.status = 'active' and m.role in ('owner', 'admin')`)
    if (!manager)
      throw new Problem('forbidden', 'Whoever scheduled this is no manager of the tenant any more.')
    await publish(tx, tenant_id, await lockHead(tx, tenant_id, framework_id), scheduled)
    return true
  })
}

async function suspend(
  db: Db,
  { tenant_id, id }: Due,
  { code, detail, members, errors }: Problem,
): Promise<boolean> {
  const { conflicts, ...more } = { ...members } as { conflicts?: string[] }
  const problem = { code, detail, ...more, conflicts: conflicts?.slice(0, maxConflicts), errors }
  const [row] = await db.query<{ is_suspended: boolean }>(sql`
    select private.suspend_config_draft(${tenant_id}, ${id}, ${JSON.stringify(problem)}::jsonb) as is_suspended`)
  return row!.is_suspended
}
