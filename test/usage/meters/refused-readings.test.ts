import { beforeAll, describe, expect, it } from 'vitest'
import { MeterReadings } from '../../../lib/usage/index.ts'
import { monthsKept } from '../../../lib/usage/meters/readings.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ask, log, makeMeter } from './meters.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  const group_by = ['data.region', 'model_used', 'source']
  await makeMeter(tenant, {
    ...{ slug: 'sum', aggregation: 'sum', value_property: 'data.seconds', event_type: 'render', group_by },
  })
  await makeMeter(tenant, { slug: 'count', aggregation: 'count', group_by })
  await makeMeter(tenant, { slug: 'tokens', aggregation: 'sum', value_property: 'tokens_used', group_by })
})

describe('a query of a meter', () => {
  it.each([
    ['window=week', '/window'],
    ['window=', '/window'],
    ['time_zone=Mars/Olympus', '/time_zone'],
    ['time_zone=%2B05:30', '/time_zone'],
    ['group_by=data.other', '/group_by'],
    ['group_by=event_type', '/group_by'],
    ['group_by=source,source', '/group_by'],
    ['group_by=a,b,c,d,e,f', '/group_by'],
    ["group_by=data.region'--", '/group_by'],
    ['since=yesterday', '/since'],
    ['since=2026-10-02T00:00:00Z&until=2026-10-01T00:00:00Z', '/since'],
    ['since=2025-01-01T00:00:00Z&until=2026-10-01T00:00:00Z', '/since'],
    ['until=2026-13-01T00:00:00Z', '/until'],
    ['format=xml', '/format'],
    ['from=2026-10-01T00:00:00Z', '/from'],
  ])('is refused with %s', async (query, pointer) => {
    expect(await problemOf(await ask(owner, tenant, 'sum', query))).toEqual({
      ...{ status: 422, code: 'invalid_query', pointers: [pointer] },
    })
  })

  it.each(['no-such-meter', 'Sum', 'a', '%27'])('is refused of the meter %s', async (meter) => {
    expect(await problemOf(await ask(owner, tenant, meter))).toMatchObject({ status: 404, code: 'not_found' })
  })

  it('reaches back as far as events are kept, and further where the hours know enough', async () => {
    const { rows } = await admin.query<{ months_kept: number; oldest: Date }>(
      `select months_kept, private.oldest_kept_month('public.usage_events') as oldest
       from private.partitioned_tables where relation = 'public.usage_events'::regclass`,
    )
    expect(rows[0]!.months_kept).toBe(monthsKept)
    const at = (ms: number) => {
      const since = new Date(rows[0]!.oldest.getTime() + ms)
      return `since=${since.toISOString()}&until=${new Date(since.getTime() + 86_400_000).toISOString()}`
    }
    expect((await ask(owner, tenant, 'sum', at(0))).status).toBe(200)
    expect(await problemOf(await ask(owner, tenant, 'sum', at(-1)))).toMatchObject({
      ...{ status: 422, pointers: ['/since'] },
    })
    expect(await problemOf(await ask(owner, tenant, 'count', `${at(-1)}&group_by=source`))).toMatchObject({
      ...{ status: 422, pointers: ['/since'] },
    })
    for (const meter of ['count', 'tokens'])
      expect((await ask(owner, tenant, meter, at(-1))).status).toBe(200)
  })

  it('reads a million events at most: a page ends before, and a window alone is refused', async () => {
    const other = await makeTenant({ owner })
    await makeMeter(other, { slug: 'sum', aggregation: 'sum', value_property: 'data.n', event_type: 'x' })
    await makeMeter(other, { slug: 'count', aggregation: 'count' })
    const days = ['01', '02', '03', '04']
    await log(
      other,
      days.map((day) => ({ type: 'x', time: `2026-10-${day}T12:00:00Z`, data: { n: Number(day) } })),
    )
    // Millions of events are told of by the hours. What is read are the events.
    const tell = (counts: string) =>
      admin.query(
        `update public.usage_hours as h set event_count = n.count from unnest($2::int[]) with ordinality as n (count, day)
         where h.tenant_id = $1 and extract(day from h.starts_at at time zone 'UTC') = n.day`,
        [other.id, counts],
      )
    const get = async (query: string) =>
      MeterReadings.parse(await (await ask(owner, other, 'sum', `${range4}&${query}`)).json())
    const range4 = 'since=2026-10-01T00:00:00Z&until=2026-10-05T00:00:00Z'
    await tell('{600000,400000,600000,400000}')
    const first = await get('window=day')
    expect(first.readings.map(({ value }) => value)).toEqual(['4', '3'])
    const second = await get(`window=day&cursor=${first.next_cursor}`)
    expect(second.readings.map(({ value }) => value)).toEqual(['2', '1'])
    expect(second.next_cursor).toBeNull()
    const file = await (await ask(owner, other, 'sum', `${range4}&format=csv`)).text()
    expect(file.split('\r\n')).toHaveLength(6)

    const month = await ask(owner, other, 'sum', `${range4}&window=month`)
    expect(await problemOf(month)).toEqual({ status: 422, code: 'too_many_events', pointers: ['/window'] })
    const none = await ask(owner, other, 'sum', `${range4}&window=none&format=csv`)
    expect(await problemOf(none)).toEqual({ status: 422, code: 'too_many_events', pointers: ['/since'] })
    // The hours are added up however many events there were.
    expect((await ask(owner, other, 'count', `${range4}&window=month`)).status).toBe(200)
  })
})

describe('meters and plans', () => {
  it('are in every plan, the smallest as well', async () => {
    const small = await makeTenant({ owner, plan: 'starter' })
    const answer = await call('/usage/meters', {
      ...{ token: owner.token, tenant: small.slug },
      body: { slug: 'calls', name: 'Calls', aggregation: 'count' },
    })
    expect(answer.status).toBe(201)
  })
})
