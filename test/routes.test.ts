import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { ulidOf } from '../lib/db/index.ts'
import { functionNames, routesOf } from './http/apps.ts'
import {
  type CallOptions,
  call,
  freshSlug,
  makePerson,
  makeTenant,
  type Person,
  signToken,
  type TestTenant,
} from './http/world.ts'
import { admin } from './support/db.ts'

// Every route of every function x every kind of credential. A route that is missing here fails, so
// a new one is thought about the day it is made.

const credentials = [
  'none',
  'malformed token',
  'expired token',
  'forged secret key',
  'nobody’s member',
  'another tenant’s owner',
  'reviewer',
  'owner',
  'secret key',
] as const
type Credential = (typeof credentials)[number]

/** Status by credential, in the order above. */
type Statuses = [number, number, number, number, number, number, number, number, number]

const open: Statuses = [200, 200, 200, 200, 200, 200, 200, 200, 200]
const signedIn: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 403]
const readers: Statuses = [401, 401, 401, 401, 404, 404, 200, 200, 403]
const readersAndServers: Statuses = [401, 401, 401, 401, 404, 404, 200, 200, 200]
const platform: Statuses = [401, 401, 401, 401, 403, 403, 403, 403, 200]
const inspectors: Statuses = [401, 401, 401, 401, 404, 404, 403, 200, 200]
const managers: Statuses = [401, 401, 401, 401, 404, 404, 403, 200, 403]
const owners: Statuses = [401, 401, 401, 401, 404, 404, 403, 200, 403]

/** What a route is asked with, and what each credential must get. Names in a path are filled in. */
const expectations: Record<
  string,
  { statuses: Statuses; path?: string; body?: (member: Person) => unknown }
