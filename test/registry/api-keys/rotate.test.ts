import { beforeAll, describe, expect, it } from 'vitest'
import { ApiKeyWithSecret } from '../../../lib/registry/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type KeyRoutes, keyRoutes, logEvent, makeKey } from './world.ts'

let owner: Person
let tenant: Tenant
let keys: KeyRoutes
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await setup.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'bots')`, [
    tenant.id,
  ])
  keys = keyRoutes(tenant, owner)
})

describe('rotating', () => {
  it('gives a new key at once, and ends the old one after the overlap', async () => {
    const old = await makeKey(tenant, owner, {
      rate_limit_per_minute: 77,
      product: 'bots',
      scopes: ['usage:write'],
    })
    const answer = await keys.rotate(old.ref_id, { overlap_seconds: 2 })
    expect(answer.status).toBe(201)
    const fresh = ApiKeyWithSecret.parse(await answer.json())
    expect(fresh).toMatchObject({
      rate_limit_per_minute: 77,
      product: 'bots',
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
    expect((await keys.rotate(old.ref_id)).status).toBe(201)
    expect((await logEvent(old.key)).status).toBe(401)
  })

  it('makes a key that expires no later than it would have, and gives the new one as long a life', async () => {
    const life = 3_600_000
    const old = await makeKey(tenant, owner, { expires_at: new Date(Date.now() + life).toISOString() })
    const fresh = ApiKeyWithSecret.parse(
      await (await keys.rotate(old.ref_id, { overlap_seconds: 604_800 })).json(),
    )
    const ended = (await keys.list()).find(({ ref_id }) => ref_id === old.ref_id)!
    expect(Date.parse(String(ended.expires_at))).toBeLessThan(Date.now() + life)
    expect(ended.replaced_at).not.toBeNull()
    expect(Math.abs(Date.parse(String(fresh.expires_at)) - Date.now() - life)).toBeLessThan(60_000)
  })

  it('twice at once makes one successor', async () => {
    const { ref_id } = await makeKey(tenant, owner)
    const answers = await Promise.all([1, 2, 3, 4].map(() => keys.rotate(ref_id, { overlap_seconds: 60 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
  })

  it('is refused for a key that has ended, and for an overlap that is none', async () => {
    const revoked = await makeKey(tenant, owner)
    await keys.revoke(revoked.ref_id)
    const replaced = await makeKey(tenant, owner)
    await keys.rotate(replaced.ref_id, { overlap_seconds: 60 })
    for (const { ref_id } of [revoked, replaced]) {
      expect(await problemOf(await keys.rotate(ref_id))).toMatchObject({ status: 409, code: 'api_key_ended' })
    }
    const live = await makeKey(tenant, owner)
    for (const overlap_seconds of [-1, 604_801, 1.5, '60', null]) {
      expect(await problemOf(await keys.rotate(live.ref_id, { overlap_seconds }))).toMatchObject({
        status: 422,
        pointers: ['/overlap_seconds'],
      })
    }
  })
})
