import { beforeEach, describe, expect, it } from 'vitest'
import { Roles } from '../../../lib/registry/index.ts'
import { changeBrand } from '../../branding/brand/editor.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { type Person as Coach, createTenant, signUpPerson } from '../../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

describe('through REST, with one and the same session', () => {
  let owner: Coach
  let member: Coach
  let tenant: { id: string; slug: string }
  beforeEach(async () => {
    ;[owner, member] = await Promise.all([signUpPerson(), signUpPerson()])
    tenant = await createTenant(owner)
    await setup.query(`insert into public.tenant_members (tenant_id, user_id) values ($1, $2)`, [
      tenant.id,
      member.id,
    ])
    await setup.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Spring')`, [tenant.id])
  })

  const seen = async () => (await member.client.from('campaigns').select('name')).data?.length
  const write = async () =>
    (await member.client.from('campaigns').insert({ tenant_id: tenant.id, name: 'Late' })).status
  const memberOf = () => owner.client.from('tenant_members')

  it('a membership that is switched off is gone at the next query, and back when it is switched on', async () => {
    expect([await seen(), await write()]).toEqual([1, 201])
    await memberOf().update({ status: 'deactivated' }).eq('user_id', member.id)
    expect([await seen(), await write()]).toEqual([0, 403])
    expect((await member.client.rpc('leave_tenant', { tenant_id: tenant.id })).error?.message).toBe(
      'tenant_not_found',
    )
    await memberOf().update({ status: 'active' }).eq('user_id', member.id)
    expect([await seen(), await write()]).toEqual([2, 201])
  })
  it('one that is ended is gone at the next query', async () => {
    expect(await seen()).toBe(1)
    await memberOf().delete().eq('user_id', member.id)
    expect([await seen(), await write()]).toEqual([0, 403])
  })
  it('a lower role is lower at the next query', async () => {
    expect(await write()).toBe(201)
    await memberOf().update({ role: 'reviewer' }).eq('user_id', member.id)
    expect([await seen(), await write()]).toEqual([2, 403])
  })
  it('ownership is handed over by rpc, both halves or neither', async () => {
    const transfer = (to: string) =>
      owner.client.rpc('transfer_ownership', { tenant_id: tenant.id, user_id: to })
    const stranger = await signUpPerson()
    expect((await transfer(stranger.id)).error?.message).toBe('not_found')
    expect((await transfer(member.id)).data).toMatchObject({ user_id: member.id, role: 'owner' })
    expect((await transfer(member.id)).error?.message).toBe('forbidden')
  })
})

describe('a person in several tenants', () => {
  let person: Person
  let [first, second, foreign]: Tenant[] = []
  beforeEach(async () => {
    person = await makePerson()
    first = await makeTenant({ owner: person })
    second = await makeTenant({ owner: await makePerson(), reviewer: person })
    foreign = await makeTenant({ owner: await makePerson() })
  })
  const brand = (tenant?: string) =>
    call('/branding/brand', { token: person.token, ...(tenant !== undefined && { tenant }) })
  const nameOf = async (response: Response) =>
    ((await response.json()) as { display_name: string }).display_name

  it('names the one that is meant by its slug or its ref_id', async () => {
    for (const tenant of [first!, second!]) {
      for (const name of [tenant.slug, tenant.ref_id]) {
        const answer = await brand(name)
        expect([answer.status, await nameOf(answer)]).toEqual([200, tenant.slug])
      }
    }
  })
  it('has in each the rights of the role held there', async () => {
    const rename = (tenant: Tenant) =>
      changeBrand({ token: person.token, tenant: tenant.slug }, { display_name: 'X' })
    expect((await rename(first!)).status).toBe(200)
    expect(await problemOf(await rename(second!))).toMatchObject({ status: 403, code: 'forbidden' })
  })
  it('must name one, and is told of no other while asked to', async () => {
    const answer = await brand()
    const text = await answer.text()
    expect(answer.status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ code: 'tenant_required' })
    for (const { slug, id, ref_id } of [first!, second!, foreign!])
      for (const secret of [slug, id, ref_id]) expect(text).not.toContain(secret)
  })
  it('need not, when one membership is all that is left', async () => {
    await setup.query('delete from public.tenant_members where tenant_id = $1 and user_id = $2', [
      second!.id,
      person.id,
    ])
    const answer = await brand()
    expect([answer.status, await nameOf(answer)]).toEqual([200, first!.slug])
  })
  it('nor when the other membership is switched off, or its tenant archived', async () => {
    await setup.query(
      `update public.tenant_members set status = 'deactivated' where tenant_id = $1 and user_id = $2`,
      [second!.id, person.id],
    )
    expect((await brand()).status).toBe(200)
    expect((await brand(second!.slug)).status).toBe(404)
    await setup.query(`update public.tenant_members set status = 'active' where user_id = $1`, [person.id])
    expect((await brand()).status).toBe(400)
    await setup.query(`update public.tenants set status = 'archived' where id = $1`, [second!.id])
    expect((await brand()).status).toBe(200)
  })
  it('hears the same of a tenant of others, of none, and of a name that cannot be one', async () => {
    const answers = await Promise.all(
      [
        foreign!.slug,
        foreign!.ref_id,
        'nobodys-slug',
        '01M7WEF79RF1K9K3GPWDP9WZDR',
        foreign!.id,
        '',
        '*',
        "'",
      ].map(async (name) => {
        const { request_id: _, ...document } = (await (await brand(name)).json()) as Record<string, unknown>
        return document
      }),
    )
    expect(answers[0]).toMatchObject({ status: 404, code: 'tenant_not_found' })
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })
  it('cannot name a tenant by a slug it gave up: another may have it one day', async () => {
    const renamed = `${first!.slug}-new`
    const body = { slug: renamed }
    await call(`/registry/tenants/${first!.slug}/slug`, { token: person.token, body })
    expect((await brand(renamed)).status).toBe(200)
    expect(await problemOf(await brand(first!.slug))).toMatchObject({ status: 404, code: 'tenant_not_found' })
    expect((await brand(first!.ref_id)).status).toBe(200)
  })
  it('names it the same way in a path, where the header says nothing', async () => {
    const answer = await call(`/registry/tenants/${second!.ref_id}`, {
      token: person.token,
      tenant: first!.slug,
    })
    expect(await answer.json()).toMatchObject({ slug: second!.slug, role: 'reviewer' })
  })
})

describe('the roles', () => {
  it('are listed with what each may do, the highest first', async () => {
    const person = await makePerson()
    const { roles } = Roles.parse(await (await call('/registry/roles', { token: person.token })).json())
    expect(roles).toEqual([
      {
        role: 'owner',
        permissions: 'contract export leave manage own read read_admin read_clients review write'.split(' '),
      },
      {
        role: 'admin',
        permissions: 'contract leave manage read read_admin read_clients review write'.split(' '),
      },
      { role: 'member', permissions: ['leave', 'read', 'read_clients', 'write'] },
      { role: 'reviewer', permissions: ['leave', 'read', 'review'] },
    ])
  })
})
