import { expect, expectTypeOf, inject, it } from 'vitest'
import { createClient, type Item, type ListPath, type Schemas } from '../../lib/client/index.ts'
import { makePerson } from '../kit/people.ts'
import { makeTenant } from '../kit/tenants.ts'

it('a list of the running stack gives every item once, newest first, over several pages', async () => {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner })
  let requests = 0
  const client = createClient({
    url: inject('stack').api_url,
    accessToken: owner.token,
    tenant: tenant.slug,
    fetch: (...given) => {
      requests++
      return fetch(...given)
    },
  })
  const made: string[] = []
  for (let count = 0; count < 5; count++) {
    const { data } = await client.POST('/webhooks/endpoints', { body: { kind: 'poll' } })
    made.unshift(data.ref_id)
  }
  requests = 0
  const found: string[] = []
  for await (const endpoint of client.list('/webhooks/endpoints', { params: { query: { limit: 2 } } })) {
    expectTypeOf(endpoint).toEqualTypeOf<Schemas['WebhookEndpoint']>()
    found.push(endpoint.ref_id)
  }
  expect(found).toEqual(made)
  expect(requests).toBe(3)
})

it('the compiler knows which paths are lists, and what is in them', () => {
  expectTypeOf<Item<'/registry/tenants'>>().toEqualTypeOf<Schemas['Tenant']>()
  expectTypeOf<'/branding/brand'>().not.toExtend<ListPath>()
  expectTypeOf<'/branding/by-slug/{slug}'>().not.toExtend<ListPath>()
})
