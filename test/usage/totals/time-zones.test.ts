import fc from 'fast-check'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { UsageTotals } from '../../../lib/usage/index.ts'
import { hoursBegin } from '../../../lib/usage/totals/time-zones.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

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
const ask = (query: string, of = tenant) =>
  call(`/usage/totals?${query.includes('since=') ? '' : `${range}&`}${query}`, {
    token: owner.token,
    tenant: of.slug,
  })
async function log(of: Tenant, times: string[]) {
  const events = times.map((time) => ({ type: 'x', time, tokens_used: 7 }))
  const answer = await call('/usage/events', {
    apikey: inject('stack').secret_key,
    tenant: of.slug,
    body: { events },
  })
  expect(await answer.json()).toMatchObject({ accepted: times.length })
}
const read = async (query: string, of = tenant) => {
  const answer = await ask(query, of)
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
  it.each(['Mars/Olympus', '+02:00', '+05:30', '', `Europe/${'x'.repeat(80)}`])(
    'are refused in %s',
    async (zone) => {
      const answer = await ask(`window=day&time_zone=${encodeURIComponent(zone)}`)
      expect(await problemOf(answer)).toMatchObject({
        ...{ status: 422, code: 'invalid_query', pointers: ['/time_zone'] },
      })
    },
  )
  it('are refused where hours began at another minute, as in Monrovia until 1972', async () => {
    const answer = await call(
      '/usage/totals?time_zone=Africa/Monrovia&since=1970-01-01T00:00:00Z&until=1970-02-01T00:00:00Z',
      { token: owner.token, tenant: tenant.slug },
    )
    expect(await problemOf(answer)).toMatchObject({ status: 422, pointers: ['/time_zone'] })
  })
  it('are known for every zone of today', () => {
    for (const zone of Intl.supportedValuesOf('timeZone'))
      for (let year = 2024; year < 2032; year++)
        expect(
          hoursBegin(zone, new Date(Date.UTC(year, 0)), new Date(Date.UTC(year + 1, 0))),
          `${zone} ${year}`,
        ).toBeDefined()
  })
})

