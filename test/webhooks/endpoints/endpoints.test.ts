import { beforeAll, describe, expect, it } from 'vitest'
import { Endpoints } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin as setup, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import {
  ask,
  countInVault,
  emit,
  eventually,
  list,
  makeEndpoint,
  makeWorld,
  patch,
  post,
  read,
  secretsOf,
  vaultIds,
  type World,
} from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
const url = 'https://hooks.example.com/in'
const remove = (of: World, ref: string, by = of.owner) =>
  ask(of, `/endpoints/${ref}`, { method: 'DELETE', token: by.token })

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
  it('is fifty where the plan says nothing, however often one tries', async () => {
    const crowded = await makeWorld()
    const statuses: number[] = []
    let refusal = ''
    for (let n = 0; n < 300; n++) {
      const response = await post(crowded, '/endpoints', { url })
      statuses.push(response.status)
      refusal = await response.text()
    }
    expect(statuses).toEqual([...Array(50).fill(201), ...Array(250).fill(403)])
    expect(JSON.parse(refusal)).toMatchObject({
      code: 'too_many_endpoints',
      detail: 'Your plan allows 50 webhook endpoints. Delete one before you create another.',
    })
    // The next page is what the first says, and holds the rest.
    const first = Endpoints.parse(await (await ask(crowded, '/endpoints?limit=30')).json())
    const rest = Endpoints.parse(await (await ask(crowded, `/endpoints?cursor=${first.next_cursor}`)).json())
    const refs = [...first.endpoints, ...rest.endpoints].map(({ ref_id }) => ref_id)
    expect(refs).toEqual([...new Set(refs)].sort().reverse())
    expect([refs.length, rest.next_cursor]).toEqual([50, null])
  }, 120_000)

  it('lets one of twenty in that come at once for the last place', async () => {
    const crowded = await makeWorld()
    const plan = `probe_${crowded.tenant.ref_id.toLowerCase()}`
    await superuser.query(
      `insert into public.plans (plan, name, price_minor, limits) values ($1, 'Probe', 1, '{"webhook_endpoints": 4}')`,
      [plan],
    )
    await superuser.query('update public.tenants set plan = $2 where id = $1', [crowded.tenant.id, plan])
    for (let n = 0; n < 3; n++) await makeEndpoint(crowded)
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(crowded, '/endpoints', { url })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(403)])
    expect(await list(crowded)).toHaveLength(4)
    // A place is free again once one is deleted.
    const [endpoint] = await list(crowded)
    expect((await remove(crowded, endpoint!.ref_id)).status).toBe(204)
    expect((await post(crowded, '/endpoints', { url })).status).toBe(201)
    await superuser.query(`update public.tenants set plan = 'starter' where id = $1`, [crowded.tenant.id])
    await superuser.query('delete from public.plans where plan = $1', [plan])
  })
})

describe('a change', () => {
  it('touches what it names and leaves the rest', async () => {
    const made = await makeEndpoint(world, {
      description: 'before',
      event_types: ['campaign.created'],
      rate_limit_per_second: 7,
    })
    const { secret: _, public_key: __, ...before } = made
    const change = async (body: unknown) => (await patch(world, made.ref_id, body)).json()
    const updated_at = expect.any(String)
    expect(await change({ description: 'after' })).toEqual({ ...before, description: 'after', updated_at })
    expect(await change({ event_types: null, rate_limit_per_second: null })).toMatchObject({
      event_types: null,
      rate_limit_per_second: null,
      description: 'after',
      url,
    })
    expect(await change({ url: 'https://Other.Example.com:8443/x#top' })).toMatchObject({
      url: 'https://other.example.com:8443/x',
    })
    expect(await read(world, made.ref_id)).toMatchObject({ description: 'after', event_types: null })
  })

  it('makes a new revision where it changes what is sent or where to, and otherwise not', async () => {
    const { ref_id } = await makeEndpoint(world, { headers: { 'x-a': '1' } })
    let { revision } = await secretsOf(ref_id)
    const isNewAfter = async (body: unknown) => {
      expect((await patch(world, ref_id, body)).status).toBe(200)
      const before = revision
      revision = (await secretsOf(ref_id)).revision
      return revision !== before
    }
    expect(await isNewAfter({ url: 'https://other.example.com/' })).toBe(true)
    expect(await isNewAfter({ headers: { 'x-a': '2' } })).toBe(true)
    expect(await isNewAfter({ static_header: { name: 'x-b', value: '3' } })).toBe(true)
    expect(await isNewAfter({ headers: { 'x-a': '2' } })).toBe(false)
    expect(await isNewAfter({ url: 'https://other.example.com/' })).toBe(false)
    expect(await isNewAfter({ description: 'new', event_types: ['campaign.created'], disabled: true })).toBe(
      false,
    )
  })

  it('is refused when it does not fit, and then changes nothing', async () => {
    const { ref_id } = await makeEndpoint(world)
    const before = await read(world, ref_id)
    const wrong: [unknown, string, string[]][] = [
      [{}, 'invalid_body', ['']],
      [{ url: null }, 'invalid_body', ['/url']],
      [{ url: 'http://hooks.example.com/' }, 'invalid_value', ['/url']],
      [{ description: 'new', event_types: ['campaign.nope'] }, 'unknown_event_type', ['/event_types/0']],
      [{ event_types: [] }, 'invalid_body', ['/event_types']],
      [{ disabled: 'true' }, 'invalid_body', ['/disabled']],
      [{ disabled: null }, 'invalid_body', ['/disabled']],
      [{ description: 'new', kind: 'poll' }, 'invalid_body', ['/kind']],
      [{ description: 'new', secret: 'whsec_x' }, 'invalid_body', ['/secret']],
      [{ description: 'new', headers: { Host: 'x' } }, 'invalid_value', ['/headers/Host']],
    ]
    for (const [body, code, pointers] of wrong) {
      const answer = await problemOf(await patch(world, ref_id, body))
      expect({ body, ...answer }).toEqual({ body, status: 422, code, pointers })
    }
    expect(await read(world, ref_id)).toEqual(before)
  })

  it('of many at once loses none of them', async () => {
    const { ref_id } = await makeEndpoint(world)
    const names = Array.from({ length: 12 }, (_, n) => `x-header-${n}`)
    const answers = await Promise.all(
      names.map((name) => patch(world, ref_id, { headers: { [name]: name } })),
    )
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    expect((await read(world, ref_id)).header_names).toEqual([...names].sort())
    expect((await secretsOf(ref_id)).headers).toEqual(Object.fromEntries(names.map((name) => [name, name])))
  })
})

