import { beforeAll, describe, expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person, signToken } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { allScopes, type MadeKey, makeKey } from './world.ts'

const stack = inject('stack')
let owner: Person
let tenant: Tenant
let other: Tenant
let whole: MadeKey
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  other = await makeTenant({ owner: await makePerson() })
  whole = await makeKey(tenant, owner)
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

  it('a person passes a scope by the permission that it stands for, and no scope that is none', async () => {
    const people = { admin: await makePerson(), member: await makePerson() }
    const staffed = await makeTenant(people)
    const asks = (person: Person, scope: string) =>
      asKey({ sub: person.id }, null, (query) =>
        query(`select private.require_permission('${staffed.id}', '${scope}')`),
      )
    const refused = { code: 'PT403', message: 'forbidden' }
    for (const scope of allScopes) await asks(people.admin, scope)
    for (const scope of ['usage:write', 'webhooks:write', 'brand:read', 'entitlements:read'])
      await asks(people.member, scope)
    for (const scope of [
      'endpoints:write',
      'endpoints:read',
      'replays:write',
      'deliveries:read',
      'audit:read',
    ])
      await expect(asks(people.member, scope), scope).rejects.toMatchObject(refused)
    for (const scope of ['x:write', 'x:read', ':', 'tenant:', ':read', 'usage:count'])
      await expect(asks(people.admin, scope), scope).rejects.toMatchObject(refused)
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
        ...['manage', 'own', 'read', 'read_admin', 'tenant:own', 'tenant:manage', '', ':', 'x:read'].map(
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
      for (const permission of ['read', 'read_admin', 'write', 'manage', 'own', 'export']) {
        expect((await query(`select private.tenant_ids('${permission}') as ids`)).rows).toEqual([{ ids: [] }])
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
      ['members:read', 'manage'],
      ['members:export', 'export'],
      ['members:write', 'read_admin'],
      ['members:write', 'own'],
      ['members:manage', 'manage'],
    ]) {
      await expect(
        setup.query(`insert into private.api_scopes values ($1, $2, 'Probe')`, [scope, permission]),
      ).rejects.toMatchObject({ code: '23514', constraint: 'scope_reads_or_writes' })
    }
  })
})
