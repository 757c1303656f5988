import { beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { ask, makeEndpoint, makeWorld, patch, post, remove, url, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

describe('who may', () => {
  it('see and change endpoints: managers, of their own tenant', async () => {
    const { ref_id } = await makeEndpoint(world)
    const stranger = await makePerson()
    const elsewhere: World = { ...world, owner: stranger, tenant: await makeTenant({ owner: stranger }) }
    for (const [person, status, code] of [
      [world.member, 403, 'forbidden'],
      [stranger, 404, 'tenant_not_found'],
    ] as const) {
      const attempts = [
        await ask(world, '/endpoints', { token: person.token }),
        await ask(world, `/endpoints/${ref_id}`, { token: person.token }),
        await ask(world, `/endpoints/${ref_id}/secret`, { token: person.token }),
        await ask(world, `/endpoints/${ref_id}/stats`, { token: person.token }),
        await post(world, '/endpoints', { url }, person),
        await patch(world, ref_id, { disabled: true }, person),
        await remove(world, ref_id, person),
        await post(world, `/endpoints/${ref_id}/secret/rotate`, {}, person),
        await post(world, `/endpoints/${ref_id}/test`, {}, person),
        await post(world, `/endpoints/${ref_id}/replay`, { since: '2026-01-01T00:00:00Z' }, person),
      ]
      for (const attempt of attempts) expect(await problemOf(attempt)).toMatchObject({ status, code })
    }
    // The owner of another tenant, naming our endpoint under theirs.
    const attempts = [
      await ask(elsewhere, `/endpoints/${ref_id}`),
      await ask(elsewhere, `/endpoints/${ref_id}/secret`),
      await ask(elsewhere, `/endpoints/${ref_id}/stats`),
      await patch(elsewhere, ref_id, { disabled: true }),
      await patch(elsewhere, ref_id, { url }),
      await remove(elsewhere, ref_id),
      await post(elsewhere, `/endpoints/${ref_id}/secret/rotate`, {}),
      await post(elsewhere, `/endpoints/${ref_id}/test`, {}),
      await post(elsewhere, `/endpoints/${ref_id}/poll`, {}),
    ]
    for (const attempt of attempts)
      expect(await problemOf(attempt)).toEqual({ status: 404, code: 'not_found', pointers: [] })
    expect((await patch(world, ref_id, { description: 'by an admin' }, world.admin)).status).toBe(200)
  })

  it('name an endpoint that is none: nobody', async () => {
    for (const ref of ['nonsense', '01M7WEMVE6F88A2P79KZB3EJTX', crypto.randomUUID(), '%00', "'", '..']) {
      // ".." leads a client to the statistics of all endpoints, which is another route.
      if (ref !== '..')
        expect((await ask(world, `/endpoints/${ref}/stats`)).status, ref).toBeGreaterThanOrEqual(400)
      expect((await patch(world, ref, { disabled: true })).status, ref).toBeGreaterThanOrEqual(400)
    }
  })
})
