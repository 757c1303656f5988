import { dispatchRoute } from '../../lib/http/index.ts'
import type { DispatchReport } from '../../lib/queue/index.ts'
import { log } from '../../lib/runtime/index.ts'
import { dispatchWebhooks, readMetrics } from '../../lib/webhooks/index.ts'

export const dispatch = dispatchRoute('Deliver what is due', async () => {
  const report = await dispatchWebhooks()
  if (!report.isBusy && (report.expanded > 0 || report.lanes.size > 0)) {
    logReport(report)
    await logQueue()
  }
  return report
})

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
