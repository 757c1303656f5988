import { Hono, type MiddlewareHandler } from 'hono'
import {
  type ChosenTenant,
  type Claims,
  callerDb,
  chooseTenant,
  type Db,
  type Permission,
  Problem,
} from '../db/index.ts'
import { type Caller, readCaller, type Service, type User } from './credentials.ts'
import { requestHeaders } from './refusals.ts'
import { annotate, note, settle } from './route-notes.ts'
import { unauthenticated } from './verify-jwt.ts'

/** Who may call a route. */
export type Access =
  | { auth: 'public' }
  | { auth: 'user' }
  | { auth: 'service' }
  | {
      auth: 'member'
      /** What the caller must be allowed to do in the tenant. */
      permission: Permission
      /** Where the tenant is named: the header x-tenant (the default), or the path's :ref. */
      tenant?: 'header' | 'path'
      /** Whether a secret key may act for the tenant too. */
      service?: boolean
    }

interface EveryRoute {
  requestId: string
}

/** What c.var holds: exactly what the route's kind of access guarantees, and nothing else. */
export type VariablesOf<A extends Access> = A extends { auth: 'public' }
  ? EveryRoute
  : A extends { auth: 'user' }
    ? EveryRoute & { caller: User; db: Db }
    : A extends { auth: 'service' }
      ? EveryRoute & { caller: Service; db: Db }
      : A extends { service: true }
        ? EveryRoute & { caller: Caller; db: Db; tenant: ChosenTenant }
        : EveryRoute & { caller: User; db: Db; tenant: ChosenTenant }

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/**
 * A router that cannot exist without saying who may call it. The check stands in front of each of
 * its routes, not of a path prefix, so routers of different access can share a path.
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

export interface GuardedVariables extends EveryRoute {
  caller: Caller
  /** Who the caller is to SQL. */
  claims: Claims
  db: Db
  tenant: ChosenTenant
  /** On a member's route: the name the tenant was asked for by, null when it was left out. */
  tenantName: string | null
}

function guard(access: Access): MiddlewareHandler<{ Variables: GuardedVariables }> {
  return async (c, next) => {
    const caller = await readCaller(c.req.raw.headers)
    if (!caller) throw unauthenticated('unauthenticated', whatIsNeeded(access))
    c.set('caller', caller)
    c.set('claims', caller.claims)
    c.set('db', callerDb(caller.claims, requestHeaders(c)))
    if (!mayEnter(access, caller)) throw new Problem('forbidden', whatIsNeeded(access))
    if (access.auth === 'member') {
      const name = access.tenant === 'path' ? c.req.param('ref') : c.req.header('x-tenant')
      c.set('tenantName', name ?? null)
      c.set('tenant', await chooseTenant(caller.claims, name, access.permission))
    }
    await next()
  }
}

function mayEnter(access: Access, caller: Caller): boolean {
  if (access.auth === 'service') return caller.kind === 'service'
  if (access.auth === 'member' && access.service) return true
  return caller.kind === 'user'
}

function whatIsNeeded(access: Access): string {
  const token = 'an access token in the header "Authorization: Bearer …"'
  const key = 'a secret key in the header "apikey"'
  if (access.auth === 'service') return `This needs ${key}.`
  if (access.auth === 'member' && access.service) return `This needs ${token}, or ${key}.`
  return `This needs a signed-in person: ${token}.`
}
