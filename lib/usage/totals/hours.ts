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

/** The first hour of the time zone that begins at this moment or after it. */
export function firstHour(moment: Date, time_zone: string): Sql {
  return sql`(select h.at + case when h.at < ${moment}::timestamptz then interval '1 hour' else interval '0' end
    from (select date_trunc('hour', ${moment}::timestamptz, ${time_zone})) as h (at))`
}

/**
 * The rows of usage_hours of a tenant in a range, before a moment if one is given. Where the hours of the time zone begin
 * later than those of UTC, a row comes in its parts if it lies in two windows.
 */
export function hoursIn(tenantId: string, range: Range, window: Window, before?: Sql): Sql {
  const { since, until, time_zone } = range
  const rows = sql`
    select u.* from public.usage_hours as u
    where u.tenant_id = ${tenantId} and u.starts_at < ${before ?? sql`'infinity'`}`
  if (hoursBegin(time_zone, since, until) === 'with UTC')
    return sql`${rows} and u.starts_at >= ${since} and u.starts_at < ${until}`
  const size = window === 'none' ? 'month' : window
  return sql`
    select p.*
    from (${rows} and u.starts_at > ${since}::timestamptz - interval '1 hour' and u.starts_at < ${until}::timestamptz + interval '1 hour') as h
    cross join lateral (select
      date_trunc(${size}::text, h.starts_at, ${time_zone}) <> date_trunc(${size}::text, h.starts_at + interval '30 minutes', ${time_zone})
      or h.starts_at < ${since}::timestamptz + interval '1 hour' or h.starts_at > ${until}::timestamptz - interval '2 hours') as lies (in_two)
    cross join lateral (
      select h.starts_at, h.event_type, h.model_used, h.event_count, h.tokens_used, h.cost_micros, h.tokens_count, h.cost_count
      where not lies.in_two
      union all
      select h.starts_at, h.event_type, h.model_used, h.event_count_15, h.tokens_used_15, h.cost_micros_15, h.tokens_count_15, h.cost_count_15
      where lies.in_two
      union all
      select h.starts_at + interval '15 minutes', h.event_type, h.model_used, h.event_count_30 - h.event_count_15,
        h.tokens_used_30 - h.tokens_used_15, h.cost_micros_30 - h.cost_micros_15, h.tokens_count_30 - h.tokens_count_15,
        h.cost_count_30 - h.cost_count_15
      where lies.in_two
      union all
      select h.starts_at + interval '30 minutes', h.event_type, h.model_used, h.event_count - h.event_count_30,
        h.tokens_used - h.tokens_used_30, h.cost_micros - h.cost_micros_30, h.tokens_count - h.tokens_count_30,
        h.cost_count - h.cost_count_30
      where lies.in_two) as p
    where not lies.in_two or (date_trunc('hour', p.starts_at, ${time_zone}) >= ${since} and date_trunc('hour', p.starts_at, ${time_zone}) < ${until})`
}
