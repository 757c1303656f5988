import { type Db, pageOf, sql } from '../../db/index.ts'
import { totalsIn } from './days.ts'
import { type TotalsQuery, totalOrder, type UsageTotal, type UsageTotals } from './schema.ts'

interface Row extends Omit<UsageTotal, 'starts_at' | 'event_type' | 'model_used'> {
  starts_at: string
  event_type: string
  model_used: string
}

/** JSON knows no larger whole number that every reader takes as it is. */
const maxTotal = Number.MAX_SAFE_INTEGER

/**
 * What a tenant used in each window of time, the newest first. It adds up days and hours and never events, so it costs the same
 * however many events there were. An hour of the time zone counts if it begins in the range.
 */
export async function readTotals(
  db: Db,
  tenantId: string,
  {
    window,
    time_zone,
    group_by,
    event_type,
    model_used,
    since,
    until,
    limit,
    cursor,
  }: Omit<TotalsQuery, 'format'>,
): Promise<UsageTotals> {
  const range = { since, until, time_zone }
  const rows = await db.query<Row>(sql`
    with total as (
      select u.window_at as starts_at,
        case when ${group_by.includes('event_type')}::boolean then u.event_type else '' end as event_type,
        case when ${group_by.includes('model_used')}::boolean then u.model_used else '' end as model_used,
        sum(u.event_count) as event_count, sum(u.tokens_used) as tokens_used, sum(u.cost_micros) as cost_micros
      from (${totalsIn(tenantId, range, window, cursor?.starts_at)}) as u
      where (${event_type}::text is null or u.event_type = ${event_type})
        and (${model_used}::text is null or u.model_used = ${model_used})
      group by 1, 2, 3
      -- What was voided as a whole leaves zeros.
      having sum(u.event_count) > 0
    )
    select to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as starts_at, event_type, model_used,
      least(event_count, ${maxTotal})::float8 as event_count, least(tokens_used, ${maxTotal})::float8 as tokens_used,
      least(cost_micros, ${maxTotal})::float8 as cost_micros
    from total
    where ${cursor?.starts_at}::timestamptz is null
      or (starts_at, event_type, model_used) < (${cursor?.starts_at}::timestamptz, ${cursor?.event_type}, ${cursor?.model_used})
    order by total.starts_at desc, event_type desc, model_used desc limit ${limit + 1}`)
  const { rows: totals, next_cursor } = pageOf(totalOrder, rows, limit)
  return {
    totals: totals.map((row) => ({
      ...row,
      event_type: row.event_type || null,
      model_used: row.model_used || null,
    })),
    next_cursor,
  }
}
