import { z } from 'zod'
import { cursorOf } from '../cursor.ts'
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
    created_at: z.union([z.iso.datetime(), z.date()]),
  })
  .meta({ id: 'Attempt' })

export const Attempts = z
  .strictObject({ attempts: z.array(Attempt), next: z.string().nullable() })
  .meta({ id: 'Attempts', description: '`next` is what `cursor` must be for older ones; null at the end.' })

export const AttemptQuery = z.strictObject({
  endpoint: EndpointRef.optional(),
  message: MessageId.optional(),
  outcome: outcome.optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: cursorOf(1),
})

export type Attempt = z.infer<typeof Attempt>
export type AttemptQuery = z.output<typeof AttemptQuery>
