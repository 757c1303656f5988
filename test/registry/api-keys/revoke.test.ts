import { request } from 'node:http'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { ApiKey } from '../../../lib/registry/index.ts'
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
  keys = keyRoutes(tenant, owner)
})

describe('revoking', () => {
  it('takes effect at the next request, though the function remembers the key', async () => {
    const { key, ref_id } = await makeKey(tenant, owner)
    expect((await logEvent(key)).status).toBe(200)
    expect(ApiKey.parse(await (await keys.revoke(ref_id)).json()).revoked_at).not.toBeNull()
    const refused = await logEvent(key)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await problemOf(refused)).toEqual({ status: 401, code: 'invalid_api_key', pointers: [] })
  })

  it('twice is no mistake, and changes nothing more', async () => {
    const { ref_id } = await makeKey(tenant, owner)
    const first = ApiKey.parse(await (await keys.revoke(ref_id)).json())
    expect(ApiKey.parse(await (await keys.revoke(ref_id)).json())).toEqual(first)
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
    expect((await keys.revoke(ref_id)).status).toBe(200)
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
    expect((await keys.revoke(ref_id)).status).toBe(200)
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
