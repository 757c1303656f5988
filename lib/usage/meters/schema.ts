import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId, refIdForm } from '../../db/index.ts'

const slugForm = '[a-z0-9][a-z0-9_-]{0,62}[a-z0-9]'
const keyForm = 'data(\\.[A-Za-z0-9_-]{1,64}){1,4}'
const aggregations = ['count', 'sum', 'unique', 'max', 'latest'] as const
export const maxGroups = 5

const slug = z
  .string()
  .regex(
    new RegExp(`^${slugForm}$`),
    'must be 2 to 64 characters: lowercase letters a-z, digits, hyphens and underscores, with a letter or digit at either end',
  )
const name = z.string().trim().min(1).max(200)
const eventType = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.:-]{0,127}$/, 'must be a dotted word of lowercase letters, digits and _ . : -')
const properties = z
  .array(
    z
      .string()
      .regex(
        new RegExp(`^(event_type|model_used|source|${keyForm})$`),
        'must be event_type, model_used, source, or a key of the data, such as data.region',
      ),
  )
  .max(maxGroups)
  .refine((list) => new Set(list).size === list.length, 'must name each once')
  .meta({ description: 'What readings can be split by: event_type, model_used, source, or data.<key>.' })
const valueProperty = z
  .string()
  .regex(
    new RegExp(`^(tokens_used|cost_micros|event_type|model_used|source|${keyForm})$`),
    'must be tokens_used, cost_micros, event_type, model_used, source, or a key of the data, such as data.seconds',
  )

/** What a tenant measures of its usage events. */
export const Meter = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    name: z.string(),
    event_type: z.string().nullable().meta({ description: 'Null if it looks at events of all types.' }),
    aggregation: z.enum(aggregations),
    value_property: z.string().nullable().meta({ description: 'Null if it counts events.' }),
    group_by: z.array(z.string()),
    created_at: moment,
    updated_at: moment,
    archived_at: moment.nullable(),
  })
  .meta({ id: 'Meter', description: 'What a tenant measures of its usage events.' })

/** The newest first. */
export const meterOrder = keyset('usage_meters', { ref_id: refId })
export const MeterQuery = z.strictObject(pageParameters(meterOrder))
export const Meters = z
  .strictObject({ meters: z.array(Meter), next_cursor: nextCursor })
  .meta({ id: 'Meters' })

export const NewMeter = z
  .strictObject({
    slug,
    name,
    event_type: eventType.nullable().default(null),
    aggregation: z.enum(aggregations),
    value_property: valueProperty.nullable().default(null).meta({
      description:
        'tokens_used, cost_micros or data.<key>, with up to four keys and dots between them; for unique also event_type, model_used or source. None for count.',
    }),
    group_by: properties.default([]),
  })
  .superRefine(({ aggregation, value_property }, context) => {
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: ['value_property'], message })
    if (aggregation === 'count') {
      if (value_property !== null) refuse('must be left out: events are counted, whatever they hold')
    } else if (value_property === null) refuse(`is missing: ${aggregation} needs a value`)
    else if (aggregation === 'unique') {
      if (['tokens_used', 'cost_micros'].includes(value_property))
        refuse('must be event_type, model_used, source, or a key of the data')
    } else if (['event_type', 'model_used', 'source'].includes(value_property))
      refuse('must be tokens_used, cost_micros, or a key of the data: this one holds no number')
  })
  .meta({ id: 'NewMeter' })

export const MeterChange = z
  .strictObject({
    name,
    group_by: properties,
    is_archived: z.boolean().meta({ description: 'An archived meter can still be read.' }),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'MeterChange' })

/** The path parameter that names a meter: its slug or its ref_id. */
export const MeterPath = z.object({ meter: z.string().regex(new RegExp(`^(${slugForm}|${refIdForm})$`)) })

export type Meter = z.infer<typeof Meter>
export type Meters = z.infer<typeof Meters>
export type NewMeter = z.output<typeof NewMeter>
export type MeterQuery = z.output<typeof MeterQuery>
export type MeterChange = z.infer<typeof MeterChange>
