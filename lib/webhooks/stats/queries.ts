import { type Db, sql } from '../../db/index.ts'
import type { EndpointStats } from './schema.ts'

type Row = Omit<EndpointStats, 'circuit'> & {
  failing_since: Date | null
  consecutive_failures: number
  blocked_until: Date | null
}

/** An endpoint's statistics over the last hours. 404 not_found. */
export async function readStats(
  db: Db,
  tenantId: string,
  ref: string,
  windowHours = 24,
): Promise<EndpointStats> {
  const row = await db.one<Row>(sql`
    select s.since,
      json_build_object('succeeded', s.succeeded_count, 'failed', s.failed_count) as attempts,
      json_build_object('p50', s.duration_p50_ms, 'p95', s.duration_p95_ms) as duration_ms,
      s.pending_count::int as pending, s.dead_count::int as dead, s.oldest_pending_at, s.last_success_at, s.last_failure_at,
      s.failing_since_at as failing_since, s.failure_count as consecutive_failures, s.blocked_until_at as blocked_until
    from public.read_webhook_stats(${tenantId}, private.ulid_to_uuid(${ref}), ${windowHours}) as s`)
  const { failing_since, consecutive_failures, blocked_until, ...stats } = row
  return { ...stats, circuit: { failing_since, consecutive_failures, blocked_until } }
}
