import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { ClientBio, ParticipantDetails } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeParticipant } from './documents.ts'

const stack = inject('stack')
let owner: Person
let member: Person
let reviewer: Person
let tenant: Tenant
let participant: string
beforeAll(async () => {
  ;[owner, member, reviewer] = [await makePerson(), await makePerson(), await makePerson()]
  tenant = await makeTenant({ owner, member, reviewer })
})
beforeEach(async () => {
  participant = await makeParticipant(tenant, 'ada@example.com')
})

const nothing = '"0"'
const ask = (method: string, { by = member, of = participant, tag = '', body = undefined as unknown } = {}) =>
  call(`/assessments/participants/${of}/bio`, {
    method,
    token: by.token,
    tenant: tenant.slug,
    headers: tag === '' ? {} : { 'if-match': tag },
    body,
  })
const written = async (body: object, tag = nothing) => {
  const answer = await ask('PUT', { tag, body })
  expect(answer.status, await answer.clone().text()).toBe(200)
  const bio = ClientBio.parse(await answer.json())
  expect(answer.headers.get('etag')).toBe(`"${bio.revision}"`)
  return bio
}
const tagOf = ({ revision }: ClientBio) => `"${revision}"`

describe('a bio', () => {
  it('is written, read, replaced as a whole and deleted', async () => {
    const first = await written({
      headline: ' Runs a bakery ',
      notes: 'Likes herons.\r\nAnd tea. 🌱',
      goals: '',
    })
    expect(first).toMatchObject({
      headline: 'Runs a bakery',
      background: null,
      goals: null,
      notes: 'Likes herons.\nAnd tea. 🌱',
      updated_by: member.refId,
    })
    const read = await ask('GET')
    expect(read.headers.get('etag')).toBe(tagOf(first))
    expect(read.headers.get('cache-control')).toBe('private, no-cache')
    expect(await read.json()).toEqual(JSON.parse(JSON.stringify(first)))
    const second = await written({ background: 'Twenty years of bread.' }, tagOf(first))
    expect(second).toMatchObject({ headline: null, notes: null, background: 'Twenty years of bread.' })
    expect(second.revision).not.toBe(first.revision)
    expect((await ask('DELETE', { tag: tagOf(second) })).status).toBe(204)
    for (const method of ['GET', 'DELETE'])
      expect(await problemOf(await ask(method, { tag: tagOf(second) }))).toMatchObject(notFound)
  })

  it('is told of in the details of its participant, to those who may read it', async () => {
    const details = async (by: Person) => {
      const answer = await call(`/assessments/participants/${participant}`, {
        token: by.token,
        tenant: tenant.slug,
      })
      return ParticipantDetails.parse(await answer.json())
    }
    expect(await details(member)).toMatchObject({ has_bio: false, document_count: 0 })
    await written({ notes: 'Likes herons.' })
    expect(await details(member)).toMatchObject({ has_bio: true, document_count: 0 })
    expect(await details(reviewer)).toMatchObject({ has_bio: false, document_count: 0 })
  })

  it('goes with its participant', async () => {
    await written({ notes: 'Likes herons.' })
    await admin.query('delete from public.participant_sessions where ref_id = $1', [participant])
    const { rows } = await admin.query(
      'select from public.client_bios where session_id = private.ulid_to_uuid($1)',
      [participant],
    )
    expect(rows).toEqual([])
  })

  it('is read in a frozen tenant, and not written', async () => {
    const frozen = await makeTenant({ member, status: 'frozen' })
    const of = await makeParticipant(frozen)
    await admin.query(
      `insert into public.client_bios (tenant_id, session_id, notes) values ($1, private.ulid_to_uuid($2), 'Likes herons.')`,
      [frozen.id, of],
    )
    const at = (method: string, body?: object) =>
      call(`/assessments/participants/${of}/bio`, {
        method,
        token: member.token,
        tenant: frozen.slug,
        headers: { 'if-match': nothing },
        body,
      })
    expect((await at('GET')).status).toBe(200)
    expect(await problemOf(await at('PUT', { notes: 'x' }))).toMatchObject({ code: 'tenant_frozen' })
  })

  it('leaves in the audit log that it was changed, and by whom, and none of its words', async () => {
    const first = await written({ notes: 'Likes herons.' })
    await written({ notes: 'Likes geese.' }, tagOf(first))
    const { rows } = await admin.query<{ action: string; actor_id: string; row: string }>(
      `select action, actor_id, to_jsonb(a)::text as row from public.audit_log as a
       where tenant_id = $1 and target_type = 'client_bios' order by seq desc limit 2`,
      [tenant.id],
    )
    expect(rows.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ['client_bios.updated', member.refId],
      ['client_bios.created', member.refId],
    ])
    for (const { row } of rows) expect(row).not.toContain('Likes')
  })
})

