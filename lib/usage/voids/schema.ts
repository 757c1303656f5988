import { z } from 'zod'
import { refId } from '../../db/index.ts'

const name = z.string().min(1).max(255)

/** An event to void: by the ref_id that its sender was answered, or by the id under which it was sent. */
export const UsageVoid = z
  .strictObject({
    ref_id: refId.optional(),
    event_id: name.optional(),
    source: name.optional().meta({ description: 'Beside event_id; api when it is missing.' }),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Why it should not count. Kept with the void.' }),
  })
  .superRefine(({ ref_id, event_id, source }, context) => {
    if (ref_id === undefined && event_id === undefined)
      context.addIssue({ code: 'custom', path: ['ref_id'], message: 'is missing, and so is event_id' })
    if (ref_id !== undefined && event_id !== undefined)
      context.addIssue({ code: 'custom', path: ['event_id'], message: 'cannot stand beside ref_id' })
    if (ref_id !== undefined && source !== undefined)
      context.addIssue({ code: 'custom', path: ['source'], message: 'cannot stand beside ref_id' })
  })
  .meta({ id: 'UsageVoid', description: 'ref_id or event_id is needed.' })
export type UsageVoid = z.infer<typeof UsageVoid>

export const maxVoids = 1_000

/** What became of one void. */
export const UsageVoidResult = z
  .strictObject({
    status: z.enum(['voided', 'rejected']),
    ref_id: z.string().optional().meta({ description: 'The event that no longer counts.' }),
    code: z
      .enum(['invalid_body', 'event_not_found'])
      .optional()
      .meta({ description: 'Why it was rejected.' }),
    errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'UsageVoidResult' })
export type UsageVoidResult = z.infer<typeof UsageVoidResult>

export const UsageVoidBatchResult = z
  .strictObject({
    voided: z.int(),
    rejected: z.int(),
    events: z.array(UsageVoidResult).meta({ description: 'In the order in which they were sent.' }),
  })
  .meta({ id: 'UsageVoidBatchResult' })
export type UsageVoidBatchResult = z.infer<typeof UsageVoidBatchResult>
