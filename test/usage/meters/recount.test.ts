import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type Definition, log, makeMeter, type Reading, readAll, voidUsage } from './meters.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 300_000 })

const start = Date.UTC(2026, 9, 2)
const quarterMs = 900_000

/** Numbers have two decimals at most, so that this file can add them up as whole numbers. */
const number = fc.integer({ min: -5_000, max: 5_000 }).map((n) => n / 100)
const anything = fc.oneof(
  { weight: 4, arbitrary: number },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, true, false, '', '7', 'many', 7, 7.5, [], [1], {}, { n: 1 }),
  },
)
const event = fc.record({
  id: fc.integer({ min: 1, max: 25 }).map(String),
  type: fc.constantFrom('a', 'b'),
  model_used: fc.constantFrom(undefined, 'm', 'n'),
  source: fc.constantFrom('api', 'other'),
  tokens_used: fc.option(fc.integer({ min: 0, max: 900 })),
  cost_micros: fc.option(fc.integer({ min: 0, max: 900 })),
  quarter: fc.integer({ min: 0, max: 4 * 96 }),
  late: fc.constantFrom(0, 1, quarterMs - 1),
  data: fc.record(
    { n: anything, k: anything, deep: fc.record({ n: anything }, { requiredKeys: [] }) },
    { requiredKeys: [] },
  ),
})
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

const sent = ({ quarter, late, ...rest }: Event) => ({
  ...rest,
  time: new Date(start + quarter * quarterMs + late).toISOString(),
})

/** Batches as senders make them when answers get lost: pieces of each other, more than once, in another order. */
const sending = fc
  .uniqueArray(event, { minLength: 1, maxLength: 25, selector: ({ id }) => id })
  .chain((events) =>
    fc.record({
      batches: fc.array(fc.shuffledSubarray(events, { minLength: 1 }), { minLength: 1, maxLength: 4 }),
      voids: fc.array(
        fc.record({
          source: fc.constantFrom('api', 'other'),
          event_id: fc.integer({ min: 1, max: 25 }).map(String),
        }),
        {
          maxLength: 8,
        },
      ),
    }),
  )

const groupings = ['data.k', 'data.deep.n', 'source', 'model_used', 'event_type']
const definitions: Definition[] = [
  { slug: 'calls', aggregation: 'count' },
  { slug: 'calls-of-a', aggregation: 'count', event_type: 'a' },
  { slug: 'tokens', aggregation: 'sum', value_property: 'tokens_used' },
  { slug: 'cost-of-b', aggregation: 'sum', value_property: 'cost_micros', event_type: 'b' },
  { slug: 'sum-n', aggregation: 'sum', value_property: 'data.n' },
  { slug: 'max-n', aggregation: 'max', value_property: 'data.n', event_type: 'a' },
  { slug: 'max-tokens', aggregation: 'max', value_property: 'tokens_used' },
  { slug: 'latest-n', aggregation: 'latest', value_property: 'data.deep.n' },
  { slug: 'unique-k', aggregation: 'unique', value_property: 'data.k' },
  { slug: 'unique-model', aggregation: 'unique', value_property: 'model_used' },
].map((one) => ({ ...one, group_by: groupings }) as Definition)

const asking = fc
  .record({
    window: fc.constantFrom('hour', 'day', 'month', 'none'),
    time_zone: fc.constantFrom(
      'UTC',
      'Europe/Zurich',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
    ),
    group_by: fc.subarray(groupings, { maxLength: 2 }),
    since: fc.integer({ min: -8, max: 200 }),
    quarters: fc.integer({ min: 0, max: 400 }),
    limit: fc.constantFrom(1, 3, 100),
  })
  // There the clock skips half an hour in quarter 158, and two hours overlap. A range that begins or ends in one of them
  // has no right answer.
  .filter(
    ({ time_zone, since, quarters }) =>
      time_zone !== 'Australia/Lord_Howe' ||
      [since, since + quarters].every((quarter) => quarter <= 150 || quarter >= 166),
  )
type Asking = typeof asking extends fc.Arbitrary<infer A> ? A : never

interface Stored {
  starts_at: string
  occurred_at: Date
  event_type: string
  model_used: string | null
  source: string
  tokens_used: string | null
  cost_micros: string | null
  event_data: Record<string, unknown>
}

