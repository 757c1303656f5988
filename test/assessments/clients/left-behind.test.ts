import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
import {
  ask,
  begun,
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

const sweep = async () =>
  expect((await call('/registry/files/sweep', { method: 'POST', apikey: stack.secret_key })).status).toBe(200)
const age = (path: string | undefined, hours: number) =>
  superuser.query(
    `update storage.objects set created_at = now() - make_interval(hours => $2), updated_at = now() - make_interval(hours => $2)
     where bucket_id = 'clients' and name = $1`,
    [path, hours],
  )

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