> = {
  'GET /branding/health': { statuses: open },
  'GET /branding/openapi.json': { statuses: open },
  'GET /branding/by-slug/:slug': { statuses: open, path: '/branding/by-slug/leadingwithmeaning' },
  'GET /branding/by-slug/:slug/theme.css': {
    statuses: open,
    path: '/branding/by-slug/leadingwithmeaning/theme.css',
  },
  'GET /branding/by-domain/:host': { statuses: open, path: '/branding/by-domain/leadingwithmeaning.test' },
  'GET /branding/by-domain/:host/theme.css': {
    statuses: open,
    path: '/branding/by-domain/leadingwithmeaning.test/theme.css',
  },
  'GET /branding/resolve': { statuses: open, path: '/branding/resolve?host=leadingwithmeaning.localhost' },
  'GET /branding/resolve/theme.css': {
    statuses: open,
    path: '/branding/resolve/theme.css?host=leadingwithmeaning.localhost',
  },
  'GET /branding/brand': { statuses: readers },
  'GET /branding/domains': { statuses: readers },
  'POST /branding/domains': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 201, 403],
    body: () => ({ host: `${freshSlug()}.test` }),
  },
  'POST /branding/domains/:domain/verify': { statuses: managers },
  'POST /branding/domains/:domain/primary': { statuses: [401, 401, 401, 401, 404, 404, 403, 409, 403] },
  'DELETE /branding/domains/:domain': { statuses: [401, 401, 401, 401, 404, 404, 403, 204, 403] },
  'POST /branding/domains/re-check': { statuses: [401, 401, 401, 401, 403, 403, 403, 403, 200] },
  'PATCH /branding/brand': { statuses: managers, body: () => ({ display_name: 'Renamed' }) },
  'GET /registry/health': { statuses: open },
  'GET /registry/openapi.json': { statuses: open },
  'GET /registry/tenants': { statuses: signedIn },
  'POST /registry/tenants': {
    statuses: [401, 401, 401, 401, 201, 201, 201, 201, 403],
    body: () => ({ slug: freshSlug(), name: 'New' }),
  },
  'GET /registry/tenants/:ref': { statuses: readers },
  'PATCH /registry/tenants/:ref': { statuses: managers, body: () => ({ name: 'Renamed' }) },
  'POST /registry/tenants/:ref/slug': { statuses: managers, body: () => ({ slug: freshSlug() }) },
  'POST /registry/tenants/:ref/cancel': { statuses: owners, body: () => ({}) },
  'PUT /registry/tenants/:ref/status': { statuses: platform, body: () => ({ status: 'frozen' }) },
  // The tenant is not archived.
  'POST /registry/tenants/:ref/purge': {
    statuses: [401, 401, 401, 401, 403, 403, 403, 403, 409],
    body: () => ({}),
  },
  'GET /registry/tenants/:ref/export': { statuses: [401, 401, 401, 401, 404, 404, 403, 200, 200] },
  'GET /registry/tenants/:ref/members': { statuses: readers },
  'PATCH /registry/tenants/:ref/members/:user': { statuses: managers, body: () => ({ role: 'member' }) },
  'DELETE /registry/tenants/:ref/members/:user': { statuses: [401, 401, 401, 401, 404, 404, 403, 204, 403] },
  'POST /registry/tenants/:ref/ownership': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 200, 403],
    body: (member) => ({ to: member.refId }),
  },
  'GET /registry/roles': { statuses: signedIn },
  'GET /registry/tenants/:ref/invitations': { statuses: managers },
  'POST /registry/tenants/:ref/invitations': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 201, 403],
    body: () => ({ email: 'invited@example.com' }),
  },
  // Nobody may do this without an invitation to do it to: test/registry/invitations/invitations.test.ts has one.
  'POST /registry/tenants/:ref/invitations/:invitation/resend': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: `/registry/tenants/:ref/invitations/${ulidOf(randomUUID())}/resend`,
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/invitations/:invitation': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: `/registry/tenants/:ref/invitations/${ulidOf(randomUUID())}`,
  },
  'POST /registry/invitations/look-up': {
    statuses: [404, 404, 404, 404, 404, 404, 404, 404, 404],
    body: () => ({ token: 'tinv_nobodys' }),
  },
  'POST /registry/invitations/accept': {
    statuses: [401, 401, 401, 401, 404, 404, 404, 404, 403],
    body: () => ({ token: 'tinv_nobodys' }),
  },
  'GET /registry/products': { statuses: signedIn },
  'GET /registry/tenants/:ref/products': { statuses: readersAndServers },
  'PUT /registry/tenants/:ref/products/:product': {
    statuses: platform,
    path: '/registry/tenants/:ref/products/bots',
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/products/:product': {
    statuses: [401, 401, 401, 401, 403, 403, 403, 403, 404],
    path: '/registry/tenants/:ref/products/bots',
  },
  'GET /registry/tenants/:ref/entitlements': { statuses: readersAndServers },
  'GET /registry/tenants/:ref/entitlements/:product': {
    statuses: readersAndServers,
    path: '/registry/tenants/:ref/entitlements/bots',
  },
  'GET /registry/tenants/:ref/projects': { statuses: readers },
  // No product of a new tenant supports projects.
  'POST /registry/tenants/:ref/projects': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 402, 403],
    body: () => ({ slug: 'spring', name: 'Spring' }),
  },
  'GET /registry/tenants/:ref/projects/:project': {
    statuses: [401, 401, 401, 401, 404, 404, 404, 404, 403],
    path: '/registry/tenants/:ref/projects/spring',
  },
  'PATCH /registry/tenants/:ref/projects/:project': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: '/registry/tenants/:ref/projects/spring',
    body: () => ({ name: 'Summer' }),
  },
  'GET /registry/tenants/:ref/api-keys': { statuses: managers },
  'POST /registry/tenants/:ref/api-keys': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 201, 403],
    body: () => ({ name: 'New', scopes: ['usage:write'] }),
  },
  // There is no such key: who may get as far as to hear it.
  'DELETE /registry/tenants/:ref/api-keys/:key': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
  },
  'POST /registry/tenants/:ref/api-keys/:key/rotate': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    body: () => ({}),
  },
  'GET /registry/tenants/:ref/identity-providers': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 200, 403],
  },
  // The tenant has none: past the door is 404 not_found.
  'GET /registry/tenants/:ref/identity-providers/:type': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: '/registry/tenants/:ref/identity-providers/oidc',
  },
  'PUT /registry/tenants/:ref/identity-providers/:type': {
    statuses: managers,
    path: '/registry/tenants/:ref/identity-providers/saml',
    body: () => ({ metadata_url: 'https://idp.example/metadata' }),
  },
  'DELETE /registry/tenants/:ref/identity-providers/:type': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: '/registry/tenants/:ref/identity-providers/oidc',
  },
  'POST /registry/tenants/:ref/identity-providers/:type/check': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 404, 403],
    path: '/registry/tenants/:ref/identity-providers/oidc/check',
  },
  'PUT /registry/tenants/:ref/identity-providers/:type/sso-provider': {
    statuses: [401, 401, 401, 401, 403, 403, 403, 403, 404],
    path: '/registry/tenants/:ref/identity-providers/saml/sso-provider',
    body: () => ({ sso_provider_id: null }),
  },
  'POST /registry/sign-in-options': {
    statuses: open,
    body: () => ({ email: 'somebody@example.com' }),
  },
  'GET /registry/tenants/:ref/audit': { statuses: inspectors },
  'GET /registry/tenants/:ref/audit/export': {
    statuses: inspectors,
    path: '/registry/tenants/:ref/audit/export?format=csv',
  },
  'GET /registry/tenants/:ref/audit/verify': { statuses: inspectors },
  'POST /registry/tenants/:ref/audit/viewer-tokens': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 201, 403],
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/audit/viewer-tokens': { statuses: managers },
  'GET /usage/health': { statuses: open },
  'GET /usage/openapi.json': { statuses: open },
  'POST /usage/events': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 200, 200],
    body: () => ({ event_type: 'assessment.completed' }),
  },
  'GET /webhooks/health': { statuses: open },
  'GET /webhooks/openapi.json': { statuses: open },
  'GET /webhooks/endpoints': { statuses: managers },
  'POST /webhooks/endpoints': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 201, 403],
    body: () => ({ url: 'https://hooks.example.com/' }),
  },
  'GET /webhooks/endpoints/:endpoint': { statuses: managers },
  'PATCH /webhooks/endpoints/:endpoint': { statuses: managers, body: () => ({ description: 'New' }) },
  'DELETE /webhooks/endpoints/:endpoint': { statuses: [401, 401, 401, 401, 404, 404, 403, 204, 403] },
  'GET /webhooks/endpoints/:endpoint/stats': { statuses: managers },
  'GET /webhooks/endpoints/:endpoint/secret': { statuses: managers },
  'POST /webhooks/endpoints/:endpoint/secret/rotate': { statuses: managers, body: () => ({}) },
  'POST /webhooks/endpoints/:endpoint/test': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 202, 403],
    body: () => ({}),
  },
  'POST /webhooks/endpoints/:endpoint/replay': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 202, 403],
    body: () => ({ since: '2026-01-01T00:00:00Z' }),
  },
  'POST /webhooks/endpoints/:endpoint/poll': { statuses: managers, body: () => ({}) },
  'POST /webhooks/endpoints/:endpoint/acknowledge': {
    statuses: managers,
    body: (member) => ({ lease_id: member.id, message_ids: [`msg_${ulidOf(randomUUID())}`] }),
  },
  'GET /webhooks/messages': { statuses: managers },
  'GET /webhooks/messages/:message': { statuses: managers },
  'POST /webhooks/messages/:message/endpoints/:endpoint/resend': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 202, 403],
  },
  'GET /webhooks/deliveries': { statuses: managers },
  'GET /webhooks/attempts': { statuses: managers },
  'GET /webhooks/event-types': { statuses: signedIn },
  'GET /webhooks/event-types/:type': { statuses: signedIn, path: '/webhooks/event-types/webhook.test' },
  'POST /webhooks/dispatch': { statuses: [401, 401, 401, 401, 403, 403, 403, 403, 202] },
  'GET /webhooks/metrics': { statuses: platform },
}

