import { z } from 'zod'
import { offsetMoment } from '../../db/index.ts'
import { MessageId } from '../messages/schema.ts'

/** Which messages to send again: those named, or those since a moment. */
export const Replay = z
  .strictObject({
    message_ids: z.array(MessageId).min(1).max(1_000).optional(),
    since: offsetMoment.optional(),
    until: offsetMoment.optional(),
    which: z.enum(['failed', 'missing', 'all']).optional().meta({
      description:
        'failed: those that are dead. missing: those it would have got, had it been there and enabled. all: both.',
    }),
  })
  .superRefine(({ message_ids: ids, since, until, which }, context) => {
    const complain = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message })
    if (ids === undefined && since === undefined) complain('since', 'is missing, and so is message_ids')
    if (ids === undefined) return
    for (const [field, value] of Object.entries({ since, until, which }))
      if (value !== undefined) complain(field, 'cannot be said along with message_ids')
  })
  .meta({ id: 'Replay' })

export const Replayed = z
  .strictObject({
    replayed: z.int(),
    has_more: z.boolean().meta({ description: 'At most 10,000 a call: ask again for the rest.' }),
  })
  .meta({ id: 'Replayed' })

export const TestMessage = z
  .strictObject({ event_type: z.string().min(1).max(200).optional() })
  .meta({ id: 'TestMessage', description: 'webhook.test when left out.' })
export const SentMessage = z.strictObject({ message_id: z.string() }).meta({ id: 'SentMessage' })

export type Replay = z.infer<typeof Replay>
export type Replayed = z.infer<typeof Replayed>