describe('two editors', () => {
  it('cannot overwrite each other: the second is told which revision there is now', async () => {
    const first = await written({ notes: 'One' })
    const second = await written({ notes: 'Two' }, tagOf(first))
    for (const attempt of [
      ask('PUT', { tag: tagOf(first), body: { notes: 'Three' } }),
      ask('PUT', { tag: nothing, body: { notes: 'Three' } }),
      ask('DELETE', { tag: tagOf(first) }),
    ]) {
      const answer = await attempt
      expect(answer.status).toBe(412)
      expect(await answer.json()).toMatchObject({ code: 'bio_changed', revision: second.revision })
    }
    expect(ClientBio.parse(await (await ask('GET')).json()).notes).toBe('Two')
  })
  it('who write the first one at once: one of them does', async () => {
    const answers = await Promise.all(
      ['One', 'Two', 'Three', 'Four'].map((notes) => ask('PUT', { tag: nothing, body: { notes } })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412])
  })
  it('of whom one has deleted it and the other writes: nothing comes back unseen', async () => {
    const first = await written({ notes: 'One' })
    await ask('DELETE', { tag: tagOf(first) })
    const late = await ask('PUT', { tag: tagOf(first), body: { notes: 'Two' } })
    expect(await late.json()).toMatchObject({ status: 412, code: 'bio_changed', revision: null })
    const again = await written({ notes: 'Three' })
    expect((await ask('PUT', { tag: tagOf(first), body: { notes: 'Two' } })).status).toBe(412)
    expect(again.revision).not.toBe(first.revision)
  })
  it.each(['', 'W/"0"', '*', '0', '"nonsense"'])('who send If-Match as %j', async (tag) => {
    for (const method of ['PUT', 'DELETE'])
      expect(
        await problemOf(await ask(method, { tag, body: method === 'PUT' ? { notes: 'x' } : undefined })),
      ).toMatchObject({ status: 428, code: 'if_match_required' })
  })
})

describe('what is refused', () => {
  it.each<[string, unknown, string, string[]]>([
    ['nothing', {}, 'invalid_body', ['']],
    ['blanks', { notes: '  ', goals: null }, 'invalid_body', ['']],
    ['a headline that is too long', { headline: 'x'.repeat(201) }, 'invalid_body', ['/headline']],
    ['a background that is too long', { background: 'x'.repeat(5_001) }, 'invalid_body', ['/background']],
    ['goals that are too long', { goals: 'x'.repeat(5_001) }, 'invalid_body', ['/goals']],
    ['notes that are too long', { notes: 'x'.repeat(20_001) }, 'invalid_body', ['/notes']],
    ['a number', { notes: 7 }, 'invalid_body', ['/notes']],
    ['an unknown field', { notes: 'x', kind: 'y' }, 'invalid_body', ['/kind']],
    ['U+0000', { notes: 'a\u0000b' }, 'invalid_body', ['/notes']],
    ['a headline of two lines', { headline: 'a\nb' }, 'invalid_value', ['/headline']],
    ['a headline that turns the direction', { headline: 'a\u202eb' }, 'invalid_value', ['/headline']],
    ['a bell', { background: 'a\u0007b' }, 'invalid_value', ['/background']],
    ['goals that turn the direction', { goals: 'a\u2066b' }, 'invalid_value', ['/goals']],
    ['a control character', { notes: 'a\u009fb' }, 'invalid_value', ['/notes']],
  ])('to write %s', async (_what, body, code, pointers) => {
    expect(await problemOf(await ask('PUT', { tag: nothing, body }))).toEqual({ status: 422, code, pointers })
    expect(await problemOf(await ask('GET'))).toMatchObject(notFound)
  })
  it('a participant of another tenant, or of nobody', async () => {
    const other = await makeTenant()
    const theirs = await makeParticipant(other)
    await admin.query(
      `insert into public.client_bios (tenant_id, session_id, notes) values ($1, private.ulid_to_uuid($2), 'Theirs')`,
      [other.id, theirs],
    )
    for (const of of [theirs, '01JD3N8Q4ZB6T2V9XK5M7R0C1E'])
      for (const method of ['GET', 'PUT', 'DELETE'])
        for (const tag of [nothing, '"01JD3N8Q4ZB6T2V9XK5M7R0C1E"'])
          expect(
            await problemOf(
              await ask(method, { of, tag, body: method === 'PUT' ? { notes: 'Mine' } : undefined }),
            ),
          ).toMatchObject({ status: 404, code: 'participant_not_found' })
  })
  it('a reviewer, who reads leads and no more', async () => {
    await written({ notes: 'Likes herons.' })
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(
        await problemOf(
          await ask(method, {
            by: reviewer,
            tag: nothing,
            body: method === 'PUT' ? { notes: 'Mine' } : undefined,
          }),
        ),
      ).toMatchObject({ status: 403, code: 'forbidden' })
  })
  it('a member who goes around the revision, over the REST API', async () => {
    await written({ notes: 'Likes herons.' })
    const rest = (by: Person, method: string, body?: object) =>
      fetch(`${stack.api_url}/rest/v1/client_bios?tenant_id=eq.${tenant.id}&select=notes`, {
        method,
        headers: {
          apikey: stack.publishable_key,
          authorization: `Bearer ${by.token}`,
          'content-type': 'application/json',
        },
        ...(body && { body: JSON.stringify(body) }),
      })
    expect(await (await rest(member, 'GET')).json()).toContainEqual({ notes: 'Likes herons.' })
    expect(await (await rest(reviewer, 'GET')).json()).toEqual([])
    expect((await rest(member, 'PATCH', { notes: 'Mine' })).status).toBe(403)
    expect((await rest(member, 'POST', { tenant_id: tenant.id, notes: 'Mine' })).status).toBe(403)
    expect((await rest(member, 'DELETE')).status).toBe(403)
  })
})

const notFound = { status: 404, code: 'not_found' }
