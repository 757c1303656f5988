import { type Db, readPage, type Sql, sql, ulidOf } from '../../db/index.ts'
import {
  type EndpointStats,
  type SeriesQuery,
  statsOrder,
  type TenantStatsQuery,
  type WebhookSeries,
  type WebhookStats,
} from './schema.ts'

type Row = Omit<EndpointStats, 'circuit'> & {
  failing_since: Date | null
  consecutive_failures: number
  blocked_until: Date | null
}

const columns = sql`
  s.since,
  json_build_object('succeeded', s.succeeded_count, 'failed', s.failed_count) as attempts,
  json_build_object('p50', s.duration_p50_ms, 'p95', s.duration_p95_ms) as duration_ms,
  s.pending_count::int as pending, s.dead_count::int as dead, s.oldest_pending_at, s.last_success_at, s.last_failure_at,
  s.failing_since_at as failing_since, s.failure_count as consecutive_failures, s.blocked_until_at as blocked_until`

/** An endpoint's statistics over the last hours. 404 not_found. */
export async function readStats(
  db: Db,
  tenantId: string,
  ref: string,
  windowHours = 24,
): Promise<EndpointStats> {
  const wanted: Sql = sql`public.read_webhook_stats(${tenantId}, private.ulid_to_uuid(${ref}), ${windowHours})`
  return statsOf(await db.one<Row>(sql`select ${columns} from ${wanted} as s`))
}

/** A page of the statistics of a tenant's endpoints, the newest endpoint first. */
export async function listStats(
  db: Db,
  tenantId: string,
  { window_hours: hours = 24, limit, cursor }: TenantStatsQuery,
): Promise<WebhookStats> {
  const { rows, next_cursor } = await readPage<Row & { id: string; is_cut: boolean }>(
    db,
    statsOrder,
    { limit, cursor },
    (rowCount) => sql`
    select s.endpoint_id as id, ${columns},
      s.succeeded_count + s.failed_count = s.most_attempts as is_cut
    from public.list_webhook_stats(${tenantId}, ${hours}, ${cursor?.id}::uuid, ${rowCount}) as s
    order by s.endpoint_id desc`,
  )
  const endpoints = rows.map(({ id, is_cut, ...row }) => {
    const { since, ...stats } = statsOf(row)
    return { endpoint_id: ulidOf(id), ...stats, counted_from_at: is_cut ? since : null }
  })
  return { endpoints, next_cursor }
}

/** The attempts of the last hours, step by step. 404 not_found if the endpoint is none of the tenant's. */
export async function readSeries(
  db: Db,
  tenantId: string,
  { step = 'hour', window_hours: hours = 24, endpoint }: SeriesQuery,
): Promise<WebhookSeries> {
  const rows = await db.query<WebhookSeries['steps'][number] & { since: string }>(sql`
    select s.start_at, s.succeeded_count::int as succeeded, s.failed_count::int as failed, s.duration_p95_ms, s.since
    from public.read_webhook_series(${tenantId}, ${step}, ${hours}, private.ulid_to_uuid(${endpoint})) as s
    order by s.start_at`)
  return { step, since: rows[0]!.since, steps: rows.map(({ since: _, ...row }) => row) }
}

function statsOf({ failing_since, consecutive_failures, blocked_until, ...stats }: Row): EndpointStats {
  return { ...stats, circuit: { failing_since, consecutive_failures, blocked_until } }
}
