import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Entitlements } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// What a refused caller hears, by the routes and over REST.

const stack = inject('stack')
let owner: Person
let reviewers: Person[]
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  reviewers = await Promise.all(Array.from({ length: 3 }, () => makePerson()))
  tenant = await makeTenant({ owner, plan: 'starter' })
  await admin.query(
    `insert into public.tenant_members (tenant_id, user_id, role, status)
     select $1, id, 'reviewer', case n when 3 then 'deactivated' else 'active' end::public.member_status
     from unnest($2::uuid[]) with ordinality as p (id, n)`,
    [tenant.id, reviewers.map(({ id }) => id)],
  )
})

interface Route {
  method: string
  path: string
  /** As docs/openapi.json names it. */
  named: string
  body: unknown
  feature: string
  headers?: Record<string, string>
}
const routes: Route[] = [
  {
    method: 'POST',
    path: '/branding/domains',
    named: '/branding/domains',
    body: { host: 'quiz.starter.example.com' },
    feature: 'custom_domain',
  },
  {
    method: 'PATCH',
    path: '/branding/brand',
    named: '/branding/brand',
    headers: { 'if-match': '"1"' },
    body: { brand: { show_powered_by: false } },
    feature: 'white_label',
  },
  {
    method: 'POST',
    path: '/registry/tenants/:ref/api-keys',
    named: '/registry/tenants/{ref}/api-keys',
    body: { name: 'Meter', scopes: ['usage:write'] },
    feature: 'api',
  },
  {
    method: 'PUT',
    path: '/registry/tenants/:ref/identity-providers/oidc',
    named: '/registry/tenants/{ref}/identity-providers/{type}',
    body: { issuer: 'https://id.example.com', client_id: 'x' },
    feature: 'sso',
  },
  {
    method: 'POST',
    path: '/webhooks/endpoints',
    named: '/webhooks/endpoints',
    body: { url: 'https://hooks.example.com/in' },
    feature: 'webhooks',
  },
]
const ask = ({ method, path, headers, body }: Route) =>
  call(path.replace(':ref', tenant.slug), { method, body, token: owner.token, ...(headers && { headers }) })

describe.each(routes)('$method $named', (route) => {
  it('answers 402 with the feature and the plans that have it, the cheapest first', async () => {
    const response = await ask(route)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    const plans =
      route.feature === 'white_label'
        ? ['professional', 'business', 'enterprise']
        : ['business', 'enterprise']
    expect(await response.json()).toMatchObject({
      type: 'urn:tenantry:problem:feature_not_in_plan',
      status: 402,
      code: 'feature_not_in_plan',
      instance: route.path.replace(':ref', tenant.slug),
      feature: route.feature,
      plans,
    })
  })
  it('says so in its OpenAPI document', () => {
    const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8'))
    expect(paths[route.named][route.method.toLowerCase()].responses['402'].description).toContain(
      'feature_not_in_plan',
    )
  })
})

describe('over a limit', () => {
  const limit = {
    limit: 'members',
    most: 3,
    plan: 'starter',
    plans: ['professional', 'business', 'enterprise'],
  }

  it('a route answers 402 with the limit and the plans that allow more', async () => {
    const response = await call(`/registry/tenants/${tenant.slug}/members/${reviewers[2]!.refId}`, {
      method: 'PATCH',
      token: owner.token,
      body: { status: 'active' },
    })
    expect(await response.json()).toMatchObject({ status: 402, code: 'limit_reached', ...limit })
  })

  const rest = (path: string, method: string, body: unknown) =>
    fetch(`${stack.api_url}/rest/v1/${path}`, {
      method,
      headers: {
        apikey: stack.publishable_key,
        authorization: `Bearer ${owner.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
  it('so does the REST API', async () => {
    const path = `tenant_members?tenant_id=eq.${tenant.id}&user_id=eq.${reviewers[2]!.id}`
    const response = await rest(path, 'PATCH', { status: 'active' })
    const { code, message, hint } = (await response.json()) as Record<string, string>
    expect([response.status, code, message, JSON.parse(hint!)]).toEqual([
      402,
      'PT402',
      'limit_reached',
      limit,
    ])
  })
  it('and nothing of a batch is stored that has one too many', async () => {
    const rows = Array.from({ length: 6 }, (_, n) => ({ tenant_id: tenant.id, name: `Campaign ${n}` }))
    expect((await rest('campaigns', 'POST', rows)).status).toBe(402)
    expect((await rest('campaigns', 'POST', rows.slice(1))).status).toBe(201)
    const { rows: stored } = await admin.query('select from public.campaigns where tenant_id = $1', [
      tenant.id,
    ])
    expect(stored).toHaveLength(5)
  })
  it('and a feature is refused there too', async () => {
    const response = await rest(`tenant_brands?tenant_id=eq.${tenant.id}`, 'PATCH', {
      brand: { show_powered_by: false },
    })
    const { message, hint } = (await response.json()) as Record<string, string>
    expect([response.status, message]).toEqual([402, 'feature_not_in_plan'])
    expect(JSON.parse(hint!)).toMatchObject({ feature: 'white_label' })
  })
})

describe('before it is refused', () => {
  it('a member reads what the plan allows and what is left', async () => {
    const answer = await call(`/registry/tenants/${tenant.slug}/entitlements`, { token: reviewers[0]!.token })
    const { limits } = Entitlements.parse(await answer.json())
    expect(limits.find(({ limit }) => limit === 'members')).toEqual({
      ...{ limit: 'members', allowed: false, reason: 'limit_reached' },
      ...{ most: 3, used: 3, left: 0, resets_at: null },
    })
    expect(limits.find(({ limit }) => limit === 'participants')).toMatchObject({
      allowed: true,
      used: 0,
      left: 200,
    })
  })
  it('a smaller plan takes nothing away that is there, and makes room for no more', async () => {
    const shrinking = await makeTenant({ owner, plan: 'professional' })
    await admin.query(
      `insert into public.campaigns (tenant_id, name) select $1, 'Kept' from generate_series(1, 7)`,
      [shrinking.id],
    )
    await admin.query(`select private.change_plan($1, 'starter')`, [shrinking.id])
    const { rows } = await admin.query(
      `select used::int, left_over::int, (select count(*)::int from public.campaigns where tenant_id = $1) as there
       from private.find_limit($1, 'campaigns')`,
      [shrinking.id],
    )
    expect(rows).toEqual([{ used: 7, left_over: 0, there: 7 }])
  })
})
