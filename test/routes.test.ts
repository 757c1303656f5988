import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from './http/apps.ts'
import {
  type CallOptions,
  call,
  freshSlug,
  makePerson,
  makeTenant,
  type Person,
  signToken,
} from './http/world.ts'

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
const managers: Statuses = [401, 401, 401, 401, 404, 404, 403, 200, 403]
const owners: Statuses = [401, 401, 401, 401, 404, 404, 403, 200, 403]
const platform: Statuses = [401, 401, 401, 401, 403, 403, 403, 403, 200]

/** What a route is asked with, and what each credential must get. `:ref` and `:user` are filled in. */
const expectations: Record<string, { statuses: Statuses; path?: string; body?: () => unknown }> = {
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
  'GET /usage/health': { statuses: open },
  'GET /usage/openapi.json': { statuses: open },
  'POST /usage/events': {
    statuses: [401, 401, 401, 401, 404, 404, 403, 200, 200],
    body: () => ({ event_type: 'assessment.completed' }),
  },
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
      const target = (path ?? route).replace(':ref', tenant.slug).replace(':user', member.refId)
      const options: CallOptions = {
        method,
        tenant: tenant.slug,
        ...(await present(credential, owner, reviewer)),
      }
      if (body) options.body = body()
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

async function present(credential: Credential, owner: Person, reviewer: Person): Promise<CallOptions> {
  switch (credential) {
    case 'none':
      return {}
    case 'malformed token':
      return { token: 'nonsense' }
    case 'expired token':
      return { token: await signToken({ sub: owner.id, exp: Math.floor(Date.now() / 1000) - 60 }) }
    case 'forged secret key':
      return { apikey: `${inject('stack').secret_key.slice(0, -1)}_` }
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
