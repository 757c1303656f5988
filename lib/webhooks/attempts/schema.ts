import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters } from '../../db/index.ts'
import { EndpointRef } from '../endpoints/schema.ts'
import { MessageId } from '../messages/schema.ts'

const outcome = z.enum(['succeeded', 'failed'])

/** One attempt to deliver a message. */
export const Attempt = z
  .strictObject({
    ref_id: z.string(),
    message_id: z.string(),
    endpoint_id: z.string(),
    attempt_number: z.int().meta({ description: 'From 1; a replay begins anew.' }),
    outcome,
    response_status: z.int().nullable().meta({ description: 'null when there was no answer.' }),
    response_body: z.string().nullable().meta({ description: 'Its first 16 KiB.' }),
    duration_ms: z.int(),
    error_code: z.string().nullable(),
    error_detail: z.string().nullable().meta({ description: 'Why it failed, for a person.' }),
    created_at: moment,
  })
  .meta({ id: 'WebhookAttempt' })

export const Attempts = z
  .strictObject({ attempts: z.array(Attempt), next_cursor: nextCursor })
  .meta({ id: 'WebhookAttempts' })

/** The newest first. */
export const attemptOrder = keyset('attempts', { id: z.guid() })

export const AttemptQuery = z.strictObject({
  endpoint: EndpointRef.optional(),
  message: MessageId.optional(),
  outcome: outcome.optional(),
  since: offsetMoment.optional(),
  until: offsetMoment.optional(),
  ...pageParameters(attemptOrder),
})

export type Attempt = z.infer<typeof Attempt>
export type Attempts = z.infer<typeof Attempts>
export type AttemptQuery = z.output<typeof AttemptQuery>
