import { expect } from 'vitest'
import { IdentityProvider } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { client } from '../../kit/servers/oidc-server.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

export interface World {
  owner: Person
  tenant: Tenant
}

export async function makeWorld(): Promise<World> {
  const owner = await makePerson()
  return { owner, tenant: await makeTenant({ owner }) }
}

export const path = ({ tenant }: World, rest = '') =>
  `/registry/tenants/${tenant.slug}/identity-providers${rest}`
export const put = (world: World, type: string, body: unknown) =>
  call(path(world, `/${type}`), { method: 'PUT', token: world.owner.token, body })
export const check = async (world: World, type: string) => {
  // Nobody waits here; that one has to is a test of its own.
  await admin.query('update public.tenant_idp_config set check_started_at = null where tenant_id = $1', [
    world.tenant.id,
  ])
  const response = await call(path(world, `/${type}/check`), { method: 'POST', token: world.owner.token })
  expect(response.status).toBe(200)
  return IdentityProvider.parse(await response.json())
}
export const read = async (world: World, type: string) => {
  const response = await call(path(world, `/${type}`), { token: world.owner.token })
  return IdentityProvider.parse(await response.json())
}

/** The settings of the one client that the provider of the tests knows. */
export const oidcSettings = (issuer: string, more = {}) => ({
  issuer,
  client_id: client.id,
  client_secret: client.secret,
  ...more,
})

export const revisionOf = async ({ tenant }: World) => {
  const { rows } = await superuser.query<{ revision: string }>(
    'select revision from public.tenant_idp_config where tenant_id = $1',
    [tenant.id],
  )
  return rows[0]!.revision
}
