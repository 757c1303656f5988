import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { Queues, RegisteredTenants, TenantState } from '../../../lib/operator/schema.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makeOperator, makePerson, type Person } from '../../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'

// What an operator does: finds tenants, looks at one, changes its plan and status, and sees the queues.

let owner: Person
let tenant: Tenant
let operator: Person
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'business' })
  operator = await makeOperator()
  await superuser.query(
    `update public.user_profiles set first_name = 'Ada', last_name = 'Example' where user_id = $1`,
    [operator.id],
  )
})
afterAll(() => superuser.query('delete from public.tenant_members where user_id = $1', [operator.id]))

const find = async (query: Record<string, string>) => {
  const response = await call(`/registry/operator/tenants?${new URLSearchParams(query)}`, {
    token: operator.token,
  })
  expect(response.status, await response.clone().text()).toBe(200)
  return RegisteredTenants.parse(await response.json()).tenants.map(({ slug }) => slug)
}
const look = async (name: string, token = operator.token) => {
  const response = await call(`/registry/tenants/${name}/state`, {
    token,
    headers: { 'x-request-id': 'operator-looks-here' },
  })
  expect(response.status, await response.clone().text()).toBe(200)
  return TenantState.parse(await response.json())
}
const put = (path: string, body: unknown) =>
  call(`/registry/tenants/${path}`, { method: 'PUT', token: operator.token, body })
interface Event {
  action: string
  actor_type: string
  actor_id: string
  actor_name: string | null
  request_id: string | null
}
/** As its owner reads it. */
const log = async (of: Tenant, by: Person, action: string) => {
  const response = await call(`/registry/tenants/${of.slug}/audit?action=${action}`, { token: by.token })
  return ((await response.json()) as { events: Event[] }).events
}

const queueNames = ['bot_answers', 'bot_messages', 'bot_pushes', 'notifications', 'webhooks']

describe('tenants are found', () => {
  const mark = freshSlug('q').replace('-', '')
  let found: Tenant
  let person: Person
  beforeAll(async () => {
    person = await makePerson()
    found = await makeTenant({ owner: person, slug: `${mark}-first` })
    await makeTenant({ slug: `${mark}-second`, status: 'frozen', plan: 'starter' })
    await superuser.query('update public.tenants set name = $2 where id = $1', [
      found.id,
      `Größe & ${mark}zwei 100% "Studio" 相談室`,
    ])
    await superuser.query(`insert into public.tenant_domains (tenant_id, host) values ($1, $2)`, [
      found.id,
      `quiz.${mark}.example.com`,
    ])
  })

  it.each<[string, () => string]>([
    ['the beginning of its slug', () => `${mark}-fir`],
    ['its slug in capitals', () => `${mark}-FIRST`],
    ['a word of its name', () => `${mark}zwei`],
    ['the beginning of the last word, after others', () => `größe ${mark}zw`],
    ['its name as it is written', () => `Größe & ${mark}zwei 100% "Studio" 相談室`],
    ['the beginning of its domain', () => `quiz.${mark}`],
    ["its owner's address", () => person.email],
    ["the beginning of its owner's address, in capitals", () => person.email.slice(0, 20).toUpperCase()],
    ['its ref_id', () => found.ref_id],
    ['its ref_id in small letters', () => found.ref_id.toLowerCase()],
  ])('by %s', async (_how, q) => {
    expect(await find({ q: q() })).toEqual([found.slug])
  })

  it('by status and plan, together with words or alone', async () => {
    expect(await find({ q: mark })).toEqual([`${mark}-second`, `${mark}-first`])
    expect(await find({ q: mark, status: 'frozen' })).toEqual([`${mark}-second`])
    expect(await find({ q: mark, plan: 'enterprise' })).toEqual([`${mark}-first`])
    expect(await find({ q: mark, plan: 'enterprise', status: 'frozen' })).toEqual([])
    expect((await find({ status: 'frozen', plan: 'starter', limit: '100' })).includes(`${mark}-second`)).toBe(
      true,
    )
  })

  it('by a slug that they gave up', async () => {
    const former = await makeTenant({ owner: person })
    await superuser.query('update public.tenants set slug = $2 where id = $1', [former.id, `${mark}-third`])
    expect(await find({ q: former.slug })).toEqual([`${mark}-third`])
  })

  it.each(['%', '_', '\\', "'; drop table x --", '&|!:*', "'", '()', '🦉', '\u202e', 'a'.repeat(200)])(
    'not by %j, which means nothing',
    async (q) => {
      expect((await find({ q })).includes(found.slug)).toBe(false)
    },
  )

  it('by no more than the register: not by the address of a member, and showing none', async () => {
    const member = await makePerson()
    await admin.query(`insert into public.tenant_members (tenant_id, user_id) values ($1, $2)`, [
      found.id,
      member.id,
    ])
    expect(await find({ q: member.email })).toEqual([])
    const response = await call(`/registry/operator/tenants?q=${mark}`, { token: operator.token })
    expect(await response.text()).not.toContain(person.email)
    expect(await log(found, person, 'operator.viewed')).toEqual([])
  })

  it.each([
    ['q', ' '],
    ['q', 'a'.repeat(201)],
    ['status', 'gone'],
    ['plan', ''],
  ])('not with %s=%j', async (name, value) => {
    const response = await call(`/registry/operator/tenants?${new URLSearchParams({ [name]: value })}`, {
      token: operator.token,
    })
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid_query' })
  })
})

