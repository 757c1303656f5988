import { beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { admin as setup, superuser } from '../../kit/db.ts'
import {
  ask,
  makeEndpoint,
  makeWorld,
  patch,
  post,
  read,
  remove,
  secretsOf,
  url,
  type World,
} from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
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
    // Another server needs the values of the headers again.
    expect(await isNewAfter({ url: 'https://other.example.com/', headers: { 'x-a': '1' } })).toBe(true)
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
      `update private.queue_lanes as l set failure_count = 9, failing_since_at = now(), blocked_until_at = 'infinity'
       from public.webhook_endpoints as e where e.id = l.lane_id and e.ref_id = $1`,
      [ref_id],
    )
    const enabled = await patch(world, ref_id, { disabled: false })
    expect(await enabled.json()).toMatchObject({ disabled: false, disabled_reason: null, disabled_at: null })
    const { rows } = await superuser.query(
      `select failure_count, failing_since_at, blocked_until_at = '-infinity' as is_open from private.queue_lanes as l
       join public.webhook_endpoints as e on e.id = l.lane_id where e.ref_id = $1`,
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
