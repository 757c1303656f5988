import { beforeAll, describe, expect, it } from 'vitest'
import { generateApiKey } from '../../../lib/auth/api-keys/format.ts'
import { ApiKeyWithSecret } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshName, type KeyRoutes, keyRoutes, logEvent, makeKey } from './world.ts'

let owner: Person
let admin: Person
let member: Person
let tenant: Tenant
let keys: KeyRoutes
beforeAll(async () => {
  owner = await makePerson()
  admin = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, admin, member })
  await setup.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'bots')`, [
    tenant.id,
  ])
  keys = keyRoutes(tenant, owner)
})

describe('a new key', () => {
  it('is shown once, and stored only as what proves it', async () => {
    const name = freshName()
    const response = await keys.create({
      name,
      scopes: ['usage:write', 'brand:read', 'brand:read'],
      product: 'bots',
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const made = ApiKeyWithSecret.parse(await response.json())
    expect(made).toMatchObject({
      name,
      prefix: made.key.slice(8, 16),
      scopes: ['brand:read', 'usage:write'],
      product: 'bots',
      rate_limit_per_minute: 6000,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    })
    const { rows } = await setup.query(
      `select k.*, s.hash, encode(s.lookup, 'hex') as lookup from public.api_keys as k
       join private.api_key_secrets as s on s.tenant_id = k.tenant_id and s.api_key_id = k.id where k.ref_id = $1`,
      [made.ref_id],
    )
    expect(rows[0]).toMatchObject({ tenant_id: tenant.id, created_by: owner.id, prefix: made.prefix })
    expect(rows[0].hash).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/)
    expect(JSON.stringify(rows)).not.toContain(made.key.slice(16, 59))
    expect(JSON.stringify(await keys.list())).not.toMatch(/argon2|lookup|tk_live_/)
  })

  it('of an admin works as one of an owner', async () => {
    const { key } = await makeKey(tenant, admin)
    expect((await logEvent(key)).status).toBe(200)
  })

  it('may have a name again once the one before was revoked', async () => {
    const name = freshName()
    const { ref_id } = await makeKey(tenant, owner, { name })
    const body = { name: name.toUpperCase(), scopes: ['brand:read'] }
    expect(await problemOf(await keys.create(body))).toEqual({
      status: 409,
      code: 'conflict',
      pointers: ['/name'],
    })
    expect((await keys.revoke(ref_id)).status).toBe(200)
    expect((await keys.create(body)).status).toBe(201)
  })

  it('is refused when it does not fit', async () => {
    const good = { name: freshName(), scopes: ['usage:write'] }
    const wrong: [unknown, string, string[]][] = [
      [{ ...good, name: '' }, 'invalid_body', ['/name']],
      [{ ...good, name: ' \t ' }, 'invalid_body', ['/name']],
      [{ ...good, name: 'a'.repeat(101) }, 'invalid_body', ['/name']],
      [{ ...good, name: 'right\u202eleft' }, 'invalid_value', ['/name']],
      [{ ...good, scopes: [] }, 'invalid_body', ['/scopes']],
      [{ ...good, scopes: ['tenant:own'] }, 'invalid_value', ['/scopes']],
      [{ ...good, scopes: ['usage:write', '*'] }, 'invalid_value', ['/scopes']],
      [{ ...good, scopes: ['manage'] }, 'invalid_value', ['/scopes']],
      [{ ...good, scopes: 'usage:write' }, 'invalid_body', ['/scopes']],
      [{ ...good, product: 'Two Words' }, 'invalid_body', ['/product']],
      [{ ...good, expires_at: '2020-01-01T00:00:00Z' }, 'invalid_value', ['/expires_at']],
      [{ ...good, expires_at: 'tomorrow' }, 'invalid_body', ['/expires_at']],
      [{ ...good, rate_limit_per_minute: 0 }, 'invalid_body', ['/rate_limit_per_minute']],
      [{ ...good, rate_limit_per_minute: 1.5 }, 'invalid_body', ['/rate_limit_per_minute']],
      [{ ...good, prefix: 'AAAAAAAA' }, 'invalid_body', ['/prefix']],
      [{ ...good, tenant_id: tenant.id }, 'invalid_body', ['/tenant_id']],
    ]
    for (const [body, code, pointers] of wrong) {
      expect({ body, ...(await problemOf(await keys.create(body))) }).toEqual({
        body,
        status: 422,
        code,
        pointers,
      })
    }
  })
})

describe('who may', () => {
  it('see, make, rotate and revoke keys: managers, of their own tenant', async () => {
    const { ref_id } = await makeKey(tenant, owner)
    const stranger = await makePerson()
    const elsewhere = await makeTenant({ owner: stranger })
    for (const [person, status, code] of [
      [member, 403, 'forbidden'],
      [stranger, 404, 'tenant_not_found'],
    ] as const) {
      const attempts = [
        await call(keys.at(), { token: person.token }),
        await keys.create({ name: freshName(), scopes: ['brand:read'] }, person),
        await keys.rotate(ref_id, {}, person),
        await keys.revoke(ref_id, person),
      ]
      for (const attempt of attempts) expect(await problemOf(attempt)).toMatchObject({ status, code })
    }
    // The owner of another tenant, naming our key under theirs.
    for (const [method, rest] of [
      ['DELETE', ''],
      ['POST', '/rotate'],
    ]) {
      const path = `/registry/tenants/${elsewhere.slug}/api-keys/${ref_id}${rest}`
      const attempt = await call(path, { method: method!, token: stranger.token, ...(rest && { body: {} }) })
      expect(await problemOf(attempt)).toMatchObject({ status: 404, code: 'not_found' })
    }
    expect((await keys.revoke(ref_id, admin)).status).toBe(200)
  })

  it('name a key that is none: nobody', async () => {
    for (const ref of ['nonsense', '01M7WEMVE6F88A2P79KZB3EJTX', crypto.randomUUID()]) {
      expect(await problemOf(await keys.revoke(ref))).toMatchObject({ status: 404, code: 'not_found' })
      expect(await problemOf(await keys.rotate(ref))).toMatchObject({ status: 404, code: 'not_found' })
    }
  })

  it('revoke a key, but make none, in a frozen tenant: managers', async () => {
    const people = { owner: await makePerson(), member: await makePerson() }
    const frozen = await makeTenant(people)
    const { ref_id, key } = await makeKey(frozen, people.owner)
    await setup.query(`update public.tenants set status = 'frozen' where id = $1`, [frozen.id])
    const path = `/registry/tenants/${frozen.slug}/api-keys`
    const refused = [
      await call(path, { token: people.owner.token, body: { name: 'new', scopes: ['brand:read'] } }),
      await call(`${path}/${ref_id}/rotate`, { token: people.owner.token, body: {} }),
    ]
    for (const attempt of refused) expect(await problemOf(attempt)).toMatchObject({ code: 'tenant_frozen' })
    // The key shares the tenant's fate: it still reads.
    expect(await problemOf(await logEvent(key))).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect((await call('/branding/brand', { token: key })).status).toBe(200)
    const revocation = (token: string) => call(`${path}/${ref_id}`, { method: 'DELETE', token })
    expect((await revocation(people.member.token)).status).toBe(403)
    expect((await revocation(people.owner.token)).status).toBe(200)
    expect((await call('/branding/brand', { token: key })).status).toBe(401)
  })
})

describe('a key with an end', () => {
  it('works until then and answers afterwards as one that never was', async () => {
    const expires_at = new Date(Date.now() + 1_500).toISOString()
    const { key } = await makeKey(tenant, owner, { expires_at })
    expect((await logEvent(key)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 1_600))
    const said = async (text: string) => {
      const { request_id: _, ...document } = (await (await logEvent(text)).json()) as Record<string, unknown>
      return document
    }
    expect(await said(key)).toEqual(await said(generateApiKey().key))
    expect(await said(key)).toEqual(await said(`${key.slice(0, -1)}!`))
  })
})
