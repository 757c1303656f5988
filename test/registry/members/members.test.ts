import { beforeEach, describe, expect, it } from 'vitest'
import { Member, Members } from '../../../lib/registry/index.ts'
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

const at = (person?: Person) => `/registry/tenants/${tenant.slug}/members${person ? `/${person.refId}` : ''}`
const change = (by: Person, whom: Person, body: unknown) =>
  call(at(whom), { method: 'PATCH', token: by.token, body })
const remove = (by: Person, whom: Person) => call(at(whom), { method: 'DELETE', token: by.token })
const rolesNow = async () => {
  const { members } = Members.parse(await (await call(at(), { token: owner.token })).json())
  return Object.fromEntries(members.map(({ ref_id, role }) => [ref_id, role]))
}

describe('members', () => {
  it('see who belongs to their tenant', async () => {
    expect(await rolesNow()).toEqual({
      [owner.refId]: 'owner',
      [admin.refId]: 'admin',
      [member.refId]: 'member',
    })
  })
  it('are changed by managers', async () => {
    const response = await change(admin, member, { role: 'reviewer' })
    expect(Member.parse(await response.json())).toMatchObject({
      ref_id: member.refId,
      role: 'reviewer',
      status: 'active',
    })
  })
  it('who are switched off are out at their next request', async () => {
    expect((await call(at(), { token: member.token })).status).toBe(200)
    expect((await change(owner, member, { status: 'deactivated' })).status).toBe(200)
    expect((await call(at(), { token: member.token })).status).toBe(404)
    expect((await change(owner, member, { status: 'active' })).status).toBe(200)
    expect((await call(at(), { token: member.token })).status).toBe(200)
  })
  it('who are removed are out at their next request', async () => {
    expect((await remove(admin, member)).status).toBe(204)
    expect((await call(at(), { token: member.token })).status).toBe(404)
    expect(Object.keys(await rolesNow())).not.toContain(member.refId)
  })
  it('may leave, also when the tenant is frozen', async () => {
    await setup.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    expect(await problemOf(await remove(owner, member))).toMatchObject({ status: 403, code: 'tenant_frozen' })
    expect((await remove(member, member)).status).toBe(204)
  })
})

describe('owners', () => {
  it('are made and unmade by owners only', async () => {
    expect(await problemOf(await change(admin, member, { role: 'owner' }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect(await problemOf(await change(admin, admin, { role: 'owner' }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect(await problemOf(await change(admin, owner, { role: 'member' }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect(await problemOf(await remove(admin, owner))).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await rolesNow()).toMatchObject({
      [owner.refId]: 'owner',
      [admin.refId]: 'admin',
      [member.refId]: 'member',
    })
    expect((await change(owner, member, { role: 'owner' })).status).toBe(200)
    expect((await remove(member, owner)).status).toBe(204)
  })
  it('never run out: the last one can neither leave, nor step down, nor be switched off', async () => {
    for (const attempt of [
      remove(owner, owner),
      change(owner, owner, { role: 'admin' }),
      change(owner, owner, { status: 'deactivated' }),
    ]) {
      expect(await problemOf(await attempt)).toMatchObject({ status: 409, code: 'last_owner' })
    }
  })
  it('who leave at the same moment leave one behind', async () => {
    await change(owner, admin, { role: 'owner' })
    const answers = await Promise.all([remove(owner, owner), remove(admin, admin)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409])
  })
})

describe('what is refused', () => {
  it.each<[unknown, string[]]>([
    [{}, ['']],
    [{ role: 'king' }, ['/role']],
    [{ status: 'invited' }, ['/status']],
    [{ role: 'member', user_id: 'x' }, ['/user_id']],
    [{ role: null }, ['/role']],
  ])('a change to %j', async (body, pointers) => {
    expect(await problemOf(await change(owner, member, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers,
    })
  })
  it('somebody who does not belong to the tenant, and a name that is none', async () => {
    const stranger = await makePerson()
    await makeTenant({ owner: stranger })
    for (const whom of [stranger.refId, 'nonsense', member.id, member.refId.toLowerCase()]) {
      for (const method of ['PATCH', 'DELETE']) {
        const response = await call(`${at()}/${whom}`, {
          method,
          token: owner.token,
          ...(method === 'PATCH' && { body: { role: 'member' } }),
        })
        expect(await problemOf(response)).toMatchObject({ status: 404, code: 'not_found' })
      }
    }
  })
  it('members without "manage"', async () => {
    expect(await problemOf(await change(member, member, { role: 'owner' }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect(await problemOf(await remove(member, admin))).toMatchObject({ status: 403, code: 'forbidden' })
  })
})
