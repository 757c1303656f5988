import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeEndpoint, makeMessage } from '../../webhooks/route-subjects.ts'
import { type MadeKey, makeKey } from './world.ts'

// A server at work with keys of one scope each, as it would be: what it does is done, and the audit log names the key.

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const keyFor = (...scopes: string[]) => makeKey(tenant, owner, { scopes })

async function ask<Answer>({ key }: MadeKey, path: string, options: object = {}): Promise<Answer> {
  const response = await call(path, { token: key, ...options })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (response.status === 204 ? null : await response.json()) as Answer
}

/** The newest audit row of this action, without waiting: it is chained at the commit. */
async function actorOf(action: string, target?: string): Promise<unknown> {
  const { rows } = await setup.query(
    `select actor_type, actor_id from public.audit_log
     where tenant_id = $1 and action = $2 and ($3::text is null or target_id = $3) order by seq desc limit 1`,
    [tenant.id, action, target ?? null],
  )
  return rows[0]
}
const byKey = ({ ref_id }: MadeKey) => ({ actor_type: 'api_key', actor_id: ref_id })

describe('a server with a key', () => {
  it('keeps endpoints: makes, changes, tests, rotates, reads the secret and deletes', async () => {
    const key = await keyFor('endpoints:write')
    const body = { url: 'https://hooks.example.com/', headers: { authorization: 'Bearer x' } }
    const made = await ask<{ ref_id: string; secret: string }>(key, '/webhooks/endpoints', { body })
    const at = `/webhooks/endpoints/${made.ref_id}`
    expect(await actorOf('webhook_endpoints.created', made.ref_id)).toEqual(byKey(key))
    expect(await ask(key, `${at}/secret`)).toMatchObject({ secret: made.secret })
    expect(await actorOf('webhook_secret.read', made.ref_id)).toEqual(byKey(key))
    const { secret } = await ask<{ secret: string }>(key, `${at}/secret/rotate`, { body: {} })
    expect(secret).not.toBe(made.secret)
    expect(await ask(key, `${at}/test`, { body: {} })).toMatchObject({ message_id: expect.any(String) })
    for (const disabled of [true, false])
      expect(await ask(key, at, { method: 'PATCH', body: { disabled } })).toMatchObject({ disabled })
    expect(await actorOf('webhook_endpoints.updated', made.ref_id)).toEqual(byKey(key))
    // It reads what it wrote in the answers, and by no list.
    expect(await problemOf(await call(at, { token: key.key }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const reader = await keyFor('endpoints:read')
    expect(await ask(reader, at)).toMatchObject({ ref_id: made.ref_id, header_names: ['authorization'] })
    await ask(key, at, { method: 'DELETE' })
    expect(await actorOf('webhook_endpoints.deleted', made.ref_id)).toEqual(byKey(key))
    expect(await problemOf(await call(at, { token: reader.key }))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
  })

  it('changes what leads elsewhere no more easily than a person', async () => {
    const key = await keyFor('endpoints:write')
    const body = { url: 'https://hooks.example.com/', headers: { authorization: 'Bearer x' } }
    const { ref_id } = await ask<{ ref_id: string }>(key, '/webhooks/endpoints', { body })
    const moved = { method: 'PATCH', token: key.key, body: { url: 'https://elsewhere.example.com/' } }
    expect(await problemOf(await call(`/webhooks/endpoints/${ref_id}`, moved))).toMatchObject({
      status: 422,
      code: 'header_values_required',
    })
  })

  it('sends messages again, and sees how they fare with another scope only', async () => {
    const [replaying, watching] = [await keyFor('replays:write'), await keyFor('deliveries:read')]
    // Events become deliveries a moment later, so the endpoint must not receive what is told of the keys.
    const [endpoint, message] = [await makeEndpoint(tenant, ['webhook.test']), await makeMessage(tenant)]
    const again = `/webhooks/messages/${message}/endpoints/${endpoint}/resend`
    expect(await ask(replaying, again, { method: 'POST' })).toEqual({ replayed: 1, has_more: false })
    const list = `/webhooks/deliveries?endpoint=${endpoint}`
    const expected = { deliveries: [expect.objectContaining({ message_id: message, endpoint_id: endpoint })] }
    expect(await ask(watching, list)).toMatchObject(expected)
    expect(await ask(watching, `${list}&status=pending`)).toMatchObject(expected)
    expect(await ask(watching, `${list}&event_type=webhook.test`)).toMatchObject(expected)
    expect(await ask(watching, `/webhooks/messages/${message}`)).toMatchObject({ id: message })
    expect(await ask(watching, `/webhooks/endpoints/${endpoint}/stats`)).toMatchObject({ pending: 1 })
    for (const path of [list, `/webhooks/messages/${message}`])
      expect((await call(path, { token: replaying.key })).status).toBe(403)
    expect((await call(again, { method: 'POST', token: watching.key })).status).toBe(403)
  })

  it('asks what the tenant may use, and sees the same as a person', async () => {
    await setup.query('insert into public.tenant_products (tenant_id, product) values ($1, $2)', [
      tenant.id,
      'bots',
    ])
    const key = await keyFor('entitlements:read')
    for (const path of ['products', 'entitlements', 'entitlements/bots']) {
      const at = `/registry/tenants/${tenant.slug}/${path}`
      const mine = await ask(key, at)
      expect(mine, path).toEqual(await ask({ ...key, key: owner.token }, at))
      expect(JSON.stringify(mine)).toContain(path === 'entitlements/bots' ? '"allowed":true' : '"bots"')
    }
  })

  it('reads and exports the audit log, and the log says which key did', async () => {
    const at = `/registry/tenants/${tenant.slug}/audit`
    const [reading, exporting] = [await keyFor('audit:read'), await keyFor('audit:export')]
    const { events } = await ask<{ events: { action: string }[] }>(reading, `${at}?action=api_keys.created`)
    expect(events.length).toBeGreaterThan(1)
    expect(await actorOf('audit.viewed')).toEqual(byKey(reading))
    expect(await ask(reading, `${at}/verify`)).toMatchObject({ is_intact: true })
    expect(await actorOf('audit.verified')).toEqual(byKey(reading))
    const exported = await call(`${at}/export?format=jsonl`, { token: exporting.key })
    expect((await exported.text()).split('\n').length).toBeGreaterThan(events.length)
    expect(await actorOf('audit.exported')).toEqual(byKey(exporting))
    // What reads the log lends that for some minutes, and what exports it does not.
    expect((await call(`${at}/viewer-tokens`, { token: reading.key, body: {} })).status).toBe(201)
    const handedOut = await call(`${at}/viewer-tokens`, { token: exporting.key, body: {} })
    expect(await problemOf(handedOut)).toMatchObject({ status: 403, code: 'forbidden' })
  })

  it('reads the catalogue of events, for its own tenant only', async () => {
    const key = await keyFor('event_types:read')
    const page = await ask<{ event_types: unknown[] }>(key, '/webhooks/event-types?limit=3')
    expect(page.event_types).toHaveLength(3)
    const elsewhere = await call('/webhooks/event-types', { token: key.key, tenant: 'leadingwithmeaning' })
    expect(await problemOf(elsewhere)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })

  it('leaves the refusal of what it may not do in the log', async () => {
    const key = await keyFor('endpoints:read')
    const body = { url: 'https://hooks.example.com/' }
    const response = await call('/webhooks/endpoints', { token: key.key, body })
    expect(((await response.json()) as { detail: string }).detail).toContain('"endpoints:write"')
    await expect.poll(() => actorOf('request.refused')).toEqual(byKey(key))
  })
})
