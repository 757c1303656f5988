import { beforeAll, describe, expect, it } from 'vitest'
import { MeterReadings } from '../../../lib/usage/index.ts'
import { problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ask, log, makeMeter, readAll, voidUsage } from './meters.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  const group_by = ['data.region', 'model_used', 'source']
  const value_property = 'data.seconds'
  for (const aggregation of ['sum', 'max', 'latest', 'unique'] as const)
    await makeMeter(tenant, {
      slug: aggregation,
      aggregation,
      value_property,
      event_type: 'render',
      group_by,
    })
  await makeMeter(tenant, { slug: 'count', aggregation: 'count', group_by })
  await makeMeter(tenant, { slug: 'tokens', aggregation: 'sum', value_property: 'tokens_used', group_by })
  const event = (id: string, time: string, data: object, more: object = {}) => ({
    ...{ id, type: 'render', time: `2026-10-${time}Z`, data },
    ...more,
  })
  await log(tenant, [
    event('1', '01T08:00:00', { seconds: 0.1, region: 'eu' }, { tokens_used: 5 }),
    event('2', '01T09:00:00', { seconds: 0.2, region: 'eu' }),
    event('3', '01T10:00:00', { seconds: 12, region: 'us' }, { tokens_used: 0 }),
    event('4', '01T10:00:01', { seconds: '12', region: 7 }),
    event('5', '01T10:00:02', { region: ['eu'] }, { model_used: 'm' }),
    event('6', '02T00:00:00', { seconds: -4 }),
    event('7', '02T00:00:01', { seconds: 1e15 + 0.5, region: '=1+1' }),
    event('8', '02T00:00:02', { seconds: 99 }),
    { ...event('9', '02T00:00:03', { seconds: 1000 }), type: 'other' },
  ])
  await voidUsage(tenant, [{ event_id: '8' }])
})

const range = 'since=2026-10-01T00:00:00Z&until=2026-10-03T00:00:00Z'
const read = (meter: string, query = '') => readAll(owner, tenant, meter, `${range}&${query}`)
const told = async (meter: string, query = '') =>
  (await read(meter, query)).map(({ starts_at, value, event_count, uncounted_count }) =>
    [starts_at.toString().slice(5, 16), value, event_count, uncounted_count].join(' '),
  )

