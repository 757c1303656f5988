import { call } from '../../kit/call.ts'
import type { Person } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'

/** Every scope there is, as private.api_scopes has them. */
export const allScopes = ['brand:read', 'members:read', 'tenant:read', 'usage:write', 'webhooks:write']

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
  const body = { name: `key ${crypto.randomUUID()}`, scopes: allScopes, ...wanted }
  const response = await call(`/registry/tenants/${tenant.slug}/api-keys`, { token: owner.token, body })
  if (response.status !== 201) throw new Error(`no key was made: ${await response.text()}`)
  return (await response.json()) as MadeKey
}

/** A use of it that every key with "usage:write" may make. */
export const logEvent = (key: string, options: { tenant?: string } = {}) =>
  call('/usage/events', { token: key, body: { event_type: 'key.used' }, ...options })
