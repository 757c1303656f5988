import { answerContacts, pushPayments, sendToContacts } from '../../lib/bots/index.ts'
import { dispatchRoute } from '../../lib/http/index.ts'
import type { DispatchReport } from '../../lib/queue/index.ts'
import { log } from '../../lib/runtime/index.ts'

const noted = (event: string, dispatch: () => Promise<DispatchReport>) => async () => {
  const report = await dispatch()
  const { lanes, durationMs, isBusy: _, ...counts } = report
  if (lanes.size > 0) log('info', { function: 'bots', event, ...counts, duration_ms: durationMs })
  return report
}

export const answers = dispatchRoute('Answer what contacts wrote', noted('answered', answerContacts))
export const sends = dispatchRoute('Send messages to contacts', noted('sent', sendToContacts))
export const pushes = dispatchRoute(
  'Have M-Pesa ring the phones of those who chose a plan',
  noted('pushed', pushPayments),
)
