import { Webhook } from 'standardwebhooks'
import { beforeAll, describe, expect, it } from 'vitest'
import { EndpointWithSecret, SigningSecret } from '../../../lib/webhooks/index.ts'
import { problemOf } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import {
  ask,
  countInVault,
  makeEndpoint,
  makeWorld,
  post,
  read,
  secretsOf,
  vaultIds,
  type World,
} from '../endpoints/world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
const url = 'https://hooks.example.com/in'
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const whsk = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
const whpk = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='

const reveal = (ref: string) => ask(world, `/endpoints/${ref}/secret`)
const rotate = async (ref: string, body: unknown = {}) => {
  const response = await post(world, `/endpoints/${ref}/secret/rotate`, body)
  expect(response.status, await response.clone().text()).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return EndpointWithSecret.parse(await response.json())
}

describe('the secret of an endpoint', () => {
  it('is made for it, or brought along', async () => {
    expect((await makeEndpoint(world, { secret: whsec })).secret).toBe(whsec)
    expect(await makeEndpoint(world, { secret: whsk })).toMatchObject({
      scheme: 'ed25519',
      secret: whsk,
      public_key: whpk,
    })
    const made = await makeEndpoint(world, { scheme: 'ed25519' })
    expect(made).toMatchObject({
      scheme: 'ed25519',
      secret: expect.stringMatching(/^whsk_/),
      public_key: expect.stringMatching(/^whpk_/),
    })
    const others = await Promise.all([1, 2, 3].map(() => makeEndpoint(world)))
    expect(new Set(others.map(({ secret }) => secret)).size).toBe(3)
  })

  it('can be read again by managers, and each reading is recorded', async () => {
    const { ref_id, secret } = await makeEndpoint(world, { scheme: 'ed25519' })
    const response = await reveal(ref_id)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const shown = SigningSecret.parse(await response.json())
    expect(shown.secret).toBe(secret)
    expect((await reveal(ref_id)).status).toBe(200)
    const { rows } = await superuser.query(
      `select crud, actor_id, component from public.audit_log where tenant_id = $1 and target_id = $2 and action = 'webhook_secret.read'`,
      [world.tenant.id, ref_id],
    )
    const reading = { crud: 'r', actor_id: world.owner.refId, component: 'functions' }
    expect(rows).toEqual([reading, reading])
  })

  it.each([
    ['', '/secret'],
    ['whsec_', '/secret'],
    ['secret', '/secret'],
    ['whsec_c2hvcnQ=', '/secret'],
    [`whsec_${'A'.repeat(88)}`, '/secret'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS', '/secret'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-', '/secret'],
    [' whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '/secret'],
    ['whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', '/secret'],
    [whsk.replace('_6', '_7'), '/secret'],
    [`${whsec}\0`, '/secret'],
    [7, '/secret'],
    ['w'.repeat(201), '/secret'],
  ])('is refused when nobody could sign with it: %j', async (secret, pointer) => {
    const { ref_id } = await makeEndpoint(world)
    for (const answer of [
      await post(world, '/endpoints', { url, secret }),
      await post(world, `/endpoints/${ref_id}/secret/rotate`, { secret }),
    ]) {
      const text = await answer.clone().text()
      expect(await problemOf(answer)).toMatchObject({ status: 422, pointers: [pointer] })
      // A secret that is nearly right is one that somebody uses elsewhere.
      expect(text).not.toContain('MfKQ9r8')
    }
  })

  it('must be of the scheme that is asked for', async () => {
    const body = { url, secret: whsec, scheme: 'ed25519' }
    const refused = { status: 422, code: 'invalid_value', pointers: ['/secret'] }
    expect(await problemOf(await post(world, '/endpoints', body))).toEqual(refused)
  })

  // supabase-js reaches SQL without our schemas.
  it.each([
    '',
    'whsec_',
    'whsec_c2hvcnQ=',
    'whsec_====',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx9=',
    `whsk_${'A'.repeat(44)}`,
    null,
  ])('is refused by SQL itself: %j', async (secret) => {
    const attempt = superuser.query('select public.create_webhook_endpoint($1, $2, $3)', [
      world.tenant.id,
      secret,
      url,
    ])
    await expect(attempt).rejects.toMatchObject({ code: 'PT422', message: 'invalid_value' })
  })
})

describe('rotating', () => {
  it('lets the old secret sign along for a day, and then no more', async () => {
    const made = await makeEndpoint(world)
    const before = await secretsOf(made.ref_id)
    const rotated = await rotate(made.ref_id)
    expect(rotated.secret).not.toBe(made.secret)
    const end = Date.parse(String(rotated.previous_secret_expires_at))
    expect(Math.abs(end - Date.now() - 86_400_000)).toBeLessThan(60_000)
    const during = await secretsOf(made.ref_id)
    expect(during.secrets).toEqual([rotated.secret, made.secret])
    expect(during.revision).not.toBe(before.revision)
    expect(SigningSecret.parse(await (await reveal(made.ref_id)).json()).secret).toBe(rotated.secret)

    await superuser.query(
      `update public.webhook_endpoints set previous_secret_expires_at = now() where ref_id = $1`,
      [made.ref_id],
    )
    // Nothing has swept yet, and it signs no more; what it was is not shown either.
    expect((await secretsOf(made.ref_id)).secrets).toEqual([rotated.secret])
    expect((await read(world, made.ref_id)).previous_secret_expires_at).toBeNull()
    const [, previous] = await vaultIds(made.ref_id)
    expect(await countInVault([previous!])).toBe(1)
    await superuser.query('select private.sweep_webhook_secrets()')
    expect(await vaultIds(made.ref_id)).toHaveLength(1)
    expect(await countInVault([previous!])).toBe(0)
    expect((await secretsOf(made.ref_id)).revision).not.toBe(during.revision)
  })

  it('without an overlap ends the old secret now', async () => {
    const { ref_id } = await makeEndpoint(world)
    const [old] = await vaultIds(ref_id)
    const rotated = await rotate(ref_id, { overlap_seconds: 0 })
    expect(rotated.previous_secret_expires_at).toBeNull()
    expect((await secretsOf(ref_id)).secrets).toEqual([rotated.secret])
    expect(await countInVault([old!])).toBe(0)
  })

  it('twice within the overlap drops the oldest', async () => {
    const made = await makeEndpoint(world)
    const [oldest] = await vaultIds(made.ref_id)
    const second = await rotate(made.ref_id)
    const third = await rotate(made.ref_id, { overlap_seconds: 60 })
    expect((await secretsOf(made.ref_id)).secrets).toEqual([third.secret, second.secret])
    expect(await countInVault([oldest!])).toBe(0)
    expect(await vaultIds(made.ref_id)).toHaveLength(2)
  })

  it('at the same time leaves one new secret and one old one', async () => {
    const { ref_id } = await makeEndpoint(world)
    const rotations = await Promise.all(Array.from({ length: 8 }, () => rotate(ref_id)))
    const { secrets } = await secretsOf(ref_id)
    expect(secrets).toHaveLength(2)
    for (const secret of secrets) expect(rotations.map((one) => one.secret)).toContain(secret)
    expect(await countInVault(await vaultIds(ref_id))).toBe(2)
  })

  it('may change the scheme, and otherwise keeps it', async () => {
    const { ref_id, secret } = await makeEndpoint(world)
    const changed = await rotate(ref_id, { scheme: 'ed25519' })
    expect(changed).toMatchObject({ scheme: 'ed25519', public_key: expect.stringMatching(/^whpk_/) })
    expect((await secretsOf(ref_id)).secrets).toEqual([changed.secret, secret])
    expect(await rotate(ref_id)).toMatchObject({ scheme: 'ed25519' })
    expect(await rotate(ref_id, { secret: whsec })).toMatchObject({ scheme: 'hmac', secret: whsec })
  })

  it('is refused for an overlap that is none', async () => {
    const { ref_id } = await makeEndpoint(world)
    for (const overlap_seconds of [-1, 604_801, 1.5, '60', null]) {
      const answer = await post(world, `/endpoints/${ref_id}/secret/rotate`, { overlap_seconds })
      expect(await problemOf(answer)).toMatchObject({ status: 422, pointers: ['/overlap_seconds'] })
    }
  })

  it('works for the receiver with the library of the standard', async () => {
    const { ref_id, secret } = await makeEndpoint(world, { kind: 'poll' })
    const { secret: fresh } = await rotate(ref_id)
    await post(world, `/endpoints/${ref_id}/test`, { event_type: 'campaign.created' })
    const polled = await (await post(world, `/endpoints/${ref_id}/poll`, {})).json()
    const { messages } = polled as { messages: { payload: string; headers: Record<string, string> }[] }
    expect(messages).toHaveLength(1)
    for (const known of [secret, fresh])
      expect(new Webhook(known).verify(messages[0]!.payload, messages[0]!.headers)).toMatchObject({
        type: 'campaign.created',
        data: expect.any(Object),
      })
    const other = new Webhook(whsec)
    expect(() => other.verify(messages[0]!.payload, messages[0]!.headers)).toThrow()
  })
})
