import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { makeSigningSecret, publicKeyOf } from '../../../lib/webhooks/signing-secrets/signature.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { type Receiver, startReceiver, verify } from '../receiver.ts'
import { attemptsOf, emit, hurry, makeEndpoint, makeReached, statusesOf, testSecret } from './queue.ts'
import { verifyEd25519 } from './verify-ed25519.ts'

const stack = inject('stack')

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())

/** What has arrived at a path of the receiver. */
const at = (path: string) => receiver.received.filter((message) => message.path === path)

describe('an event that commits', () => {
  it('arrives signed, byte for byte as it was stored, and is logged', async () => {
    const { tenant, endpoint } = await makeReached(admin, `${receiver.url}/plain`)
    const id = await emit(admin, tenant, { name: 'Zoë 🌱', quote: '"\\u2028' })
    await receiver.until(() => at('/plain').length === 1)
    const [message] = at('/plain')
    const { rows } = await admin.query('select payload from public.webhook_events where tenant_id = $1', [
      tenant.id,
    ])
    expect(message).toMatchObject({ id, body: rows[0].payload })
    expect(message!.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Tenantry-Webhooks/1',
      'tenantry-event-version': '1',
    })
    expect(verify(testSecret, message!)).toMatchObject({ type: 'brand.updated', data: { name: 'Zoë 🌱' } })
    await receiver.until(async () => (await statusesOf(admin, endpoint))[0] === 'delivered')
    expect(await attemptsOf(admin, endpoint)).toMatchObject([
      {
        outcome: 'succeeded',
        attempt_number: 1,
        response_status: 200,
        response_body: 'thanks',
        error_code: null,
      },
    ])
  })

  it('arrives at each endpoint of its tenant that wants it, and at no other', async () => {
    const tenant = await makeTenant()
    const other = await makeTenant()
    await makeEndpoint(admin, tenant, `${receiver.url}/all`)
    await makeEndpoint(admin, tenant, `${receiver.url}/this`, { event_types: ['brand.updated'] })
    await makeEndpoint(admin, tenant, `${receiver.url}/that`, { event_types: ['member.joined'] })
    await makeEndpoint(admin, other, `${receiver.url}/other`)
    await emit(admin, tenant)
    await receiver.until(() => at('/all').length === 1 && at('/this').length === 1)
    expect([...at('/that'), ...at('/other')]).toEqual([])
  })

  it('does not, when its transaction is undone', async () => {
    const { tenant, endpoint } = await makeReached(admin, `${receiver.url}/undone`)
    await rolledBack(admin, (db) => emit(db, tenant, { n: 'undone' }))
    const id = await emit(admin, tenant, { n: 'kept' })
    await receiver.until(async () => (await statusesOf(admin, endpoint)).join() === 'delivered')
    expect(at('/undone').map((message) => message.id)).toEqual([id])
  })

  it('arrives although the call that should wake the dispatcher got lost', async () => {
    const { tenant } = await makeReached(admin, `${receiver.url}/unwoken`)
    const db = await admin.connect()
    try {
      await db.query('begin')
      await db.query(`select set_config('tenantry.dispatcher_woken', 'on', true)`)
      await emit(db, tenant)
      await db.query('commit')
    } finally {
      db.release()
    }
    await receiver.until(() => at('/unwoken').length === 1)
  })
})

describe('signatures', () => {
  it('are those of each endpoint, also where more endpoints wait than are claimed at once', async () => {
    const tenant = await makeTenant()
    const { rows: endpoints } = await admin.query<{ id: string; path: string }>(
      `insert into public.webhook_endpoints (tenant_id, url, secret_id)
       select $1, $2 || n, vault.create_secret($3) from generate_series(1, 120) as n
       returning id, substring(url from '/many/.*') as path`,
      [tenant.id, `${receiver.url}/many/`, testSecret],
    )
    for (let n = 0; n < 3; n++) await emit(admin, tenant, { n })
    await receiver.until(() => endpoints.every(({ path }) => at(path).length === 3))
    for (const { path } of endpoints) for (const message of at(path)) verify(testSecret, message)
    const { rowCount } = await admin.query(
      `select from public.webhook_attempts where tenant_id = $1 and outcome = 'failed'`,
      [tenant.id],
    )
    expect(rowCount).toBe(0)
  })

  it('are made with the old secret too while a rotation lasts', async () => {
    const { tenant, endpoint } = await makeReached(admin, `${receiver.url}/rotated`)
    const newer = makeSigningSecret('hmac')
    await admin.query(
      `update public.webhook_endpoints set previous_secret_id = secret_id, previous_secret_expires_at = now() + interval '1 hour',
         secret_id = vault.create_secret($2), revision = private.uuid_v7() where tenant_id = $1`,
      [tenant.id, newer],
    )
    await emit(admin, tenant)
    await receiver.until(() => at('/rotated').length === 1)
    const [message] = at('/rotated')
    expect(String(message!.headers['webhook-signature']).split(' ')).toHaveLength(2)
    expect(() => verify(testSecret, message!)).not.toThrow()
    expect(() => verify(newer, message!)).not.toThrow()
    expect(() => verify(makeSigningSecret('hmac'), message!)).toThrow()
    // The hour is over.
    await admin.query(
      `update public.webhook_endpoints set previous_secret_expires_at = now() - interval '1 second', revision = private.uuid_v7()
       where tenant_id = $1`,
      [tenant.id],
    )
    await hurry(admin, endpoint)
    await emit(admin, tenant)
    await receiver.until(() => at('/rotated').length === 2)
    expect(() => verify(testSecret, at('/rotated')[1]!)).toThrow()
    expect(() => verify(newer, at('/rotated')[1]!)).not.toThrow()
  })

  it('are ed25519 for an endpoint that wants them so', async () => {
    const secret = makeSigningSecret('ed25519')
    const { tenant } = await makeReached(admin, `${receiver.url}/ed25519`, { secret, scheme: 'ed25519' })
    await emit(admin, tenant)
    await receiver.until(() => at('/ed25519').length === 1)
    expect(verifyEd25519(publicKeyOf(secret), at('/ed25519')[0]!)).toBe(true)
    expect(verifyEd25519(publicKeyOf(makeSigningSecret('ed25519')), at('/ed25519')[0]!)).toBe(false)
  })
})

