import { beforeAll, describe, expect, inject, it } from 'vitest'
import { functionNames, routesOf } from '../../http/apps.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person, signToken } from '../../kit/people.ts'
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

describe('in SQL', () => {
  /** As an edge function runs the request of a key, or as something else claims to. Rolled back. */
  async function asKey<T>(
    claims: Record<string, unknown>,
    setting: string | null,
    run: (query: (text: string) => Promise<{ rows: Record<string, unknown>[] }>) => Promise<T>,
  ): Promise<T> {
    const db = await setup.connect()
    try {
      await db.query('begin')
      await db.query(
        `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true),
           set_config('tenantry.api_key', $2, true)`,
        [JSON.stringify({ role: 'authenticated', ...claims }), setting ?? ''],
      )
      return await run((text) => db.query(text))
    } finally {
      await db.query('rollback')
      db.release()
    }
  }
  const idOf = async ({ ref_id }: MadeKey) =>
    (await setup.query<{ id: string }>('select private.ulid_to_uuid($1) as id', [ref_id])).rows[0]!.id
  const claimsOf = async (key: MadeKey, scope: string) => ({
    api_key: await idOf(key),
    tenant_id: tenant.id,
    scope,
  })

  it('a key reads what its scope lets it, until the statement after it was revoked', async () => {
    const key = await makeKey(tenant, owner)
    const id = await idOf(key)
    await asKey(await claimsOf(key, 'tenant:read'), id, async (query) => {
      expect((await query('select id from public.tenants')).rows).toEqual([{ id: tenant.id }])
      await setup.query('select public.revoke_api_key($1, $2)', [tenant.id, id])
      expect((await query('select id from public.tenants')).rows).toEqual([])
    })
  })

  it('a key with a writing scope neither reads nor writes past the functions that name it', async () => {
    await asKey(await claimsOf(whole, 'usage:write'), await idOf(whole), async (query) => {
      for (const table of ['tenants', 'campaigns', 'usage_events', 'tenant_members', 'api_keys']) {
        expect((await query(`select from public.${table}`)).rows, table).toEqual([])
      }
      await query('savepoint before')
      for (const [statement, code, message] of [
        [
          `insert into public.campaigns (tenant_id, name) values ('${tenant.id}', 'Probe')`,
          '42501',
          /row-level/,
        ],
        [`select private.require_permission('${tenant.id}', 'write')`, 'PT403', /forbidden/],
        [`select private.require_permission('${tenant.id}', 'read')`, 'PT403', /forbidden/],
        [`select private.require_permission('${other.id}', 'usage:write')`, 'PT404', /tenant_not_found/],
      ] as const) {
        await expect(query(statement), statement).rejects.toMatchObject({
          code,
          message: expect.stringMatching(message),
        })
        await query('rollback to before')
      }
      await query(`select public.log_usage_event('${tenant.id}', 'key.sql')`)
    })
  })

  it.each(allScopes)('no key leads, invites or hands out keys, also with the scope %s', async (scope) => {
    await asKey(await claimsOf(whole, scope), await idOf(whole), async (query) => {
      await query('savepoint before')
      const hash = '$argon2id$v=19$m=1024,t=1,p=1$c2FsdA$aGFzaA'
      const id = await idOf(whole)
      for (const statement of [
        `select public.create_api_key('${tenant.id}', 'mine', '{usage:write}', 'AAAAAAAA', '${hash}', sha256('x'))`,
        `select public.rotate_api_key('${tenant.id}', '${id}', 'AAAAAAAA', '${hash}', sha256('x'))`,
        `select public.revoke_api_key('${tenant.id}', '${id}')`,
        `select public.rename_tenant_slug('${tenant.id}', 'taken-over')`,
        ...['manage', 'own', 'read_admin', 'tenant:own', 'tenant:manage', '', ':', 'x:read'].map(
          (permission) => `select private.require_permission('${tenant.id}', '${permission}')`,
        ),
      ]) {
        await expect(query(statement), statement).rejects.toMatchObject({
          code: 'PT403',
          message: 'forbidden',
        })
        await query('rollback to before')
      }
      await expect(query(`select public.create_tenant('key-made', 'Probe')`)).rejects.toMatchObject({
        code: 'PT401',
      })
      await query('rollback to before')
      for (const permission of ['read_admin', 'write', 'manage', 'own']) {
        expect((await query(`select private.tenant_ids('${permission}')`)).rows).toEqual([])
      }
      expect((await query('select private.is_trusted_caller() as it')).rows).toEqual([{ it: false }])
    })
  })

  it('claims without the setting are nobody, and a setting beside a user is the user', async () => {
    const claims = await claimsOf(whole, 'tenant:read')
    await asKey(claims, null, async (query) => {
      expect((await query('select from public.tenants')).rows).toEqual([])
    })
    const stranger = await makePerson()
    await asKey({ ...claims, sub: stranger.id }, claims.api_key, async (query) => {
      expect((await query('select from public.tenants')).rows).toEqual([])
    })
    // Another tenant's name in the claims leads to no key.
    await asKey({ ...claims, tenant_id: other.id }, claims.api_key, async (query) => {
      expect((await query('select from public.tenants')).rows).toEqual([])
    })
  })

  it('a token that claims a key is nobody to the REST API, though it is properly signed', async () => {
    const stranger = await makePerson()
    const claims = await claimsOf(whole, 'tenant:read')
    const read = async (token: string) => {
      const response = await fetch(`${stack.api_url}/rest/v1/tenants?select=id`, {
        headers: { apikey: stack.publishable_key, authorization: `Bearer ${token}` },
      })
      return response.ok ? await response.json() : []
    }
    expect(await read(owner.token)).toContainEqual({ id: tenant.id })
    expect(await read(await signToken(claims))).toEqual([])
    expect(await read(await signToken({ ...claims, sub: stranger.id }))).toEqual([])
    const settings = { 'tenantry.api_key': claims.api_key, user_metadata: claims, app_metadata: claims }
    expect(await read(await signToken({ ...claims, ...settings, sub: stranger.id }))).toEqual([])
    const throughFunction = await call(`/registry/tenants/${tenant.slug}`, {
      token: await signToken({ ...claims, sub: stranger.id }),
    })
    expect(throughFunction.status).toBe(404)
  })

  it('what proves a key is nobody’s to read', async () => {
    for (const [claims, setting] of [
      [{ sub: owner.id }, null],
      [await claimsOf(whole, 'tenant:read'), await idOf(whole)],
    ] as const) {
      for (const statement of [
        'select from private.api_key_secrets',
        'select from private.api_key_windows',
        `select private.find_api_key('\\x00')`,
        `select private.lease_api_key_requests('${tenant.id}', '${await idOf(whole)}', 1)`,
        `insert into public.api_keys (tenant_id, name, scopes, prefix) values ('${tenant.id}', 'x', '{usage:write}', 'AAAAAAAA')`,
        `update public.api_keys set scopes = '{usage:write}'`,
        'delete from public.api_keys',
      ]) {
        await asKey(claims, setting, async (query) => {
          await expect(query(statement), statement).rejects.toMatchObject({ code: '42501' })
        })
      }
    }
    await asKey({ sub: owner.id }, null, async (query) => {
      const { rows } = await query('select * from public.api_keys')
      expect(rows.length).toBeGreaterThan(0)
      expect(Object.keys(rows[0]!)).not.toEqual(expect.arrayContaining(['hash']))
    })
  })

  it('no scope can be made that leads', async () => {
    for (const [scope, permission] of [
      ['tenant:own', 'own'],
      ['tenant:manage', 'manage'],
      ['tenant:read', 'own'],
      ['members:read', 'write'],
    ]) {
      await expect(
        setup.query(`insert into private.api_scopes values ($1, $2, 'Probe')`, [scope, permission]),
      ).rejects.toMatchObject({ code: '23514', constraint: 'scope_reads_or_writes' })
    }
  })
})
