import { type Db, sql, ulidOf } from '../../db/index.ts'
import type { UsageEvent, UsageEventResult } from './schema.ts'

type Outcome = 'accepted' | 'duplicate' | keyof typeof refusals

interface Row {
  id: string | null
  outcome: Outcome
}

/** What an event of a batch hears that is not stored. One event alone hears the same from SQL. */
const refusals = {
  conflict: ['event_conflict', '/event_id', 'was used before for another event'],
  too_old: ['event_too_old', '/occurred_at', 'lies too far in the past'],
  in_future: ['event_in_future', '/occurred_at', 'lies in the future'],
  limit: ['limit_reached', '', 'is more than the plan allows this month'],
} as const

/**
 * Stores one event. A second one with the same id is a duplicate. Refused are an event whose id was used for another one
 * (409 event_conflict), one outside the window (422 event_too_old, event_in_future), and one that is more than the plan
 * allows (402 limit_reached).
 */
export async function logUsageEvent(db: Db, tenantId: string, event: UsageEvent): Promise<UsageEventResult> {
  const [row] = await db.query<{ id: string | null }>(sql`
    select public.log_usage_event(
      ${tenantId}, ${event.event_type ?? event.type}, ${JSON.stringify(event.event_data ?? event.data ?? {})},
      ${event.tokens_used ?? null}, ${event.model_used ?? null}, ${event.cost_micros ?? null}, ${event.source ?? 'api'},
      ${event.event_id ?? event.id ?? null}, ${event.occurred_at ?? event.time ?? null}) as id`)
  return row?.id ? { status: 'accepted', ref_id: ulidOf(row.id) } : { status: 'duplicate' }
}

/**
 * Stores a batch in one statement and returns the result of each event, in order. Sending the same batch again stores
 * nothing. An event that cannot be stored is rejected, and the others are not.
 */
export async function logUsageEvents(
  db: Db,
  tenantId: string,
  events: UsageEvent[],
): Promise<UsageEventResult[]> {
  if (events.length === 0) return []
  const rows = await db.query<Row>(sql`
    select id, outcome from public.log_usage_events(
      ${tenantId},
      ${events.map((event) => event.event_id ?? event.id ?? null)},
      ${events.map((event) => event.source ?? 'api')},
      ${events.map((event) => event.event_type ?? event.type)},
      ${events.map((event) => JSON.stringify(event.event_data ?? event.data ?? {}))}::text[]::jsonb[],
      ${events.map((event) => event.tokens_used ?? null)},
      ${events.map((event) => event.model_used ?? null)},
      ${events.map((event) => event.cost_micros ?? null)},
      ${events.map((event) => event.occurred_at ?? event.time ?? null)})
    order by n`)
  return rows.map(({ id, outcome }) => {
    if (id !== null) return { status: 'accepted', ref_id: ulidOf(id) }
    if (outcome === 'accepted' || outcome === 'duplicate') return { status: outcome }
    const [code, pointer, detail] = refusals[outcome]
    return { status: 'rejected', code, errors: [{ pointer, detail }] }
  })
}