/** The rows that count, by the simplest query there is. Which hours belong to a range, Postgres says by itself. */
async function rowsOf({ id }: Tenant, { window, time_zone, since, quarters }: Asking): Promise<Stored[]> {
  const from = new Date(start + since * quarterMs)
  const { rows } = await admin.query<Stored>(
    `select e.*, to_char(w.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as starts_at
     from public.usage_events as e
     cross join lateral (select date_trunc('hour', e.occurred_at, $3) as at) as h
     cross join lateral (select case when $2 = 'none' then (
       select g from generate_series($4::timestamptz, $4::timestamptz + interval '2 hours', '15 minutes') as g
       where g = date_trunc('hour', g, $3) order by g limit 1) else date_trunc($2, e.occurred_at, $3) end as at) as w
     where e.tenant_id = $1 and h.at >= $4 and h.at < $5
       and not exists (select from public.usage_event_voids as v where v.tenant_id = $1 and v.usage_event_id = e.id)`,
    [id, window, time_zone, from, new Date(from.getTime() + quarters * quarterMs)],
  )
  return rows
}

const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

function found(row: Stored, property: string): unknown {
  if (property === 'tokens_used' || property === 'cost_micros')
    return row[property] === null ? undefined : Number(row[property])
  if (property === 'event_type' || property === 'model_used' || property === 'source') return row[property]
  let value: unknown = row.event_data
  for (const key of property.split('.').slice(1))
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  return value
}

function recount(meter: Definition, rows: Stored[], groupBy: string[]): Reading[] {
  const parts = new Map<string, { starts_at: string; groups: Reading['groups']; rows: Stored[] }>()
  for (const row of rows.filter(({ event_type }) => !meter.event_type || meter.event_type === event_type)) {
    const groups = Object.fromEntries(
      groupBy.map((property) => {
        const value = found(row, property)
        return [property, isScalar(value) ? String(value) : null]
      }),
    )
    const key = JSON.stringify([row.starts_at, groups])
    const part = parts.get(key) ?? { starts_at: row.starts_at, groups, rows: [] }
    part.rows.push(row)
    parts.set(key, part)
  }
  return [...parts.values()].map(({ rows: mine, ...rest }) => {
    const { value, counted } = aggregate(meter, mine)
    return { ...rest, value, event_count: mine.length, uncounted_count: mine.length - counted }
  })
}

function aggregate(meter: Definition, rows: Stored[]): { value: string | null; counted: number } {
  const property = meter.value_property
  if (!property) return { value: String(rows.length), counted: rows.length }
  const values = rows.map((row) => ({ value: found(row, property), at: row.occurred_at.getTime() }))
  if (meter.aggregation === 'unique') {
    const scalars = values.filter(({ value }) => isScalar(value)).map(({ value }) => JSON.stringify(value))
    return { value: scalars.length ? String(new Set(scalars).size) : null, counted: scalars.length }
  }
  const numbers = values.filter(({ value }) => typeof value === 'number') as { value: number; at: number }[]
  if (numbers.length === 0) return { value: null, counted: 0 }
  const hundredths = numbers.map(({ value }) => Math.round(value * 100))
  const latest = Math.max(...numbers.map(({ at }) => at))
  const result = {
    sum: () => hundredths.reduce((sum, n) => sum + n, 0),
    max: () => Math.max(...hundredths),
    latest: () => Math.max(...hundredths.filter((_, n) => numbers[n]!.at === latest)),
  }[meter.aggregation as 'sum' | 'max' | 'latest']()
  return { value: String(result / 100), counted: numbers.length }
}

const inOneOrder = (readings: Reading[]) =>
  readings.map((one) => JSON.stringify(one, Object.keys(one).toSorted().concat(groupings))).toSorted()

describe('a meter', () => {
  it('shows what a recount of the rows gives, however events were sent and voided, and however it is asked', async () => {
    const owner = await makePerson()
    await fc.assert(
      fc.asyncProperty(
        sending,
        fc.array(asking, { minLength: definitions.length, maxLength: definitions.length }),
        fc.boolean(),
        async ({ batches, voids }, asked, atOnce) => {
          const tenant = await makeTenant({ owner })
          for (const definition of definitions) await makeMeter(tenant, definition)
          const steps = [
            ...batches.map((batch) => () => log(tenant, batch.map(sent))),
            () => voidUsage(tenant, voids),
            () => voidUsage(tenant, voids.toReversed()),
          ]
          if (atOnce) await Promise.all(steps.map((step) => step()))
          else for (const step of steps) await step()
          for (const [n, definition] of definitions.entries()) {
            const one = asked[n]!
            const from = new Date(start + one.since * quarterMs)
            const query = new URLSearchParams({
              ...{ window: one.window, time_zone: one.time_zone, group_by: one.group_by.join(',') },
              ...{
                since: from.toISOString(),
                until: new Date(from.getTime() + one.quarters * quarterMs).toISOString(),
              },
            })
            const told = await readAll(owner, tenant, definition.slug, query.toString(), one.limit)
            const starts = told.map(({ starts_at }) => starts_at)
            expect(starts).toEqual(starts.toSorted().toReversed())
            const expected = recount(definition, await rowsOf(tenant, one), one.group_by)
            expect(inOneOrder(told), `${definition.slug} ${query}`).toEqual(inOneOrder(expected))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