describe('readings', () => {
  it('are exact, leave voided events out, and say how many events had no value', async () => {
    expect(await told('sum')).toEqual(['10-02T00:00 999999999999996.5 2 0', '10-01T00:00 12.3 5 2'])
    expect(await told('max')).toEqual(['10-02T00:00 1000000000000000.5 2 0', '10-01T00:00 12 5 2'])
    expect(await told('latest')).toEqual(['10-02T00:00 1000000000000000.5 2 0', '10-01T00:00 12 5 2'])
    expect(await told('unique')).toEqual(['10-02T00:00 2 2 0', '10-01T00:00 4 5 1'])
    expect(await told('count')).toEqual(['10-02T00:00 3 3 0', '10-01T00:00 5 5 0'])
    // An event without tokens is told apart from one with none.
    expect(await told('tokens')).toEqual(['10-02T00:00  3 3', '10-01T00:00 5 5 3'])
  })

  it('come in windows of an hour, a day, a month or none, in the time zone', async () => {
    expect(await told('count', 'window=hour')).toEqual([
      ...['10-02T00:00 3 3 0', '10-01T10:00 3 3 0', '10-01T09:00 1 1 0', '10-01T08:00 1 1 0'],
    ])
    expect(await told('sum', 'window=month')).toEqual(['10-01T00:00 1000000000000008.8 7 2'])
    expect(await told('sum', 'window=none&time_zone=Asia/Kolkata')).toEqual([
      '10-01T00:30 1000000000000008.8 7 2',
    ])
    expect(await told('sum', 'window=day&time_zone=Asia/Kolkata')).toEqual([
      ...['10-01T18:30 999999999999996.5 2 0', '09-30T18:30 12.3 5 2'],
    ])
    expect(await told('sum', 'window=hour&time_zone=Asia/Kolkata')).toEqual([
      ...[
        '10-01T23:30 999999999999996.5 2 0',
        '10-01T09:30 12 3 2',
        '10-01T08:30 0.2 1 0',
        '10-01T07:30 0.1 1 0',
      ],
    ])
  })

  it('are split by what the meter names, with null for events without it', async () => {
    const readings = await read('sum', 'window=none&group_by=data.region,model_used')
    const groups = readings.map(({ groups, value }) => [groups['data.region'], groups.model_used, value])
    expect(groups.toSorted()).toEqual(
      [
        ...[
          ['eu', null, '0.3'],
          ['us', null, '12'],
          ['7', null, null],
        ],
        ...[
          [null, 'm', null],
          [null, null, '-4'],
          ['=1+1', null, '1000000000000000.5'],
        ],
      ].toSorted(),
    )
  })

  const filtered = (meter: string, filter: object, query = 'window=none') =>
    told(meter, `${query}&filter=${encodeURIComponent(JSON.stringify(filter))}`)

  it('are of one group alone where a filter names it, with null for events without it', async () => {
    expect(await filtered('sum', { 'data.region': 'eu' })).toEqual(['10-01T00:00 0.3 2 0'])
    expect(await filtered('sum', { 'data.region': '7' })).toEqual(['10-01T00:00  1 1'])
    expect(await filtered('sum', { 'data.region': null })).toEqual(['10-01T00:00 -4 2 1'])
    expect(await filtered('sum', { 'data.region': null, model_used: 'm' })).toEqual(['10-01T00:00  1 1'])
    expect(await filtered('unique', { 'data.region': '=1+1', source: 'api' })).toEqual(['10-01T00:00 1 1 0'])
    expect(await filtered('max', { 'data.region': "eu' or 'a'='a" })).toEqual([])
    // The hours know the model, and say the same as the events.
    expect(await filtered('count', { model_used: 'm' })).toEqual(['10-01T00:00 1 1 0'])
    expect(await filtered('count', { model_used: 'm', source: 'api' })).toEqual(['10-01T00:00 1 1 0'])
    expect(await filtered('count', { model_used: null })).toEqual(['10-01T00:00 7 7 0'])
    expect(await filtered('tokens', { model_used: null }, 'window=day')).toEqual([
      ...['10-02T00:00  3 3', '10-01T00:00 5 4 2'],
    ])
    expect(await filtered('count', { 'data.region': 'eu' }, 'window=day&group_by=data.region')).toEqual([
      '10-01T00:00 2 2 0',
    ])
  })

  it('add up over the groups of a property to what there is without a filter', async () => {
    const events = async (query: string) =>
      (await read('count', `window=none&${query}`)).reduce((sum, one) => sum + one.event_count, 0)
    const groups = new Set(
      (await read('count', 'window=none&group_by=data.region')).map(({ groups }) => groups['data.region']),
    )
    let sum = 0
    for (const group of groups)
      sum += await events(`filter=${encodeURIComponent(JSON.stringify({ 'data.region': group }))}`)
    expect(sum).toBe(await events(''))
  })

  it.each([
    ['no JSON', 'model_used=m'],
    ['no object', '["m"]'],
    ['a number', '{"model_used": 1}'],
    ['a list', '{"model_used": ["m"]}'],
    ['what the meter does not name', '{"event_type": "render"}'],
    ['six groups', '{"a":"","b":"","c":"","d":"","e":"","f":""}'],
    ['a character that cannot be stored', '{"model_used": "\\u0000"}'],
    ['a long text', `{"model_used": "${'a'.repeat(256)}"}`],
  ])('refuse a filter that is %s', async (_, filter) => {
    const answer = await ask(owner, tenant, 'count', `${range}&filter=${encodeURIComponent(filter)}`)
    const { status, code, pointers } = await problemOf(answer)
    expect({ status, code }).toEqual({ status: 422, code: 'invalid_query' })
    expect(pointers?.[0]).toMatch(/^\/filter/)
  })

  it('are the same from the events as from the hours', async () => {
    const whole = async (query: string) => (await read('count', query)).map(({ groups: _, ...row }) => row)
    // All have one source, by which the hours know nothing.
    for (const window of ['hour', 'day', 'month', 'none'])
      expect(await whole(`window=${window}&group_by=source`)).toEqual(await whole(`window=${window}`))
  })

  it('count an event, and its void, at once', async () => {
    const other = await makeTenant({ owner })
    await makeMeter(other, { slug: 'max', aggregation: 'max', value_property: 'data.n' })
    const value = async () => (await readAll(owner, other, 'max'))[0]?.value
    await log(other, [
      { id: 'a', type: 'x', data: { n: 1 } },
      { id: 'b', type: 'x', data: { n: 9 } },
    ])
    expect(await value()).toBe('9')
    await Promise.all([voidUsage(other, [{ event_id: 'b' }]), voidUsage(other, [{ event_id: 'b' }])])
    expect(await value()).toBe('1')
    await voidUsage(other, [{ event_id: 'a' }])
    expect(await value()).toBeUndefined()
  })

  it('compare long values whole, and cut long groups', async () => {
    const other = await makeTenant({ owner })
    await makeMeter(other, {
      slug: 'values',
      aggregation: 'unique',
      value_property: 'data.v',
      group_by: ['data.v'],
    })
    const long = 'x'.repeat(5_000)
    const values = [`${long}1`, `${long}2`, `${long}1`, 1, '1', true, `1.${'0'.repeat(300)}`]
    await log(
      other,
      values.map((v, n) => ({ id: `${n}`, type: 'x', data: { v } })),
    )
    expect((await readAll(owner, other, 'values'))[0]).toMatchObject({ value: '6', event_count: 7 })
    const groups = (await readAll(owner, other, 'values', 'group_by=data.v')).map(
      ({ groups }) => groups['data.v'],
    )
    expect(groups.toSorted()).toEqual([...['1', 'true', 'x'.repeat(255), `1.${'0'.repeat(253)}`].toSorted()])
  })

  it('of one tenant hold nothing of another one', async () => {
    const other = await makeTenant({ owner })
    await makeMeter(other, { slug: 'count', aggregation: 'count', group_by: ['source'] })
    await makeMeter(other, { slug: 'sum', aggregation: 'sum', value_property: 'data.seconds' })
    for (const query of ['', 'group_by=source'])
      expect(await readAll(owner, other, 'count', `${range}&${query}`)).toEqual([])
    expect(await readAll(owner, other, 'sum', range)).toEqual([])
    expect(await problemOf(await ask(owner, other, 'tokens'))).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    const stranger = await makePerson()
    expect(await problemOf(await ask(stranger, tenant, 'sum'))).toMatchObject({
      ...{ status: 404, code: 'tenant_not_found' },
    })
  })
})

