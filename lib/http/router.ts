import { type Context, Hono, type MiddlewareHandler } from 'hono'
import {
  type ApiKey,
  type Caller,
  type ChosenTenant,
  enterTenant,
  type Permission,
  type Portal,
  type PortalToken,
  readCaller,
  type Service,
  type User,
  unauthenticated,
} from '../auth/index.ts'
import { type Claims, callerDb, type Db, enterAsOperator, Problem, reportsOf } from '../db/index.ts'
import { receiveBody } from './input/json-body.ts'
import { requestHeaders } from './request-headers.ts'
import { annotate, note, settle } from './route-notes.ts'

/** Who may call a route. */
export type Access =
  | { auth: 'public' }
  | {
      auth: 'user'
      /** The scope with which an API key may call too. It then acts for its tenant. */
      key?: Scope
      /** The portal whose tokens may call too, if they have the scope of the keys. */
      portal?: Portal
    }
  /** A page in a frame, with its token and nobody else. */
  | { auth: 'portal_token' }
  | {
      auth: 'service'
      /** The header x-tenant narrows the answer to one tenant. The handler reads it. */
      tenant?: 'filter'
    }
  | {
      /** A manager of the platform's own tenant who signed in with a second factor; or the service. */
      auth: 'operator'
      /** The header x-tenant narrows the answer to one tenant. The handler reads it. */
      tenant?: 'filter'
    }
  | {
      auth: 'member'
      /** What the caller must be allowed to do in the tenant. */
      permission: Permission
      /** Where the tenant is named: the header x-tenant (the default), or the path's :ref. */
      tenant?: 'header' | 'path'
      /** Whether a secret key may act for the tenant too. */
      service?: boolean
      /** The scope that an API key needs, as in private.api_scopes. Without it the route accepts no key. */
      key?: Scope
      /** The portal whose tokens may call too, if they have the scope of the keys. */
      portal?: Portal
      /** These routes are reports: they only read, and may do so at a read replica. Who may call is asked at the primary. */
      report?: true
    }

/** A scope of an API key: a noun and a verb. */
type Scope = `${string}:${'read' | 'write' | 'export'}`

/** The portal whose tokens may call a route of this access, if any. */
export function portalOf(access: Access | undefined): Portal | undefined {
  return access?.auth === 'user' || access?.auth === 'member' ? access.portal : undefined
}

/** The scope with which an API key may call a route of this access, if any. */
export function scopeOf(access: Access | undefined): Scope | undefined {
  return access?.auth === 'user' || access?.auth === 'member' ? access.key : undefined
}

/** What c.var holds: exactly what the route's kind of access guarantees. */
export type VariablesOf<A extends Access> = A extends { auth: 'public' }
  ? object
  : A extends { auth: 'user' }
    ? { caller: User | KeyOf<A> | TokenOf<A>; db: Db }
    : A extends { auth: 'service' }
      ? { caller: Service; db: Db }
      : A extends { auth: 'operator' }
        ? { caller: User | Service; db: Db }
        : A extends { auth: 'portal_token' }
          ? { caller: PortalToken; db: Db }
          : { caller: User | KeyOf<A> | TokenOf<A> | ServiceOf<A>; db: Db; tenant: ChosenTenant }
type KeyOf<A> = A extends { key: Scope } ? ApiKey : never
type TokenOf<A> = A extends { portal: Portal } ? PortalToken : never
type ServiceOf<A> = A extends { service: true } ? Service : never

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/**
 * A router that must say who may call it. The check runs before each of its routes and not for a path prefix, so
 * routers with different access can share a path.
 */
export function router<const A extends Access>(access: A): Hono<{ Variables: VariablesOf<A> }> {
  const app = new Hono<{ Variables: VariablesOf<A> }>()
  const check = access.auth === 'public' ? note({ access }) : annotate(guard(access), { access })
  for (const method of methods) {
    const register = app[method] as (path: string, ...handlers: unknown[]) => unknown
    const guarded = (path: string, ...handlers: object[]) => register(path, ...settle([check, ...handlers]))
    Object.assign(app, { [method]: guarded })
  }
  return app
}

export interface GuardedVariables {
  caller: Caller
  /** The claims that SQL gets for the caller. */
  claims: Claims
  db: Db
  tenant: ChosenTenant
  /** On a member's route: the slug or ref_id that the request named; null if it named none. */
  tenantName: string | null
}

