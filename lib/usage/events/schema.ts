import { z } from 'zod'
import { offsetMoment } from '../../db/index.ts'

const count = z.int().min(0)
const eventId = z.string().min(1).max(255)
const eventType = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.:-]{0,127}$/, 'must be a dotted word of lowercase letters, digits and _ . : -')
/** Its stored form may be some times larger, and the database takes 256 KiB of it. */
const maxDataBytes = 32_768
const data = z.record(z.string(), z.unknown()).refine(fits, `must be at most ${maxDataBytes} bytes of JSON`)

function fits(value: unknown): boolean {
  const text = JSON.stringify(value)
  // A character has at most three bytes, and nearly all data is far smaller.
  return text.length * 3 <= maxDataBytes || new TextEncoder().encode(text).length <= maxDataBytes
}

/**
 * Something that a tenant used, once. Each field has the name of requirement document 002 (event_type, event_data) or
 * of CloudEvents (type, data, id, time), but not both.
 */
export const UsageEvent = z
  .strictObject({
    event_type: eventType.optional(),
    type: eventType.optional(),
    event_data: data.optional(),
    data: data.optional(),
    event_id: eventId.optional(),
    id: eventId.optional(),
    occurred_at: offsetMoment.optional(),
    time: offsetMoment.optional(),
    source: z.string().min(1).max(255).optional(),
    tokens_used: count.nullish(),
    model_used: z.string().max(255).nullish(),
    cost_micros: count.nullish().meta({ description: 'What it cost, in millionths of a US dollar.' }),
    specversion: z.literal('1.0').optional(),
    datacontenttype: z.literal('application/json').optional(),
  })
  .superRefine((event, context) => {
    if (event.event_type === undefined && event.type === undefined) {
      context.addIssue({ code: 'custom', path: ['event_type'], message: 'is missing' })
    }
    for (const [name, alias] of aliases) {
      if (event[name] !== undefined && event[alias] !== undefined) {
        context.addIssue({
          code: 'custom',
          path: [alias],
          message: `is another name of ${name}: send one of the two`,
        })
      }
    }
  })
  .meta({
    id: 'UsageEvent',
    description:
      'event_type (or type) is needed. An event with an id (event_id or id) is counted once per source, however often it is sent.',
  })

const aliases = [
  ['event_type', 'type'],
  ['event_data', 'data'],
  ['event_id', 'id'],
  ['occurred_at', 'time'],
] as const

export type UsageEvent = z.infer<typeof UsageEvent>

export const maxEvents = 1_000

/** What became of one event. */
export const UsageEventResult = z
  .strictObject({
    status: z.enum(['accepted', 'duplicate', 'rejected']),
    ref_id: z.string().optional().meta({ description: 'The stored event, if it was accepted.' }),
    code: z
      .enum(['invalid_body', 'event_conflict', 'event_too_old', 'event_in_future', 'limit_reached'])
      .optional()
      .meta({ description: 'Why it was rejected.' }),
    errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'UsageEventResult' })
export type UsageEventResult = z.infer<typeof UsageEventResult>

export const UsageBatchResult = z
  .strictObject({
    accepted: z.int(),
    duplicate: z.int(),
    rejected: z.int(),
    events: z.array(UsageEventResult).meta({ description: 'In the order in which they were sent.' }),
  })
  .meta({ id: 'UsageBatchResult' })
export type UsageBatchResult = z.infer<typeof UsageBatchResult>
