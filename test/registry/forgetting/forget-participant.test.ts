import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { ForgottenPerson } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { rowsOf, serviceKey, withText } from './people.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

type Credential = { token?: string; apikey?: string }
const send = (body: object, credential: Credential = owner, one = tenant) =>
  call(`/registry/tenants/${one.ref_id}/forget-person`, { ...credential, body })
const forget = async (participant: string, credential?: Credential) => {
  const response = await send({ participant }, credential)
  expect(response.status).toBe(200)
  return ForgottenPerson.parse(await response.json())
}

/** A participant with a row in each place that may hold something of theirs. */
async function add(mark: string, email: string | null = null, one = tenant): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `with session as (
       insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning tenant_id, id, ref_id
     ), bio as (
       insert into public.client_bios (tenant_id, session_id, headline, background, goals, notes)
       select tenant_id, id, $3, $3, $3, $3 from session
     ), document as (
       insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
       select tenant_id, id, $3 || '.txt', 'text/plain', 5, $4 || '/' || md5(ref_id) from session
     ), reflection as (
       insert into public.participant_reflections (tenant_id, session_id, disclosure, language, status, words, written_at)
       select tenant_id, id, 'full', 'en', 'written', $3, now() from session
     ), insight as (
       insert into public.participant_insights (tenant_id, session_id, item_id, answer, language, status, words)
       select tenant_id, id, 'l01', '5', 'en', 'written', $3 from session
     ), used as (
       insert into public.usage_events (tenant_id, event_type, event_data, tokens_used)
       select tenant_id, 'llm.call', jsonb_build_object('about', 'sessions/' || ref_id || '/', 'name', $3::text), 7 from session
     )
     select ref_id from session`,
    [one.id, email, mark, one.ref_id],
  )
  return rows[0]!.ref_id
}
const marked = async (mark: string, one = tenant) => Object.keys(withText(await rowsOf(one), mark))

describe('a participant who is forgotten by the ref_id', () => {
  it('is found in no table, without an address, and nobody else is touched', async () => {
    const ref = await add('Marked-Ada')
    await add('Marked-Bo')
    const neighbour = await makeTenant({ owner })
    await add('Marked-Ada', null, neighbour)
    const bo = await marked('Marked-Bo')
    const others = withText(await rowsOf(neighbour), 'Marked-Ada')
    // The event of the new lead tells the name.
    expect(await marked('Marked-Ada')).toEqual(bo)
    expect(bo).toEqual(expect.arrayContaining(['webhook_events', 'usage_events', 'client_bios']))

    const answer = await forget(ref)
    expect(answer.erased).toMatchObject({ participant_sessions: 1, usage_events: 1 })
    expect(answer.deleted).toMatchObject({
      ...{ client_bios: 1, client_documents: 1, participant_insights: 1, participant_reflections: 1 },
      ...{ webhook_events: 1, tenant_invitations: 0 },
    })
    expect(await marked('Marked-Ada')).toEqual([])
    expect(await marked('Marked-Bo')).toEqual(bo)
    expect(withText(await rowsOf(neighbour), 'Marked-Ada')).toEqual(others)
    const { rows } = await admin.query(
      `select target_type, target_id, target_name, actor_id, metadata from public.audit_log
       where tenant_id = $1 and action = 'person.forgotten'`,
      [tenant.id],
    )
    expect(rows).toEqual([
      {
        ...{ target_type: 'participant_sessions', target_id: ref, target_name: null, actor_id: owner.refId },
        metadata: { erased: answer.erased, deleted: answer.deleted },
      },
    ])
  })

  it('is forgotten with the address, wherever else it is', async () => {
    const ref = await add('Marked-Ada', 'Ada@Example.com')
    await add('Marked-Twice', 'ada@example.com')
    await add('Marked-Other', 'bo.ada@example.com')
    expect((await forget(ref)).erased).toMatchObject({ participant_sessions: 2 })
    // What says neither the address nor the ref_id stays, as when an address is forgotten.
    expect(await marked('Marked-Ada')).toEqual([])
    expect(await marked('Marked-Twice')).toEqual(['usage_events'])
    expect(await marked('Marked-Other')).toContain('participant_sessions')
    expect(await marked('bo.ada@example.com')).toContain('participant_sessions')
  })

  it('can be forgotten again, also by the platform, which finds nothing more', async () => {
    const ref = await add('Marked-Ada')
    await forget(ref)
    const again = await forget(ref, serviceKey)
    expect(Object.values(again.deleted).every((count) => count === 0)).toBe(true)
  })

  it('is not forgotten while the address is that of an active member', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    const ref = await add('Marked-Ada', member.email)
    const before = await rowsOf(tenant)
    expect(await problemOf(await send({ participant: ref }))).toMatchObject({
      ...{ status: 409, code: 'is_member' },
    })
    expect((await rowsOf(tenant)).participant_sessions).toEqual(before.participant_sessions)
  })

  it('is of this tenant: another one’s ref_id is answered as one that nobody has', async () => {
    const neighbour = await makeTenant({ owner: await makePerson() })
    const theirs = await add('Marked-Ada', null, neighbour)
    const told = async (participant: string) => {
      const response = await send({ participant })
      const { instance, request_id, ...said } = (await response.json()) as Record<string, unknown>
      return { status: response.status, ...said }
    }
    const nobody = await told('01JD3N8Q4ZB6T2V9XK5M7R0C1E')
    expect(nobody).toMatchObject({ status: 404, code: 'not_found' })
    expect(await told(theirs)).toEqual(nobody)
    expect(await marked('Marked-Ada', neighbour)).toContain('participant_sessions')
  })

  it('is refused to whoever may not manage, and where a tenant can only be read', async () => {
    const [member, reviewer, stranger] = [await makePerson(), await makePerson(), await makePerson()]
    tenant = await makeTenant({ owner, member, reviewer })
    const ref = await add('Marked-Ada')
    for (const [person, status, code] of [
      [member, 403, 'forbidden'],
      [reviewer, 403, 'forbidden'],
      [stranger, 404, 'tenant_not_found'],
    ] as const)
      expect(await problemOf(await send({ participant: ref }, person))).toMatchObject({ status, code })
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    for (const credential of [owner, serviceKey])
      expect(await problemOf(await send({ participant: ref }, credential))).toMatchObject({
        ...{ status: 403, code: 'tenant_frozen' },
      })
    expect(await marked('Marked-Ada')).toContain('participant_sessions')
  })

  it.each([
    [{}, '/email'],
    [{ email: 'ada@example.com', participant: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' }, '/email'],
    [{ participant: '' }, '/participant'],
    [{ participant: randomUUID() }, '/participant'],
    [{ participant: null }, '/participant'],
    [{ participant: ['01JD3N8Q4ZB6T2V9XK5M7R0C1E'] }, '/participant'],
  ])('is refused for %j', async (body, pointer) => {
    expect(await problemOf(await send(body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })
})
