import { ApiKeys } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import type { Person } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** Every scope there is, as private.api_scopes has them. */
export const allScopes = [
  ...[
    'audit:export',
    'audit:read',
    'bots:read',
    'bots:write',
    'brand:read',
    'calls:read',
    'calls:write',
    'credits:read',
    'credits:write',
    'deliveries:read',
  ],
  ...['endpoints:read', 'endpoints:write'],
  ...[
    'entitlements:read',
    'event_types:read',
    'members:read',
    'notifications:write',
    'replays:write',
    'spend:read',
    'tenant:read',
    'usage:read',
  ],
  ...['usage:write', 'voids:write', 'webhooks:write'],
]

export interface MadeKey {
  key: string
  ref_id: string
  prefix: string
}

/** A key of this tenant, made by its owner as a person makes one. */
export async function makeKey(
  tenant: Tenant,
  owner: Person,
  wanted: Record<string, unknown> = {},
): Promise<MadeKey> {
  const body = { name: freshName(), scopes: allScopes, ...wanted }
  const response = await call(`/registry/tenants/${tenant.slug}/api-keys`, { token: owner.token, body })
  if (response.status !== 201) throw new Error(`no key was made: ${await response.text()}`)
  return (await response.json()) as MadeKey
}

/** A use of it that every key with "usage:write" may make. */
export const logEvent = (key: string, options: { tenant?: string } = {}) =>
  call('/usage/events', { token: key, body: { event_type: 'key.used' }, ...options })

/** What can be asked about the keys of a tenant, by its owner unless said otherwise. */
export function keyRoutes(tenant: Tenant, owner: Person) {
  const at = (rest = '') => `/registry/tenants/${tenant.slug}/api-keys${rest}`
  const create = (body: unknown, by = owner) => call(at(), { token: by.token, body })
  const rotate = (ref: string, body: unknown = {}, by = owner) =>
    call(at(`/${ref}/rotate`), { token: by.token, body })
  const revoke = (ref: string, by = owner) => call(at(`/${ref}`), { method: 'DELETE', token: by.token })
  const list = async (by = owner) =>
    ApiKeys.parse(await (await call(at(), { token: by.token })).json()).api_keys
  return { at, create, rotate, revoke, list }
}

export type KeyRoutes = ReturnType<typeof keyRoutes>

export const freshName = () => `key ${crypto.randomUUID()}`
