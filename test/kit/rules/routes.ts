import type { Tenant } from '../tenants.ts'

// What a domain declares in its routes.rules.ts: of each route who may call it, and what they get. Everybody else is
// refused in the one way that fits who they are.

/** Every kind of caller that each route is tried with. */
export const credentials = [
  'none',
  'malformed token',
  'expired token',
  'forged secret key',
  'nobody’s member',
  'another tenant’s owner',
  'operator',
  'operator without a second factor',
  'reviewer',
  'member',
  'admin',
  'owner',
  'secret key',
  'key without the scope',
  'key with the scope',
  'another tenant’s key with the scope',
  'audit token',
  'webhooks token',
  'webhooks token that may write',
  'another tenant’s portal token',
] as const
export type Credential = (typeof credentials)[number]

/** Those who belong to the tenant. */
export const people = ['reviewer', 'member', 'admin', 'owner'] as const satisfies readonly Credential[]

/** Some callers under one name. */
export interface Outcome {
  admits: readonly Credential[]
  /** The scope that an API key needs. */
  scope?: string
}

/** Also without signing in, and whatever is presented. */
export const anyone: Outcome = { admits: credentials }
/** Everybody who is signed in, in a tenant or in none. */
export const person: Outcome = {
  admits: [
    ...([
      'nobody’s member',
      'another tenant’s owner',
      'operator',
      'operator without a second factor',
    ] as const),
    ...(['reviewer', 'member', 'admin', 'owner'] as const),
  ],
}
/** Everybody who belongs to the tenant. */
export const reader: Outcome = { admits: people }
export const member: Outcome = { admits: ['member', 'admin', 'owner'] }
/** Its admins and owners. */
export const manager: Outcome = { admits: ['admin', 'owner'] }
export const owner: Outcome = { admits: ['owner'] }
/** A server with the secret key. */
export const service: Outcome = { admits: ['secret key'] }
/** A person of the platform with a second factor, or a server with the secret key. */
export const operator: Outcome = { admits: ['operator', 'secret key'] }
/** An API key of the tenant with this scope. */
export const keyWith = (scope: string): Outcome => ({ admits: ['key with the scope'], scope })

/** A page in a frame with a token for this portal, and one that may write where it is said so. */
export const tokenOf = (portal: 'audit' | 'webhooks'): Outcome => ({
  admits: portal === 'audit' ? ['audit token'] : ['webhooks token', 'webhooks token that may write'],
})
/** Whoever holds a token, of any tenant, and nobody else. */
export const holder: Outcome = {
  admits: ['audit token', 'webhooks token', 'webhooks token that may write', 'another tenant’s portal token'],
}
export const writingToken: Outcome = { admits: ['webhooks token that may write'] }

export interface RouteRule {
  may: Outcome[]
  /** What those get who may; 200 unless said otherwise. */
  gives?: number
  /** Where the route's own path does not do as it is. */
  path?: string
  body?: (room: Room) => unknown
  headers?: Record<string, string>
  /** Makes what stands in the path for a name: an endpoint for `:endpoint`. `:ref` and `:user` are there already. */
  where?: Record<string, (tenant: Tenant) => Promise<string> | string>
  /** Why a route that changes something works in a tenant that is frozen, or whose trial has ended, all the same. */
  whenFrozen?: string
  /** Why a route that changes something leaves no row in the audit log. */
  unaudited?: string
  /** Why people may call it, and no screen of the console does. */
  noScreen?: string
  /** A tenant is answered one at a time, so each who may call gets a tenant of their own. */
  isExclusive?: true
}

/** By method and path: `'GET /registry/tenants/:ref'`. */
export type RouteRules = Record<string, RouteRule>

/** A tenant with somebody in every role. */
export interface Room {
  tenant: Tenant
  /** A member whom nobody calls as: what is done to somebody is done to them. */
  subject: { id: string; refId: string }
}

/** The status that a rule promises to a caller. */
export function promised(rule: RouteRule, credential: Credential): number {
  if (rule.may.some(({ admits }) => admits.includes(credential))) return rule.gives ?? 200
  switch (credential) {
    case 'none':
    case 'malformed token':
    case 'expired token':
    case 'forged secret key':
      return 401
    // A tenant that is not theirs is a tenant that does not exist.
    case 'nobody’s member':
    case 'another tenant’s owner':
    // In somebody else's tenant they are no more than anybody.
    case 'operator':
    case 'operator without a second factor':
      return rule.may.every((outcome) => [service, operator, holder].includes(outcome)) ? 403 : 404
    case 'another tenant’s key with the scope':
      return scopeOf(rule) ? 404 : 403
    case 'another tenant’s portal token':
      return isOfPortal(rule) ? 404 : 403
    default:
      return 403
  }
}

/** Whether a portal token may call it. */
const isOfPortal = ({ may }: RouteRule): boolean =>
  may.some(({ admits }) => admits.includes('audit token') || admits.includes('webhooks token that may write'))

export const scopeOf = (rule: RouteRule): string | undefined => rule.may.find(({ scope }) => scope)?.scope
