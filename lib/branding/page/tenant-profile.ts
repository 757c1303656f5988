import { type Db, sql } from '../../db/index.ts'
import { normaliseHost } from '../domains/normalise-host.ts'

/** A tenant and its brand in one row: the columns of tenant_profiles in requirement document 002 (AC #1). */
export interface TenantProfile {
  id: string
  /** The owner; the one who joined first if there are several. */
  user_id: string | null
  slug: string
  display_name: string
  tenant_type: string
  /** BrandConfig of requirement document 002: nested, camelCase. */
  brand_config: Record<string, unknown>
  email_config: Record<string, string>
  enabled_assessments: string[]
  subscription_tier: string
  is_active: boolean
  custom_domain: string | null
  created_at: Date
  updated_at: Date
}

/**
 * The four queries that requirement document 002 asks for. No route needs them: visitors get the rendered page
 * (queries.ts). With a caller's Db they see what that person may see; with `admin` they see every tenant. Null if
 * there is none.
 */
export async function getTenantBySlug(db: Db, slug: string): Promise<TenantProfile | null> {
  const [found] = await db.query<TenantProfile>(
    sql`select * from public.tenant_profiles where slug = ${slug.toLowerCase()}`,
  )
  return found ?? null
}

/** By a verified custom domain. The host may have any spelling. */
export async function getTenantByDomain(db: Db, domain: string): Promise<TenantProfile | null> {
  const host = normaliseHost(domain)
  if (host === null) return null
  const [found] = await db.query<TenantProfile>(sql`
    select p.* from public.tenant_domains as d
    join public.tenant_profiles as p on p.id = d.tenant_id
    where d.host = ${host} and d.status = 'verified'`)
  return found ?? null
}

export async function getTenantById(db: Db, id: string): Promise<TenantProfile | null> {
  const [found] = await db.query<TenantProfile>(sql`select * from public.tenant_profiles where id = ${id}`)
  return found ?? null
}

/** The tenant that a person works in. Tenants they own come first, then the oldest membership. */
export async function getTenantForUser(db: Db, userId: string): Promise<TenantProfile | null> {
  const [found] = await db.query<TenantProfile>(sql`
    select p.* from public.tenant_members as m
    join public.tenants as t on t.id = m.tenant_id and t.status <> 'archived'
    join public.tenant_profiles as p on p.id = m.tenant_id
    where m.user_id = ${userId} and m.status = 'active'
    order by m.role, m.created_at, m.tenant_id limit 1`)
  return found ?? null
}
