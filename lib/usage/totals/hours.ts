import { type Sql, sql } from '../../db/index.ts'
import { hoursBegin } from './time-zones.ts'

export const windows = ['hour', 'day', 'month'] as const
export type Window = (typeof windows)[number] | 'none'

/** A range of time. What counts is each hour of the time zone that begins in it. */
export interface Range {
  since: Date
  until: Date
  time_zone: string
}

/** The window in which a moment lies. Without windows the whole range is one. */
export function windowOf(moment: Sql, window: Window, { since, time_zone }: Range): Sql {
  return window === 'none'
    ? firstHour(since, time_zone)
    : sql`date_trunc(${window}::text, ${moment}, ${time_zone})`
}

/**
 * The rows of usage_hours of a tenant in a range, each with its window: where that begins, and which part of the range lies
 * in it. Nothing newer than the window of a cursor, if one is given. Where the hours of the time zone begin later than those
 * of UTC, a row that lies in two windows comes twice, with its part of each.
 */
export function hoursIn(tenantId: string, range: Range, window: Window, newest?: string): Sql {
  const { since, until, time_zone } = range
  const areWhole = hoursBegin(time_zone, since, until) === 'with UTC'
  if (areWhole && window === 'hour')
    return sql`
      select h.*, h.starts_at as window_at, h.starts_at as window_since, h.starts_at + interval '1 hour' as window_until
      from public.usage_hours as h
      where h.tenant_id = ${tenantId} and h.starts_at >= ${since} and h.starts_at < ${until}
        and h.starts_at <= coalesce(${newest}::timestamptz, 'infinity')`
  const windows = sql`select w.*, w.since as part_since, w.until as part_until from (${windowsIn(range, window)}) as w`
  return hoursOf(tenantId, range, windows, newest)
}

/** The rows of usage_hours of these windows, each with the part of its window from part_since to part_until. */
export function hoursOf(
  tenantId: string,
  { since, until, time_zone }: Range,
  windows: Sql,
  newest?: string,
): Sql {
  const part = hoursBegin(time_zone, since, until) === 'with UTC' ? whole : inTwo
  return sql`
    select w.at as window_at, w.since as window_since, w.until as window_until, h.event_type, h.model_used, ${part}
    from (${windows}) as w
    -- No zone is asked for each row: that would take as long as all the rest.
    join public.usage_hours as h
      on h.tenant_id = ${tenantId} and h.starts_at > w.part_since - interval '1 hour' and h.starts_at < w.part_until
    cross join lateral (select w.part_since <= h.starts_at and w.part_until >= h.starts_at + interval '1 hour' as whole,
      greatest(w.part_since - h.starts_at, interval '0') as after, least(w.part_until - h.starts_at, interval '1 hour') as before) as lies
    where w.at <= coalesce(${newest}::timestamptz, 'infinity') and w.part_since < w.part_until`
}

/** The windows of a range in their order. */
export function windowsIn({ since, until, time_zone }: Range, window: Window): Sql {
  const range = sql`(select ${firstHour(since, time_zone)} as since, ${firstHour(until, time_zone)} as until) as r`
  if (window === 'none') return sql`select r.since as at, r.since, r.until from ${range}`
  // Clocks that move by half an hour make hours of another length, so each hour is put together of its quarters.
  const found =
    window === 'hour'
      ? sql`
        select date_trunc('hour', q, ${time_zone}) as at, min(q) as since, max(q) + interval '15 minutes' as until
        from generate_series(date_trunc('hour', ${since}::timestamptz, ${time_zone}), ${until}::timestamptz + interval '1 hour', interval '15 minutes') as q
        group by 1`
      : sql`
        select at, at as since, lead(at, 1, 'infinity') over (order by at) as until
        from (select distinct date_trunc(${window}::text, step, ${time_zone}) as at
          from generate_series(date_trunc(${window}::text, ${since}::timestamptz, ${time_zone}), ${until},
            ('1 ' || ${window}::text)::interval, ${time_zone}) as step) as s`
  return sql`select f.at, greatest(f.since, r.since) as since, least(f.until, r.until) as until from (${found}) as f cross join ${range}`
}

/** The first hour of the time zone that begins at this moment or after it. */
export function firstHour(moment: Date, time_zone: string): Sql {
  return sql`(select h.at + case when h.at < ${moment}::timestamptz then interval '1 hour' else interval '0' end
    from (select date_trunc('hour', ${moment}::timestamptz, ${time_zone})) as h (at))`
}

const whole = sql`h.event_count, h.tokens_used, h.cost_micros, h.tokens_count, h.cost_count`
const inTwo = sql`
  ${partOf(sql`h.event_count`, sql`h.event_count_15`, sql`h.event_count_30`)} as event_count,
  ${partOf(sql`h.tokens_used`, sql`h.tokens_used_15`, sql`h.tokens_used_30`)} as tokens_used,
  ${partOf(sql`h.cost_micros`, sql`h.cost_micros_15`, sql`h.cost_micros_30`)} as cost_micros,
  ${partOf(sql`h.tokens_count`, sql`h.tokens_count_15`, sql`h.tokens_count_30`)} as tokens_count,
  ${partOf(sql`h.cost_count`, sql`h.cost_count_15`, sql`h.cost_count_30`)} as cost_count`

/** What was there before the end of the window, without what was there before its beginning. */
function partOf(all: Sql, in15: Sql, in30: Sql): Sql {
  return sql`case when lies.whole then ${all} else
    case lies.before when interval '15 minutes' then ${in15} when interval '30 minutes' then ${in30} else ${all} end
    - case lies.after when interval '0' then 0 when interval '15 minutes' then ${in15} else ${in30} end end`
}
