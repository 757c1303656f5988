import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeHistory } from '../history.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

interface Lent {
  token: string
  ref_id: string
  expires_at: string
  scopes: string[]
}
const lend = async (body: object = {}, of = tenant, token = owner.token): Promise<Lent> => {
  const response = await call('/webhooks/portal-tokens', { token, tenant: of.slug, body })
  expect(response.status).toBe(201)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return (await response.json()) as Lent
}
const makeEndpoint = async (token: string, of = tenant): Promise<Response> =>
  call('/webhooks/endpoints', {
    token,
    tenant: of.slug,
    body: { kind: 'poll', event_types: ['campaign.created'] },
  })
const refOf = async (response: Response) => ((await response.json()) as { ref_id: string }).ref_id
const current = (token: string) => call('/registry/portal-tokens/current', { token })
const makeKey = async (scopes: string[], of = tenant): Promise<{ key: string; ref_id: string }> => {
  const body = { name: scopes.join(' '), scopes }
  const made = await call(`/registry/tenants/${of.slug}/api-keys`, { token: owner.token, body })
  expect(made.status).toBe(201)
  return (await made.json()) as { key: string; ref_id: string }
}

describe('a portal token of the webhooks', () => {
  it('reads what there is of its tenant, without being told which, and changes nothing', async () => {
    const endpoint = await refOf(await makeEndpoint(owner.token))
    const [message] = await makeHistory(tenant.id, [{ minutesAgo: 5, at: { [endpoint]: 'dead' } }])
    const { token, scopes } = await lend()
    expect(scopes.sort()).toEqual(['deliveries:read', 'endpoints:read', 'event_types:read'])
    for (const path of [
      ...['endpoints', `endpoints/${endpoint}`, `endpoints/${endpoint}/stats`, 'stats', 'stats/series'],
      ...[
        'messages',
        `messages/${message}`,
        'deliveries',
        'attempts',
        'event-types',
        'event-types/webhook.test',
      ],
    ]) {
      const response = await call(`/webhooks/${path}`, { token })
      expect([path, response.status]).toEqual([path, 200])
      await response.body?.cancel()
    }
    expect(await (await current(token)).json()).toMatchObject({
      portal: 'webhooks',
      can_write: false,
      tenant: { slug: tenant.slug, name: tenant.slug },
    })
    expect(await problemOf(await makeEndpoint(token))).toMatchObject({ status: 403, code: 'forbidden' })
    expect((await call(`/webhooks/endpoints/${endpoint}/secret`, { token })).status).toBe(403)
  })

  it('opens nothing else of the tenant, and nothing of another one of its owner', async () => {
    const { token } = await lend({ can_write: true })
    const other = await makeTenant({ owner })
    const theirs = await refOf(await makeEndpoint(owner.token, other))
    expect((await call(`/webhooks/endpoints/${theirs}`, { token })).status).toBe(404)
    expect((await call('/webhooks/endpoints', { token, tenant: other.slug })).status).toBe(404)
    for (const path of [
      ...[`/registry/tenants/${tenant.slug}`, '/registry/tenants', `/registry/tenants/${tenant.slug}/audit`],
      ...['/branding/brand', '/usage/totals', '/registry/audit-actions'],
    ])
      expect([path, (await call(path, { token })).status]).toEqual([path, 403])
    // Nor does it lend what it was lent.
    expect((await call('/webhooks/portal-tokens', { token, body: {} })).status).toBe(403)
    // It is no token of Auth.
    const rest = await call('/webhooks/endpoints', { headers: { apikey: token } })
    expect(rest.status).toBe(401)
  })

  it('with can_write, makes, changes, tests, replaces the secret of and deletes an endpoint, and the log names it', async () => {
    const { token, ref_id } = await lend({ can_write: true })
    const endpoint = await refOf(await makeEndpoint(token))
    const at = `/webhooks/endpoints/${endpoint}`
    const steps: [string, string, object | undefined, number][] = [
      ['PATCH', at, { description: 'By its customer' }, 200],
      ['PATCH', at, { disabled: true }, 200],
      ['PATCH', at, { disabled: false }, 200],
      ['POST', `${at}/test`, {}, 202],
      ['POST', `${at}/secret/rotate`, {}, 200],
      ['GET', `${at}/secret`, undefined, 200],
      ['POST', `${at}/replay`, { since: '2026-01-01T00:00:00Z' }, 202],
      ['DELETE', at, undefined, 204],
    ]
    for (const [method, path, body, status] of steps) {
      const response = await call(path, { method, token, ...(body && { body }) })
      expect([method, path, response.status]).toEqual([method, path, status])
      await response.body?.cancel()
    }
    const { rows } = await superuser.query<{ action: string; actor_type: string }>(
      'select action, actor_type from public.audit_log where tenant_id = $1 and actor_id = $2 order by seq',
      [tenant.id, ref_id],
    )
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'webhook_endpoints.created',
        'webhook_endpoints.updated',
        'webhook_endpoints.deleted',
      ]),
    )
    expect(rows.every(({ actor_type }) => actor_type === 'portal_token')).toBe(true)
    const { rows: lent } = await superuser.query(
      'select actor_id, metadata from public.audit_log where tenant_id = $1 and target_id = $2',
      [tenant.id, ref_id],
    )
    expect(lent).toMatchObject([{ actor_id: owner.refId, metadata: { portal: 'webhooks' } }])
  })

  it('is lent by an API key, for what the key may do, and ends with it', async () => {
    const broad = await makeKey(['endpoints:read', 'endpoints:write', 'replays:write'])
    const lent = await lend({ can_write: true }, tenant, broad.key)
    // It cannot lend what it has not.
    expect(lent.scopes.sort()).toEqual(['endpoints:read', 'endpoints:write', 'replays:write'])
    expect((await call('/webhooks/deliveries', { token: lent.token })).status).toBe(403)
    expect((await makeEndpoint(lent.token)).status).toBe(201)
    const narrow = await makeKey(['endpoints:read'])
    const asked = { token: narrow.key, body: { can_write: true } }
    const refused = await call('/webhooks/portal-tokens', asked)
    const { code, detail } = (await refused.json()) as { code: string; detail: string }
    expect([refused.status, code]).toEqual([403, 'forbidden'])
    expect(detail).toContain('endpoints:write')
    await call(`/registry/tenants/${tenant.slug}/api-keys/${broad.ref_id}`, {
      method: 'DELETE',
      token: owner.token,
    })
    expect((await call('/webhooks/endpoints', { token: lent.token })).status).toBe(401)
  })

  it('ends by the clock, by whoever lent it, and with their membership; a frozen tenant is only read', async () => {
    expect(
      await problemOf(
        await call('/webhooks/portal-tokens', {
          token: owner.token,
          tenant: tenant.slug,
          body: { ttl_seconds: 901 },
        }),
      ),
    ).toMatchObject({ code: 'invalid_body' })
    const manager = await makePerson()
    const left = await makeTenant({ owner, admin: manager })
    const [first, theirs] = [await lend({ can_write: true }, left), await lend({}, left, manager.token)]
    expect(Date.parse(first.expires_at) - Date.now()).toBeLessThanOrEqual(900_000)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [left.id])
    expect(await (await current(first.token)).json()).toMatchObject({
      can_write: false,
      tenant: { status: 'frozen' },
    })
    expect((await call('/webhooks/endpoints', { token: first.token })).status).toBe(200)
    expect(await problemOf(await makeEndpoint(first.token, left))).toMatchObject({ code: 'tenant_frozen' })
    await admin.query(`update public.tenants set status = 'active' where id = $1`, [left.id])

    const ending = { method: 'DELETE', token: owner.token, tenant: left.slug }
    expect(await (await call('/webhooks/portal-tokens', ending)).json()).toEqual({ revoked: 1 })
    expect((await current(first.token)).status).toBe(401)
    expect((await call('/webhooks/endpoints', { token: first.token })).status).toBe(401)
    // Somebody else's lives on, until they leave.
    expect((await current(theirs.token)).status).toBe(200)
    await admin.query('delete from public.tenant_members where user_id = $1', [manager.id])
    expect((await current(theirs.token)).status).toBe(401)

    const over = await lend({}, left)
    await superuser.query(
      `update private.portal_tokens set created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'
       where tenant_id = $1`,
      [left.id],
    )
    expect((await call('/webhooks/endpoints', { token: over.token })).status).toBe(401)
  })

  it('is asked for what a plan allows like anybody', async () => {
    const small = await makeTenant({ owner, plan: 'starter' })
    const { token } = await lend({ can_write: true }, small)
    expect(await problemOf(await makeEndpoint(token, small))).toMatchObject({ status: 402 })
  })
})