describe('windows in a zone that is not whole hours away', () => {
  const zones = [
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Chatham',
  ]

  it('begin at its midnight, to the millisecond', async () => {
    const other = await makeTenant({ owner })
    const times = ['2026-10-01T18:29:59.999Z', '2026-10-01T18:30:00Z', '2026-10-02T18:29:59.999Z']
    await log(other, times)
    const day = async (query: string) =>
      (await read(`window=day&time_zone=Asia/Kolkata&${query}`, other)).totals.map(
        ({ starts_at, event_count, tokens_used }) => [starts_at, event_count, tokens_used],
      )
    expect(await day('')).toEqual([
      ['2026-10-01T18:30:00.000Z', 2, 14],
      ['2026-09-30T18:30:00.000Z', 1, 7],
    ])
    // A range may begin and end there too.
    const only = { since: '2026-10-01T18:30:00Z', until: '2026-10-02T18:30:00Z' }
    expect(await day(new URLSearchParams(only).toString())).toEqual([['2026-10-01T18:30:00.000Z', 2, 14]])
  })

  it('are what a recount of the events gives, for events around every quarter of an hour', async () => {
    const start = Date.UTC(2026, 9, 2)
    // Around the midnights of all these zones, and around the clocks of Lord Howe and Chatham, which move in these days.
    const moment = fc
      .tuple(fc.integer({ min: 0, max: 5 * 96 }), fc.constantFrom(0, 1, -1, 450_000))
      .map(([quarter, ms]) => new Date(start + quarter * 900_000 + ms).toISOString())
    const asked = fc.record({
      zone: fc.constantFrom(...zones),
      window: fc.constantFrom('hour', 'day', 'month'),
      since: fc.integer({ min: -4, max: 200 }),
      quarters: fc.integer({ min: 0, max: 300 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(moment, { minLength: 1, maxLength: 60 }),
        fc.array(asked, { minLength: 4, maxLength: 4 }),
        async (times, queries) => {
          const other = await makeTenant({ owner })
          await log(other, times)
          for (const { zone, window, since, quarters } of queries) {
            const [from, to] = [since, since + quarters].map((n) =>
              new Date(start + n * 900_000).toISOString(),
            )
            const { rows } = await admin.query<{ told: string }>(
              `select to_char(date_trunc($2, occurred_at, $3) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || count(*) as told
               from public.usage_events where tenant_id = $1
                 and date_trunc('hour', occurred_at, $3) >= $4 and date_trunc('hour', occurred_at, $3) < $5
               group by date_trunc($2, occurred_at, $3) order by date_trunc($2, occurred_at, $3) desc limit 100`,
              [other.id, window, zone, from, to],
            )
            const query = `window=${window}&time_zone=${zone}&limit=100&since=${from}&until=${to}`
            const { totals } = await read(query, other)
            expect(
              totals.map(({ starts_at, event_count }) => `${starts_at} ${event_count}`),
              query,
            ).toEqual(rows.map(({ told }) => told))
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  it('hold what lies in them where every quarter of an hour has events', async () => {
    const other = await makeTenant({ owner })
    const start = Date.UTC(2026, 9, 2)
    const quarters = Array.from({ length: 192 }, (_, n) => new Date(start + n * 900_000).toISOString())
    // More in each quarter than in the one before, so that no two parts of an hour are alike.
    await log(
      other,
      quarters.flatMap((time, n) => Array.from({ length: 1 + (n % 4) }, () => time)),
    )
    const [since, until] = [quarters[5]!, quarters[150]!]
    for (const zone of zones)
      for (const window of ['hour', 'day', 'month']) {
        const { rows } = await admin.query<{ told: string }>(
          `select to_char(date_trunc($2, occurred_at, $3) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || count(*) as told
           from public.usage_events where tenant_id = $1
             and date_trunc('hour', occurred_at, $3) >= $4 and date_trunc('hour', occurred_at, $3) < $5
           group by date_trunc($2, occurred_at, $3) order by date_trunc($2, occurred_at, $3) desc`,
          [other.id, window, zone, since, until],
        )
        const query = `window=${window}&time_zone=${zone}&limit=100&since=${since}&until=${until}`
        const { totals } = await read(query, other)
        const told = totals.map(({ starts_at, event_count }) => `${starts_at} ${event_count}`)
        expect(told, query).toEqual(rows.map(({ told }) => told))
      }
  })

  it('come page by page as a whole', async () => {
    const other = await makeTenant({ owner })
    await log(
      other,
      Array.from({ length: 150 }, (_, n) => new Date(Date.UTC(2026, 9, 2) + n * 1_700_000).toISOString()),
    )
    for (const zone of zones)
      for (const window of ['hour', 'day']) {
        const query = `window=${window}&time_zone=${zone}`
        const whole = (await read(`${query}&limit=100`, other)).totals
        const found: unknown[] = []
        let cursor: string | null = null
        do {
          const page: UsageTotals = await read(`${query}&limit=7${cursor ? `&cursor=${cursor}` : ''}`, other)
          found.push(...page.totals)
          cursor = page.next_cursor
        } while (cursor)
        expect(found, query).toEqual(whole)
      }
  })
})

describe('the month of a limit', () => {
  it('begins at midnight where the tenant is, in Kolkata too', async () => {
    const { id } = await makeTenant()
    await admin.query(`update public.tenants set time_zone = 'Asia/Kolkata' where id = $1`, [id])
    const { rows } = await admin.query(
      `select to_char(l.at at time zone 'Asia/Kolkata', 'DD HH24:MI') as there, to_char(l.at at time zone 'UTC', 'HH24:MI') as utc,
         l.resets_at = (l.at at time zone 'Asia/Kolkata' + interval '1 month') at time zone 'Asia/Kolkata' as ends_there
       from (select private.limit_period($1, 'usage_events') as at, f.resets_at from private.find_limit($1, 'usage_events') as f) as l`,
      [id],
    )
    expect(rows).toEqual([{ there: '01 00:00', utc: '18:30', ends_there: true }])
  })
})