describe('disabling', () => {
  it('says by whom, and enabling forgets it; the queue begins anew', async () => {
    const { ref_id } = await makeEndpoint(world)
    const disabled = await patch(world, ref_id, { disabled: true })
    expect(await disabled.json()).toMatchObject({
      disabled: true,
      disabled_reason: 'by_hand',
      disabled_at: expect.any(String),
    })
    const again = await patch(world, ref_id, { disabled: true, description: 'still' })
    expect(await again.json()).toMatchObject({ disabled: true, disabled_reason: 'by_hand' })
    await superuser.query(
      `update private.webhook_endpoint_queues as l set failure_count = 9, failing_since_at = now(), blocked_until_at = 'infinity'
       from public.webhook_endpoints as e where e.id = l.endpoint_id and e.ref_id = $1`,
      [ref_id],
    )
    const enabled = await patch(world, ref_id, { disabled: false })
    expect(await enabled.json()).toMatchObject({ disabled: false, disabled_reason: null, disabled_at: null })
    const { rows } = await superuser.query(
      `select failure_count, failing_since_at, blocked_until_at = '-infinity' as is_open from private.webhook_endpoint_queues as l
       join public.webhook_endpoints as e on e.id = l.endpoint_id where e.ref_id = $1`,
      [ref_id],
    )
    expect(rows).toEqual([{ failure_count: 0, failing_since_at: null, is_open: true }])
  })

  it('keeps the reason of an endpoint that is disabled already', async () => {
    const { ref_id } = await makeEndpoint(world)
    await superuser.query(
      `update public.webhook_endpoints set is_enabled = false, disabled_at = '2026-01-01', disabled_reason = 'gone' where ref_id = $1`,
      [ref_id],
    )
    for (const change of [{ disabled: true }, { disabled: true, description: 'kept' }]) {
      expect(await (await patch(world, ref_id, change)).json()).toMatchObject({ disabled_reason: 'gone' })
    }
  })

  it('is possible in a frozen tenant, and nothing else is', async () => {
    const frozen = await makeWorld()
    const { ref_id } = await makeEndpoint(frozen)
    await setup.query(`update public.tenants set status = 'frozen' where id = $1`, [frozen.tenant.id])
    const refused = [
      await patch(frozen, ref_id, { disabled: false }),
      await patch(frozen, ref_id, { disabled: true, description: 'and more' }),
      await patch(frozen, ref_id, { url }),
      await post(frozen, '/endpoints', { url }),
      await post(frozen, `/endpoints/${ref_id}/secret/rotate`, {}),
      await ask(frozen, `/endpoints/${ref_id}/secret`),
      await remove(frozen, ref_id),
    ]
    for (const answer of refused)
      expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect((await patch(frozen, ref_id, { disabled: true })).status).toBe(200)
    expect((await ask(frozen, `/endpoints/${ref_id}`)).status).toBe(200)
    expect((await patch(frozen, ref_id, { disabled: true }, frozen.member)).status).toBe(403)
  })
})

