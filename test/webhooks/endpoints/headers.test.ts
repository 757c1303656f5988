import { beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { asUser, superuser } from '../../kit/db.ts'
import {
  countInVault,
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
const dealSecret = { name: 'X-Deal-Secret', value: 'a shared secret' }

describe('headers', () => {
  it('lie in Vault as one secret; only their names are shown', async () => {
    const headers = { 'X-Env': 'production', authorization: 'Bearer of good news' }
    const made = await makeEndpoint(world, { headers, static_header: dealSecret })
    expect(made).toMatchObject({ header_names: ['X-Env', 'authorization'], static_header: 'X-Deal-Secret' })
    expect((await secretsOf(made.ref_id)).headers).toEqual({ ...headers, 'X-Deal-Secret': 'a shared secret' })
    expect(await vaultIds(made.ref_id)).toHaveLength(2)
    expect(JSON.stringify([made, await read(world, made.ref_id)])).not.toMatch(
      /production|good news|a shared/,
    )
  })

  it('are changed one by one, in whichever case', async () => {
    const { ref_id } = await makeEndpoint(world, {
      headers: { 'X-A': '1', 'X-B': '2' },
      static_header: dealSecret,
    })
    const [before] = (await vaultIds(ref_id)).slice(-1)
    const sentAfter = async (body: unknown) => {
      const response = await patch(world, ref_id, body)
      expect(response.status, await response.clone().text()).toBe(200)
      return (await secretsOf(ref_id)).headers
    }
    const shared = { 'X-Deal-Secret': 'a shared secret' }
    expect(await sentAfter({ headers: { 'x-a': '3' } })).toEqual({ 'x-a': '3', 'X-B': '2', ...shared })
    expect(await sentAfter({ headers: { 'X-A': null, 'x-c': '4' } })).toEqual({
      'X-B': '2',
      'x-c': '4',
      ...shared,
    })
    // One that is not there can be taken away as often as one likes.
    expect(await sentAfter({ headers: { 'X-A': null } })).toEqual({ 'X-B': '2', 'x-c': '4', ...shared })
    expect(await sentAfter({ headers: null })).toEqual(shared)
    expect(await sentAfter({ headers: null, static_header: { name: 'X-New', value: 'n' } })).toEqual({
      'X-New': 'n',
    })
    expect(await sentAfter({ headers: { 'x-d': '5' }, static_header: null })).toEqual({ 'x-d': '5' })
    // What was sent among the others may become the shared secret.
    expect(await sentAfter({ static_header: { name: 'X-D', value: '6' } })).toEqual({ 'X-D': '6' })
    expect(await read(world, ref_id)).toMatchObject({ header_names: [], static_header: 'X-D' })
    expect(await sentAfter({ static_header: null })).toEqual({})
    expect(await vaultIds(ref_id)).toHaveLength(1)
    expect(await countInVault([before!])).toBe(0)
  })

  it('are twenty at most, the shared secret among them', async () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, 'v']))
    const refused = { status: 422, code: 'invalid_value', pointers: ['/headers'] }
    expect(await problemOf(await post(world, '/endpoints', { url, headers: many(21) }))).toEqual(refused)
    expect(await problemOf(await post(world, '/endpoints', { url, headers: many(2_000) }))).toEqual(refused)
    const full = { url, headers: many(20), static_header: dealSecret }
    expect(await problemOf(await post(world, '/endpoints', full))).toEqual(refused)
    const { ref_id } = await makeEndpoint(world, { headers: many(20) })
    expect(await problemOf(await patch(world, ref_id, { headers: { another: 'v' } }))).toEqual(refused)
    expect((await patch(world, ref_id, { headers: { 'x-0': null, another: 'v' } })).status).toBe(200)
  })
})