describe('a receiver that refuses', () => {
  it('is tried again with the same id, and every try is logged', async () => {
    const { tenant, endpoint } = await makeReached(admin, `${receiver.url}/second-try`)
    receiver.answer((message, response) => {
      if (message.path === '/second-try' && at('/second-try').length === 1) response.writeHead(500)
      response.end('well')
    })
    const id = await emit(admin, tenant)
    await receiver.until(async () => (await attemptsOf(admin, endpoint)).length === 1)
    await hurry(admin, endpoint)
    await receiver.until(async () => (await statusesOf(admin, endpoint))[0] === 'delivered')
    expect(at('/second-try').map((message) => message.id)).toEqual([id, id])
    expect(await attemptsOf(admin, endpoint)).toMatchObject([
      {
        outcome: 'failed',
        attempt_number: 1,
        response_status: 500,
        error_code: 'status_500',
        response_body: 'well',
      },
      { outcome: 'succeeded', attempt_number: 2, response_status: 200 },
    ])
  })

  it.each([
    ['410', 'gone', (r: { writeHead(s: number, h?: object): unknown }) => r.writeHead(410)],
    [
      'webhook-delivery: disable',
      'asked',
      (r: { writeHead(s: number, h?: object): unknown }) =>
        r.writeHead(200, { 'webhook-delivery': 'disable' }),
    ],
  ])('for good, by %s, is not told again', async (_how, reason, refuse) => {
    const path = `/refuses-${reason}`
    const { tenant, endpoint } = await makeReached(admin, receiver.url + path)
    receiver.answer((message, response) => {
      if (message.path === path) refuse(response)
      response.end()
    })
    await emit(admin, tenant)
    const read = async () =>
      (
        await admin.query(
          'select is_enabled, disabled_reason from public.webhook_endpoints where tenant_id = $1',
          [tenant.id],
        )
      ).rows[0]
    await receiver.until(async () => !(await read()).is_enabled)
    expect(await read()).toEqual({ is_enabled: false, disabled_reason: reason })
    await emit(admin, tenant)
    await hurry(admin, endpoint)
    const { tenant: later } = await makeReached(admin, `${receiver.url}/after-${reason}`)
    await emit(admin, later)
    await receiver.until(() => at(`/after-${reason}`).length === 1)
    expect(at(path)).toHaveLength(1)
  })

  it('and says when to come again gets nothing until then, of whatever event', async () => {
    const { tenant, endpoint } = await makeReached(admin, `${receiver.url}/later`)
    receiver.answer((message, response) => {
      if (message.path === '/later') response.writeHead(429, { 'retry-after': '120' })
      response.end()
    })
    await emit(admin, tenant)
    await receiver.until(async () => (await attemptsOf(admin, endpoint)).length === 1)
    const { rows } = await superuser.query(
      `select round(extract(epoch from blocked_until_at - now()))::int as seconds, next_at >= blocked_until_at as is_waiting
       from private.queue_lanes where tenant_id = $1`,
      [tenant.id],
    )
    expect(rows[0].is_waiting).toBe(true)
    expect(rows[0].seconds).toBeGreaterThan(100)
    expect(rows[0].seconds).toBeLessThanOrEqual(120)
  })
})

describe('the route of the dispatcher', () => {
  it('does its work and says what it did, when asked to wait', async () => {
    const response = await fetch(`${stack.api_url}/functions/v1/webhooks/dispatch?wait=true`, {
      method: 'POST',
      headers: { apikey: stack.secret_key },
    })
    expect(response.status).toBe(200)
    expect(['busy', 'done']).toContain((await response.json()).status)
  })

  it('tells Prometheus how the queue stands', async () => {
    const response = await fetch(`${stack.api_url}/functions/v1/webhooks/metrics`, {
      headers: { apikey: stack.secret_key },
    })
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = (await response.text()).trim().split('\n')
    for (const line of lines)
      expect(line).toMatch(
        /^(# (HELP|TYPE) tenantry_webhooks_\w+ .+|tenantry_webhooks_\w+(\{\w+="[^"]+"\})? -?[\d.e+-]+)$/,
      )
    const value = (name: string) =>
      Number(lines.find((line) => line.startsWith(`tenantry_webhooks_${name} `))?.split(' ')[1])
    expect(value('attempt_duration_seconds_count')).toBeGreaterThan(0)
    expect(lines).toContain('# TYPE tenantry_webhooks_queue_depth gauge')
  })
})
