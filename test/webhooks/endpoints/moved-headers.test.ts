import { beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { asUser, superuser } from '../../kit/db.ts'
import { makeEndpoint, makeWorld, patch, read, secretsOf, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const url = 'https://hooks.example.com/in?token=1'
const headers = { Authorization: 'Bearer abc', 'X-Env': 'production' }
const dealSecret = { name: 'X-Deal-Secret', value: 'shared' }
const stored = { ...headers, 'X-Deal-Secret': 'shared' }
const make = () => makeEndpoint(world, { url, headers, static_header: dealSecret })
const all = ['/headers/Authorization', '/static_header', '/headers/X-Env']

/** What supabase-js can call, with no schema of ours before it. */
async function update(ref: string, changes: object) {
  const { rows } = await superuser.query('select id from public.webhook_endpoints where ref_id = $1', [ref])
  return asUser(world.owner.id, (db) =>
    db.query('select public.update_webhook_endpoint($1, $2, $3)', [
      world.tenant.id,
      rows[0].id,
      JSON.stringify(changes),
    ]),
  )
}

describe('the values of headers', () => {
  it.each([
    'https://evil.example/in?token=1',
    'https://hooks.example.com.evil.example/in',
    'https://hooks.example.com:8443/in',
    'https://sub.hooks.example.com/in',
    'https://example.com/hooks.example.com',
  ])('do not go to another server by a change of the URL: %s', async (moved) => {
    const { ref_id } = await make()
    expect(await problemOf(await patch(world, ref_id, { url: moved }))).toEqual({
      status: 422,
      code: 'header_values_required',
      pointers: all,
    })
    expect(await read(world, ref_id)).toMatchObject({ url })
    expect((await secretsOf(ref_id)).headers).toEqual(stored)
  })

  it.each([
    'http://hooks.example.com/in',
    'https://hooks.example.com@evil.example/in',
    'https://hooks.example.com\\@evil.example/in',
    'https://hooks.example.com\\.evil.example/in',
    'https:///evil.example/in',
    'https://HOOKS.example.com/in',
    'https://hooks.example.com:443/in',
    'https://?hooks.example.com',
  ])('nor by a spelling that only SQL sees: %s', async (moved) => {
    const { ref_id } = await make()
    await expect(update(ref_id, { url: moved })).rejects.toMatchObject({
      code: 'PT422',
      message: 'header_values_required',
    })
    await expect(update(ref_id, { url: moved, headers: 'x' })).rejects.toMatchObject({ code: 'PT422' })
  })

  it('nor from one URL to another whose server cannot be read', async () => {
    const { ref_id } = await make()
    await superuser.query(
      `update public.webhook_endpoints set url = 'https:///one.example/' where ref_id = $1`,
      [ref_id],
    )
    await expect(update(ref_id, { url: 'https:///other.example/' })).rejects.toMatchObject({
      message: 'header_values_required',
    })
  })

  it.each([
    [{ headers }, ['/static_header']],
    [{ static_header: dealSecret }, ['/headers/Authorization', '/headers/X-Env']],
    [{ static_header: null, headers: { 'x-env': 'staging' } }, all.slice(0, 1)],
    [{ headers: { Authorization: null } }, all.slice(1)],
    [{ headers: null }, ['/static_header']],
    [{ headers: {}, static_header: null }, ['/headers/Authorization', '/headers/X-Env']],
    [{ static_header: { name: 'x-env', value: 'v' } }, ['/headers/Authorization']],
    [{ disabled: true, description: 'moved' }, all],
  ])('are all given again or removed: %j is not enough', async (change, pointers) => {
    const { ref_id } = await make()
    const answer = await problemOf(await patch(world, ref_id, { url: 'https://new.example/in', ...change }))
    expect(answer).toEqual({ status: 422, code: 'header_values_required', pointers })
  })

  it.each([
    [
      { headers: { authorization: 'new', 'X-Env': 'new' }, static_header: null },
      { authorization: 'new', 'X-Env': 'new' },
    ],
    [{ headers: null, static_header: null }, {}],
    [
      { headers: { Authorization: null, 'X-Env': null }, static_header: dealSecret },
      { 'X-Deal-Secret': 'shared' },
    ],
    [{ headers: null, static_header: { name: 'X-Env', value: 'new' } }, { 'X-Env': 'new' }],
  ])('are what the change gives: %j', async (change, sent) => {
    const { ref_id } = await make()
    const moved = 'https://new.example/in'
    expect((await patch(world, ref_id, { url: moved, ...change })).status).toBe(200)
    expect(await read(world, ref_id)).toMatchObject({ url: moved })
    expect((await secretsOf(ref_id)).headers).toEqual(sent)
  })

  it.each([
    'https://hooks.example.com/other',
    'https://hooks.example.com/',
    'https://hooks.example.com/in?token=2',
  ])('stay while the server stays: %s', async (moved) => {
    const { ref_id } = await make()
    expect((await patch(world, ref_id, { url: moved })).status).toBe(200)
    expect((await secretsOf(ref_id)).headers).toEqual(stored)
  })
})

it('an endpoint without headers moves freely', async () => {
  const { ref_id } = await makeEndpoint(world, { url })
  expect((await patch(world, ref_id, { url: 'https://new.example/in' })).status).toBe(200)
})
