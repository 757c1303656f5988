import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { admin, type Queryable } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

interface Event {
  id: string | null
  type: string
  model: string | null
  tokens: number | null
  cost: number | null
  /** Hours before now, and at which minute. */
  ago: number
  minute?: number
}

const start = Math.floor(Date.now() / 3_600_000) * 3_600_000
const event: fc.Arbitrary<Event> = fc.record({
  id: fc.option(fc.integer({ min: 1, max: 30 }).map(String), { freq: 4 }),
  type: fc.constantFrom('a', 'b', 'c.d'),
  model: fc.option(fc.constantFrom('m', 'n')),
  tokens: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  cost: fc.option(fc.integer({ min: 0, max: 1_000 })),
  // All hours of a day, so that midnight of each time zone is among them, and some hours more often.
  ago: fc.oneof(fc.integer({ min: -2, max: 4 }), fc.integer({ min: -2, max: 27 })),
  minute: fc.constantFrom(0, 14.999, 15, 29.999, 30, 44.999, 45, 59.999),
})

/** What is voided, by the ids under which it was sent. Some were never sent, and some are named twice. */
const voiding = fc.array(fc.integer({ min: 1, max: 35 }).map(String), { maxLength: 12 })

/** With midnight at the full hour of UTC, and 15 and 30 minutes after it. */
const zone = fc.constantFrom('UTC', 'Asia/Kathmandu', 'Asia/Kolkata', 'America/St_Johns', 'Europe/Zurich')

/** Batches as senders make them when answers get lost: pieces of each other, more than once, in another order. */
const sending = fc.array(event, { minLength: 1, maxLength: 40 }).chain((events) =>
  fc.record({
    batches: fc.array(fc.shuffledSubarray(events, { minLength: 1 }), { minLength: 1, maxLength: 5 }),
    voids: fc.array(voiding, { minLength: 1, maxLength: 5 }),
    zones: fc.array(zone, { minLength: 1, maxLength: 3 }),
    atOnce: fc.boolean(),
  }),
)

function log(tenant: string, events: Event[], db: Queryable = admin) {
  const empty = events.map(() => '{}')
  return db.query(
    `select n from private.ingest_usage_events($1, null, $2, $3, $4, $5::text[]::jsonb[], $6, $7, $8, $9)`,
    [
      tenant,
      events.map(({ id }) => id),
      events.map(() => 'api'),
      events.map(({ type }) => type),
      empty,
      events.map(({ tokens }) => tokens),
      events.map(({ model }) => model),
      events.map(({ cost }) => cost),
      events.map(({ ago, minute = 0 }) => new Date(start - ago * 3_600_000 + minute * 60_000)),
    ],
  )
}

const voidEvents = (tenant: string, ids: string[]) =>
  admin.query(
    `select n from private.void_usage_events($1, null, null, array_fill(null::uuid, array[$3::int]),
       array_fill('api'::text, array[$3]), $2, array_fill(null::text, array[$3]))`,
    [tenant, ids, ids.length],
  )

const hours = `select starts_at, event_type, model_used, event_count, tokens_used, cost_micros, tokens_count, cost_count,
    event_count_15, event_count_30, tokens_used_15, tokens_used_30, cost_micros_15, cost_micros_30,
    tokens_count_15, tokens_count_30, cost_count_15, cost_count_30
  from public.usage_hours where tenant_id = $1 and event_count > 0`
const recount = `select date_trunc('hour', occurred_at, 'UTC') as starts_at, event_type, coalesce(model_used, '') as model_used,
    count(*)::numeric, coalesce(sum(tokens_used), 0), coalesce(sum(cost_micros), 0), count(tokens_used), count(cost_micros),
    ${[
      'count(*)',
      'coalesce(sum(tokens_used), 0)',
      'coalesce(sum(cost_micros), 0)',
      'count(tokens_used)',
      'count(cost_micros)',
    ]
      .flatMap((sum) => [15, 30].map((minutes) => partOf(sum, minutes)))
      .join(', ')}
  from public.usage_events as e where tenant_id = $1 and not exists (
    select from public.usage_event_voids as v where v.tenant_id = e.tenant_id and v.usage_event_id = e.id)
  group by 1, 2, 3`

/** What of it lies in the first minutes of the hour. */
function partOf(sum: string, minutes: number): string {
  const filter = `filter (where extract(minute from occurred_at at time zone 'UTC') < ${minutes})`
  return sum.startsWith('coalesce(') ? sum.replace(', 0)', ` ${filter}, 0)`) : `${sum} ${filter}`
}

const days = `select time_zone, starts_at, event_type, model_used, event_count, tokens_used, cost_micros, tokens_count, cost_count
  from public.usage_days where tenant_id = $1 and event_count > 0`
const recountedDays = `select z.time_zone, date_trunc('day', occurred_at, z.time_zone) as starts_at, event_type, coalesce(model_used, '') as model_used,
    count(*)::numeric, coalesce(sum(tokens_used), 0), coalesce(sum(cost_micros), 0), count(tokens_used), count(cost_micros)
  from public.usage_events as e join public.tenants as t on t.id = e.tenant_id
  cross join lateral (select 'UTC' union select t.time_zone) as z (time_zone)
  where tenant_id = $1 and not exists (
    select from public.usage_event_voids as v where v.tenant_id = e.tenant_id and v.usage_event_id = e.id)
  group by 1, 2, 3, 4`

