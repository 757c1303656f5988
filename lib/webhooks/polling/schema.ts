import { z } from 'zod'
import { moment } from '../../db/index.ts'
import { MessageId } from '../messages/schema.ts'

export const PollRequest = z
  .strictObject({
    max_messages: z.int().min(1).max(100).optional().meta({ description: '50 when left out.' }),
    lease_seconds: z
      .int()
      .min(5)
      .max(3_600)
      .optional()
      .meta({ description: 'What is not acknowledged within so long comes again; 30 when left out.' }),
  })
  .meta({ id: 'PollRequest' })

/** A message as a request would bring it: its body, and the headers that sign it. */
const PolledMessage = z
  .strictObject({
    id: z.string(),
    event_type: z.string(),
    attempt_number: z.int(),
    created_at: moment,
    headers: z
      .record(z.string(), z.string())
      .meta({ description: 'webhook-id, webhook-timestamp and webhook-signature.' }),
    payload: z.string().meta({ description: 'The exact text that is signed.' }),
  })
  .meta({ id: 'PolledWebhookMessage' })

export const PolledMessages = z
  .strictObject({
    messages: z.array(PolledMessage),
    lease_id: z
      .string()
      .nullable()
      .meta({ description: 'To acknowledge them by; null when there are none.' }),
    lease_until: moment.nullable(),
  })
  .meta({ id: 'PolledWebhookMessages' })

export const AcknowledgeRequest = z
  .strictObject({ lease_id: z.guid(), message_ids: z.array(MessageId).min(1).max(100) })
  .meta({ id: 'AcknowledgeRequest' })

export const AcknowledgeResult = z
  .strictObject({
    acknowledged: z
      .int()
      .meta({ description: 'Fewer than were named: the lease of the others was over, and they come again.' }),
  })
  .meta({ id: 'AcknowledgeResult' })

export type PollRequest = z.infer<typeof PollRequest>
export type PolledMessages = z.infer<typeof PolledMessages>
export type AcknowledgeRequest = z.infer<typeof AcknowledgeRequest>
