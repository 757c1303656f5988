import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

/** A message to a telephone of which nobody knows whether it was sent. */
export const UnsettledMessage = z
  .strictObject({
    ref_id: z.string(),
    channel: z.enum(['sms', 'whatsapp']),
    type: z.string(),
    provider: z.string().nullable(),
    recipient: z
      .string()
      .nullable()
      .meta({ description: 'The number. Of a member it is the present one, and null once they have left.' }),
    begun_at: moment.meta({ description: 'When it was being sent.' }),
  })
  .meta({ id: 'UnsettledMessage' })
export type UnsettledMessage = z.infer<typeof UnsettledMessage>

/** The newest first. */
export const unsettledOrder = keyset('unsettled_messages', { ref_id: refId })
export const UnsettledQuery = z.strictObject(pageParameters(unsettledOrder))
export type UnsettledQuery = z.output<typeof UnsettledQuery>
export const UnsettledMessages = z
  .strictObject({ unsettled_messages: z.array(UnsettledMessage), next_cursor: nextCursor })
  .meta({ id: 'UnsettledMessages' })
export type UnsettledMessages = z.infer<typeof UnsettledMessages>

export const UnsettledPath = z.object({ message: refId })
export const Settlement = z
  .strictObject({ was_sent: z.boolean().meta({ description: 'What the provider says when it is asked.' }) })
  .meta({ id: 'MessageSettlement' })
export type Settlement = z.output<typeof Settlement>
