import { beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from '../../http/apps.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { allScopes, logEvent, type MadeKey, makeKey } from './world.ts'

const stack = inject('stack')
let owner: Person
let tenant: Tenant
let other: Tenant
let whole: MadeKey
/** A polling endpoint of the tenant. */
let polled: string
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  other = await makeTenant({ owner: await makePerson() })
  whole = await makeKey(tenant, owner)
  const { rows } = await setup.query<{ ref_id: string }>(
    `insert into public.webhook_endpoints (tenant_id, kind, secret_id)
     values ($1, 'poll', vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')) returning ref_id`,
    [tenant.id],
  )
  polled = rows[0]!.ref_id
})

const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

/** The routes a key may call, and with which scope. Written out: a new one is a decision. */
const accepted: Record<string, string> = {
  'POST /usage/events': 'usage:write',
  'POST /webhooks/endpoints/:endpoint/poll': 'webhooks:write',
  'POST /webhooks/endpoints/:endpoint/acknowledge': 'webhooks:write',
  'GET /branding/brand': 'brand:read',
  'GET /registry/tenants/:ref': 'tenant:read',
  'GET /registry/tenants/:ref/members': 'members:read',
}
/** What each is asked with, where that is not a usage event. */
const bodies: Record<string, unknown> = {
  'POST /webhooks/endpoints/:endpoint/poll': {},
  'POST /webhooks/endpoints/:endpoint/acknowledge': {
    lease_id: crypto.randomUUID(),
    message_ids: ['msg_01M7WEMVE6F88A2P79KZB3EJTX'],
  },
}
const guarded = routes.filter(({ access }) => access?.auth !== 'public')
const askFor = (name: string, token: string, of = tenant, header?: string) => {
  const [method = '', path = ''] = name.split(' ')
  const filled = path
    .replace(':ref', of.slug)
    .replace(':endpoint', polled)
    .replaceAll(/:\w+/g, '01M7WEMVE6F88A2P79KZB3EJTX')
  return call(filled, {
    method,
    token,
    ...(header !== undefined && { tenant: header }),
    ...(!['GET', 'DELETE'].includes(method) && { body: bodies[name] ?? { event_type: 'key.used' } }),
  })
}

describe('the routes that accept keys', () => {
  it('are these, and their scopes are those that there are', async () => {
    const declared = guarded.flatMap((route) =>
      route.access?.auth === 'member' && route.access.key ? [[nameOf(route), route.access.key]] : [],
    )
    expect(Object.fromEntries(declared)).toEqual(accepted)
    const { rows } = await setup.query<{ scope: string }>(
      'select scope from private.api_scopes order by scope',
    )
    expect(rows.map(({ scope }) => scope)).toEqual(allScopes)
    expect([...new Set(Object.values(accepted))].sort()).toEqual(allScopes)
  })

  it.each(guarded.map((route) => [nameOf(route)]))(
    '%s: the key with every scope, or no key at all',
    async (name) => {
      const response = await askFor(name, whole.key)
      if (accepted[name]) expect(response.status).toBe(200)
      else expect(await problemOf(response)).toMatchObject({ status: 403, code: 'key_not_accepted' })
    },
  )

  it('take exactly the scope they name', async () => {
    for (const scope of allScopes) {
      const { key } = await makeKey(tenant, owner, { scopes: [scope] })
      for (const [name, needs] of Object.entries(accepted)) {
        const response = await askFor(name, key)
        const expected = needs === scope ? { status: 200 } : { status: 403, code: 'forbidden' }
        const { code } = (await response.json()) as { code?: string }
        expect({ name, scope, status: response.status, ...(code && { code }) }).toEqual({
          name,
          scope,
          ...expected,
        })
      }
    }
  })

  it('answer 404 to a key of another tenant, as for a tenant that is not there', async () => {
    for (const name of Object.keys(accepted)) {
      for (const of of [other, { ...other, slug: 'nobody-has-this' }]) {
        const response = await askFor(name, whole.key, of, of.slug)
        expect(await problemOf(response)).toMatchObject({ status: 404, code: 'tenant_not_found' })
      }
    }
    for (const name of [tenant.slug, tenant.ref_id]) {
      expect((await logEvent(whole.key, { tenant: name })).status).toBe(200)
    }
  })

  it('answer 401 to every key of a tenant that was archived', async () => {
    const archiving = await makeTenant({ owner })
    const { key } = await makeKey(archiving, owner)
    expect((await logEvent(key)).status).toBe(200)
    await setup.query(`update public.tenants set status = 'archived' where id = $1`, [archiving.id])
    expect(await problemOf(await logEvent(key))).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })

  it('show a key its tenant without a role, and the usage it logs without a person', async () => {
    const read = await call(`/registry/tenants/${tenant.slug}`, { token: whole.key })
    expect(await read.json()).toMatchObject({ slug: tenant.slug, role: null })
    const sent = await call('/usage/events', {
      token: whole.key,
      body: { event_type: 'key.none', source: 'who' },
    })
    expect(sent.status).toBe(200)
    const { rows } = await setup.query(
      `select user_id from public.usage_events where tenant_id = $1 and source = 'who'`,
      [tenant.id],
    )
    expect(rows).toEqual([{ user_id: null }])
  })
})

describe('where a key is sent', () => {
  const ask = (headers: Record<string, string>) => call('/branding/brand', { headers })

  it('is Authorization, beside whatever stands in apikey', async () => {
    const authorization = `Bearer ${whole.key}`
    for (const headers of [
      { authorization },
      { authorization, apikey: stack.publishable_key },
      { authorization, apikey: whole.key },
      // The narrower of the two.
      { authorization, apikey: stack.secret_key },
    ]) {
      expect((await ask(headers)).status).toBe(200)
    }
  })

  it('is not apikey alone, and the answer says so', async () => {
    const response = await ask({ apikey: whole.key })
    expect(response.status).toBe(401)
    expect(((await response.json()) as { detail: string }).detail).toContain('Authorization: Bearer tk_live_')
  })

  it('is not the REST API', async () => {
    for (const apikey of [stack.publishable_key, whole.key]) {
      const response = await fetch(`${stack.api_url}/rest/v1/tenants?select=id`, {
        headers: { apikey, authorization: `Bearer ${whole.key}` },
      })
      expect(response.status).toBe(401)
    }
  })
})
