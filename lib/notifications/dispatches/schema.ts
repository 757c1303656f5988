import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const channel = z.enum(['email', 'sms', 'whatsapp', 'web'])
const status = z.enum(['sent', 'failed', 'partial', 'skipped_dev_filter'])

/** An attempt to send a message, without its address. */
export const NotificationDispatch = z
  .strictObject({
    ref_id: z.string(),
    job_id: z.string().meta({ description: 'The same for each attempt at one message.' }),
    channel,
    type: z.string(),
    recipients_count: z.int().min(0),
    provider: z.string().nullable(),
    status,
    provider_response: z.record(z.string(), z.unknown()).nullable(),
    error: z.string().nullable(),
    duration_ms: z.int().nullable(),
    attempt: z.int().min(1),
    created_at: moment,
  })
  .meta({ id: 'NotificationDispatch' })
export type NotificationDispatch = z.infer<typeof NotificationDispatch>

/** The newest first. */
export const dispatchOrder = keyset('dispatches', { ref_id: refId })
export const NotificationDispatchQuery = z.strictObject({
  ...pageParameters(dispatchOrder),
  channel: channel.optional().meta({ description: 'Only those of this channel.' }),
  status: status.optional().meta({ description: 'Only those that ended so.' }),
})
export type NotificationDispatchQuery = z.output<typeof NotificationDispatchQuery>
export const NotificationDispatches = z
  .strictObject({ dispatches: z.array(NotificationDispatch), next_cursor: nextCursor })
  .meta({ id: 'NotificationDispatches' })
export type NotificationDispatches = z.infer<typeof NotificationDispatches>