describe('a look at a tenant', () => {
  it('shows where it stands, its people, limits, usage and queues', async () => {
    await admin.query(
      `select public.log_usage_event(tenant_id => $1, event_type => 'llm.call', tokens_used => 7)`,
      [tenant.id],
    )
    const state = await look(tenant.slug)
    expect(state).toMatchObject({
      tenant: { slug: tenant.slug, status: 'active', plan: 'business' },
      lifecycle: { status: 'active', moves: ['frozen', 'archived'] },
      plans: ['starter', 'professional', 'business', 'enterprise'],
      owners: [{ ref_id: owner.refId, email: owner.email }],
      members: { owner: 1, admin: 0, member: 0, reviewer: 0 },
      usage: { event_count: 1, tokens_used: 7 },
    })
    expect(state.queues.map(({ queue }) => queue)).toEqual(queueNames)
    expect(state.limits.find(({ limit }) => limit === 'members')).toMatchObject({ most: 50, used: 1 })
  })

  it('is in its audit log, where its owner reads who it was', async () => {
    await look(tenant.ref_id)
    expect(await log(tenant, owner, 'operator.viewed')).toMatchObject([
      {
        actor_type: 'operator',
        actor_id: operator.refId,
        actor_name: 'Ada Example',
        request_id: 'operator-looks-here',
      },
    ])
  })

  it('is there once in ten minutes for each person', async () => {
    const watched = await makeTenant({ owner })
    const second = await makeOperator()
    await look(watched.slug)
    await look(watched.slug)
    await look(watched.slug, second.token)
    await superuser.query('delete from public.tenant_members where user_id = $1', [second.id])
    expect((await log(watched, owner, 'operator.viewed')).map(({ actor_id }) => actor_id)).toEqual([
      second.refId,
      operator.refId,
    ])
  })

  it('finds an archived tenant, and none that there is not', async () => {
    const archived = await makeTenant({ owner, status: 'archived' })
    expect((await look(archived.slug)).lifecycle.moves).toEqual(['active'])
    const response = await call('/registry/tenants/nowhere-at-all/state', { token: operator.token })
    expect(await problemOf(response)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })

  it('that is a question to its audit log is recorded there too', async () => {
    const response = await call('/registry/audit?action=tenants.created', {
      token: operator.token,
      tenant: tenant.slug,
    })
    expect(((await response.json()) as { events: Event[] }).events).toHaveLength(1)
    expect(
      (await log(tenant, owner, 'audit.viewed')).filter(({ actor_type }) => actor_type === 'operator'),
    ).toMatchObject([{ actor_id: operator.refId }])
  })
})

describe('an operator changes a tenant', () => {
  it('its plan, and its status there and back, each in its log with their name', async () => {
    const moved = await makeTenant({ owner, plan: 'starter' })
    expect((await put(`${moved.slug}/plan`, { plan: 'business' })).status).toBe(200)
    expect((await put(`${moved.slug}/status`, { status: 'frozen', reason: 'Not paid.' })).status).toBe(200)
    expect((await put(`${moved.slug}/status`, { status: 'archived' })).status).toBe(200)
    expect((await put(`${moved.slug}/status`, { status: 'active' })).status).toBe(200)
    const events = await log(moved, owner, 'tenants.updated')
    expect(events).toHaveLength(4)
    for (const event of events)
      expect(event).toMatchObject({
        actor_type: 'operator',
        actor_id: operator.refId,
        actor_name: 'Ada Example',
      })
  })

  it('not beyond what its status allows', async () => {
    const frozen = await makeTenant({ owner, status: 'frozen' })
    expect(await problemOf(await put(`${frozen.slug}/plan`, { plan: 'gold' }))).toMatchObject({
      status: 422,
      pointers: ['/plan'],
    })
    expect(
      await problemOf(await put(`${frozen.slug}/trial`, { ends_at: '2027-01-01T00:00:00Z' })),
    ).toMatchObject({
      code: 'not_in_trial',
    })
    expect(await problemOf(await put('tenantry/status', { status: 'frozen' }))).toMatchObject({ status: 422 })
  })
})

describe('the queues', () => {
  it('are told with the tenants that wait most', async () => {
    const waiting = await makeTenant({ owner })
    const made = await call('/webhooks/endpoints', {
      token: owner.token,
      tenant: waiting.slug,
      body: { kind: 'poll', event_types: ['webhook.test'] },
    })
    expect(made.status, await made.clone().text()).toBe(201)
    const { ref_id } = (await made.json()) as { ref_id: string }
    // Of a lane that nobody serves, so it stays.
    await superuser.query(
      `insert into private.queue_items (tenant_id, queue, lane_id, item_id, next_at)
       select $1, 'webhooks', private.ulid_to_uuid($2), private.uuid_v7(), now() - interval '1 hour' from generate_series(1, 3000)`,
      [waiting.id, ref_id],
    )
    const response = await call('/registry/operator/queues', { token: operator.token })
    const { queues } = Queues.parse(await response.json())
    expect(queues.map(({ queue }) => queue)).toEqual(queueNames)
    const webhooks = queues.find(({ queue }) => queue === 'webhooks')!
    expect(webhooks.due_count).toBeGreaterThanOrEqual(3000)
    expect(webhooks.tenants[0]).toMatchObject({ slug: waiting.slug, waiting_count: 3000, due_count: 3000 })
    expect((await look(waiting.slug)).queues.find(({ queue }) => queue === 'webhooks')).toMatchObject({
      ...{ due_count: 3000, receiver_count: 1 },
    })
    await superuser.query('delete from private.queue_items where tenant_id = $1', [waiting.id])
  })
})

it('the service does all of it too, and is named as the service', async () => {
  const watched = await makeTenant({ owner })
  const secret = { apikey: inject('stack').secret_key }
  expect((await call(`/registry/tenants/${watched.slug}/state`, secret)).status).toBe(200)
  expect(await log(watched, owner, 'operator.viewed')).toMatchObject([
    { actor_type: 'service', actor_id: 'service_role' },
  ])
})