const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

let stranger: Person
let neighbour: Person
beforeAll(async () => {
  stranger = await makePerson()
  neighbour = await makePerson()
  await makeTenant({ owner: neighbour })
})

describe('the table is whole', () => {
  it('names every function there is', () => {
    expect([...functionNames]).toEqual(
      readdirSync('functions', { withFileTypes: true })
        .filter((e) => e.isDirectory())
        .map((e) => e.name)
        .sort(),
    )
  })
  it('names every route of theirs, and no other', () => {
    expect(Object.keys(expectations).sort()).toEqual(routes.map(nameOf).sort())
  })
  it.each(routes.map((route) => [nameOf(route), route] as const))(
    '%s says who may call it',
    (_name, route) => {
      expect(route.access?.auth).toMatch(/^(public|user|member|service)$/)
    },
  )
})

describe.each(Object.entries(expectations))('%s', (name, { statuses, path, body }) => {
  it.each(credentials.map((credential, index) => [credential, statuses[index] as number] as const))(
    'answers %s with %i',
    async (credential, status) => {
      // Each case has a tenant of its own: a case that changes it cannot help or harm another.
      const [owner, reviewer, member] = [await makePerson(), await makePerson(), await makePerson()]
      const tenant = await makeTenant({ owner, reviewer, member })
      const [method = '', route = ''] = name.split(' ')
      const target = (path ?? route)
        .replace(':ref', tenant.slug)
        .replace(':user', member.refId)
        .replace(':domain', route.includes(':domain') ? await makeDomain(tenant) : '')
        .replace(':key', member.refId)
        .replace(':endpoint', route.includes(':endpoint') ? await makeEndpoint(tenant) : '')
        .replace(':message', route.includes(':message') ? await makeMessage(tenant) : '')
      const options: CallOptions = {
        method,
        tenant: tenant.slug,
        ...(await present(credential, owner, reviewer)),
      }
      if (body) options.body = body(member)
      const response = await call(target, options)
      expect(response.status).toBe(status)
      if (status < 400) return
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const document = (await response.json()) as { status: number; code: string }
      expect(document.status).toBe(status)
      if (status !== 401) return
      expect(document.code).toBe(credential === 'expired token' ? 'token_expired' : 'unauthenticated')
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
    },
  )
})

