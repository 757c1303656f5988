import { dispatchRoute } from '../../lib/http/index.ts'
import { dispatchNotifications } from '../../lib/notifications/index.ts'
import { log } from '../../lib/runtime/index.ts'

export const dispatch = dispatchRoute('Send the messages that are due', async () => {
  const report = await dispatchNotifications()
  const { lanes, durationMs, isBusy: _, ...counts } = report
  if (lanes.size > 0)
    log('info', { function: 'notifications', event: 'dispatched', ...counts, duration_ms: durationMs })
  return report
})
