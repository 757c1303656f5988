import { type Sql, sql } from '../../db/index.ts'
import type { Meter } from './schema.ts'

// What a meter reads of an event `e`, and how it puts values together. The columns of an event are named here, so that no
// name that somebody typed becomes SQL.

const fields: Record<string, Sql> = {
  tokens_used: sql`e.tokens_used`,
  cost_micros: sql`e.cost_micros`,
  event_type: sql`e.event_type`,
  model_used: sql`e.model_used`,
  source: sql`e.source`,
}

/** Longer texts of a group are cut, because they come with every reading. */
const maxGroupLength = 255
/** Longer values are compared by their SHA-256. */
const maxComparedBytes = 256

/** The value that a meter takes from an event; null if it has none of the kind. */
export function measuredOf({ aggregation, value_property: property }: Meter): Sql {
  if (property === null) return sql`true`
  const field = fields[property]
  if (aggregation === 'unique') {
    if (field) return sql`to_jsonb(${field})`
    const found = sql`(e.event_data #> ${pathOf(property)}::text[])`
    return sql`case jsonb_typeof(${found})
      when 'number' then to_jsonb(trim_scale(${found}::numeric))
      when 'boolean' then ${found}
      when 'string' then case when pg_column_size(${found}) <= ${maxComparedBytes}::int then ${found}
        -- In an array, so that it equals no text that somebody sent.
        else jsonb_build_array(sha256(convert_to(${found} #>> '{}', 'UTF8'))) end end`
  }
  if (field) return sql`${field}::numeric`
  const found = sql`(e.event_data #> ${pathOf(property)}::text[])`
  return sql`case when jsonb_typeof(${found}) = 'number' then ${found}::numeric end`
}

/** What a group is called; null for an event that has no text, number or truth value there. */
function groupOf(property: string): Sql {
  const field = fields[property]
  if (field) return field
  const path = pathOf(property)
  return sql`case when jsonb_typeof(e.event_data #> ${path}::text[]) in ('string', 'number', 'boolean')
    then left(e.event_data #>> ${path}::text[], ${maxGroupLength}::int) end`
}

/** The group of each of these properties. */
export function groupsOf(properties: string[]): Sql {
  const [first, ...rest] = properties.map(groupOf)
  if (!first) return sql`'{}'::text[]`
  return sql`array[${rest.reduce((list, part) => sql`${list}, ${part}`, first)}]::text[]`
}

/** Whether an event is of these groups. */
export function isOf(filter: Record<string, string | null>): Sql {
  return Object.entries(filter).reduce(
    (all, [property, group]) => sql`${all} and ${groupOf(property)} is not distinct from ${group}::text`,
    sql`true`,
  )
}

/** Puts the values of events together, for each window and groups. */
export function totalsOf({ aggregation }: Meter, events: Sql): Sql {
  // Each value once, before it is counted: count(distinct) would sort all of them.
  if (aggregation === 'unique')
    return sql`
      select d.starts_at, d.groups, sum(d.event_count) as event_count, nullif(count(d.value), 0)::numeric as value,
        coalesce(sum(d.event_count) filter (where d.value is null), 0) as uncounted_count
      from (select e.starts_at, e.groups, e.value, count(*) as event_count from (${events}) as e group by 1, 2, 3) as d
      group by 1, 2`
  return sql`
    select e.starts_at, e.groups, count(*) as event_count, ${aggregates[aggregation]} as value, count(*) - count(e.value) as uncounted_count
    from (${events}) as e group by 1, 2`
}

const aggregates: Record<Exclude<Meter['aggregation'], 'unique'>, Sql> = {
  count: sql`count(*)::numeric`,
  sum: sql`sum(e.value)`,
  max: sql`max(e.value)`,
  // Of two at one moment the larger, so that the order in which they came does not matter.
  latest: sql`(max(array[extract(epoch from e.occurred_at), e.value]) filter (where e.value is not null))[2]`,
}

/** `data.a.b` is the path a, b. */
function pathOf(property: string): string[] {
  return property.split('.').slice(1)
}
