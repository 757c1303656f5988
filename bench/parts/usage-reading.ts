import type pg from 'pg'
import type { Db, Sql } from '../../lib/db/index.ts'
import { Meter, ReadingQuery, readReadings, readTotals, TotalsQuery } from '../../lib/usage/index.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** The month that is read, of the tenant whose events are spread over it. */
const month = { since: '2026-10-01T00:00:00Z', until: '2026-11-01T00:00:00Z' }
const zones = ['UTC', 'Asia/Kolkata']

/** Reading a tenant's month: its totals with few and with many events of others beside it, and its meters. */
export async function benchReading(
  stack: BenchStack,
  admin: pg.Client,
  tenantId: string,
  isQuick: boolean,
): Promise<Figure[]> {
  const [some, many] = isQuick ? [10_000, 100_000] : [1_000_000, 10_000_000]
  const own = isQuick ? 1_000 : 100_000
  const rounds = isQuick ? 3 : 50
  const db = reader(await stack.connect(stack.dbUrl))
  await fill(admin, own, `array['${tenantId}']::uuid[]`)
  const others = `array(select t.id from public.tenants as t where t.id <> '${tenantId}' order by t.id)`
  let stored = own
  const timesWith = async (count: number) => {
    for (; stored < count; stored += 1_000_000) await fill(admin, Math.min(1_000_000, count - stored), others)
    stored = count
    await admin.query('vacuum (analyze) public.usage_events')
    await admin.query('vacuum (analyze) public.usage_hours')
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

/** Events of these tenants over the month, in turn, and their hours. */
async function fill(admin: pg.Client, count: number, tenants: string): Promise<void> {
  await admin.query(`set session_replication_role = replica`)
  await admin.query(`
    with stored as (
      insert into public.usage_events (tenant_id, id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
      select t.ids[1 + n % cardinality(t.ids)], gen_random_uuid(), 'type.' || n % 4,
        jsonb_build_object('seconds', n % 1000, 'person', 'p' || n % 5000), n % 1000, 'model-' || n % 3, 40,
        timestamptz '${month.since}' + n * (interval '31 days' / ${count})
      from generate_series(0, ${count} - 1) as n cross join (select ${tenants} as ids) as t
      returning *
    )
    insert into public.usage_hours as h (tenant_id, starts_at, event_type, model_used, event_count, tokens_used, cost_micros,
      tokens_count, cost_count, event_count_15, event_count_30)
    select s.tenant_id, date_trunc('hour', s.occurred_at, 'UTC'), s.event_type, s.model_used, count(*), sum(s.tokens_used),
      sum(s.cost_micros), count(*), count(*), count(*) / 4, count(*) / 2
    from stored as s group by 1, 2, 3, 4
    on conflict on constraint usage_hours_pkey do update set event_count = h.event_count + excluded.event_count,
      tokens_used = h.tokens_used + excluded.tokens_used, cost_micros = h.cost_micros + excluded.cost_micros`)
  await admin.query(`reset session_replication_role`)
}

/** Runs the statements of lib past row level security, so that only they are measured. */
function reader(client: pg.Client): Db {
  const query = async <Row>({ text, values }: Sql) => (await client.query(text, values)).rows as Row[]
  const refuse = () => Promise.reject(new Error('Reading needs no more than one statement at a time.'))
  return { query, one: refuse, transaction: refuse }
}

async function timed(read: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await read()
  return performance.now() - start
}
