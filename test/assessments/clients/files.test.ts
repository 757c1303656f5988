import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import {
  ask,
  begun,
  complete,
  type Desk,
  files,
  isThere,
  makeParticipant,
  opened,
  pathOf,
  put,
  stored,
} from './documents.ts'

const stack = inject('stack')
const text = files['text/plain']![1]
let owner: Person
let tenant: Tenant
let desk: Desk
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
beforeEach(async () => {
  desk = { tenant, by: owner, participant: await makeParticipant(tenant) }
})

/** The same link with another token. */
async function resigned(url: string, claims: object, secret = stack.jwt_secret): Promise<string> {
  const link = new URL(url)
  const token = await new SignJWT({ ...decodeJwt(link.searchParams.get('token') ?? ''), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret))
  link.searchParams.set('token', token)
  return link.href
}
const moved = (url: string, from: string, to: string) => url.replace(from, to)
const without = (url: string) => url.replace(/\?.*/, '')

describe('a file', () => {
  it('has a path that begins with its tenant and goes on by chance', async () => {
    const paths = await Promise.all([1, 2].map(async () => pathOf((await stored(desk)).ref_id)))
    for (const path of paths) expect(path).toMatch(new RegExp(`^${tenant.ref_id}/[0-9a-f]{32}$`))
    expect(paths[0]).not.toBe(paths[1])
  })

  it('is reached by nobody without a link: not by a member, another tenant, or a visitor', async () => {
    const document = await stored(desk)
    const path = await pathOf(document.ref_id)
    const stranger = await makePerson()
    await makeTenant({ owner: stranger })
    for (const apikey of [stack.publishable_key, owner.token, stranger.token, ''])
      for (const way of ['', 'public/', 'authenticated/', 'info/', 'sign/', 'upload/sign/'])
        for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
          const answer = await fetch(`${stack.api_url}/storage/v1/object/${way}clients/${path}`, {
            method,
            headers: { apikey, authorization: `Bearer ${apikey}`, 'content-type': 'text/plain' },
            ...(method === 'POST' || method === 'PUT' ? { body: '{"expiresIn": 60}' } : {}),
          })
          expect(answer.status, `${method} ${way}`).toBeGreaterThanOrEqual(400)
          expect(await answer.text()).not.toContain('Grüße')
        }
    const list = await fetch(`${stack.api_url}/storage/v1/object/list/clients`, {
      method: 'POST',
      headers: {
        apikey: owner.token,
        authorization: `Bearer ${owner.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ prefix: tenant.ref_id }),
    })
    expect(list.ok).toBe(false)
    const link = (await opened(desk, document.ref_id)).download!.url
    expect(await (await fetch(link)).text()).toContain('Grüße')
  })

  it('of another tenant is not found, and no link leads from one to the other', async () => {
    const neighbour = await makePerson()
    const other = await makeTenant({ owner: neighbour })
    const theirs: Desk = { tenant: other, by: neighbour, participant: await makeParticipant(other) }
    const document = await stored(desk)
    const [mine, path] = [await stored(theirs), await pathOf(document.ref_id)]
    for (const participant of [desk.participant, theirs.participant])
      for (const [rest, method] of [
        ['', 'GET'],
        ['', 'DELETE'],
        ['/complete', 'POST'],
      ] as const)
        expect(
          await problemOf(
            await ask({ ...theirs, participant }, `/documents/${document.ref_id}${rest}`, { method }),
          ),
        ).toMatchObject({ status: 404, code: 'not_found' })
    expect(await problemOf(await ask({ ...desk, by: neighbour }, '/documents'))).toMatchObject({
      code: 'tenant_not_found',
    })
    const own = (await opened(theirs, mine.ref_id)).download!.url
    const elsewhere = await fetch(moved(own, (await pathOf(mine.ref_id))!, path!))
    expect(elsewhere.ok).toBe(false)
    expect(await elsewhere.text()).not.toContain('Grüße')
    // A document of another participant of the same tenant is not found there either.
    const beside = { ...desk, participant: await makeParticipant(tenant) }
    expect((await ask(beside, `/documents/${document.ref_id}`)).status).toBe(404)
  })
})

describe('a link to read', () => {
  it('ends, and cannot be prolonged, forged or turned into one to write', async () => {
    const document = await stored(desk)
    const { url } = (await opened(desk, document.ref_id)).download!
    const now = Math.floor(Date.now() / 1_000)
    const refused = [
      await resigned(url, { exp: now - 1 }),
      await resigned(url, { exp: now + 86_400 }, 'another secret of thirty-two characters'),
      without(url),
      url.replace(/token=[^&]*/, 'token='),
      url.replace(/token=[^&]*/, 'token=nonsense'),
    ]
    for (const link of refused) {
      const answer = await fetch(link)
      expect(answer.ok, link).toBe(false)
      expect(await answer.text()).not.toContain('Grüße')
    }
    const writing = url.replace('/object/sign/', '/object/upload/sign/')
    expect((await put(writing, text, 'text/plain')).ok).toBe(false)
    expect((await fetch(url, { method: 'DELETE' })).ok).toBe(false)
    expect(await (await fetch(url)).text()).toContain('Grüße')
  })
})

describe('a link to upload', () => {
  it('ends, leads to one file, and cannot be forged or turned into one to read', async () => {
    const { document, upload } = await begun(desk)
    const path = (await pathOf(document.ref_id))!
    const { document: second } = await begun(desk)
    const now = Math.floor(Date.now() / 1_000)
    for (const link of [
      await resigned(upload.url, { exp: now - 1 }),
      await resigned(upload.url, { exp: now + 86_400 }, 'another secret of thirty-two characters'),
      without(upload.url),
      moved(upload.url, path, (await pathOf(second.ref_id))!),
    ])
      expect((await put(link, text, 'text/plain')).ok, link).toBe(false)
    expect(await isThere(path)).toBe(false)
    expect((await put(upload.url, text, 'text/plain')).status).toBe(200)
    expect((await fetch(upload.url.replace('/object/upload/sign/', '/object/sign/'))).ok).toBe(false)
  })

  it('cannot replace a file that was looked at', async () => {
    const { document, upload } = await begun(desk)
    await put(upload.url, text, 'text/plain')
    await complete(desk, document.ref_id)
    for (const headers of [{}, { 'x-upsert': 'true' }])
      expect(
        (
          await fetch(upload.url, {
            method: 'PUT',
            headers: { 'content-type': 'text/plain', ...headers },
            body: 'MZ',
          })
        ).ok,
      ).toBe(false)
    const { url } = (await opened(desk, document.ref_id)).download!
    expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(new Uint8Array(text))
  })

  it('takes no other type than documents have, and no file of more than 10 MiB', async () => {
    const { document, upload } = await begun(desk, 'application/pdf', { byte_count: 10_485_760 })
    for (const type of ['text/html', 'image/svg+xml', 'application/octet-stream', 'application/javascript'])
      expect((await put(upload.url, text, type)).ok, type).toBe(false)
    const large = new Uint8Array(10_485_761).fill(37)
    large.set(files['application/pdf']![1])
    expect((await put(upload.url, large, 'application/pdf')).ok).toBe(false)
    expect((await put(upload.url, large.slice(0, -1), 'application/pdf')).ok).toBe(true)
    expect((await complete(desk, document.ref_id)).status).toBe(200)
  })

  it('is used by a page of another origin', async () => {
    const { upload } = await begun(desk)
    const asked = await fetch(upload.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://quiz.example.com',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(asked.ok).toBe(true)
    expect(asked.headers.get('access-control-allow-origin')).toBe('*')
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT')
  })
})
