import { beforeAll, expect, it } from 'vitest'
import { Participants } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let member: Person
let tenant: Tenant
const add = (of: Tenant, email: string, full_name: string | null = null) =>
  admin.query('insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3)', [
    of.id,
    email,
    full_name,
  ])
beforeAll(async () => {
  member = await makePerson()
  tenant = await makeTenant({ member })
  await add(tenant, 'ada@example.com', 'Ada Example')
  await add(tenant, 'bob@example.org', 'ÉMILE 100% _x_')
  await add(tenant, 'formula@example.org', '=1+1,"x"')
  await add(await makeTenant(), 'ada@example.net', 'Ada Elsewhere')
})

const ask = (query: string, headers = {}) =>
  call(`/assessments/participants?${query}`, { token: member.token, tenant: tenant.slug, headers })
const found = async (search: string) => {
  const answer = await ask(`search=${encodeURIComponent(search)}`)
  return Participants.parse(await answer.json()).participants.map(({ email }) => email)
}

it.each([
  ['ada', ['ada@example.com']],
  ['ADA EXAMPLE', ['ada@example.com']],
  ['example.org', ['formula@example.org', 'bob@example.org']],
  ['émile', ['bob@example.org']],
  // A pattern of LIKE would take both for anything.
  ['%', ['bob@example.org']],
  ['_x_', ['bob@example.org']],
  ["' or true --", []],
  ['da', ['ada@example.com']],
  ['e e', []],
])('a search for %s finds those of the tenant whose name or address has it', async (search, emails) => {
  expect(await found(search)).toEqual(emails)
})

it('a search goes with the other filters, and with pages', async () => {
  expect(
    Participants.parse(await (await ask('search=a&client_status=completed')).json()).participants,
  ).toEqual([])
  const first = Participants.parse(await (await ask('search=example&limit=2')).json())
  const second = Participants.parse(
    await (await ask(`search=example&limit=2&cursor=${first.next_cursor}`)).json(),
  )
  expect([first.participants.length, second.participants.map(({ email }) => email)]).toEqual([
    2,
    ['ada@example.com'],
  ])
})

it('a search knows the present name alone, and nobody who was removed or forgotten', async () => {
  const own = await makeTenant({ member })
  const of = async (search: string) =>
    Participants.parse(
      await (
        await call(`/assessments/participants?search=${search}`, { token: member.token, tenant: own.slug })
      ).json(),
    ).participants.map(({ email }) => email)
  for (const email of ['first@example.com', 'second@example.com', 'third@example.com'])
    await add(own, email, 'Old Name')
  const set = (change: string, email: string) =>
    admin.query(`update public.participant_sessions set ${change} where tenant_id = $1 and email = $2`, [
      own.id,
      email,
    ])
  await set(`full_name = 'New Name'`, 'first@example.com')
  await set('full_name = null', 'second@example.com')
  expect(await of('old')).toEqual(['third@example.com'])
  expect(await of('new')).toEqual(['first@example.com'])
  expect(await of('second')).toEqual(['second@example.com'])
  await set('email = null', 'second@example.com')
  expect(await of('second')).toEqual([])
  await admin.query('select public.forget_person($1, $2)', [own.id, 'first@example.com'])
  await admin.query('delete from public.participant_sessions where tenant_id = $1 and email = $2', [
    own.id,
    'third@example.com',
  ])
  const { rows } = await superuser.query('select words from private.participant_names where tenant_id = $1', [
    own.id,
  ])
  expect(rows).toEqual([])
})

it('nobody asks for the names of another tenant, nor reads the names themselves', async () => {
  const stranger = await makePerson()
  const find = `select private.find_participants($1, 'ada', null, null, null, 10) as id`
  expect((await asUser(member.id, (db) => db.query(find, [tenant.id]))).rowCount).toBe(1)
  expect((await asUser(stranger.id, (db) => db.query(find, [tenant.id]))).rowCount).toBe(0)
  await expect(
    asUser(member.id, (db) => db.query('select from private.participant_names')),
  ).rejects.toMatchObject({
    code: '42501',
  })
})

it('an empty search, and one that is too long, are refused', async () => {
  for (const search of ['', '%20', 'x'.repeat(101)])
    expect(await problemOf(await ask(`search=${search}`))).toMatchObject({ code: 'invalid_query' })
})

it('as CSV there are all of them, and no cell is a formula', async () => {
  for (const answer of [await ask('format=csv&limit=1'), await ask('', { accept: 'text/csv' })]) {
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="participants-${tenant.slug}.csv"`,
    )
    const lines = (await answer.text()).trimEnd().split('\r\n')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toMatch(/^ref_id,email,full_name,has_consented,client_status,campaign,/)
    expect(lines[1]).toContain(`,formula@example.org,"'=1+1,""x""",false,registered,,`)
  }
  const some = await (await ask('format=csv&search=ada')).text()
  expect(some.trimEnd().split('\r\n')).toHaveLength(2)
})
