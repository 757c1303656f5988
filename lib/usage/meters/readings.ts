import { type Db, Problem, pageOf, type Sql, sql } from '../../db/index.ts'
import { totalsIn } from '../totals/days.ts'
import { windowOf } from '../totals/hours.ts'
import { groupsOf, isOf, measuredOf, totalsOf } from './properties.ts'
import { type MeterReading, type MeterReadings, type ReadingQuery, readingOrder } from './reading-schema.ts'
import type { Meter } from './schema.ts'

/** What a page is read for. A CSV file asks for larger pages than a list. */
export type Asked = Omit<ReadingQuery, 'format'>

interface Row extends Omit<MeterReading, 'starts_at' | 'groups'> {
  starts_at: string
  /** The hash of the groups, by which those of one window are sorted. */
  group: string
  groups: (string | null)[]
}

/** Where the next page goes on: behind this group of this window. */
type Position = NonNullable<ReadingQuery['cursor']>

interface Page {
  rows: Row[]
  next: Position | null
}

/** A window that holds events, and the part of the range that lies in it. */
interface EventWindow {
  starts_at: string
  since: Date
  until: Date
  event_count: number
}

/** Events that one page reads at most. More take seconds, and a statement has eight. */
const maxEvents = 1_000_000
/** How many months of events are kept before the present one. A test holds it against the partitions. */
export const monthsKept = 24

/**
 * What a meter shows in each window of time, the newest first. Counts, and sums of tokens and cost, are added up from
 * usage_hours. Everything else is read from the tenant's own events, along their index: a page ends with the window that
 * would take it beyond a million events.
 *
 * @throws 422 too_many_events if one window alone holds more, and 422 invalid_query for a group or a filter that the meter
 * does not name, and for a range whose events are no longer kept.
 */
export async function readReadings(
  db: Db,
  tenantId: string,
  meter: Meter,
  query: Asked,
): Promise<MeterReadings> {
  const { readings, next } = await readSome(db, tenantId, meter, query)
  const { next_cursor } = next ? pageOf(readingOrder, [next, {}], 1) : { next_cursor: null }
  return { readings, next_cursor }
}

/** The same, with the place where the next page goes on as it is. */
export async function readSome(
  db: Db,
  tenantId: string,
  meter: Meter,
  query: Asked,
): Promise<{ readings: MeterReading[]; next: Position | null }> {
  const named: [string, string[]][] = [
    ['/group_by', query.group_by],
    ['/filter', Object.keys(query.filter)],
  ]
  for (const [pointer, properties] of named) {
    const unknown = properties.find((property) => !meter.group_by.includes(property))
    if (unknown !== undefined) throw invalid(pointer, `names "${unknown}", and the meter does not`)
  }
  const { rows, next } = isInHours(meter, query)
    ? await readHours(db, tenantId, meter, query)
    : await readEvents(db, tenantId, meter, query)
  const readings = rows.map(({ group: _, groups, ...row }) => ({
    ...row,
    groups: Object.fromEntries(query.group_by.map((property, n) => [property, groups[n] ?? null])),
  }))
  return { readings, next }
}

/** Whether usage_hours knows all that is asked for. */
function isInHours({ aggregation, value_property }: Meter, { group_by, filter }: Asked): boolean {
  const isKnown =
    aggregation === 'count' ||
    (aggregation === 'sum' && ['tokens_used', 'cost_micros'].includes(value_property ?? ''))
  return isKnown && [...group_by, ...Object.keys(filter)].every((property) => property in hourColumns)
}

const hourColumns: Record<string, Sql> = {
  event_type: sql`h.event_type`,
  // A key holds no null.
  model_used: sql`nullif(h.model_used, '')`,
}

async function readHours(db: Db, tenantId: string, meter: Meter, query: Asked): Promise<Page> {
  const { window, group_by, filter, cursor, limit } = query
  const [first, ...rest] = group_by.flatMap((property) => hourColumns[property] ?? [])
  const isFiltered = Object.entries(filter).reduce(
    (all, [property, group]) => sql`${all} and ${hourColumns[property]} is not distinct from ${group}::text`,
    sql`true`,
  )
  const groups = first
    ? sql`array[${rest.reduce((list, column) => sql`${list}, ${column}`, first)}]::text[]`
    : sql`'{}'::text[]`
  const [value, counted] = {
    tokens_used: [sql`sum(h.tokens_used)`, sql`sum(h.tokens_count)`],
    cost_micros: [sql`sum(h.cost_micros)`, sql`sum(h.cost_count)`],
  }[meter.value_property ?? ''] ?? [sql`sum(h.event_count)`, sql`sum(h.event_count)`]
  const totals = sql`
    select h.window_at as starts_at, ${groups} as groups, sum(h.event_count) as event_count,
      case when ${counted} > 0 then ${value} end as value, sum(h.event_count) - ${counted} as uncounted_count
    from (${totalsIn(tenantId, query, window, cursor?.starts_at)}) as h
    where (${meter.event_type}::text is null or h.event_type = ${meter.event_type}) and ${isFiltered}
    group by 1, 2
    -- What was voided as a whole leaves zeros.
    having sum(h.event_count) > 0`
  return cut(await readTotals(db, totals, query), limit)
}