async function differences(tenant: string): Promise<unknown[]> {
  const found = []
  for (const [kept, counted] of [
    [hours, recount],
    [days, recountedDays],
  ]) {
    const { rows } = await admin.query(`(${kept} except ${counted}) union all (${counted} except ${kept})`, [
      tenant,
    ])
    found.push(...rows)
  }
  return found
}

const moveTo = (tenant: string, zone: string) =>
  admin.query('update public.tenants set time_zone = $2 where id = $1', [tenant, zone])

describe('the hours and the days', () => {
  it('are what a recount of the events gives, however they were sent and voided, and wherever the tenant moved', async () => {
    await fc.assert(
      fc.asyncProperty(sending, async ({ batches, voids, zones, atOnce }) => {
        const { id } = await makeTenant()
        // The same void twice at once, too.
        const steps = batches.map((batch, n) => [
          () => log(id, batch),
          () => voidEvents(id, voids[n] ?? []),
          () => voidEvents(id, (voids[n] ?? []).toReversed()),
          ...zones.slice(n, n + 1).map((zone) => () => moveTo(id, zone)),
        ])
        if (atOnce) await Promise.all(steps.flat().map((step) => step()))
        else for (const step of steps.flat()) await step()
        expect(await differences(id)).toEqual([])
        const { rows } = await admin.query('select from public.usage_hours where tenant_id = $1', [id])
        expect(rows.length).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  })

  it('notices a recount that differs', async () => {
    const { id } = await makeTenant()
    await log(id, [{ id: null, type: 'a', model: null, tokens: 1, cost: null, ago: 0 }])
    await admin.query('update public.usage_hours set tokens_used = 2 where tenant_id = $1', [id])
    // The days go with the hours.
    expect(await differences(id)).toHaveLength(4)
    await admin.query('update public.usage_hours set tokens_used = 1 where tenant_id = $1', [id])
    await admin.query('update public.usage_days set tokens_used = 2 where tenant_id = $1', [id])
    expect(await differences(id)).toHaveLength(2)
    await admin.query('select private.rebuild_usage_days($1)', [id])
    expect(await differences(id)).toEqual([])
  })

  it('keep the days of UTC and of the present time zone, and of no other', async () => {
    const { id } = await makeTenant()
    await log(id, [{ id: null, type: 'a', model: null, tokens: 1, cost: null, ago: 0 }])
    const zones = async () =>
      (
        await admin.query<{ zones: string[] }>(
          'select array_agg(distinct time_zone order by time_zone) as zones from public.usage_days where tenant_id = $1',
          [id],
        )
      ).rows[0]?.zones
    expect(await zones()).toEqual(['UTC'])
    await moveTo(id, 'Asia/Kolkata')
    expect(await zones()).toEqual(['Asia/Kolkata', 'UTC'])
    await moveTo(id, 'Europe/Zurich')
    expect(await zones()).toEqual(['Europe/Zurich', 'UTC'])
    await moveTo(id, 'UTC')
    expect(await zones()).toEqual(['UTC'])
  })

  it('makes a move to another time zone wait for what is being stored', async () => {
    const { id } = await makeTenant()
    const db = await admin.connect()
    let move: Promise<unknown> | undefined
    try {
      await db.query('begin')
      await log(id, [{ id: null, type: 'a', model: null, tokens: 1, cost: null, ago: 0 }], db)
      move = moveTo(id, 'Asia/Kolkata')
      expect(await Promise.race([move, new Promise((done) => setTimeout(done, 300, 'waits'))])).toBe('waits')
      await db.query('commit')
    } finally {
      db.release()
    }
    await move
    expect(await differences(id)).toEqual([])
  })

  it('lose nothing when eight senders add to the same hours in different orders', async () => {
    const { id } = await makeTenant()
    const types = Array.from({ length: 20 }, (_, n) => `t${n}`)
    await Promise.all(
      Array.from({ length: 8 }, async (_, sender) => {
        for (let round = 0; round < 10; round++) {
          const batch = (sender % 2 ? types : types.toReversed()).flatMap((type) =>
            [0, 1, 2].map((ago): Event => ({ id: null, type, model: null, tokens: 3, cost: 5, ago })),
          )
          await log(id, batch)
        }
      }),
    )
    expect(await differences(id)).toEqual([])
    const { rows } = await admin.query(
      `select sum(event_count)::int as count, sum(tokens_used)::int as tokens, count(*)::int as rows
       from public.usage_hours where tenant_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ count: 4_800, tokens: 14_400, rows: 60 }])
  })

  it('hold totals that a bigint does not', async () => {
    const { id } = await makeTenant()
    const event: Event = { id: null, type: 'a', model: null, tokens: null, cost: null, ago: 0 }
    const most = '9223372036854775807'
    const huge = { ...event, tokens: most as unknown as number, cost: most as unknown as number }
    await log(id, [huge, huge])
    await log(id, [huge])
    const { rows } = await admin.query(
      'select tokens_used, cost_micros from public.usage_hours where tenant_id = $1',
      [id],
    )
    expect(rows).toEqual([{ tokens_used: '27670116110564327421', cost_micros: '27670116110564327421' }])
  })
})
