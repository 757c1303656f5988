import { answerContacts, sendToContacts } from '../../lib/bots/index.ts'
import { dispatchRoute } from '../../lib/http/index.ts'
import type { DispatchReport } from '../../lib/queue/index.ts'
import { log } from '../../lib/runtime/index.ts'

const noted =
  (event: string) =>
  ({ lanes: _, isBusy: __, durationMs, ...counts }: DispatchReport) =>
    log('info', { function: 'bots', event, ...counts, duration_ms: durationMs })

export const answers = dispatchRoute('Answer what contacts wrote', answerContacts, noted('answered'))
export const sends = dispatchRoute('Send messages to contacts', sendToContacts, noted('sent'))
