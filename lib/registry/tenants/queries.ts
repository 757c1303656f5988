import { tenantNotFound } from '../../auth/index.ts'
import { admin, type Db, readPage, sql } from '../../db/index.ts'
import {
  type NewTenant,
  type Tenant,
  type TenantAccount,
  type TenantChange,
  type TenantQuery,
  type Tenants,
  tenantOrder,
} from './schema.ts'

const shownColumns = sql`
  t.ref_id, t.slug, t.name, t.status, t.kind, t.plan, t.tenant_type, t.locale, t.time_zone, t.trial_ends_at, t.created_at, t.updated_at`
const tenantColumns = sql`${shownColumns}, m.role, coalesce(h.permissions, '{}') as permissions`
// A table of its own, so that it is asked once for a page of tenants.
const heldPermissions = sql`left join private.permissions_in_effect() as h on h.tenant_id = t.id`

/** Creates a tenant in trial with the caller as its owner. 409 slug_taken; 422 slug_invalid, slug_reserved. */
export function createTenant(db: Db, { slug, name, tenant_type, locale }: NewTenant): Promise<Tenant> {
  return db.transaction(async (tx) => {
    const { id } = await tx.one<{ id: string }>(sql`
      select id from public.create_tenant(
        slug => ${slug}, name => ${name}, tenant_type => ${tenant_type ?? 'coach'}, locale => ${locale ?? 'en'})`)
    return readTenant(tx, id)
  })
}

/** A page of the caller's tenants, the newest first. */
export async function listTenants(db: Db, { limit, cursor }: TenantQuery): Promise<Tenants> {
  const { rows, next_cursor } = await readPage<Tenant>(
    db,
    tenantOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${tenantColumns}
    from public.tenant_members as m
    join public.tenants as t on t.id = m.tenant_id
    ${heldPermissions}
    where m.user_id = (select auth.uid())
      and (${cursor?.ref_id}::text is null or m.tenant_id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by m.tenant_id desc limit ${rowCount}`,
  )
  return { tenants: rows, next_cursor }
}

/** One tenant the caller belongs to. 404 tenant_not_found. */
export async function readTenant(db: Db, id: string): Promise<Tenant> {
  const [tenant] = await db.query<Tenant>(sql`
    select ${tenantColumns}
    from public.tenants as t
    left join public.tenant_members as m on m.tenant_id = t.id and m.user_id = auth.uid()
    ${heldPermissions}
    where t.id = ${id}`)
  if (!tenant) throw tenantNotFound()
  return tenant
}

/**
 * The tenant that somebody has just joined. Past row level security: a tenant whose contract waits shows itself to nobody
 * yet, and whoever joined may know its name.
 */
export async function readJoinedTenant(db: Db, id: string, role: Tenant['role']): Promise<Tenant> {
  const tenant = await admin.one<Omit<Tenant, 'role' | 'permissions'>>(
    sql`select ${shownColumns} from public.tenants as t where t.id = ${id}`,
  )
  const [held] = await db.query<Pick<Tenant, 'permissions'>>(
    sql`select h.permissions from private.permissions_in_effect() as h where h.tenant_id = ${id}`,
  )
  return { ...tenant, role, permissions: held?.permissions ?? [] }
}

/** A tenant's customer numbers and contract. 403 forbidden without "read_admin"; 404 tenant_not_found. */
export async function readTenantAccount(db: Db, id: string): Promise<TenantAccount> {
  const [account] = await db.query<TenantAccount>(sql`
    select erp_customer_id, stripe_cust_id, contract_start::text, contract_end::text, status_reason
    from public.read_tenant_account(${id})`)
  if (!account) throw new Error('The database said nothing about the tenant.')
  return account
}

/** Changes the named fields and leaves the rest. */
export function updateTenant(db: Db, id: string, { name, locale, time_zone }: TenantChange): Promise<Tenant> {
  return db.transaction(async (tx) => {
    await tx.query(sql`
      update public.tenants set name = coalesce(${name}, name), locale = coalesce(${locale}, locale),
        time_zone = coalesce(${time_zone}, time_zone)
      where id = ${id}`)
    return readTenant(tx, id)
  })
}

/** Gives a tenant another slug; the old one leads to it for 90 days. 409 slug_taken; 422 as on creation. */
export function renameTenant(db: Db, id: string, slug: string): Promise<Tenant> {
  return db.transaction(async (tx) => {
    await tx.query(sql`select from public.rename_tenant_slug(${id}, ${slug})`)
    return readTenant(tx, id)
  })
}
