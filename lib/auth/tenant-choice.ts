import { asCaller, type Claims, Problem, type Sql, sql } from '../db/index.ts'

/** What a person may do in a tenant. private.role_permissions says which role holds which. */
export type Permission = 'read' | 'read_admin' | 'write' | 'manage' | 'own' | 'export'

/** The tenant a request is about. `refId` and `slug` may be shown; `id` stays inside. */
export interface ChosenTenant {
  id: string
  refId: string
  slug: string
}

/**
 * The tenant with this slug or ref_id, or the caller's only tenant if the request names none. The caller must hold
 * the permission there. Refuses with 400 tenant_required, 404 tenant_not_found (also for somebody else's
 * tenant), 403 forbidden, tenant_frozen or trial_ended. `own` is the one tenant of an API key: the key's scope
 * may not allow it to read tenants, so it brings the tenant along. A key needs a scope instead of a permission.
 */
export function chooseTenant(
  claims: Claims,
  name: string | undefined,
  needs: Permission | `${string}:${string}`,
  own?: ChosenTenant,
): Promise<ChosenTenant> {
  if (name === undefined && claims.role === 'service_role')
    throw tenantRequired('A secret key acts for any tenant.')
  if (own && name !== undefined && name !== own.slug && name !== own.refId) throw tenantNotFound()
  return asCaller(claims, async (db) => {
    if (own) {
      await db.query(sql`select private.require_permission(${own.id}, ${needs})`)
      return own
    }
    const found = await db.query<ChosenTenant>(
      name === undefined
        ? sql`select id, ref_id as "refId", slug from public.tenants limit 2`
        : sql`select t.id, t.ref_id as "refId", t.slug from public.tenants as t where ${isNamed(name)}`,
    )
    const [tenant, another] = found
    if (!tenant) throw tenantNotFound()
    if (another) throw tenantRequired('You belong to more than one tenant.')
    await db.query(sql`select private.require_permission(${tenant.id}, ${needs})`)
    return tenant
  })
}

/** The condition that the tenant t has this slug or ref_id. A ref_id has capital letters and a slug never has. */
export function isNamed(name: string): Sql {
  return sql`(t.slug = ${name} or t.ref_id = ${name})`
}

/** 404 for a tenant that does not exist and for somebody else's alike, so that the answer does not tell them apart. */
export function tenantNotFound(
  detail = 'There is no such tenant, or you are not one of its members.',
): Problem {
  return new Problem('tenant_not_found', detail)
}

function tenantRequired(why: string): Problem {
  return new Problem(
    'tenant_required',
    `${why} Name the one you mean by its slug or ref_id in the header x-tenant.`,
  )
}
