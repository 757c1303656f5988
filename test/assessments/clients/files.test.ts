import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
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
const sweep = async () =>
  expect((await call('/registry/files/sweep', { method: 'POST', apikey: stack.secret_key })).status).toBe(200)
const age = (path: string | undefined, hours: number) =>
  superuser.query(
    `update storage.objects set created_at = now() - make_interval(hours => $2), updated_at = now() - make_interval(hours => $2)
     where bucket_id = 'clients' and name = $1`,
    [path, hours],
  )

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

describe('what is left behind', () => {
  it('a document that was never completed goes after three hours, and gives its place back', async () => {
    const old = await begun(desk)
    const fresh = await begun(desk)
    const kept = await stored(desk)
    await put(old.upload.url, text, 'text/plain')
    const path = await pathOf(old.document.ref_id)
    await superuser.query(
      `update public.client_documents set created_at = now() - interval '3 hours 1 minute' where ref_id = any ($1)`,
      [[old.document.ref_id, kept.ref_id]],
    )
    const used = async () =>
      Number(
        (await admin.query(`select used from private.find_limit($1, 'client_documents')`, [tenant.id]))
          .rows[0].used,
      )
    const before = await used()
    await admin.query('select private.sweep_awaited_documents()')
    expect(await used()).toBe(before - 1)
    expect(await pathOf(old.document.ref_id)).toBeUndefined()
    expect(await pathOf(fresh.document.ref_id)).toBeDefined()
    expect(await pathOf(kept.ref_id)).toBeDefined()
    // Its file has no row any more.
    await age(path, 25)
    await sweep()
    expect(await isThere(path)).toBe(false)
  })

  it('a participant whose session expires stays as long as something is kept about them', async () => {
    const [bio, document, both, nothing] = await Promise.all([1, 2, 3, 4].map(() => makeParticipant(tenant)))
    const write = (participant: string) =>
      ask({ ...desk, participant }, '/bio', {
        method: 'PUT',
        headers: { 'if-match': '"0"' },
        body: { notes: 'Likes herons.' },
      })
    await Promise.all([write(bio!), write(both!)])
    const { ref_id } = await stored({ ...desk, participant: both! })
    await stored({ ...desk, participant: document! })
    const all = [bio, document, both, nothing]
    await admin.query(`update public.participant_sessions set expires_at = now() where ref_id = any ($1)`, [
      all,
    ])
    const left = async () => {
      await admin.query('select private.sweep_expired_participant_sessions(100000)')
      const { rows } = await admin.query<{ ref_id: string }>(
        'select ref_id from public.participant_sessions where ref_id = any ($1)',
        [all],
      )
      return all.map((ref) => rows.some((row) => row.ref_id === ref))
    }
    expect(await left()).toEqual([true, true, true, false])
    await admin.query('delete from public.client_bios where tenant_id = $1', [tenant.id])
    expect(await left()).toEqual([false, true, true, false])
    await ask({ ...desk, participant: both! }, `/documents/${ref_id}`, { method: 'DELETE' })
    expect(await left()).toEqual([false, true, false, false])
  })

  it('files go a day after their rows: of a participant who is deleted or forgotten, and of a tenant that is purged', async () => {
    const gone = await makeTenant({ owner })
    const purged: Desk = { tenant: gone, by: owner, participant: await makeParticipant(gone) }
    const deleted: Desk = { ...desk, participant: await makeParticipant(tenant) }
    const forgotten: Desk = { ...desk, participant: await makeParticipant(tenant, 'forgotten@example.com') }
    const desks = [desk, deleted, forgotten, purged, desk]
    const documents = []
    for (const each of desks) documents.push(await stored(each))
    const paths = await Promise.all(documents.map(({ ref_id }) => pathOf(ref_id)))
    for (const path of paths) await age(path, 25)
    await admin.query(
      `insert into public.client_bios (tenant_id, session_id, notes) values ($1, private.ulid_to_uuid($2), 'Likes herons.')`,
      [tenant.id, forgotten.participant],
    )

    await admin.query('delete from public.participant_sessions where ref_id = $1', [deleted.participant])
    const answer = await call(`/registry/tenants/${tenant.ref_id}/forget-person`, {
      token: owner.token,
      body: { email: 'Forgotten@example.com' },
    })
    expect(await answer.json()).toMatchObject({
      erased: { participant_sessions: 1 },
      deleted: { client_bios: 1, client_documents: 1 },
    })
    await forceTenant(superuser, gone.id, "status = 'archived', archived_at = now(), purgeable_at = now()")
    const purge = await call(`/registry/tenants/${gone.ref_id}/purge`, {
      apikey: stack.secret_key,
      body: { is_forced: true, reason: 'A test.' },
    })
    expect(await purge.json()).toMatchObject({ deleted_rows: { client_documents: 1 } })

    const lost = [false, true, true, true, false]
    expect(
      await Promise.all(documents.map(async ({ ref_id }) => (await pathOf(ref_id)) === undefined)),
    ).toEqual(lost)
    await sweep()
    expect(await Promise.all(paths.map(async (path) => !(await isThere(path))))).toEqual(lost)
    expect((await opened(desk, documents[0]!.ref_id)).download).not.toBeNull()
  })

  it('a demo is put back to the document that a visitor deleted, with its file', async () => {
    const demo = await makeTenant({ owner })
    const there: Desk = { tenant: demo, by: owner, participant: await makeParticipant(demo) }
    const document = await stored(there)
    const path = await pathOf(document.ref_id)
    await forceTenant(superuser, demo.id, "status = 'demo', kind = 'demo'")
    await admin.query('select private.snapshot_demo_tenant($1)', [demo.id])
    await admin.query('delete from public.client_documents where tenant_id = $1', [demo.id])
    await age(path, 25)
    await sweep()
    await admin.query('select private.reset_demo_tenant($1)', [demo.id])
    const { url } = (await opened(there, document.ref_id)).download!
    expect(await (await fetch(url)).text()).toContain('Grüße')
    await admin.query('delete from public.tenants where id = $1', [demo.id])
  })
})
