import { type Sql, sql } from '../../db/index.ts'
import { firstHour, hoursIn, hoursOf, type Range, type Window, windowOf, windowsIn } from './hours.ts'

/**
 * What a tenant used in a range, in few rows, each with its window: where that begins, and which part of the range lies in
 * it. Days that lie in the range as a whole are read from usage_days, and what is before and behind them from usage_hours.
 * Days are kept in UTC and in the tenant's own time zone. In any other zone all is read from usage_hours.
 */
export function totalsIn(tenantId: string, range: Range, window: Window, newest?: string): Sql {
  if (window === 'hour') return hoursIn(tenantId, range, window, newest)
  const { since, until, time_zone } = range
  const edges = sql`
    select w.*, p.since as part_since, p.until as part_until
    from windows as w cross join cuts as c
    cross join lateral (values (w.since, least(w.until, c.first)), (greatest(w.since, c.last), w.until)) as p (since, until)`
  // Each is kept, because Postgres would write what it is put together of into every place, and plan all of that.
  return sql`
    with ends as materialized (select ${firstHour(since, time_zone)} as since, ${firstHour(until, time_zone)} as until),
    midnights as materialized (${midnightsIn(tenantId, time_zone)}), cuts as materialized (${wholeDays}),
    windows as materialized (${windowsIn(range, window)})
    select w.at as window_at, w.since as window_since, w.until as window_until, d.event_type, d.model_used,
      d.event_count, d.tokens_used, d.cost_micros, d.tokens_count, d.cost_count
    from cuts as c
    join public.usage_days as d on d.tenant_id = ${tenantId} and d.time_zone = ${time_zone} and d.starts_at >= c.first and d.starts_at < c.last
      -- Known before the query is planned, so that no more is read than the range.
      and d.starts_at >= ${since} and d.starts_at < ${until}::timestamptz + interval '1 hour'
    join windows as w on ${window === 'none' ? sql`true` : sql`w.at = ${windowOf(sql`d.starts_at`, window, range)}`}
    where w.at <= coalesce(${newest}::timestamptz, 'infinity')
    union all ${hoursOf(tenantId, range, edges, newest)}`
}

/** The ends of a range, its first midnight and its last one, and whether days are kept in this time zone. */
function midnightsIn(tenantId: string, time_zone: string): Sql {
  const midnight = (moment: Sql) => sql`date_trunc('day', ${moment}, ${time_zone})`
  const before = midnight(sql`e.since`)
  // Where there is one row of a zone, there are all of its days.
  return sql`
    select e.*, ${midnight(sql`e.until`)} as last,
      case when ${before} = e.since then e.since else ${midnight(sql`date_add(${before}, interval '1 day', ${time_zone})`)} end as first,
      exists (select from public.usage_days as d where d.tenant_id = ${tenantId} and d.time_zone = ${time_zone}) as are_kept
    from ends as e`
}

/** From which midnight to which one days are read. Both are the end of the range if there is no whole day to read. */
const wholeDays = sql`
  select case when m.are_kept and m.first >= m.since and m.first < m.last then m.first else m.until end as first,
    case when m.are_kept and m.first >= m.since and m.first < m.last then m.last else m.until end as last
  from midnights as m`
