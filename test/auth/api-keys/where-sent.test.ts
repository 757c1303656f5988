import { beforeAll, describe, expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { type MadeKey, makeKey } from '../../registry/api-keys/world.ts'

const stack = inject('stack')
let whole: MadeKey
beforeAll(async () => {
  const owner = await makePerson()
  whole = await makeKey(await makeTenant({ owner }), owner)
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
