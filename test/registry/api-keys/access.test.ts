import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { scopeOf } from '../../../lib/http/router.ts'
import { functionNames, routesOf } from '../../http/apps.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeEndpoint, makeMessage } from '../../webhooks/route-subjects.ts'
import { accepted } from './accepted.ts'
import { allScopes, logEvent, type MadeKey, makeKey } from './world.ts'

let owner: Person
let tenant: Tenant
let other: Tenant
let whole: MadeKey
/** A polling endpoint of the tenant, and a message. */
let polled: string
let sent: string
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  other = await makeTenant({ owner: await makePerson() })
  whole = await makeKey(tenant, owner)
  polled = await makeEndpoint(tenant)
  sent = await makeMessage(tenant)
})

const routes = (await Promise.all(functionNames.map(routesOf))).flat()
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

/** What each is asked with, where that is not a usage event. */
const bodies: Record<string, unknown> = {
  'POST /bots/bots/:bot/conversations/:contact/messages': { text: 'Hello' },
  'POST /usage/voids': { events: [{ event_id: 'never-sent' }] },
  'POST /usage/llm-calls': {
    ...{ provider: 'openai', model: 'gpt-4o', max_input_tokens: 1, max_output_tokens: 1 },
    idempotency_key: 'by a key',
  },
  'POST /usage/llm-calls/:call/completion': { status: 'ok', input_tokens: 1, output_tokens: 1 },
  'POST /usage/tool-calls': { tool: 'search', method: 'find', status: 'ok', idempotency_key: 'by a key' },
  'POST /usage/credits/reservations': { credits: 1, idempotency_key: 'by a key' },
  'POST /usage/credits/reservations/batch': { reservations: [{ credits: 1, idempotency_key: 'also' }] },
  'POST /usage/credits/reservations/:reservation/consume': { credits: 1, idempotency_key: 'consumed' },
  'POST /usage/credits/reservations/:reservation/release': { idempotency_key: 'released' },
  'POST /notifications/messages': {
    ...{ channel: 'sms', to: '+447700900123', template: 'welcome', data: { name: 'Ada' } },
  },
  'POST /webhooks/endpoints/:endpoint/poll': {},
  'POST /webhooks/endpoints/:endpoint/acknowledge': {
    lease_id: crypto.randomUUID(),
    message_ids: ['msg_01M7WEMVE6F88A2P79KZB3EJTX'],
  },
  'POST /registry/tenants/:ref/audit/viewer-tokens': {},
  'POST /webhooks/portal-tokens': {},
  'POST /webhooks/endpoints': { url: 'https://hooks.example.com/' },
  'PATCH /webhooks/endpoints/:endpoint': { description: 'Changed by a key' },
  'POST /webhooks/endpoints/:endpoint/test': {},
  'POST /webhooks/endpoints/:endpoint/secret/rotate': {},
  'POST /webhooks/endpoints/:endpoint/replay': { since: '2026-01-01T00:00:00Z' },
}
/** What is about something that is not there: whoever may hears so. test/routes.test.ts has one to delete. */
const absent = {
  'DELETE /webhooks/endpoints/:endpoint': 404,
  'GET /bots/bots/:bot': 404,
  'GET /bots/bots/:bot/settings': 404,
  'GET /bots/bots/:bot/templates': 404,
  'GET /bots/bots/:bot/templates/:template': 404,
  'GET /bots/bots/:bot/plans': 404,
  'GET /bots/bots/:bot/plans/:plan': 404,
  'GET /bots/bots/:bot/subscriptions': 404,
  'GET /bots/bots/:bot/training-data': 404,
  'GET /bots/bots/:bot/training-data/:row': 404,
  'GET /bots/bots/:bot/conversations': 404,
  'GET /bots/bots/:bot/conversations/:contact': 404,
  'GET /bots/bots/:bot/conversations/:contact/messages': 404,
  'POST /bots/bots/:bot/conversations/:contact/messages': 404,
  'GET /usage/meters/:meter': 404,
  'GET /usage/meters/:meter/query': 404,
  'POST /usage/llm-calls/:call/completion': 404,
  'POST /usage/credits/reservations/:reservation/consume': 404,
  'POST /usage/credits/reservations/:reservation/release': 404,
} as Record<string, number>
/** What a key reads, it lends in a frozen tenant too. */
const lending = ['POST /registry/tenants/:ref/audit/viewer-tokens', 'POST /webhooks/portal-tokens']
const guarded = routes.filter(({ access }) => access?.auth !== 'public')
const askFor = (
  name: string,
  token: string,
  of = tenant,
  header?: string,
  about = { endpoint: polled, message: sent },
) => {
  const [method = '', path = ''] = name.split(' ')
  const filled = path
    .replace(':ref', of.slug)
    .replace(':endpoint', name in absent ? '01M7WEMVE6F88A2P79KZB3EJTX' : about.endpoint)
    .replace(':message', about.message)
    .replace(':type', 'webhook.test')
    .replace(':product', 'bots')
    .replace(':seq', '1')
    .replace('/audit/export', '/audit/export?format=csv')
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
      scopeOf(route.access) ? [[nameOf(route), scopeOf(route.access)]] : [],
    )
    expect(Object.fromEntries(declared)).toEqual(accepted)
    const { rows } = await setup.query<{ scope: string }>(
      'select scope from private.api_scopes order by scope',
    )
    expect(rows.map(({ scope }) => scope)).toEqual(allScopes)
    expect([...new Set(Object.values(accepted))].sort()).toEqual(allScopes)
  })

  it('have a page that lists each scope, and what a person needs for the same', async () => {
    const page = readFileSync('docs/api-keys.md', 'utf8')
    const listed = [...page.matchAll(/^\| `(\w+:\w+)` \| .+ \| `(\w+)` \|$/gm)].map(([, ...cells]) => cells)
    const { rows } = await setup.query<{ scope: string; permission: string }>(
      'select scope, permission from private.api_scopes order by scope',
    )
    expect(listed.sort()).toEqual(rows.map(({ scope, permission }) => [scope, permission]))
  })

  it.each(guarded.map((route) => [nameOf(route)]))(
    '%s: the key with every scope, or no key at all',
    async (name) => {
      const response = await askFor(name, whole.key)
      if (accepted[name]) expect([absent[name] ?? 200, 201, 202]).toContain(response.status)
      else expect(await problemOf(response)).toMatchObject({ status: 403, code: 'key_not_accepted' })
    },
  )

  it.each(allScopes)('take exactly the scope they name: a key with %s', async (scope) => {
    const { key } = await makeKey(tenant, owner, { scopes: [scope] })
    for (const [name, needs] of Object.entries(accepted)) {
      const response = await askFor(name, key)
      if (needs === scope) {
        expect([absent[name] ?? 200, 201, 202], name).toContain(response.status)
        await response.body?.cancel()
        continue
      }
      const { code, detail } = (await response.json()) as { code: string; detail: string }
      expect({ name, status: response.status, code }).toEqual({ name, status: 403, code: 'forbidden' })
      expect(detail).toContain(`"${needs}"`)
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

  it('find nothing of another tenant under their own', async () => {
    const theirs = { endpoint: await makeEndpoint(other), message: await makeMessage(other) }
    for (const name of Object.keys(accepted).filter((route) => /:(endpoint|message)/.test(route))) {
      const [method = '', path = ''] = name.split(' ')
      const filled = path.replace(':endpoint', theirs.endpoint).replace(':message', theirs.message)
      const body = ['GET', 'DELETE'].includes(method) ? {} : { body: bodies[name] ?? {} }
      const response = await call(filled, { method, token: whole.key, ...body })
      expect({ name, ...(await problemOf(response)) }).toMatchObject({ name, status: 404, code: 'not_found' })
    }
    for (const list of ['endpoints', 'messages', 'deliveries', 'attempts']) {
      const text = await (await call(`/webhooks/${list}`, { token: whole.key })).text()
      expect(text).not.toContain(theirs.endpoint)
      expect(text).not.toContain(theirs.message)
    }
  })

  it('answer 401 to a revoked and to an expired key, each of them', async () => {
    const ended = [await makeKey(tenant, owner), await makeKey(tenant, owner)] as const
    await setup.query(
      `update public.api_keys set revoked_at = case when ref_id = $1 then now() end,
         expires_at = case when ref_id = $2 then now() - interval '1 second' end where ref_id in ($1, $2)`,
      ended.map(({ ref_id }) => ref_id),
    )
    for (const { key } of ended) {
      for (const name of Object.keys(accepted)) {
        const response = await askFor(name, key)
        expect({ name, ...(await problemOf(response)) }).toMatchObject({
          name,
          status: 401,
          code: 'invalid_api_key',
        })
      }
    }
  })

  it('read a frozen tenant and change nothing of it', async () => {
    const frozen = await makeTenant({ owner })
    const { key } = await makeKey(frozen, owner)
    const [endpoint, message] = [await makeEndpoint(frozen), await makeMessage(frozen)]
    await setup.query(`update public.tenants set status = 'frozen' where id = $1`, [frozen.id])
    for (const [name, scope] of Object.entries(accepted)) {
      const response = await askFor(name, key, frozen, undefined, { endpoint, message })
      const writes = scope.endsWith(':write')
      expect({ name, status: response.status }).toEqual({
        name,
        status: writes ? 403 : lending.includes(name) ? 201 : (absent[name] ?? 200),
      })
      if (writes) expect(await problemOf(response)).toMatchObject({ code: 'tenant_frozen' })
      else await response.body?.cancel()
    }
    // A person may still stop what goes to a wrong place.
    const stop = { method: 'PATCH', body: { disabled: true }, tenant: frozen.slug }
    const byKey = await call(`/webhooks/endpoints/${endpoint}`, { ...stop, token: key })
    expect(await problemOf(byKey)).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect((await call(`/webhooks/endpoints/${endpoint}`, { ...stop, token: owner.token })).status).toBe(200)
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
