import { beforeAll, describe, expect, it } from 'vitest'
import { Endpoints } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { ask, list, makeEndpoint, makeWorld, patch, post, read, remove, url, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

describe('a new endpoint', () => {
  it('wants every type that is not operational, and is enabled', async () => {
    const response = await post(world, '/endpoints', { url })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { secret, public_key, ...shown } = (await response.json()) as Record<string, unknown>
    expect(shown).toEqual({
      ref_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      kind: 'push',
      url,
      description: '',
      event_types: null,
      scheme: 'hmac',
      header_names: [],
      static_header: null,
      rate_limit_per_second: null,
      disabled: false,
      disabled_at: null,
      disabled_reason: null,
      previous_secret_expires_at: null,
      expires_at: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(public_key).toBeNull()
    // What was shown once is in no other answer.
    expect(JSON.stringify([await list(world), await read(world, String(shown.ref_id))])).not.toContain(
      String(secret),
    )
  })

  it('names the types it wants, each once', async () => {
    const event_types = [
      'campaign.created',
      'endpoint.recovered',
      'campaign.created',
      'campaign.updated',
      'endpoint.recovered',
    ]
    const made = await makeEndpoint(world, { event_types })
    expect(made.event_types).toEqual(['campaign.created', 'campaign.updated', 'endpoint.recovered'])
  })

  it('is refused for types that are none, and says which', async () => {
    const sent = {
      url,
      event_types: ['campaign.created', 'campaign.nope', '', 'Campaign.created', 'campaign.created', '💥'],
    }
    const response = await post(world, '/endpoints', sent)
    expect(await problemOf(response)).toEqual({
      status: 422,
      code: 'unknown_event_type',
      pointers: ['/event_types/1', '/event_types/2', '/event_types/3', '/event_types/5'],
    })
  })

  it('of the kind poll has no URL, and nothing that is for sending', async () => {
    const polled = await makeEndpoint(world, { kind: 'poll', description: 'Behind a firewall' })
    expect(polled).toMatchObject({ kind: 'poll', url: null })
    expect(await problemOf(await post(world, '/endpoints', { kind: 'poll', url }))).toMatchObject({
      code: 'invalid_body',
      pointers: ['/url'],
    })
    for (const [extra, pointer] of [
      [{ headers: { 'x-a': 'b' } }, '/headers'],
      [{ static_header: { name: 'x-a', value: 'b' } }, '/headers'],
      [{ rate_limit_per_second: 5 }, '/rate_limit_per_second'],
    ] as const) {
      const refused = { status: 422, code: 'invalid_value', pointers: [pointer] }
      expect(await problemOf(await post(world, '/endpoints', { kind: 'poll', ...extra }))).toEqual(refused)
      expect(await problemOf(await patch(world, polled.ref_id, extra))).toEqual(refused)
    }
    expect(await problemOf(await patch(world, polled.ref_id, { url }))).toMatchObject({
      code: 'invalid_value',
      pointers: ['/url'],
    })
  })

  it('is refused when it does not fit', async () => {
    const wrong: [unknown, string, string[]][] = [
      [{}, 'invalid_body', ['/url']],
      [{ url: '' }, 'invalid_body', ['/url']],
      [{ url: 7 }, 'invalid_body', ['/url']],
      [{ url: null }, 'invalid_body', ['/url']],
      [{ url: `${url}/${'a'.repeat(2_048)}` }, 'invalid_body', ['/url']],
      // Short as it is written, and too long as a request spells it.
      [{ url: `${url}/${'é'.repeat(1_000)}` }, 'invalid_value', ['/url']],
      [{ url, kind: 'pull' }, 'invalid_body', ['/kind']],
      [{ url, description: 'a'.repeat(501) }, 'invalid_body', ['/description']],
      [{ url, description: 'right\u202eleft' }, 'invalid_value', ['/description']],
      [{ url, description: 'nul\u0000' }, 'invalid_body', ['/description']],
      [{ url, event_types: [] }, 'invalid_body', ['/event_types']],
      [{ url, event_types: 'campaign.created' }, 'invalid_body', ['/event_types']],
      [{ url, event_types: [['campaign.created']] }, 'invalid_body', ['/event_types/0']],
      [{ url, event_types: Array(201).fill('campaign.created') }, 'invalid_body', ['/event_types']],
      [{ url, event_types: ['p'.repeat(201)] }, 'invalid_body', ['/event_types/0']],
      [{ url, rate_limit_per_second: 0 }, 'invalid_body', ['/rate_limit_per_second']],
      [{ url, rate_limit_per_second: 10_001 }, 'invalid_body', ['/rate_limit_per_second']],
      [{ url, rate_limit_per_second: 1.5 }, 'invalid_body', ['/rate_limit_per_second']],
      [{ url, headers: [] }, 'invalid_body', ['/headers']],
      [{ url, static_header: 'X-Deal-Secret' }, 'invalid_body', ['/static_header']],
      [{ url, static_header: { name: 'X-Deal-Secret' } }, 'invalid_body', ['/static_header/value']],
      [{ url, tenant_id: world.tenant.id }, 'invalid_body', ['/tenant_id']],
      [{ url, secret_id: world.tenant.id }, 'invalid_body', ['/secret_id']],
      [{ url, disabled: true }, 'invalid_body', ['/disabled']],
    ]
    for (const [body, code, pointers] of wrong) {
      const answer = await problemOf(await post(world, '/endpoints', body))
      expect({ body, ...answer }).toEqual({ body, status: 422, code, pointers })
    }
  })

  it('may say what it is in any language', async () => {
    const description = 'Nebenstelle Zürich · 東京 · مكتب · 🚀'
    expect(await makeEndpoint(world, { description })).toMatchObject({ description })
  })
})

describe('the limit of the plan', () => {
  it('holds, however often one tries', async () => {
    const crowded = await makeWorld()
    await superuser.query(`update public.tenants set plan = 'business' where id = $1`, [crowded.tenant.id])
    const statuses: number[] = []
    let refusal = ''
    for (let n = 0; n < 300; n++) {
      const response = await post(crowded, '/endpoints', { url })
      statuses.push(response.status)
      refusal = await response.text()
    }
    expect(statuses).toEqual([...Array(50).fill(201), ...Array(250).fill(402)])
    expect(JSON.parse(refusal)).toMatchObject({
      code: 'limit_reached',
      limit: 'webhook_endpoints',
      most: 50,
      plan: 'business',
      plans: ['enterprise'],
    })
    // The next page is what the first says, and holds the rest.
    const first = Endpoints.parse(await (await ask(crowded, '/endpoints?limit=30')).json())
    const rest = Endpoints.parse(await (await ask(crowded, `/endpoints?cursor=${first.next_cursor}`)).json())
    const refs = [...first.endpoints, ...rest.endpoints].map(({ ref_id }) => ref_id)
    expect(refs).toEqual([...new Set(refs)].sort().reverse())
    expect([refs.length, rest.next_cursor]).toEqual([50, null])
  })

  it('lets one of twenty in that come at once for the last place', async () => {
    const crowded = await makeWorld()
    const plan = `probe_${crowded.tenant.ref_id.toLowerCase()}`
    await superuser.query(
      // A plan for a time is offered to nobody, in the tests that run meanwhile neither.
      `insert into public.plans (plan, name, price_minor, trial_days, features, limits)
       values ($1, 'Probe', 1, 1, '{webhooks}', '{"webhook_endpoints": 4}')`,
      [plan],
    )
    await superuser.query('update public.tenants set plan = $2 where id = $1', [crowded.tenant.id, plan])
    for (let n = 0; n < 3; n++) await makeEndpoint(crowded)
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(crowded, '/endpoints', { url })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(402)])
    expect(await list(crowded)).toHaveLength(4)
    // A place is free again once one is deleted.
    const [endpoint] = await list(crowded)
    expect((await remove(crowded, endpoint!.ref_id)).status).toBe(204)
    expect((await post(crowded, '/endpoints', { url })).status).toBe(201)
    await superuser.query(`update public.tenants set plan = 'starter' where id = $1`, [crowded.tenant.id])
    await superuser.query('delete from public.plans where plan = $1', [plan])
  })
})
