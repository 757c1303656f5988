import { request } from 'node:http'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { generateApiKey } from '../../../lib/auth/api-keys/format.ts'
import { ApiKey, ApiKeys, ApiKeyWithSecret } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { logEvent, makeKey } from './world.ts'

let owner: Person
let admin: Person
let member: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  admin = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, admin, member })
})

const at = (rest = '') => `/registry/tenants/${tenant.slug}/api-keys${rest}`
const create = (body: unknown, by = owner) => call(at(), { token: by.token, body })
const rotate = (ref: string, body: unknown = {}, by = owner) =>
  call(at(`/${ref}/rotate`), { token: by.token, body })
const revoke = (ref: string, by = owner) => call(at(`/${ref}`), { method: 'DELETE', token: by.token })
const list = async (by = owner) =>
  ApiKeys.parse(await (await call(at(), { token: by.token })).json()).api_keys
const freshName = () => `key ${crypto.randomUUID()}`

describe('a new key', () => {
  it('is shown once, and stored only as what proves it', async () => {
    const name = freshName()
    const response = await create({
      name,
      scopes: ['usage:write', 'brand:read', 'brand:read'],
      product: 'quiz',
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const made = ApiKeyWithSecret.parse(await response.json())
    expect(made).toMatchObject({
      name,
      prefix: made.key.slice(8, 16),
      scopes: ['brand:read', 'usage:write'],
      product: 'quiz',
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
    expect(JSON.stringify(await list())).not.toMatch(/argon2|lookup|tk_live_/)
  })

  it('of an admin works as one of an owner', async () => {
    const { key } = await makeKey(tenant, admin)
    expect((await logEvent(key)).status).toBe(200)
  })

  it('may have a name again once the one before was revoked', async () => {
    const name = freshName()
    const { ref_id } = await makeKey(tenant, owner, { name })
    const body = { name: name.toUpperCase(), scopes: ['brand:read'] }
    expect(await problemOf(await create(body))).toEqual({
      status: 409,
      code: 'conflict',
      pointers: ['/name'],
    })
    expect((await revoke(ref_id)).status).toBe(200)
    expect((await create(body)).status).toBe(201)
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
      expect({ body, ...(await problemOf(await create(body))) }).toEqual({
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
        await call(at(), { token: person.token }),
        await create({ name: freshName(), scopes: ['brand:read'] }, person),
        await rotate(ref_id, {}, person),
        await revoke(ref_id, person),
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
    expect((await revoke(ref_id, admin)).status).toBe(200)
  })

  it('name a key that is none: nobody', async () => {
    for (const ref of ['nonsense', '01M7WEMVE6F88A2P79KZB3EJTX', crypto.randomUUID()]) {
      expect(await problemOf(await revoke(ref))).toMatchObject({ status: 404, code: 'not_found' })
      expect(await problemOf(await rotate(ref))).toMatchObject({ status: 404, code: 'not_found' })
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

describe('revoking', () => {
  it('takes effect at the next request, though the function remembers the key', async () => {
    const { key, ref_id } = await makeKey(tenant, owner)
    expect((await logEvent(key)).status).toBe(200)
    expect(ApiKey.parse(await (await revoke(ref_id)).json()).revoked_at).not.toBeNull()
    const refused = await logEvent(key)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await problemOf(refused)).toEqual({ status: 401, code: 'invalid_api_key', pointers: [] })
  })

  it('twice is no mistake, and changes nothing more', async () => {
    const { ref_id } = await makeKey(tenant, owner)
    const first = ApiKey.parse(await (await revoke(ref_id)).json())
    expect(ApiKey.parse(await (await revoke(ref_id)).json())).toEqual(first)
  })

  it('during many requests lets none through that began after it', async () => {
    const { key, ref_id } = await makeKey(tenant, owner)
    let isRevoked = false
    const late: number[] = []
    const use = async () => {
      for (let n = 0; n < 12; n++) {
        const beganAfter = isRevoked
        const { status } = await logEvent(key)
        if (beganAfter) late.push(status)
      }
    }
    const uses = Array.from({ length: 6 }, use)
    await logEvent(key)
    expect((await revoke(ref_id)).status).toBe(200)
    isRevoked = true
    await Promise.all(uses)
    expect(late.length).toBeGreaterThan(0)
    expect(late.every((status) => status === 401)).toBe(true)
  })
})

describe('a request that is on its way when its key is revoked', () => {
  it('is refused by the first statement after it, and leaves nothing behind', async () => {
    const { key, ref_id } = await makeKey(tenant, owner)
    const body = '{"event_type":"key.late","source":"late"}'
    // The guard lets it in before the body is there.
    const { sent, answer } = startRequest(key, body.length)
    sent.write(body.slice(0, 10))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await revoke(ref_id)).status).toBe(200)
    sent.end(body.slice(10))
    const { status, challenge, text } = await answer
    expect(status).toBe(401)
    expect(challenge).toMatch(/^Bearer /)
    expect(JSON.parse(text)).toMatchObject({ code: 'invalid_api_key' })
    const { rows } = await setup.query(
      `select from public.usage_events where tenant_id = $1 and source = 'late'`,
      [tenant.id],
    )
    expect(rows).toEqual([])
  })

  function startRequest(key: string, length: number) {
    const sent = request(`${inject('stack').api_url}/functions/v1/usage/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': length,
      },
    })
    const answer = new Promise<{ status: number; challenge: string; text: string }>((resolve, reject) => {
      sent.once('error', reject)
      sent.once('response', async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        const challenge = String(response.headers['www-authenticate'])
        resolve({ status: response.statusCode ?? 0, challenge, text })
      })
    })
    return { sent, answer }
  }
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

describe('rotating', () => {
  it('gives a new key at once, and ends the old one after the overlap', async () => {
    const old = await makeKey(tenant, owner, {
      rate_limit_per_minute: 77,
      product: 'quiz',
      scopes: ['usage:write'],
    })
    const answer = await rotate(old.ref_id, { overlap_seconds: 2 })
    expect(answer.status).toBe(201)
    const fresh = ApiKeyWithSecret.parse(await answer.json())
    expect(fresh).toMatchObject({
      rate_limit_per_minute: 77,
      product: 'quiz',
      scopes: ['usage:write'],
      expires_at: null,
    })
    expect(fresh.key).not.toBe(old.key)
    expect((await logEvent(old.key)).status).toBe(200)
    expect((await logEvent(fresh.key)).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    expect((await logEvent(old.key)).status).toBe(401)
    expect((await logEvent(fresh.key)).status).toBe(200)
  })

  it('without an overlap ends the old one now', async () => {
    const old = await makeKey(tenant, owner)
    expect((await logEvent(old.key)).status).toBe(200)
    expect((await rotate(old.ref_id)).status).toBe(201)
    expect((await logEvent(old.key)).status).toBe(401)
  })

  it('makes a key that expires no later than it would have, and gives the new one as long a life', async () => {
    const life = 3_600_000
    const old = await makeKey(tenant, owner, { expires_at: new Date(Date.now() + life).toISOString() })
    const fresh = ApiKeyWithSecret.parse(
      await (await rotate(old.ref_id, { overlap_seconds: 604_800 })).json(),
    )
    const ended = (await list()).find(({ ref_id }) => ref_id === old.ref_id)!
    expect(Date.parse(String(ended.expires_at))).toBeLessThan(Date.now() + life)
    expect(ended.replaced_at).not.toBeNull()
    expect(Math.abs(Date.parse(String(fresh.expires_at)) - Date.now() - life)).toBeLessThan(60_000)
  })

  it('twice at once makes one successor', async () => {
    const { ref_id } = await makeKey(tenant, owner)
    const answers = await Promise.all([1, 2, 3, 4].map(() => rotate(ref_id, { overlap_seconds: 60 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
  })

  it('is refused for a key that has ended, and for an overlap that is none', async () => {
    const revoked = await makeKey(tenant, owner)
    await revoke(revoked.ref_id)
    const replaced = await makeKey(tenant, owner)
    await rotate(replaced.ref_id, { overlap_seconds: 60 })
    for (const { ref_id } of [revoked, replaced]) {
      expect(await problemOf(await rotate(ref_id))).toMatchObject({ status: 409, code: 'api_key_ended' })
    }
    const live = await makeKey(tenant, owner)
    for (const overlap_seconds of [-1, 604_801, 1.5, '60', null]) {
      expect(await problemOf(await rotate(live.ref_id, { overlap_seconds }))).toMatchObject({
        status: 422,
        pointers: ['/overlap_seconds'],
      })
    }
  })
})
