import { type Db, sql, ulidOf } from '../../db/index.ts'
import type { UsageEvent, UsageEventResult } from './schema.ts'

interface Row {
  id: string | null
  outcome: 'accepted' | 'duplicate' | 'conflict'
}

/**
 * Stores a batch in one statement and returns the result of each event, in order. Sending the same batch again stores
 * nothing. An event whose id was used for another event is rejected, and the others are not.
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
    if (outcome === 'conflict') {
      const detail = 'was used before for another event'
      return { status: 'rejected', code: 'event_conflict', errors: [{ pointer: '/event_id', detail }] }
    }
    return id === null ? { status: outcome } : { status: outcome, ref_id: ulidOf(id) }
  })
}
