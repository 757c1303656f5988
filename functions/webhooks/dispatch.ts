import { z } from 'zod'
import { describeRoute, query, router } from '../../lib/http/index.ts'
import type { DispatchReport } from '../../lib/queue/index.ts'
import { inBackground, log } from '../../lib/runtime/index.ts'
import { dispatchWebhooks, readMetrics } from '../../lib/webhooks/index.ts'

const Wait = z.strictObject({
  wait: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true: answer when the run is over, and not at once.' }),
})

const Run = z
  .strictObject({
    status: z.enum(['started', 'busy', 'done']),
    expanded: z.int().optional(),
    succeeded: z.int().optional(),
    failed: z.int().optional(),
    stale: z.int().optional(),
    unreported: z.int().optional(),
    duration_ms: z.int().optional(),
  })
  .meta({ id: 'WebhookDispatchRun' })

/** pg_net calls this when an event commits, and cron does. It finds out by itself what is due. */
export const dispatch = router({ auth: 'service' }).post(
  '/',
  describeRoute('Deliver what is due', {
    200: { description: 'With ?wait=true: what the run did.', schema: Run },
    202: { description: 'A run was started.', schema: Run },
  }),
  query(Wait),
  async (c) => {
    const run = async () => {
      const report = await dispatchWebhooks()
      if (!report.isBusy && (report.expanded > 0 || report.lanes.size > 0)) {
        logReport(report)
        await logQueue()
      }
      return report
    }
    if (c.req.valid('query').wait !== 'true') {
      // Answer at once: pg_net waits for answers before it sends many more requests.
      inBackground('deliver webhooks', run)
      return c.json({ status: 'started' as const }, 202)
    }
    const { isBusy, durationMs, lanes: _, ...counts } = await run()
    return c.json({
      status: isBusy ? ('busy' as const) : ('done' as const),
      ...counts,
      duration_ms: durationMs,
    })
  },
)

function logReport({ isBusy: _, lanes, durationMs, ...counts }: DispatchReport): void {
  log('info', { function: 'webhooks', event: 'dispatched', ...counts, duration_ms: durationMs })
  for (const [endpoint, { succeeded, failed, durationMsSum, durationMsMax }] of lanes) {
    log('info', {
      function: 'webhooks',
      event: 'delivered',
      endpoint,
      succeeded,
      failed,
      average_ms: Math.round(durationMsSum / (succeeded + failed)),
      slowest_ms: durationMsMax,
    })
  }
}

/** Counting a long queue is expensive. */
const queueEveryMs = 15_000
let queueLoggedAt = Number.NEGATIVE_INFINITY

async function logQueue(): Promise<void> {
  if (performance.now() - queueLoggedAt < queueEveryMs) return
  queueLoggedAt = performance.now()
  const { outbox, pending, due, leased, oldest_due_seconds, open_circuits } = await readMetrics()
  log('info', {
    function: 'webhooks',
    event: 'queue',
    outbox,
    pending,
    due,
    leased,
    oldest_due_seconds,
    open_circuits,
  })
}
