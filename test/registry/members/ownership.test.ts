import { beforeEach, describe, expect, inject, it } from 'vitest'
import { Member } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let admin: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  admin = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, admin, member })
})

const transfer = (by: Person, to: unknown) =>
  call(`/registry/tenants/${tenant.slug}/ownership`, { token: by.token, body: { to } })
const roles = async () => {
  const { rows } = await setup.query<{ user_id: string; role: string; status: string }>(
    'select user_id, role, status from public.tenant_members where tenant_id = $1',
    [tenant.id],
  )
  return Object.fromEntries(rows.map(({ user_id, role }) => [user_id, role]))
}
const owners = async () => {
  const { rows } = await setup.query<{ count: number }>(
    `select count(*)::int from public.tenant_members where tenant_id = $1 and role = 'owner' and status = 'active'`,
    [tenant.id],
  )
  return rows[0]!.count
}

describe('handing a tenant over', () => {
  it('makes the member its owner and the owner an admin', async () => {
    const answer = await transfer(owner, member.refId)
    expect(Member.parse(await answer.json())).toMatchObject({ ref_id: member.refId, role: 'owner' })
    expect(await roles()).toEqual({ [owner.id]: 'admin', [admin.id]: 'admin', [member.id]: 'owner' })
    // The former owner has no way back of their own.
    expect(await problemOf(await transfer(owner, owner.refId))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
  })
  it('to a second owner leaves that one alone', async () => {
    await setup.query(`update public.tenant_members set role = 'owner' where user_id = $1`, [admin.id])
    expect((await transfer(owner, admin.refId)).status).toBe(200)
    expect(await roles()).toMatchObject({ [owner.id]: 'admin', [admin.id]: 'owner' })
  })
  it('is refused to whoever is no active member, and changes nothing', async () => {
    const stranger = await makePerson()
    await makeTenant({ owner: stranger })
    expect(await problemOf(await transfer(owner, stranger.refId))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    await setup.query(`update public.tenant_members set status = 'deactivated' where user_id = $1`, [
      member.id,
    ])
    expect(await problemOf(await transfer(owner, member.refId))).toMatchObject({
      status: 409,
      code: 'member_not_active',
    })
    expect(await problemOf(await transfer(owner, owner.refId))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/to'],
    })
    expect(await problemOf(await transfer(owner, 'nobody'))).toMatchObject({
      status: 422,
      code: 'invalid_body',
    })
    expect(await roles()).toEqual({ [owner.id]: 'owner', [admin.id]: 'admin', [member.id]: 'member' })
  })
  it('is for owners only', async () => {
    for (const by of [admin, member])
      expect(await problemOf(await transfer(by, admin.refId))).toMatchObject({
        status: 403,
        code: 'forbidden',
      })
  })
  it('to two people at once goes to one of them', async () => {
    const answers = await Promise.all([transfer(owner, admin.refId), transfer(owner, member.refId)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403])
    expect(await owners()).toBe(1)
  })
})

describe('fifty changes at once', () => {
  // Real connections through REST and functions alike: whatever order they land in, an owner is left.
  it.each([1, 2, 3])('leave an owner, round %i', async () => {
    const people = [owner, admin, member, ...(await Promise.all(Array.from({ length: 7 }, makePerson)))]
    await setup.query(
      `insert into public.tenant_members (tenant_id, user_id, role)
       select $1, unnest($2::uuid[]), 'owner' on conflict (tenant_id, user_id) do update set role = 'owner'`,
      [tenant.id, people.map(({ id }) => id)],
    )
    const path = (whom: Person) => `/registry/tenants/${tenant.slug}/members/${whom.refId}`
    const rest = (by: Person, whom: Person, method: string, body?: unknown) =>
      fetch(
        `${inject('stack').api_url}/rest/v1/tenant_members?tenant_id=eq.${tenant.id}&user_id=eq.${whom.id}`,
        {
          method,
          headers: {
            apikey: inject('stack').publishable_key,
            authorization: `Bearer ${by.token}`,
            'content-type': 'application/json',
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        },
      )
    const changes: ((by: Person, whom: Person) => Promise<Response>)[] = [
      (by, whom) => call(path(whom), { method: 'PATCH', token: by.token, body: { role: 'member' } }),
      (by) => call(path(by), { method: 'PATCH', token: by.token, body: { role: 'admin' } }),
      (by) => call(path(by), { method: 'DELETE', token: by.token }),
      (by, whom) => call(path(whom), { method: 'DELETE', token: by.token }),
      (by, whom) => transfer(by, whom.refId),
      (by, whom) => call(path(whom), { method: 'PATCH', token: by.token, body: { status: 'deactivated' } }),
      (by, whom) => rest(by, whom, 'PATCH', { role: 'reviewer' }),
      (by) => rest(by, by, 'DELETE'),
    ]
    let atAnyTime = Number.POSITIVE_INFINITY
    let isOver = false
    const watching = (async () => {
      while (!isOver) atAnyTime = Math.min(atAnyTime, await owners())
    })()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const by = people[n % people.length]!
        const whom = people[(n * 7 + 3) % people.length]!
        return changes[n % changes.length]!(by, whom)
      }),
    )
    isOver = true
    await watching
    expect(atAnyTime).toBeGreaterThan(0)
    expect(await owners()).toBeGreaterThan(0)
    // 503 is an answer too, to whoever waited too long for a connection on a busy machine.
    const statuses = new Set(answers.map(({ status }) => status))
    expect([...statuses].filter((status) => ![200, 204, 403, 404, 409, 422, 503].includes(status))).toEqual(
      [],
    )
    expect(statuses.has(200) || statuses.has(204)).toBe(true)
  })

  it('leave an owner, on as many connections of the database itself', async () => {
    const people = await Promise.all(Array.from({ length: 50 }, makePerson))
    await setup.query(
      `insert into public.tenant_members (tenant_id, user_id, role) select $1, unnest($2::uuid[]), 'owner'`,
      [tenant.id, people.map(({ id }) => id)],
    )
    await setup.query(`delete from public.tenant_members where tenant_id = $1 and user_id = $2`, [
      tenant.id,
      owner.id,
    ])
    const leave = ({ id }: Person, n: number) =>
      setup.query(
        n % 2
          ? 'delete from public.tenant_members where tenant_id = $1 and user_id = $2'
          : `update public.tenant_members set role = 'reviewer' where tenant_id = $1 and user_id = $2`,
        [tenant.id, id],
      )
    const left = await Promise.allSettled(people.map(leave))
    const refused = left.filter((one) => one.status === 'rejected')
    expect(refused.map(({ reason }) => reason.message)).toEqual(['last_owner'])
    expect(await owners()).toBe(1)
  })
})