async function makeDomain(tenant: TestTenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.tenant_domains (tenant_id, host) values ($1, $2) returning ref_id',
    [tenant.id, `${tenant.slug}.test`],
  )
  return rows[0]?.ref_id ?? ''
}

/** A polling one, of which everything can be asked. */
async function makeEndpoint(tenant: TestTenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `insert into public.webhook_endpoints (tenant_id, kind, secret_id)
     values ($1, 'poll', vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')) returning ref_id`,
    [tenant.id],
  )
  return rows[0]?.ref_id ?? ''
}

async function makeMessage(tenant: TestTenant): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.webhook_events (tenant_id, type, version, payload)
     values ($1, 'webhook.test', 1, '{"data":{}}') returning 'msg_' || private.ulid(id) as id`,
    [tenant.id],
  )
  return rows[0]?.id ?? ''
}

async function present(credential: Credential, owner: Person, reviewer: Person): Promise<CallOptions> {
  switch (credential) {
    case 'none':
      return {}
    case 'malformed token':
      return { token: 'nonsense' }
    case 'expired token':
      return { token: await signToken({ sub: owner.id, exp: Math.floor(Date.now() / 1000) - 60 }) }
    case 'forged secret key':
      // One key in 64 ends with the first of these anyway.
      return { apikey: inject('stack').secret_key.replace(/.$/, (last) => (last === '_' ? '-' : '_')) }
    case 'nobody’s member':
      return { token: stranger.token }
    case 'another tenant’s owner':
      return { token: neighbour.token }
    case 'reviewer':
      return { token: reviewer.token }
    case 'owner':
      return { token: owner.token }
    case 'secret key':
      return { apikey: inject('stack').secret_key }
  }
}
