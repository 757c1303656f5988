import { beforeEach, describe, expect, it } from 'vitest'
import { EndpointWithSecret } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { ask, list, makeWorld, patch, remove, url, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await makeWorld()
})

const wanted = {
  ...{ url, description: 'The CRM', event_types: ['member.joined', 'campaign.created'] },
  headers: { 'x-environment': 'production', 'x-region': 'eu' },
  static_header: { name: 'x-deal-secret', value: 'shared' },
  rate_limit_per_second: 20,
}
const send = (key: string, body: unknown = wanted, by = world) =>
  ask(by, '/endpoints', { headers: { 'idempotency-key': key }, body })
const make = async (key: string, body?: unknown) => {
  const response = await send(key, body)
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
  return EndpointWithSecret.parse(await response.json())
}
const conflict = { status: 409, code: 'conflict', pointers: [] }

/** How often a secret of the tenant was read. */
const readings = async () =>
  (
    await superuser.query<{ count: number }>(
      `select count(*)::int from public.audit_log where tenant_id = $1 and action = 'webhook_secret.read'`,
      [world.tenant.id],
    )
  ).rows[0]!.count

describe('an endpoint that is created with an Idempotency-Key', () => {
  it('is made once, however often it is sent, and each answer has its secret', async () => {
    const first = await make('crm-1')
    expect(await readings()).toBe(0)
    expect(await make('crm-1')).toEqual(first)
    // The same in another spelling: the order of types and headers says nothing.
    const { headers, event_types } = wanted
    const turned = {
      ...wanted,
      headers: Object.fromEntries(Object.entries(headers).reverse()),
      event_types: [...event_types].reverse(),
    }
    expect(await make('crm-1', turned)).toEqual(first)
    expect(await list(world)).toHaveLength(1)
    // Whoever repeats it reads the secret, as anybody who reads it later.
    expect(await readings()).toBe(2)
    expect((await make('crm-2')).ref_id).not.toBe(first.ref_id)
  })

  it('is made once by twenty requests at once, also for the last place of the plan', async () => {
    const plan = `once_${world.tenant.ref_id.toLowerCase()}`
    await superuser.query(
      // A plan for a time is offered to nobody, in the tests that run meanwhile neither.
      `insert into public.plans (plan, name, price_minor, trial_days, features, limits)
       values ($1, 'Probe', 1, 1, '{webhooks}', '{"webhook_endpoints": 1}')`,
      [plan],
    )
    await superuser.query('update public.tenants set plan = $2 where id = $1', [world.tenant.id, plan])
    const answers = await Promise.all(Array.from({ length: 20 }, () => make('last-place')))
    expect(new Set(answers.map(({ ref_id, secret }) => `${ref_id} ${secret}`)).size).toBe(1)
    expect(await list(world)).toHaveLength(1)
    expect(await problemOf(await send('another'))).toMatchObject({ status: 402, code: 'limit_reached' })
    await superuser.query(`update public.tenants set plan = 'starter' where id = $1`, [world.tenant.id])
    await superuser.query('delete from public.plans where plan = $1', [plan])
  })

  it.each([
    ['url', { url: 'https://hooks.example.com/other' }],
    ['description', { description: 'Another' }],
    ['types', { event_types: ['member.joined'] }],
    ['all types', { event_types: null }],
    ['headers', { headers: { 'x-environment': 'production' } }],
    ['values of headers', { headers: { 'x-environment': 'staging', 'x-region': 'eu' } }],
    ['shared secret', { static_header: { name: 'x-deal-secret', value: 'other' } }],
    ['rate', { rate_limit_per_second: 21 }],
    ['end', { ttl_seconds: 3_600 }],
    ['scheme', { scheme: 'ed25519' }],
    ['secret', { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }],
  ])('is not answered for another %s', async (_, change) => {
    await make('crm')
    expect(await problemOf(await send('crm', { ...wanted, ...change }))).toEqual(conflict)
    expect(await list(world)).toHaveLength(1)
    // A refusal reads nothing.
    expect(await readings()).toBe(0)
  })

  it('is not answered any more once it is another one, and made anew once it is deleted', async () => {
    const first = await make('crm')
    await patch(world, first.ref_id, { description: 'Changed' })
    expect(await problemOf(await send('crm'))).toEqual(conflict)
    await patch(world, first.ref_id, { description: 'The CRM' })
    expect((await make('crm')).ref_id).toBe(first.ref_id)
    expect((await remove(world, first.ref_id)).status).toBe(204)
    expect((await make('crm')).ref_id).not.toBe(first.ref_id)
  })

  it('keeps the secret that it brought', async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    expect(await make('own', { ...wanted, secret })).toMatchObject({ secret })
    expect(await make('own', { ...wanted, secret })).toMatchObject({ secret })
  })

  it('has a key that is of its tenant alone', async () => {
    const first = await make('crm')
    const owner = await makePerson()
    const other = { ...world, owner, tenant: await makeTenant({ owner }) }
    const answer = EndpointWithSecret.parse(await (await send('crm', { url }, other)).json())
    expect([answer.ref_id, answer.secret]).not.toEqual([first.ref_id, first.secret])
    expect(answer.description).toBe('')
  })

  it.each(['', ' ', 'two words', 'x'.repeat(256)])('is refused with the key "%s"', async (key) => {
    const answer = await problemOf(await send(key))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_value' })
    const attempt = superuser.query(
      `select public.create_webhook_endpoint($1, $2, 'https://hooks.example.com/', idempotency_key => $3)`,
      [world.tenant.id, `whsec_${Buffer.alloc(32, 7).toString('base64')}`, key],
    )
    await expect(attempt).rejects.toMatchObject({ code: 'PT422', message: 'invalid_value' })
    expect(await list(world)).toEqual([])
  })

  it('without a key is made each time', async () => {
    for (let n = 0; n < 2; n++) await ask(world, '/endpoints', { body: wanted })
    expect(await list(world)).toHaveLength(2)
  })
})
