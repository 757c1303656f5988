import { beforeAll, describe, expect, inject, it } from 'vitest'
import { UsageTotals } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  const event = (type: string, time: string, tokens_used: number, model_used?: string) => ({
    ...{ type, time, tokens_used, cost_micros: tokens_used * 10 },
    ...(model_used && { model_used }),
  })
  const events = [
    event('llm.call', '2026-09-30T23:59:59.999Z', 1, 'large'),
    event('llm.call', '2026-10-01T00:00:00Z', 2, 'large'),
    event('llm.call', '2026-10-01T00:59:59Z', 4, 'small'),
    event('llm.call', '2026-10-01T03:30:00+02:00', 8, 'large'),
    event('report', '2026-10-01T12:00:00Z', 16),
    event('report', '2026-10-02T12:00:00Z', 32),
  ]
  // The platform may bring over what happened long ago.
  const { secret_key: apikey } = inject('stack')
  const response = await call('/usage/events', { apikey, tenant: tenant.slug, body: { events } })
  expect(await response.json()).toMatchObject({ accepted: events.length })
})

const ask = (query: string, { token } = owner, { slug } = tenant) =>
  call(`/usage/totals?${query}`, { token, tenant: slug })
const range = 'since=2026-09-01T00:00:00Z&until=2026-11-01T00:00:00Z'
async function read(query: string): Promise<string[]> {
  const response = await ask(`${range}&${query}`)
  expect(response.status, await response.clone().text()).toBe(200)
  return UsageTotals.parse(await response.json()).totals.map(
    ({ starts_at, event_type, model_used, event_count, tokens_used, cost_micros }) =>
      [starts_at, event_type, model_used, event_count, tokens_used, cost_micros].join(' '),
  )
}

describe('what a tenant used', () => {
  it('is told by day and type', async () => {
    expect(await read('')).toEqual([
      '2026-10-02T00:00:00.000Z report  1 32 320',
      '2026-10-01T00:00:00.000Z report  1 16 160',
      '2026-10-01T00:00:00.000Z llm.call  3 14 140',
      '2026-09-30T00:00:00.000Z llm.call  1 1 10',
    ])
  })

  it('is told by the hour and by the month, by model, by both, and as one sum', async () => {
    expect(await read('window=hour&group_by=model_used&event_type=llm.call')).toEqual([
      '2026-10-01T01:00:00.000Z  large 1 8 80',
      '2026-10-01T00:00:00.000Z  small 1 4 40',
      '2026-10-01T00:00:00.000Z  large 1 2 20',
      '2026-09-30T23:00:00.000Z  large 1 1 10',
    ])
    expect(await read('window=month&group_by=event_type,model_used')).toEqual([
      '2026-10-01T00:00:00.000Z report  2 48 480',
      '2026-10-01T00:00:00.000Z llm.call small 1 4 40',
      '2026-10-01T00:00:00.000Z llm.call large 2 10 100',
      '2026-09-01T00:00:00.000Z llm.call large 1 1 10',
    ])
    expect(await read('window=month&group_by=')).toEqual([
      '2026-10-01T00:00:00.000Z   5 62 620',
      '2026-09-01T00:00:00.000Z   1 1 10',
    ])
    expect(await read('window=month&group_by=&model_used=large')).toEqual([
      '2026-10-01T00:00:00.000Z   2 10 100',
      '2026-09-01T00:00:00.000Z   1 1 10',
    ])
  })

  it('holds the hours that begin in the range', async () => {
    const from = (since: string, until: string) => `since=${since}&until=${until}&window=month&group_by=`
    const sums = async (query: string) =>
      UsageTotals.parse(await (await ask(query)).json()).totals.map(({ event_count }) => event_count)
    expect(await sums(from('2026-10-01T00:00:00Z', '2026-10-01T01:00:00Z'))).toEqual([2])
    expect(await sums(from('2026-10-01T01:00:00Z', '2026-10-01T12:00:00Z'))).toEqual([1])
    expect(await sums(from('2026-10-01T14:00:00%2B02:00', '2026-10-01T15:00:00%2B02:00'))).toEqual([1])
    expect(await sums(from('2026-10-05T00:00:00Z', '2026-10-05T00:00:00Z'))).toEqual([])
  })

  it('comes page by page', async () => {
    const found: unknown[] = []
    let cursor: string | null = null
    do {
      const query = `${range}&window=hour&group_by=event_type,model_used&limit=1${cursor ? `&cursor=${cursor}` : ''}`
      const page = UsageTotals.parse(await (await ask(query)).json())
      found.push(...page.totals)
      cursor = page.next_cursor
    } while (cursor)
    const whole = await ask(`${range}&window=hour&group_by=event_type,model_used`)
    expect(found).toEqual((await whole.json()).totals)
    expect(found).toHaveLength(6)
  })

  it('is the last thirty days where no range is given', async () => {
    const other = await makeTenant({ owner })
    for (const days of [1, 29, 31]) {
      const occurred_at = new Date(Date.now() - days * 86_400_000).toISOString()
      await call('/usage/events', {
        ...{ token: owner.token, tenant: other.slug },
        body: { event_type: 'x', occurred_at },
      })
    }
    const { totals } = await (await ask('', owner, other)).json()
    expect(totals).toHaveLength(2)
  })

  it('holds nothing of anybody else', async () => {
    const stranger = await makePerson()
    const other = await makeTenant({ owner: stranger })
    expect(await (await ask(range, stranger, other)).json()).toEqual({ totals: [], next_cursor: null })
    expect(await problemOf(await ask(range, stranger))).toMatchObject({ status: 404 })
  })

  it.each([
    ['window=week', '/window'],
    ['group_by=tenant_id', '/group_by/0'],
    ['group_by=event_type,user_id', '/group_by/1'],
    ['since=yesterday', '/since'],
    ['since=2026-10-01T00:00:00', '/since'],
    ['until=2026-13-01T00:00:00Z', '/until'],
    ['since=2026-10-02T00:00:00Z&until=2026-10-01T00:00:00Z', '/since'],
    ['since=2024-10-02T00:00:00Z&until=2026-10-01T00:00:00Z', '/since'],
    ['event_type=', '/event_type'],
    [`model_used=${'m'.repeat(256)}`, '/model_used'],
    ['type=llm.call', '/type'],
  ])('refuses %s', async (query, pointer) => {
    expect(await problemOf(await ask(query))).toMatchObject({
      status: 422,
      code: 'invalid_query',
      pointers: [pointer],
    })
  })
})
