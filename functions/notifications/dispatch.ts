import { dispatchRoute } from '../../lib/http/index.ts'
import { dispatchNotifications } from '../../lib/notifications/index.ts'
import { log } from '../../lib/runtime/index.ts'

export const dispatch = dispatchRoute(
  'Send the messages that are due',
  dispatchNotifications,
  ({ lanes: _, isBusy: __, durationMs, ...counts }) =>
    log('info', { function: 'notifications', event: 'dispatched', ...counts, duration_ms: durationMs }),
)
