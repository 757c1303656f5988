import { admin, sql } from '../../db/index.ts'

/** Over all tenants. Counters count from the beginning. */
export interface QueueMetrics {
  outbox: number
  pending: number
  due: number
  leased: number
  oldest_due_seconds: number
  open_circuits: number
  disabled_endpoints: number
  dispatchers: number
  succeeded: number
  failed: number
  dead: number
  stale: number
  duration_ms_sum: number
  duration_buckets: number[]
}

/** The upper bounds, in milliseconds, that private.complete_webhook_deliveries() counts by. */
const bucketsMs = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000]

/** The state of the queue. For the operator alone, because it covers all tenants. */
export async function readMetrics(): Promise<QueueMetrics> {
  const { metrics } = await admin.one<{ metrics: QueueMetrics }>(
    sql`select private.read_webhook_metrics() as metrics`,
  )
  return metrics
}

/** The same in Prometheus' text format 0.0.4. */
export function prometheusText(m: QueueMetrics): string {
  const gauge = (name: string, help: string, value: number) => metric(name, 'gauge', help, [['', value]])
  return [
    gauge('outbox_events', 'Events not yet expanded into deliveries.', m.outbox),
    gauge('queue_depth', 'Deliveries that are pending.', m.pending),
    gauge('queue_due', 'Deliveries whose time has come, blocked endpoints included.', m.due),
    gauge('queue_leased', 'Deliveries under way.', m.leased),
    gauge(
      'oldest_due_age_seconds',
      'How long the oldest delivery that could be sent has waited.',
      m.oldest_due_seconds,
    ),
    gauge('open_circuits', 'Endpoints that failed five times or more in a row.', m.open_circuits),
    gauge('disabled_endpoints', 'Endpoints that are disabled.', m.disabled_endpoints),
    gauge('dispatchers', 'Dispatchers that run now.', m.dispatchers),
    metric('attempts_total', 'counter', 'Attempts to deliver, by outcome.', [
      ['{outcome="succeeded"}', m.succeeded],
      ['{outcome="failed"}', m.failed],
    ]),
    metric('dead_total', 'counter', 'Deliveries given up after their last attempt.', [['', m.dead]]),
    metric('stale_total', 'counter', 'Attempts whose lease was lost before they were reported.', [
      ['', m.stale],
    ]),
    metric('attempt_duration_seconds', 'histogram', 'How long attempts took.', [
      ...bucketsMs.map((limitMs, n): [string, number] => [
        `_bucket{le="${limitMs / 1_000}"}`,
        m.duration_buckets[n] ?? 0,
      ]),
      ['_bucket{le="+Inf"}', m.succeeded + m.failed],
      ['_sum', m.duration_ms_sum / 1_000],
      ['_count', m.succeeded + m.failed],
    ]),
  ].join('')
}

function metric(
  name: string,
  type: string,
  help: string,
  samples: [suffix: string, value: number][],
): string {
  const full = `tenantry_webhooks_${name}`
  const lines = samples.map(([suffix, value]) => `${full}${suffix} ${value}\n`)
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}