function guard(access: Access): MiddlewareHandler<{ Variables: GuardedVariables }> {
  return async (c, next) => {
    const caller = await readCaller(c.req.raw.headers)
    if (!caller) throw unauthenticated('unauthenticated', whatIsNeeded(access))
    c.set('caller', caller)
    // Read before anything is refused, because a refusal is recorded with the tenant that the request named.
    c.set('claims', claimsOf(caller, undefined))
    if (access.auth === 'member') c.set('tenantName', tenantNameOf(c, access) ?? null)
    const scope = scopeUsed(access, caller)
    if (!mayEnter(access, caller)) throw new Problem('forbidden', whatIsNeeded(access))
    const claims = claimsOf(caller, scope)
    c.set('claims', claims)
    const headers = requestHeaders(c)
    if (access.auth === 'operator' && caller.kind === 'user') {
      await receiveBody(c.req.raw)
      const { db, leave } = await enterAsOperator(caller.claims, headers)
      c.set('db', db)
      return leaveAfter(next, leave)
    }
    const needs = scope ?? (access.auth === 'member' ? access.permission : undefined)
    if (!needs) {
      c.set('db', callerDb(claims, headers))
      return next()
    }
    // A body that arrives slowly must not hold a connection, so all of it is here before the transaction begins.
    await receiveBody(c.req.raw)
    const own = 'tenant' in caller ? caller.tenant : undefined
    const name = tenantNameOf(c, access)
    const { tenant, db, leave } = await enterTenant(claims, name, needs, {
      own,
      headers,
    })
    c.set('tenant', tenant)
    c.set('db', access.auth === 'member' && access.report ? reportsOf(db, claims, headers) : db)
    return leaveAfter(next, leave)
  }
}

async function leaveAfter(next: () => Promise<void>, leave: () => void): Promise<void> {
  try {
    await next()
  } finally {
    leave()
  }
}

function tenantNameOf(c: Context, access: Access): string | undefined {
  return access.auth === 'member' && access.tenant === 'path' ? c.req.param('ref') : c.req.header('x-tenant')
}

/** The scope that whoever has scopes uses on this route. */
function scopeUsed(access: Access, caller: Caller): Scope | undefined {
  if (caller.kind === 'api_key') return requireScope(access, caller)
  return caller.kind === 'portal_token' && access.auth !== 'portal_token'
    ? requirePortal(access, caller)
    : undefined
}

/** The scope that a portal token uses on this route. What is not of its portal is not open to it, whatever the scope. */
function requirePortal(access: Access, { portal, scopes }: PortalToken): Scope {
  const scope = scopeOf(access)
  if (!scope || portalOf(access) !== portal)
    throw new Problem('forbidden', `A token of the portal "${portal}" opens nothing else.`)
  if (scopes.includes(scope)) return scope
  const detail = `This portal token was lent without the scope "${scope}". Ask for one that has it.`
  throw new Problem('forbidden', detail)
}

/** The scope that an API key uses on this route. It is checked before any query. */
function requireScope(access: Access, key: ApiKey): Scope {
  const scope = scopeOf(access)
  if (!scope) throw new Problem('key_not_accepted', `No API key may do this. ${whatIsNeeded(access)}`)
  if (key.scopes.includes(scope)) return scope
  const detail = `This takes an API key with the scope "${scope}". Ask a manager of the tenant for one.`
  throw new Problem('forbidden', detail)
}

function claimsOf(caller: Caller, scope: Scope | undefined): Claims {
  if (!('tenant' in caller)) return caller.claims
  const { id, tenant } = caller
  const used = { role: 'authenticated', tenant_id: tenant.id, scope: scope ?? '' } as const
  return caller.kind === 'api_key' ? { ...used, api_key: id } : { ...used, portal_token: id }
}

function mayEnter(access: Access, caller: Caller): boolean {
  if (access.auth === 'service') return caller.kind === 'service'
  if (access.auth === 'portal_token') return caller.kind === 'portal_token'
  if (access.auth === 'operator' || (access.auth === 'member' && access.service)) return true
  return caller.kind !== 'service'
}

function whatIsNeeded(access: Access): string {
  const token = 'an access token in the header "Authorization: Bearer …"'
  const secretKey = 'a secret key in the header "apikey"'
  if (access.auth === 'service') return `This needs ${secretKey}.`
  if (access.auth === 'operator')
    return `This needs an operator of the platform, with ${token}, or ${secretKey}.`
  if (access.auth === 'portal_token')
    return 'This needs a portal token, in the header "Authorization: Bearer …".'
  const scope = scopeOf(access)
  const ways = [token]
  if (scope) ways.push(`an API key with the scope "${scope}" in the same header`)
  if (access.auth === 'member' && access.service) ways.push(secretKey)
  if (ways.length > 1) return `This needs ${ways.join(', or ')}.`
  return `This needs a signed-in person: ${token}.`
}