async function readEvents(db: Db, tenantId: string, meter: Meter, query: Asked): Promise<Page> {
  const { since, limit } = query
  const now = new Date()
  if (since.getTime() < Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsKept, 1))
    throw invalid(
      '/since',
      `is too long ago: events are kept for ${monthsKept} months, and this meter reads them`,
    )
  const { windows, hasMore } = await chooseWindows(db, tenantId, meter, query)
  const [newest, oldest] = [windows[0], windows.at(-1)]
  if (!newest || !oldest) return { rows: [], next: null }
  const events = sql`
    select ${windowOf(sql`e.occurred_at`, query.window, query)} as starts_at, ${groupsOf(query.group_by)} as groups,
      ${measuredOf(meter)} as value, e.occurred_at
    from public.usage_events as e
    where e.tenant_id = ${tenantId} ${ofType(meter, sql`e.event_type`)} and ${isOf(query.filter)}
      and e.occurred_at >= ${oldest.since} and e.occurred_at < ${newest.until}
      and not exists (select from public.usage_event_voids as v where v.tenant_id = e.tenant_id and v.usage_event_id = e.id)`
  const totals = totalsOf(meter, events)
  const rows = await readTotals(db, totals, query)
  // Behind the last group of these windows, in the next older one.
  if (rows.length <= limit && hasMore) return { rows, next: { starts_at: oldest.starts_at, group: '' } }
  return cut(rows, limit)
}

/** The windows of the next page: as many as it has rows, while they hold no more events than a page may read. */
async function chooseWindows(
  db: Db,
  tenantId: string,
  meter: Meter,
  query: Asked,
): Promise<{ windows: EventWindow[]; hasMore: boolean }> {
  const { window, cursor, limit } = query
  const found = await db.query<EventWindow>(sql`
    select ${written(sql`w.starts_at`)} as starts_at, w.since, w.until, w.event_count::float8 as event_count
    from (
      select h.window_at as starts_at, h.window_since as since, h.window_until as until, sum(h.event_count) as event_count
      from (${totalsIn(tenantId, query, window, cursor?.starts_at)}) as h
      where true ${ofType(meter, sql`h.event_type`)}
      group by 1, 2, 3 having sum(h.event_count) > 0) as w
    where ${cursor?.starts_at}::timestamptz is null or w.starts_at < ${cursor?.starts_at}
      or w.starts_at = ${cursor?.starts_at} and ${cursor?.group} <> ''
    order by w.starts_at desc limit ${limit + 1}`)
  let events = 0
  const windows: EventWindow[] = []
  for (const one of found.slice(0, limit)) {
    events += one.event_count
    if (events > maxEvents) break
    windows.push(one)
  }
  const [newest] = found
  if (newest && windows.length === 0) {
    const detail = `The window that begins at ${newest.starts_at} holds ${newest.event_count} events, and this meter reads each of them: at most ${maxEvents} in a window.`
    throw new Problem('too_many_events', `${detail} Ask for shorter windows or a shorter range.`, {
      errors: [{ pointer: window === 'none' ? '/since' : '/window', detail: 'holds too many events' }],
    })
  }
  return { windows, hasMore: windows.length < found.length }
}

function cut(rows: Row[], limit: number): Page {
  const last = rows[limit - 1]
  const next = last && rows.length > limit ? { starts_at: last.starts_at, group: last.group } : null
  return { rows: rows.slice(0, limit), next }
}

/** One row more than the page holds, which shows whether there is a next page. */
function readTotals(db: Db, totals: Sql, { cursor, limit }: Asked): Promise<Row[]> {
  return db.query<Row>(sql`
    select ${written(sql`t.starts_at`)} as starts_at, t."group", t.groups, trim_scale(t.value)::text as value,
      t.event_count::float8 as event_count, t.uncounted_count::float8 as uncounted_count
    from (select *, md5(groups::text) collate "C" as "group" from (${totals}) as g) as t
    where ${cursor?.starts_at}::timestamptz is null
      or (t.starts_at, t."group") < (${cursor?.starts_at}::timestamptz, ${cursor?.group}::text)
    order by t.starts_at desc, t."group" desc limit ${limit + 1}`)
}

function ofType({ event_type }: Meter, column: Sql): Sql {
  return event_type === null ? sql`` : sql`and ${column} = ${event_type}`
}

function written(moment: Sql): Sql {
  return sql`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem('invalid_query', 'The query is not valid.', { errors: [{ pointer, detail }] })
}
