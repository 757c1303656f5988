import { tenantNotFound } from '../../auth/index.ts'
import { type Db, sql } from '../../db/index.ts'
import type { TenantLifecycle, TenantStatusChange } from './schema.ts'

/** Moves a tenant to another status. 409 invalid_status_move; people also get the refusals of the permission "own". */
export async function changeTenantStatus(
  db: Db,
  tenantId: string,
  { status, reason }: TenantStatusChange,
): Promise<TenantLifecycle> {
  const [moved] = await db.query<TenantLifecycle>(sql`
    select ref_id, slug, status, status_reason as reason, trial_ends_at, frozen_at, archived_at, purgeable_at
    from public.change_tenant_status(${tenantId}, ${status}, ${reason ?? null})`)
  if (!moved) throw new Error('The database said nothing about the tenant.')
  return moved
}

/** The id of any tenant, archived or not, by its slug or ref_id. For the service. 404 tenant_not_found. */
export async function findTenantId(db: Db, name: string): Promise<string> {
  const [tenant] = await db.query<{ id: string }>(
    sql`select id from public.tenants where slug = ${name} or ref_id = ${name}`,
  )
  if (!tenant) throw tenantNotFound('There is no such tenant.')
  return tenant.id
}