describe('a header that would change more than itself', () => {
  const names = [
    ...[
      'Host',
      'content-length',
      'Content-Type',
      'CONNECTION',
      'Transfer-Encoding',
      'te',
      'Trailer',
      'Upgrade',
      'Expect',
    ],
    ...['accept-encoding', 'Keep-Alive', 'Proxy-Authorization', 'proxy-connection', 'Content-Encoding'],
    ...['webhook-id', 'Webhook-Signature', 'webhook-anything', 'Tenantry-Event-Version'],
    ...[
      '',
      ' ',
      'a b',
      'a:b',
      'a\r\nb',
      'x\n',
      'x\u0009y',
      'ünicode',
      '名',
      'a(b',
      'a/b',
      '"quoted"',
      'x'.repeat(101),
    ],
  ]
  it.each(names)('is refused by its name: %j', async (name) => {
    const pointer = `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const answer = await problemOf(await post(world, '/endpoints', { url, headers: { [name]: 'v' } }))
    expect(answer).toEqual({ status: 422, code: 'invalid_value', pointers: [pointer] })
    const shared = await problemOf(
      await post(world, '/endpoints', { url, static_header: { name, value: 'v' } }),
    )
    expect(shared).toMatchObject({ status: 422, pointers: ['/static_header/name'] })
  })

  const values = [
    ...['', ' ', ' a', 'a ', 'a\r\nX-Injected: 1', 'a\nb', 'a\rb', 'a\tb', 'a\u0007b', 'a\u007fb'],
    ...['naïve', 'a\u0085b', 'a\u2028b', '密', 'v'.repeat(1_025)],
  ]
  it.each(values)('is refused by its value: %j', async (value) => {
    const answer = await problemOf(await post(world, '/endpoints', { url, headers: { 'x-a': value } }))
    expect(answer).toEqual({ status: 422, code: 'invalid_value', pointers: ['/headers/x-a'] })
    const shared = await problemOf(
      await post(world, '/endpoints', { url, static_header: { name: 'x-a', value } }),
    )
    expect(shared).toMatchObject({ status: 422, pointers: ['/static_header/value'] })
  })

  it('is refused for its type', async () => {
    for (const value of [1, true, {}, ['a'], null]) {
      const answer = await problemOf(await post(world, '/endpoints', { url, headers: { 'x-a': value } }))
      expect(answer).toMatchObject({ status: 422, code: 'invalid_body', pointers: ['/headers/x-a'] })
    }
  })

  it('is refused when it is named twice, in other cases or other places', async () => {
    const twice = await problemOf(
      await post(world, '/endpoints', { url, headers: { 'X-A': '1', 'x-a': '2' } }),
    )
    expect(twice).toMatchObject({ code: 'invalid_value', pointers: ['/headers/X-A', '/headers/x-a'] })
    const both = { url, headers: { 'x-deal-secret': '1' }, static_header: dealSecret }
    expect(await problemOf(await post(world, '/endpoints', both))).toMatchObject({
      pointers: ['/headers/x-deal-secret'],
    })
    const { ref_id } = await makeEndpoint(world, { static_header: dealSecret })
    const moved = await problemOf(await patch(world, ref_id, { headers: { 'X-DEAL-SECRET': null } }))
    expect(moved).toMatchObject({ code: 'invalid_value', pointers: ['/headers/X-DEAL-SECRET'] })
  })

  it('hears why', async () => {
    const sent = {
      url,
      headers: { Host: 'a', 'a b': 'a', 'webhook-id': 'a', 'x-ok': 'fine', 'x-bad': 'a\r\nb' },
    }
    const { errors } = (await (await post(world, '/endpoints', sent)).json()) as { errors: unknown }
    expect(errors).toEqual(
      expect.arrayContaining([
        { pointer: '/headers/Host', detail: 'is a header that the delivery sets itself' },
        { pointer: '/headers/a b', detail: expect.stringContaining('is not a name of a header') },
        { pointer: '/headers/webhook-id', detail: expect.stringContaining('is reserved for') },
        {
          pointer: '/headers/x-bad',
          detail: expect.stringContaining('must be 1 to 1024 visible ASCII characters'),
        },
      ]),
    )
    expect(errors).toHaveLength(4)
  })

  it('may be anything else a header can be', async () => {
    const headers = {
      "!#$%&'*+-.^_`|~09aZ": 'v',
      'User-Agent': 'ours/1 (like: theirs)',
      Authorization: `Bearer ${'a'.repeat(1_017)}`,
      cookie: 'a=b; c="d"',
      __proto: '{}',
    }
    const { ref_id } = await makeEndpoint(world, { headers })
    expect((await secretsOf(ref_id)).headers).toEqual(headers)
  })
})

// The same functions can be called by supabase-js, which no schema of ours stands in front of.
it.each([
  [{ headers: 'x' }, '/headers'],
  [{ headers: ['x'] }, '/headers'],
  [{ headers: { a: { b: 'c' } } }, '/headers/a'],
  [{ headers: { a: 1 } }, '/headers/a'],
  [{ static_header: 'X-Deal-Secret' }, '/static_header'],
  [{ static_header: {} }, '/static_header'],
  [{ static_header: { name: null, value: 'v' } }, '/static_header'],
  [{ static_header: { name: 'x-a' } }, '/static_header/value'],
  [{ static_header: { name: 'x-a', value: null } }, '/static_header/value'],
  [{ no_such: 1 }, '/no_such'],
  [{ secret_id: crypto.randomUUID() }, '/secret_id'],
])('SQL refuses by itself: %j', async (changes, pointer) => {
  const { ref_id } = await makeEndpoint(world)
  const { rows } = await superuser.query('select id from public.webhook_endpoints where ref_id = $1', [
    ref_id,
  ])
  const attempt = asUser(world.owner.id, (db) =>
    db.query('select public.update_webhook_endpoint($1, $2, $3)', [
      world.tenant.id,
      rows[0].id,
      JSON.stringify(changes),
    ]),
  )
  await expect(attempt).rejects.toMatchObject({
    code: 'PT422',
    message: 'invalid_value',
    hint: expect.stringContaining(`"${pointer}"`),
  })
})
