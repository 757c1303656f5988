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
  // The platform may bring over what happened long ago. Zurich leaves its summer time on 25 October 2026, at 01:00 UTC.
  const times = [
    ...['2026-09-30T21:30:00Z', '2026-09-30T22:00:00Z', '2026-10-24T21:59:59Z', '2026-10-24T22:00:00Z'],
    ...['2026-10-25T01:30:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z', '2026-10-31T22:59:59Z'],
    ...['2026-10-31T23:00:00Z'],
  ]
  const events = times.map((time) => ({ type: 'x', time }))
  const { secret_key: apikey } = inject('stack')
  const answer = await call('/usage/events', { apikey, tenant: tenant.slug, body: { events } })
  expect(await answer.json()).toMatchObject({ accepted: times.length })
})

const range = 'since=2026-09-01T00:00:00Z&until=2026-12-01T00:00:00Z'
const ask = (query: string) =>
  call(`/usage/totals?${range}&${query}`, { token: owner.token, tenant: tenant.slug })
const read = async (query: string) => {
  const answer = await ask(query)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return UsageTotals.parse(await answer.json())
}
const counts = async (query: string) =>
  (await read(query)).totals.map(({ starts_at, event_count }) => `${starts_at} ${event_count}`)

describe('windows in a time zone', () => {
  it('begin at its midnight, also on the day that has 25 hours', async () => {
    expect(await counts('window=day&time_zone=Europe/Zurich')).toEqual([
      '2026-10-31T23:00:00.000Z 1',
      '2026-10-30T23:00:00.000Z 1',
      '2026-10-25T23:00:00.000Z 1',
      '2026-10-24T22:00:00.000Z 3',
      '2026-10-23T22:00:00.000Z 1',
      '2026-09-30T22:00:00.000Z 1',
      '2026-09-29T22:00:00.000Z 1',
    ])
    expect(await counts('window=month&time_zone=Europe/Zurich')).toEqual([
      '2026-10-31T23:00:00.000Z 1',
      '2026-09-30T22:00:00.000Z 7',
      '2026-08-31T22:00:00.000Z 1',
    ])
  })
  it('begin in UTC where none is named', async () => {
    expect(await counts('window=month')).toEqual(['2026-10-01T00:00:00.000Z 7', '2026-09-01T00:00:00.000Z 2'])
    expect(await counts('window=hour&time_zone=America/New_York')).toEqual(await counts('window=hour'))
  })
  it.each(['day', 'month'])('of a %s come page by page', async (window) => {
    const whole = (await read(`window=${window}&time_zone=Europe/Zurich`)).totals
    const found: unknown[] = []
    let cursor: string | null = null
    do {
      const page: UsageTotals = await read(
        `window=${window}&time_zone=Europe/Zurich&limit=1${cursor ? `&cursor=${cursor}` : ''}`,
      )
      found.push(...page.totals)
      cursor = page.next_cursor
    } while (cursor)
    expect(found).toEqual(whole)
  })
  it.each([
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'America/St_Johns',
    'Australia/Adelaide',
    // Half an hour only in its winter.
    'Australia/Lord_Howe',
    'Mars/Olympus',
    '+02:00',
    '',
    `Europe/${'x'.repeat(80)}`,
  ])('are refused in %s', async (zone) => {
    const answer = await ask(`window=day&time_zone=${encodeURIComponent(zone)}`)
    expect(await problemOf(answer)).toMatchObject({
      ...{ status: 422, code: 'invalid_query', pointers: ['/time_zone'] },
    })
  })
})
