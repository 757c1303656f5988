import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from './http/apps.ts'
import { type CallOptions, call } from './kit/call.ts'
import { admin } from './kit/db.ts'
import { makeOperator, makePerson, type Person, type Role, signToken } from './kit/people.ts'
import { loadRules, mergeOnce } from './kit/rules/load.ts'
import {
  anyone,
  type Credential,
  credentials,
  operator as forOperators,
  promised,
  type Room,
  type RouteRule,
  type RouteRules,
  scopeOf,
} from './kit/rules/routes.ts'
import { makeTenant } from './kit/tenants.ts'

// Every route of every function x every kind of caller. What each gets is declared beside the route's domain, in a
// routes.rules.ts. A route that is in none fails, so a new one is thought about the day it is made.

const rules: Record<string, RouteRule> = mergeOnce('route', [
  ...(await loadRules<RouteRules>('routes')),
  {
    file: 'routes.test.ts',
    rules: Object.fromEntries(
      functionNames.flatMap((name) =>
        ['health', 'openapi.json'].map((file) => [`GET /${name}/${file}`, { may: [anyone] }]),
      ),
    ),
  },
])
const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`
const stack = inject('stack')

interface OpenRoom extends Room {
  people: Record<Role, Person>
}

let stranger: Person
let operator: Awaited<ReturnType<typeof makeOperator>>
let neighbour: OpenRoom
/** What is read, and whatever is refused, leaves a tenant as it was: all of that happens in this one. */
let shared: OpenRoom
beforeAll(async () => {
  stranger = await makePerson()
  operator = await makeOperator()
  neighbour = await makeRoom()
  shared = await makeRoom()
})

describe('the table is whole', () => {
  it('names every function that is deployed', () => {
    const sections = readFileSync('supabase/config.toml', 'utf8').matchAll(/^\[functions\.(.+)\]$/gm)
    expect([...functionNames]).toEqual([...sections].map(([, name]) => name).sort())
  })
  it('names every route of theirs, and no other', () => {
    expect(Object.keys(rules).sort()).toEqual(routes.map(nameOf).sort())
  })
  it.each(routes.map((route) => [nameOf(route), route] as const))(
    '%s says who may call it',
    (_name, route) => {
      expect(route.access?.auth).toMatch(/^(public|user|member|operator|service|portal_token)$/)
    },
  )
})

describe('each caller gets what the route promises them', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(name, async () => {
      const statuses = await Promise.all(
        credentials.map(async (credential) => {
          const status = promised(rule, credential)
          const isAlone = status < 400 && (rule.isExclusive || !name.startsWith('GET '))
          const response = await ask(name, rule, credential, isAlone ? await makeRoom() : shared)
          await checkRefusal(response, credential, rule)
          return [credential, response.status]
        }),
      )
      expect(Object.fromEntries(statuses)).toEqual(
        Object.fromEntries(credentials.map((credential) => [credential, promised(rule, credential)])),
      )
    })
  }
})

async function ask(name: string, rule: RouteRule, credential: Credential, room: OpenRoom): Promise<Response> {
  const [method = '', route = ''] = name.split(' ')
  const makers: Record<string, Make> = {
    ref: ({ slug }) => slug,
    user: () => room.subject.refId,
    ...rule.where,
  }
  let path = rule.path ?? route
  for (const [parameter, parameterName] of path.matchAll(/:(\w+)/g)) {
    const make = makers[parameterName!]
    if (!make) throw new Error(`${name}: its rule does not say what stands for ${parameter}.`)
    path = path.replace(parameter, await subjectIn(room, make))
  }
  const options: CallOptions = {
    method,
    tenant: room.tenant.slug,
    ...(await present(credential, room, rule)),
  }
  if (rule.body) options.body = rule.body(room)
  if (rule.headers) options.headers = { ...options.headers, ...rule.headers }
  return call(path, options)
}

const subjects = new Map<Make, Map<OpenRoom, Promise<string>>>()
type Make = NonNullable<RouteRule['where']>[string]

/** What a route is about, made once in each tenant. */
async function subjectIn(room: OpenRoom, make: Make): Promise<string> {
  const made = subjects.get(make) ?? new Map<OpenRoom, Promise<string>>()
  subjects.set(make, made)
  const subject = made.get(room) ?? Promise.resolve(make(room.tenant))
  made.set(room, subject)
  return subject
}

async function checkRefusal(response: Response, credential: Credential, rule: RouteRule): Promise<void> {
  if (response.status < 400) return void (await response.body?.cancel())
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const document = (await response.json()) as { status: number; code: string }
  expect(document.status).toBe(response.status)
  if (response.status === 403 && credential === 'operator without a second factor')
    expect(document.code).toBe(rule.may.includes(forOperators) ? 'second_factor_required' : 'forbidden')
  if (response.status !== 401) return
  expect(document.code).toBe(credential === 'expired token' ? 'token_expired' : 'unauthenticated')
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
}

async function makeRoom(): Promise<OpenRoom> {
  const [owner, admin_, member, reviewer, subject] = await Promise.all(Array.from({ length: 5 }, makePerson))
  const people = { owner: owner!, admin: admin_!, member: member!, reviewer: reviewer! }
  const tenant = await makeTenant(people)
  await admin.query('insert into public.tenant_members (tenant_id, user_id) values ($1, $2)', [
    tenant.id,
    subject!.id,
  ])
  return { tenant, people, subject: subject! }
}

async function present(credential: Credential, room: OpenRoom, rule: RouteRule): Promise<CallOptions> {
  const scope = scopeOf(rule) ?? 'usage:write'
  switch (credential) {
    case 'none':
      return {}
    case 'malformed token':
      return { token: 'nonsense' }
    case 'expired token': {
      const { id } = room.people.owner
      return { token: await signToken({ sub: id, exp: Math.floor(Date.now() / 1000) - 60 }) }
    }
    case 'forged secret key':
      // One key in 64 ends with the first of these anyway.
      return { apikey: stack.secret_key.replace(/.$/, (last) => (last === '_' ? '-' : '_')) }
    case 'nobody’s member':
      return { token: stranger.token }
    case 'operator':
      return { token: operator.token }
    case 'operator without a second factor':
      return { token: operator.passwordToken }
    case 'another tenant’s owner':
      return { token: neighbour.people.owner.token }
    case 'secret key':
      return { apikey: stack.secret_key }
    case 'key without the scope':
      return { token: await keyOf(room, scope === 'brand:read' ? 'usage:write' : 'brand:read') }
    case 'key with the scope':
      return { token: await keyOf(room, scope) }
    case 'another tenant’s key with the scope':
      return { token: await keyOf(neighbour, scope) }
    case 'audit token':
      return { token: await tokenOf(room, 'audit') }
    case 'webhooks token':
      return { token: await tokenOf(room, 'webhooks', {}) }
    case 'webhooks token that may write':
      return { token: await tokenOf(room, 'webhooks', { can_write: true }) }
    case 'another tenant’s portal token': {
      const isAudit = rule.may.some(({ admits }) => admits.includes('audit token'))
      return {
        token: await tokenOf(neighbour, isAudit ? 'audit' : 'webhooks', isAudit ? {} : { can_write: true }),
      }
    }
    default:
      return { token: room.people[credential].token }
  }
}

/** A portal token of this tenant, which lives as long as the tests of the file. */
async function tokenOf(
  { tenant, people }: OpenRoom,
  portal: 'audit' | 'webhooks',
  body: object = {},
): Promise<string> {
  const path =
    portal === 'audit' ? `/registry/tenants/${tenant.slug}/audit/viewer-tokens` : '/webhooks/portal-tokens'
  const response = await call(path, { token: people.owner.token, tenant: tenant.slug, body })
  expect(response.status).toBe(201)
  return ((await response.json()) as { token: string }).token
}

const keys = new Map<string, Promise<string>>()

/** An API key of this tenant with this scope alone. Made once, since its hash is made to be slow. */
function keyOf({ tenant, people }: OpenRoom, scope: string): Promise<string> {
  const name = `${tenant.id} ${scope}`
  const made = keys.get(name) ?? issueKey(tenant.slug, people.owner, scope)
  keys.set(name, made)
  return made
}

async function issueKey(tenant: string, owner: Person, scope: string): Promise<string> {
  const body = { name: `key ${scope}`, scopes: [scope] }
  const response = await call(`/registry/tenants/${tenant}/api-keys`, { token: owner.token, body })
  expect(response.status).toBe(201)
  return ((await response.json()) as { key: string }).key
}
