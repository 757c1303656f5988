import { beforeAll, describe, expect, it } from 'vitest'
import { Meter } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { signUpPerson } from '../../kit/sign-up.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let member: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, member })
})

const define = (body: unknown, by = owner, of = tenant) =>
  call('/usage/meters', { token: by.token, tenant: of.slug, body })
const change = (meter: string, body: unknown, by = owner) =>
  call(`/usage/meters/${meter}`, { method: 'PATCH', token: by.token, tenant: tenant.slug, body })
const good = () => ({
  slug: freshSlug('meter'),
  name: 'Seconds',
  aggregation: 'sum',
  value_property: 'data.seconds',
})

describe('a meter', () => {
  it('is defined by a manager and read by everybody in the tenant, by slug or ref_id', async () => {
    const sent = { ...good(), event_type: 'render.done', group_by: ['data.region', 'model_used'] }
    const answer = await define(sent)
    expect(answer.status).toBe(201)
    const meter = Meter.parse(await answer.json())
    expect(meter).toMatchObject({ ...sent, archived_at: null })
    for (const name of [meter.slug, meter.ref_id]) {
      const found = await call(`/usage/meters/${name}`, { token: member.token, tenant: tenant.slug })
      expect(await found.json()).toEqual(meter)
    }
  })

  it('is archived now and opened again, and keeps its slug and what it measures', async () => {
    const { slug } = await (await define(good())).json()
    const archived = Meter.parse(await (await change(slug, { is_archived: true })).json())
    expect(Math.abs(Date.parse(String(archived.archived_at)) - Date.now())).toBeLessThan(60_000)
    expect(await (await change(slug, { is_archived: true })).json()).toMatchObject({
      archived_at: archived.archived_at,
    })
    expect(await problemOf(await define({ ...good(), slug }))).toEqual({
      ...{ status: 409, code: 'meter_slug_taken', pointers: ['/slug'] },
    })
    const read = await call(`/usage/meters/${slug}/query`, { token: member.token, tenant: tenant.slug })
    expect(await read.json()).toEqual({ readings: [], next_cursor: null })
    const renamed = await change(slug, { is_archived: false, name: 'Again', group_by: ['source'] })
    expect(await renamed.json()).toMatchObject({ archived_at: null, name: 'Again', group_by: ['source'] })
  })

  it('of one slug is made once, when two ask at once, and by another tenant as well', async () => {
    const body = good()
    const answers = await Promise.all([1, 2, 3, 4].map(() => define(body)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    expect((await define(body, owner, await makeTenant({ owner }))).status).toBe(201)
  })

  it.each<[object, string]>([
    [{ slug: 'X' }, '/slug'],
    [{ slug: 'a' }, '/slug'],
    [{ slug: '-ab' }, '/slug'],
    [{ slug: 'a'.repeat(65) }, '/slug'],
    [{ name: ' ' }, '/name'],
    [{ name: 'x'.repeat(201) }, '/name'],
    [{ name: 'tab\u0007' }, '/name'],
    [{ event_type: 'Not a type' }, '/event_type'],
    [{ event_type: '' }, '/event_type'],
    [{ aggregation: 'average' }, '/aggregation'],
    [{ aggregation: 'count' }, '/value_property'],
    [{ aggregation: 'unique', value_property: 'tokens_used' }, '/value_property'],
    [{ value_property: null }, '/value_property'],
    [{ value_property: undefined }, '/value_property'],
    [{ value_property: 'model_used' }, '/value_property'],
    [{ value_property: 'data' }, '/value_property'],
    [{ value_property: 'data.' }, '/value_property'],
    [{ value_property: 'data.a.b.c.d.e' }, '/value_property'],
    [{ value_property: "data.a'b" }, '/value_property'],
    [{ value_property: 'seconds' }, '/value_property'],
    [{ value_property: `data.${'x'.repeat(65)}` }, '/value_property'],
    [{ value_property: 'user_id' }, '/value_property'],
    [{ group_by: ['source', 'source'] }, '/group_by'],
    [{ group_by: ['tokens_used'] }, '/group_by/0'],
    [{ group_by: ['data.a', 'data.b', 'data.c', 'data.d', 'data.e', 'data.f'] }, '/group_by'],
    [{ group_by: 'source' }, '/group_by'],
    [{ group_by: [null] }, '/group_by/0'],
    [{ tenant_id: '1' }, '/tenant_id'],
  ])('is refused with %j', async (wrong, pointer) => {
    const answer = await problemOf(await define({ ...good(), ...wrong }))
    expect(answer.status).toBe(422)
    expect(new Set(answer.pointers)).toEqual(new Set([pointer]))
  })

  it.each<[object, string]>([
    [{}, ''],
    [{ slug: 'other' }, '/slug'],
    [{ aggregation: 'max' }, '/aggregation'],
    [{ value_property: 'data.b' }, '/value_property'],
    [{ event_type: 'x' }, '/event_type'],
    [{ group_by: ['user_id'] }, '/group_by/0'],
    [{ is_archived: 'yes' }, '/is_archived'],
    [{ archived_at: '2020-01-01T00:00:00Z' }, '/archived_at'],
  ])('is not changed by %j, for what was measured keeps its meaning', async (wrong, pointer) => {
    const { slug } = await (await define(good())).json()
    const answer = await problemOf(await change(slug, wrong))
    expect(answer).toMatchObject({ status: 422, code: 'invalid_body' })
    expect(answer.pointers).toContain(pointer)
  })

  it('is neither made nor changed by a member, a frozen tenant or a stranger', async () => {
    const { slug } = await (await define(good())).json()
    expect(await problemOf(await define(good(), member))).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await problemOf(await change(slug, { name: 'x' }, member))).toMatchObject({ status: 403 })
    const frozen = await makeTenant({ owner, status: 'frozen' })
    expect(await problemOf(await define(good(), owner, frozen))).toMatchObject({ code: 'tenant_frozen' })
    const stranger = await makePerson()
    expect(await problemOf(await define(good(), stranger))).toMatchObject({ status: 404 })
    expect(await problemOf(await change('no-such-meter', { name: 'x' }))).toMatchObject({
      ...{ status: 404, code: 'not_found' },
    })
  })

  it('cannot be written past the rules over the REST API', async () => {
    const manager = await signUpPerson()
    const own = await makeTenant({ owner: manager })
    const insert = (row: object) =>
      manager.client
        .from('usage_meters')
        .insert({ tenant_id: own.id, slug: freshSlug('meter'), name: 'x', aggregation: 'sum', ...row })
    for (const row of [
      ...[
        {},
        { value_property: 'source' },
        { value_property: 'data' },
        { aggregation: 'count', value_property: 'data.a' },
      ],
      ...[
        { aggregation: 'unique', value_property: 'cost_micros' },
        { aggregation: 'count', group_by: ['source', 'source'] },
      ],
      ...[
        { aggregation: 'count', group_by: ['x; drop'] },
        { aggregation: 'count', group_by: [null] },
      ],
      ...[
        { aggregation: 'count', group_by: '{{source,model_used},{event_type,data.a}}' },
        { aggregation: 'count', event_type: '' },
      ],
      ...[{ aggregation: 'count', group_by: ['data.a', 'data.b', 'data.c', 'data.d', 'data.e', 'data.f'] }],
    ])
      expect((await insert(row)).error?.code, JSON.stringify(row)).toBe('23514')
    expect((await insert({ aggregation: 'count', archived_at: new Date().toISOString() })).error?.code).toBe(
      '42501',
    )
    expect((await insert({ aggregation: 'count' })).error).toBeNull()
    // Whoever archives a meter does it now.
    const moved = { archived_at: '2001-01-01T00:00:00Z' }
    expect((await manager.client.from('usage_meters').update(moved).eq('tenant_id', own.id)).error).toBeNull()
    const { rows } = await admin.query(
      `select archived_at > now() - interval '1 minute' as is_now from public.usage_meters where tenant_id = $1`,
      [own.id],
    )
    expect(rows).toEqual([{ is_now: true }])
  })
})
