import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters, refIdForm } from '../../db/index.ts'
import { EndpointRef } from '../endpoints/schema.ts'

/** How a message is named: here, and in the header webhook-id. */
export const MessageId = z.string().regex(new RegExp(`^msg_${refIdForm}$`), 'must be the id of a message')
export const MessagePath = z.object({ message: MessageId })
export const ResendPath = z.object({ message: MessageId, endpoint: EndpointRef })

/** An event, as receivers get it. */
export const Message = z
  .strictObject({
    id: z.string(),
    event_type: z.string(),
    event_version: z.int(),
    ordering_key: z
      .string()
      .nullable()
      .meta({ description: 'Messages of one key reach an endpoint in the order in which they were made.' }),
    is_test: z.boolean(),
    created_at: moment,
  })
  .meta({ id: 'WebhookMessage' })

/** The newest first. */
export const messageOrder = keyset('messages', { id: z.guid() })
export const Messages = z
  .strictObject({ messages: z.array(Message), next_cursor: nextCursor })
  .meta({ id: 'WebhookMessages' })

export const MessageWithPayload = z
  .strictObject({
    ...Message.shape,
    payload: z.string().meta({ description: 'The exact text that is signed and sent.' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'What the payload says of the event.' }),
  })
  .meta({ id: 'WebhookMessageWithPayload' })

export const MessageQuery = z.strictObject({
  event_type: z.string().min(1).max(200).optional(),
  since: offsetMoment.optional(),
  until: offsetMoment.optional(),
  ...pageParameters(messageOrder),
})

export type Message = z.infer<typeof Message>
export type Messages = z.infer<typeof Messages>
export type MessageWithPayload = z.infer<typeof MessageWithPayload>
export type MessageQuery = z.output<typeof MessageQuery>
