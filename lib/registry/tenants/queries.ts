import { type Db, Problem, sql } from '../../db/index.ts'
import type { NewTenant, Tenant, TenantChange } from './schema.ts'

/** Creates a tenant in trial with the caller as its owner. 409 slug_taken; 422 slug_invalid, slug_reserved. */
export function createTenant(db: Db, { slug, name, tenant_type, locale }: NewTenant): Promise<Tenant> {
  return db.transaction(async (tx) => {
    const [created] = await tx.query<{ id: string }>(sql`
      select id from public.create_tenant(
        slug => ${slug}, name => ${name}, tenant_type => ${tenant_type ?? 'coach'}, locale => ${locale ?? 'en'})`)
    return readTenant(tx, created?.id)
  })
}

/** The caller's tenants, the oldest first, from the one after `after`. */
export async function listTenants(
  db: Db,
  { limit = 50, after = '' }: { limit?: number | undefined; after?: string | undefined },
): Promise<{ tenants: Tenant[]; next: string | null }> {
  // One more than asked for says whether there is more.
  const found = await db.query<Tenant>(sql`
    select t.ref_id, t.slug, t.name, t.status, t.kind, t.plan, t.tenant_type, t.locale, t.trial_ends_at,
      t.created_at, t.updated_at, m.role
    from public.tenants as t
    join public.tenant_members as m on m.tenant_id = t.id and m.user_id = auth.uid()
    where t.ref_id collate "C" > ${after} order by t.ref_id collate "C" limit ${limit + 1}`)
  const tenants = found.slice(0, limit)
  return { tenants, next: found.length > limit ? (tenants.at(-1)?.ref_id ?? null) : null }
}

/** One tenant the caller belongs to. 404 tenant_not_found. */
export async function readTenant(db: Db, id: string | undefined): Promise<Tenant> {
  const [tenant] = await db.query<Tenant>(sql`
    select t.ref_id, t.slug, t.name, t.status, t.kind, t.plan, t.tenant_type, t.locale, t.trial_ends_at,
      t.created_at, t.updated_at, m.role
    from public.tenants as t
    left join public.tenant_members as m on m.tenant_id = t.id and m.user_id = auth.uid()
    where t.id = ${id}`)
  if (!tenant)
    throw new Problem('tenant_not_found', 'There is no such tenant, or you are not one of its members.')
  return tenant
}

/** Changes the named fields and leaves the rest. */
export function updateTenant(db: Db, id: string, { name, locale }: TenantChange): Promise<Tenant> {
  return db.transaction(async (tx) => {
    await tx.query(sql`
      update public.tenants set name = coalesce(${name}, name), locale = coalesce(${locale}, locale)
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
