import type pg from 'pg'
import type { Db, Sql } from '../../lib/db/index.ts'
import { Meter, ReadingQuery, readReadings, readTotals, TotalsQuery } from '../../lib/usage/index.ts'
import { type Figure, interleave, median, say, timed } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** The month that is read, of the tenant whose events are spread over it. */
const month = { since: '2026-10-01T00:00:00Z', until: '2026-11-01T00:00:00Z' }
/** The first two are kept as days: UTC, and the tenant's own. Any other is added up from hours. */
const zones = ['UTC', 'Asia/Kolkata', 'Europe/Zurich']
const daysAreKept = 2

/** Reading a tenant's month: its totals with few and with many events of others beside it, and its meters. */
export async function benchReading(
  stack: BenchStack,
  admin: pg.Client,
  tenantId: string,
  isQuick: boolean,
): Promise<Figure[]> {
  const [some, many] = isQuick ? [2_000, 10_000] : [1_000_000, 10_000_000]
  const own = isQuick ? 1_000 : 100_000
  const rounds = isQuick ? 3 : 50
  const db = reader(await stack.connect(stack.dbUrl))
  const fillers = [admin, await stack.connect(stack.adminUrl)]
  await fill(fillers, own, `array['${tenantId}']::uuid[]`)
  await admin.query('update public.tenants set time_zone = $2 where id = $1', [tenantId, zones[1]])
  const others = `array(select t.id from public.tenants as t where t.id <> '${tenantId}' order by t.id)`
  let stored = own
  const timesWith = async (count: number) => {
    say(`usage: ${(count - stored).toLocaleString('en')} more events`)
    await fill(fillers, count - stored, others)
    stored = count
    await admin.query('vacuum (analyze) public.usage_events')
    await admin.query('vacuum (analyze) public.usage_hours')
    await admin.query('vacuum (analyze) public.usage_days')
    say(`usage: reading beside ${count.toLocaleString('en')} events`)
    const runs = zones.map(
      (time_zone) => () =>
        timed(() => readTotals(db, tenantId, TotalsQuery.parse({ ...month, time_zone, limit: '100' }))),
    )
    return (await interleave(rounds, runs)).map(median)
  }
  const few = await timesWith(some)
  const full = await timesWith(many)
  const figures = zones.flatMap((zone, n): Figure[] => {
    const what = `a month by day and type, ${zone}`
    if (n >= daysAreKept) return [{ what, unit: 'ms', value: full[n]!, note: "not the tenant's time zone" }]
    return [
      { what, unit: 'ms', value: full[n]!, goal: { atMost: 5 } },
      {
        ...{ what: `${what}, with a tenth of the events`, unit: 'ms', value: full[n]!, baseline: few[n]! },
        ...{ ratio: full[n]! / few[n]!, goal: { atMost: 1.2 } },
      },
    ]
  })
  for (const [aggregation, value_property] of [
    ['sum', 'data.seconds'],
    ['latest', 'data.seconds'],
    ['unique', 'data.person'],
  ]) {
    const meter = Meter.parse({
      ...{ ref_id: '', slug: 'm', name: 'm', event_type: null, aggregation, value_property, group_by: [] },
      ...{ created_at: new Date(), updated_at: new Date(), archived_at: null },
    })
    const query = ReadingQuery.parse({ ...month, limit: '100' })
    const [times] = await interleave(isQuick ? 2 : 10, [
      () => timed(() => readReadings(db, tenantId, meter, query)),
    ])
    const what = `a meter of ${own.toLocaleString('en')} events by day, ${aggregation}`
    figures.push({ what, unit: 'ms', value: median(times!) })
  }
  return figures
}

/** Events of these tenants over the month, in turn, and their hours. Each connection fills its part of the month. */
async function fill(fillers: pg.Client[], count: number, tenants: string): Promise<void> {
  const part = Math.ceil(count / fillers.length)
  await Promise.all(
    fillers.map((db, n) => fillPart(db, count, tenants, n * part, Math.min((n + 1) * part, count) - 1)),
  )
}

async function fillPart(
  db: pg.Client,
  count: number,
  tenants: string,
  first: number,
  last: number,
): Promise<void> {
  const events = `
    select t.ids[1 + n % cardinality(t.ids)] as tenant_id, n, 'type.' || n % 4 as event_type, 'model-' || n % 3 as model_used,
      timestamptz '${month.since}' + n * (interval '31 days' / ${count}) as occurred_at
    from generate_series(${first}, ${last}) as n cross join (select ${tenants} as ids) as t`
  await db.query(`set session_replication_role = replica; set work_mem = '256MB'`)
  await db.query(`
    insert into public.usage_events (tenant_id, id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
    select tenant_id, private.uuid_v7_at((extract(epoch from occurred_at) * 1000000)::bigint), event_type,
      jsonb_build_object('seconds', n % 1000, 'person', 'p' || n % 5000), n % 1000, model_used, 40, occurred_at
    from (${events}) as e`)
  // All hours at once: nearly every event of a million has an hour of its own, and the next million the same hours.
  await db.query(`
    insert into public.usage_hours as h (tenant_id, starts_at, event_type, model_used, event_count, tokens_used, cost_micros,
      tokens_count, cost_count, event_count_15, event_count_30)
    select tenant_id, date_trunc('hour', occurred_at, 'UTC'), event_type, model_used, count(*), sum(n % 1000), 40 * count(*),
      count(*), count(*), count(*) / 4, count(*) / 2
    from (${events}) as e group by 1, 2, 3, 4 order by 1, 2
    on conflict on constraint usage_hours_pkey do update set event_count = h.event_count + excluded.event_count,
      tokens_used = h.tokens_used + excluded.tokens_used, cost_micros = h.cost_micros + excluded.cost_micros`)
  // Triggers are off while this fills.
  await db.query(`
    insert into public.usage_days as d (tenant_id, time_zone, starts_at, event_type, model_used, event_count, tokens_used, cost_micros,
      tokens_count, cost_count)
    select tenant_id, 'UTC', date_trunc('day', occurred_at, 'UTC'), event_type, model_used, count(*), sum(n % 1000), 40 * count(*), count(*), count(*)
    from (${events}) as e group by 1, 2, 3, 4, 5 order by 1, 2, 3
    on conflict on constraint usage_days_pkey do update set event_count = d.event_count + excluded.event_count,
      tokens_used = d.tokens_used + excluded.tokens_used, cost_micros = d.cost_micros + excluded.cost_micros`)
  await db.query('reset work_mem; reset session_replication_role')
}

/** Runs the statements of lib past row level security, so that only they are measured. */
function reader(client: pg.Client): Db {
  const query = async <Row>({ text, values }: Sql) => (await client.query(text, values)).rows as Row[]
  const refuse = () => Promise.reject(new Error('Reading needs no more than one statement at a time.'))
  return { query, one: refuse, transaction: refuse }
}