describe('deleting', () => {
  it('takes secrets, deliveries and attempts along, and the messages stay', async () => {
    const { ref_id } = await makeEndpoint(world, {
      kind: 'poll',
      event_types: ['campaign.updated'],
    })
    const message = await emit(world, {}, { type: 'campaign.updated' })
    const deliveries = async () =>
      (await superuser.query('select from public.webhook_deliveries where event_id = $1', [message])).rowCount
    await eventually('the delivery', async () => ((await deliveries()) ?? 0) > 0)
    const ids = await vaultIds(ref_id)
    expect(await countInVault(ids)).toBe(1)
    expect((await remove(world, ref_id)).status).toBe(204)
    expect(await countInVault(ids)).toBe(0)
    expect(await problemOf(await ask(world, `/endpoints/${ref_id}`))).toMatchObject({ status: 404 })
    expect(await problemOf(await remove(world, ref_id))).toMatchObject({ status: 404, code: 'not_found' })
    const { rowCount } = await superuser.query('select from public.webhook_events where id = $1', [message])
    expect(rowCount).toBe(1)
  })

  it('goes on call by call where there is much', async () => {
    const { ref_id } = await makeEndpoint(world, { event_types: ['endpoint.recovered'] })
    await superuser.query(
      `with made as (
         insert into public.webhook_events (tenant_id, type, version, payload)
         select $1, 'endpoint.recovered', 1, '{}' from generate_series(1, 10001) returning tenant_id, id)
       insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, status, ended_at)
       select m.tenant_id, m.id, e.id, 'delivered', now() from made as m, public.webhook_endpoints as e where e.ref_id = $2`,
      [world.tenant.id, ref_id],
    )
    const once = async () =>
      (
        await superuser.query<{ is_gone: boolean }>(
          `select public.delete_webhook_endpoint(e.tenant_id, e.id) as is_gone from public.webhook_endpoints as e where e.ref_id = $1`,
          [ref_id],
        )
      ).rows[0]!.is_gone
    const left = async () =>
      (
        await superuser.query(
          `select from public.webhook_deliveries as d join public.webhook_endpoints as e on e.id = d.endpoint_id where e.ref_id = $1`,
          [ref_id],
        )
      ).rowCount
    // Disabled first, so that it is sent nothing more; then what there is, and itself at last.
    expect(await once()).toBe(false)
    expect(await read(world, ref_id)).toMatchObject({ disabled: true })
    expect(await left()).toBe(10_001)
    expect(await once()).toBe(false)
    expect(await left()).toBe(1)
    expect((await remove(world, ref_id)).status).toBe(204)
    expect(await problemOf(await ask(world, `/endpoints/${ref_id}`))).toMatchObject({ status: 404 })
  })

  it('a tenant leaves nothing in Vault', async () => {
    const gone = await makeWorld()
    const { ref_id } = await makeEndpoint(gone, { headers: { 'x-a': 'b' } })
    const ids = await vaultIds(ref_id)
    expect(await countInVault(ids)).toBe(2)
    await superuser.query('delete from public.tenants where id = $1', [gone.tenant.id])
    expect(await countInVault(ids)).toBe(0)
  })
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
      expect((await ask(world, `/endpoints/${ref}/stats`)).status, ref).toBeGreaterThanOrEqual(400)
      expect((await patch(world, ref, { disabled: true })).status, ref).toBeGreaterThanOrEqual(400)
    }
  })
})

it('each change is in the audit log, and no secret is', async () => {
  const audited = await makeWorld()
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const { ref_id } = await makeEndpoint(audited, { secret, headers: { 'x-key': 'header-value-of-the-test' } })
  await patch(audited, ref_id, { description: 'changed' })
  await ask(audited, `/endpoints/${ref_id}/secret`)
  await remove(audited, ref_id)
  const { rows } = await superuser.query<{ action: string; target_id: string; actor_id: string }>(
    `select action, crud, target_id, actor_id, metadata::text as metadata from public.audit_log
     where tenant_id = $1 and target_type = 'webhook_endpoints' order by seq`,
    [audited.tenant.id],
  )
  expect(rows.map(({ action }) => action)).toEqual([
    'webhook_endpoints.created',
    'webhook_endpoints.updated',
    'webhook_secret.read',
    // It is disabled before it is deleted.
    'webhook_endpoints.updated',
    'webhook_endpoints.deleted',
  ])
  for (const row of rows) expect(row).toMatchObject({ target_id: ref_id, actor_id: audited.owner.refId })
  expect(JSON.stringify(rows)).not.toMatch(/MfKQ9r8|header-value-of-the-test/)
})