describe('readings as CSV', () => {
  it.each([
    ['format=csv', {}],
    ['', { accept: 'text/csv' }],
  ])('are the whole range as a file, asked with %s %j', async (query, headers) => {
    const asked = `${range}&window=none&group_by=data.region&limit=1&${query}`
    const answer = await ask(owner, tenant, 'sum', asked, headers)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="sum-${tenant.slug}.csv"`)
    const [head, ...lines] = (await answer.text()).trimEnd().split('\r\n')
    expect(head).toBe('starts_at,data.region,value,event_count,uncounted_count')
    const start = '2026-10-01T00:00:00.000Z'
    // A text that looks like a formula is text. A number below zero stays a number.
    expect(lines.toSorted()).toEqual([
      ...[`${start},'=1+1,1000000000000000.5,1,0`, `${start},,-4,2,1`],
      ...[`${start},7,,1,1`, `${start},eu,0.3,2,0`, `${start},us,12,1,0`],
    ])
  })
  it('is JSON for whoever asks for neither, and one head where there is nothing', async () => {
    const json = await ask(owner, tenant, 'sum', range, { accept: 'application/xml' })
    expect(MeterReadings.safeParse(await json.json()).success).toBe(true)
    const none = await ask(
      owner,
      tenant,
      'sum',
      'format=csv&since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z',
    )
    expect(await none.text()).toBe('starts_at,value,event_count,uncounted_count\r\n')
  })
})
