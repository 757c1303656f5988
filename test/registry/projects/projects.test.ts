import { beforeEach, describe, expect, it } from 'vitest'
import { Project, Projects } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { createTenant, signUpPerson } from '../../kit/sign-up.ts'
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
  await grant('bots')
})

const grant = (product: string, id = tenant.id) =>
  setup.query('insert into public.tenant_products (tenant_id, product) values ($1, $2)', [id, product])
const at = (rest = '') => `/registry/tenants/${tenant.slug}/projects${rest}`
const create = (by: Person, body: unknown) => call(at(), { token: by.token, body })
const created = async (slug: string) =>
  Project.parse(await (await create(admin, { slug, name: slug })).json())
const change = (by: Person, project: string, body: unknown) =>
  call(at(`/${project}`), { method: 'PATCH', token: by.token, body })

describe('projects', () => {
  it('are made by managers, where a product supports them', async () => {
    const answer = await create(admin, { slug: 'spring', name: '  Spring ' })
    expect(answer.status).toBe(201)
    expect(Project.parse(await answer.json())).toMatchObject({
      slug: 'spring',
      name: 'Spring',
      status: 'active',
    })
  })
  it('are read by everybody who belongs to the tenant, by slug or ref_id, page by page', async () => {
    const projects = [await created('one'), await created('two'), await created('three')]
    for (const name of ['two', projects[1]!.ref_id])
      expect(await (await call(at(`/${name}`), { token: member.token })).json()).toEqual(
        JSON.parse(JSON.stringify(projects[1])),
      )
    const read = async (query: string) =>
      Projects.parse(await (await call(at(query), { token: member.token })).json())
    const first = await read('?limit=2')
    expect(first.projects.map(({ slug }) => slug)).toEqual(['three', 'two'])
    const second = await read(`?limit=2&cursor=${first.next_cursor}`)
    expect(second.projects.map(({ slug }) => slug)).toEqual(['one'])
  })
  it('are renamed, archived and opened again by managers', async () => {
    await created('spring')
    const changed = await change(admin, 'spring', { slug: 'summer', name: 'Summer', status: 'archived' })
    expect(Project.parse(await changed.json())).toMatchObject({
      slug: 'summer',
      name: 'Summer',
      status: 'archived',
    })
    expect(await (await change(admin, 'summer', { status: 'active' })).json()).toMatchObject({
      status: 'active',
    })
    expect(await problemOf(await change(member, 'summer', { name: 'x' }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
  })
  it('have a slug that is free in their own tenant, whatever others have', async () => {
    const stranger = await makePerson()
    const other = await makeTenant({ owner: stranger })
    await grant('bots', other.id)
    await created('spring')
    const there = await call(`/registry/tenants/${other.slug}/projects`, {
      token: stranger.token,
      body: { slug: 'spring', name: 'Spring' },
    })
    expect(there.status).toBe(201)

    const taken = { status: 409, code: 'project_slug_taken', pointers: ['/slug'] }
    expect(await problemOf(await create(owner, { slug: 'spring', name: 'Again' }))).toEqual(taken)
    await created('summer')
    expect(await problemOf(await change(owner, 'summer', { slug: 'spring' }))).toEqual(taken)
    expect((await change(owner, 'summer', { slug: 'summer' })).status).toBe(200)
  })
  it('made ten times at once with one slug are made once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => create(owner, { slug: 'spring', name: 'Spring' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)])
  })
})

describe('without a product that supports them', () => {
  const noProduct = { status: 402, code: 'product_not_granted' }
  const lapse = (change: string) =>
    setup.query(`update public.tenant_products set ${change} where tenant_id = $1`, [tenant.id])

  it.each([
    [
      'was granted none',
      async () => setup.query('delete from public.tenant_products where tenant_id = $1', [tenant.id]),
    ],
    ['has one that is switched off', () => lapse('enabled = false')],
    ['has one whose time is over, by the clock alone', () => lapse('expires_at = now()')],
    ['has one without projects', () => lapse(`product = 'assessments'`)],
  ])('none is made or opened again by a tenant that %s', async (_what, make) => {
    const { slug } = await created('old')
    await change(owner, slug, { status: 'archived' })
    await make()
    const answer = await create(owner, { slug: 'spring', name: 'Spring' })
    expect(await answer.clone().text()).toContain('bots, marketing')
    expect(await problemOf(answer)).toMatchObject(noProduct)
    expect(await problemOf(await change(owner, slug, { status: 'active' }))).toMatchObject(noProduct)
    // What is there can be read and called otherwise.
    expect((await change(owner, slug, { name: 'Renamed' })).status).toBe(200)
  })
  it('REST refuses as well: the policy asks the same question', async () => {
    const coach = await signUpPerson()
    const { id } = await createTenant(coach)
    const insert = (slug: string) =>
      coach.client.from('tenant_projects').insert({ tenant_id: id, slug, name: slug })
    const refused = await insert('spring')
    expect([refused.status, refused.error?.code]).toEqual([403, '42501'])
    await grant('marketing', id)
    expect((await insert('spring')).status).toBe(201)
    await setup.query('update public.tenant_products set expires_at = now() where tenant_id = $1', [id])
    expect((await insert('summer')).status).toBe(403)
  })
})

describe('what is refused', () => {
  it.each(['a', '-ab', 'ab-', 'Ab', 'a_b', 'a'.repeat(41), '', 'аb', 'ab\n'])('the slug %j', async (slug) => {
    expect(await problemOf(await create(owner, { slug, name: 'Bad' }))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: ['/slug'],
    })
    await expect(
      setup.query(`insert into public.tenant_projects (tenant_id, name, slug) values ($1, 'Bad', $2)`, [
        tenant.id,
        slug,
      ]),
    ).rejects.toMatchObject({ code: '23514', constraint: 'project_slug_format' })
  })
  it.each(['ab', '0-0', 'a'.repeat(40)])('but not the slug %j', async (slug) => {
    expect((await create(owner, { slug, name: 'Good' })).status).toBe(201)
  })
  it.each<[unknown, string[]]>([
    [{}, ['']],
    [{ name: '' }, ['/name']],
    [{ status: 'gone' }, ['/status']],
    [{ tenant_id: 'x', name: 'x' }, ['/tenant_id']],
  ])('a change to %j', async (body, pointers) => {
    await created('spring')
    expect(await problemOf(await change(owner, 'spring', body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers,
    })
  })
  it('a project of another tenant, and a name that is none', async () => {
    const other = await makeTenant({ owner: await makePerson() })
    const { rows } = await setup.query<{ ref_id: string }>(
      `insert into public.tenant_projects (tenant_id, name, slug) values ($1, 'Theirs', 'theirs') returning ref_id`,
      [other.id],
    )
    for (const name of [rows[0]!.ref_id, 'theirs', 'nobodys', 'No'])
      expect(await problemOf(await change(owner, name, { name: 'Mine' }))).toMatchObject({
        status: 404,
        code: 'not_found',
      })
  })
})
