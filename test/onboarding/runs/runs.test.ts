import { beforeEach, describe, expect, inject, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { settleFact } from '../../usage/payments/world.ts'
import { makeRegistration, orderRegistration, outcomeOf, paid } from '../checkout/world.ts'
import { addRun } from './world.ts'

const asService = { apikey: inject('stack').secret_key }
let owner: Person
let reviewer: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  ;[owner, reviewer, member] = (await Promise.all([1, 2, 3].map(makePerson))) as [Person, Person, Person]
  tenant = await makeTenant({ owner, reviewer, member })
})
const path = (rest = '') => `/onboarding/tenants/${tenant.slug}/run${rest}`
const start = () => call(path('/start'), { method: 'POST', ...asService })
const submit = (research_output = 'They sell neem trees.') =>
  call(path('/research'), { ...asService, body: { research_output } })
const review = (person: Person, body: object) => call(path('/review'), { token: person.token, body })
const statusOf = async () =>
  ((await (await call(path(), { token: member.token })).json()) as { status: string }).status

it('a run goes from pending to completed, and back once with a note', async () => {
  await addRun(tenant)
  expect((await start()).status).toBe(200)
  expect((await start()).status).toBe(200)
  expect(await statusOf()).toBe('researching')
  await submit()
  expect(await statusOf()).toBe('review')
  const back = await review(reviewer, { is_approved: false, note: 'Look at their shop too.' })
  expect(await back.json()).toMatchObject({ status: 'researching', note: 'Look at their shop too.' })
  await submit('They have a shop.')
  const done = await review(owner, { is_approved: true })
  expect(await done.json()).toMatchObject({
    status: 'completed',
    research_output: 'They have a shop.',
    note: null,
  })
  const { rows } = await admin.query(
    `select (select count(*)::int from public.webhook_events where tenant_id = $1 and type = 'onboarding.completed') as events,
       (select count(*)::int from public.notifications where tenant_id = $1 and type = 'onboarding.review') as told`,
    [tenant.id],
  )
  expect(rows).toEqual([{ events: 1, told: 2 }])
})

describe('what is not the turn of a state', () => {
  it.each([
    ['pending', 'research'],
    ['pending', 'review'],
    ['researching', 'review'],
    ['review', 'research'],
    ['review', 'start'],
  ])('in %s: %s', async (status, what) => {
    await addRun(tenant, status)
    const act = { start, research: submit, review: () => review(owner, { is_approved: true }) }[what]!
    const answer = await act()
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ code: 'run_not_there', run_status: status })
    expect(await statusOf()).toBe(status)
  })

  it('a member does not review, and nobody sends back without saying why', async () => {
    await addRun(tenant, 'review')
    expect(await problemOf(await review(member, { is_approved: true }))).toMatchObject({ status: 403 })
    expect(await problemOf(await review(reviewer, { is_approved: false }))).toMatchObject({
      status: 422,
      pointers: ['/note'],
    })
    expect(await statusOf()).toBe('review')
  })

  it('of two reviewers at once one is heard', async () => {
    await addRun(tenant, 'review')
    const answers = await Promise.all(
      [owner, reviewer].map((person) => review(person, { is_approved: true })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it('a tenant without a run has nothing to start', async () => {
    expect((await start()).status).toBe(404)
    expect((await call(path(), { token: owner.token })).status).toBe(404)
  })
})

it('a registered tenant has one that waits for the contract', async () => {
  const order = await orderRegistration(await makeRegistration())
  await settleFact(order, paid())
  const { tenant: id } = await outcomeOf(order)
  const { rows } = await admin.query(
    `select r.status, t.slug from public.onboarding_runs as r join public.tenants as t on t.id = r.tenant_id where t.id = $1`,
    [id],
  )
  expect(rows).toMatchObject([{ status: 'pending' }])
  const answer = await call(`/onboarding/tenants/${rows[0].slug}/run/start`, { method: 'POST', ...asService })
  expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'contract_not_accepted' })
})
