import { isNamed, tenantNotFound } from '../../auth/index.ts'
import { type Db, sql } from '../../db/index.ts'
import type { TenantLifecycle, TenantLifecycleDetail, TenantPlan, TenantStatusChange } from './schema.ts'

/** Where a tenant stands in its life. 403 forbidden without "read_admin"; 404 tenant_not_found. */
export function readLifecycle(db: Db, tenantId: string): Promise<TenantLifecycleDetail> {
  return db.one(sql`
    select ref_id, slug, status, reason, since, trial_ends_at, freezes_at, frozen_at, archives_at, archived_at, purgeable_at,
      to_json(moves) as moves
    from public.read_tenant_lifecycle(${tenantId})`)
}

/** Moves a tenant to another status. 409 invalid_status_move; people also get the refusals of the permission "own". */
export function changeTenantStatus(
  db: Db,
  tenantId: string,
  { status, reason }: TenantStatusChange,
): Promise<TenantLifecycle> {
  return db.one(sql`
    select ref_id, slug, status, status_reason as reason, trial_ends_at, frozen_at, archived_at, purgeable_at
    from public.change_tenant_status(${tenantId}, ${status}, ${reason ?? null})`)
}

const planColumns = sql`ref_id, slug, status, plan, trial_ends_at`

/** Gives a tenant another plan. For the service. 404 tenant_not_found; 422 for a plan that nobody can choose. */
export async function changePlan(db: Db, name: string, plan: string): Promise<TenantPlan> {
  const tenantId = await findTenantId(db, name)
  return db.one(sql`select ${planColumns} from private.change_plan(${tenantId}, ${plan})`)
}

/** Sets when a trial ends. For the service. 404 tenant_not_found; 409 not_in_trial; 422 outside the next 90 days. */
export async function extendTrial(db: Db, name: string, endsAt: string | Date): Promise<TenantPlan> {
  const tenantId = await findTenantId(db, name)
  return db.one(sql`select ${planColumns} from private.extend_trial(${tenantId}, ${endsAt}::timestamptz)`)
}

/** The id of any tenant, archived or not, by its slug or ref_id. For the service. 404 tenant_not_found. */
export async function findTenantId(db: Db, name: string): Promise<string> {
  const [tenant] = await db.query<{ id: string }>(
    sql`select t.id from public.tenants as t where ${isNamed(name)}`,
  )
  if (!tenant) throw tenantNotFound('There is no such tenant.')
  return tenant.id
}
