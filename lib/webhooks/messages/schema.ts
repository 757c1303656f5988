import { z } from 'zod'
import { cursorOf } from '../cursor.ts'
import { EndpointRef } from '../endpoints/schema.ts'

const moment = z.union([z.iso.datetime(), z.date()])
/** The id of a message, in the API and in the header webhook-id. */
export const MessageId = z.string().regex(/^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be the id of a message')
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
  .meta({ id: 'Message' })

export const Messages = z
  .strictObject({ messages: z.array(Message), next: z.string().nullable() })
  .meta({ id: 'Messages', description: '`next` is what `cursor` must be for older ones; null at the end.' })

export const MessageWithPayload = z
  .strictObject({
    ...Message.shape,
    payload: z.string().meta({ description: 'The exact text that is signed and sent.' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'What the payload says of the event.' }),
  })
  .meta({ id: 'MessageWithPayload' })

export const MessageQuery = z.strictObject({
  event_type: z.string().min(1).max(200).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: cursorOf(1),
})

export type Message = z.infer<typeof Message>
export type MessageWithPayload = z.infer<typeof MessageWithPayload>
export type MessageQuery = z.output<typeof MessageQuery>
