import { z } from 'zod'
import { offsetMoment } from '../../db/index.ts'
import { MessageId } from '../messages/schema.ts'

/** Which messages to send again: those named, or those since a moment. */
export const ReplayRequest = z
  .strictObject({
    message_ids: z.array(MessageId).min(1).max(1_000).optional(),
    dry_run: z.boolean().optional().meta({ description: 'Say how many it would be, and send nothing.' }),
    since: offsetMoment.optional(),
    until: offsetMoment.optional(),
    which: z.enum(['failed', 'missing', 'all']).optional().meta({
      description:
        'failed: dead messages. missing: messages that the endpoint did not get because it did not exist yet or was disabled. all: both.',
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
  .meta({ id: 'ReplayRequest' })

export const ReplayResult = z
  .strictObject({
    replayed: z.int().meta({ description: 'How many are sent again, or would be.' }),
    has_more: z.boolean().meta({ description: 'At most 10,000 a call: ask again for the rest.' }),
  })
  .meta({ id: 'ReplayResult' })

export const TestMessageRequest = z
  .strictObject({ event_type: z.string().min(1).max(200).optional() })
  .meta({ id: 'TestMessageRequest', description: 'webhook.test when left out.' })
export const SentTestMessage = z.strictObject({ message_id: z.string() }).meta({ id: 'SentTestMessage' })

export type ReplayRequest = z.infer<typeof ReplayRequest>
export type ReplayResult = z.infer<typeof ReplayResult>
