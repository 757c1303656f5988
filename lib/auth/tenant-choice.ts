import {
  type Claims,
  type Db,
  enterAsCaller,
  named,
  Problem,
  type RequestHeaders,
  type Sql,
  sql,
} from '../db/index.ts'

/** What a person may do in a tenant. private.role_permissions says which role holds which. */
export type Permission =
  | 'read'
  | 'read_clients'
  | 'read_admin'
  | 'write'
  | 'manage'
  | 'own'
  | 'review'
  | 'export'
  | 'contract'
  | 'leave'

/** The tenant a request is about. `refId` and `slug` may be shown; `id` stays inside. */
export interface ChosenTenant {
  id: string
  refId: string
  slug: string
}

/** A caller who may do something in a tenant, for the time of one request. */
export interface TenantEntry {
  tenant: ChosenTenant
  /** Runs as the caller. Its first use continues the transaction in which the permission was checked. */
  db: Db
  /** Must be called when the request is over. */
  leave: () => void
}

interface EntryOptions {
  /** The one tenant of an API key or a portal token. Its scope may not allow it to read tenants, so it brings the tenant along. */
  own?: ChosenTenant | undefined
  headers?: RequestHeaders
}

/**
 * Enters the tenant with this slug or ref_id, or the caller's only tenant if the request names none. The caller must
 * hold the permission there; a key or a portal token needs a scope instead. Refuses with 400 tenant_required, 404 tenant_not_found
 * (also for somebody else's tenant), 403 forbidden, tenant_frozen or trial_ended.
 */
export async function enterTenant(
  claims: Claims,
  name: string | undefined,
  needs: Permission | `${string}:${string}`,
  { own, headers }: EntryOptions = {},
): Promise<TenantEntry> {
  if (name === undefined && claims.role === 'service_role')
    throw tenantRequired('A secret key acts for any tenant.')
  if (own && name !== undefined && name !== own.slug && name !== own.refId) throw tenantNotFound()
  const check = own
    ? named('require_permission', sql`select private.require_permission(${own.id}, ${needs})`)
    : named(
        'enter_tenant',
        sql`select id, ref_id as "refId", slug from private.enter_tenant(${name ?? null}, ${needs})`,
      )
  const { rows, db, leave } = await enterAsCaller<ChosenTenant>(claims, check, headers)
  const tenant = own ?? rows[0]
  if (!tenant) throw tenantNotFound()
  return { tenant, db, leave }
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
