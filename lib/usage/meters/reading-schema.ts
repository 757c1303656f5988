import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters } from '../../db/index.ts'
import { windows } from '../totals/hours.ts'
import { listFormat } from '../totals/schema.ts'
import { hoursBegin, isTimeZone } from '../totals/time-zones.ts'
import { maxGroups } from './schema.ts'

/** What a meter shows for one window of time and one group. */
export const MeterReading = z
  .strictObject({
    starts_at: moment,
    groups: z
      .record(z.string(), z.string().nullable())
      .meta({ description: 'What is split by, with its value; null for events without one.' }),
    value: z
      .string()
      .nullable()
      .meta({ description: 'An exact decimal number. Null if no event of the window had a value.' }),
    event_count: z.int().meta({ description: 'All events of the window and group.' }),
    uncounted_count: z.int().meta({
      description: 'Those of them whose value was missing or of another kind. They are not in the value.',
    }),
  })
  .meta({ id: 'MeterReading' })

/** The newest window first. Its groups come in an order that is fixed and means nothing. */
export const readingOrder = keyset('meter_readings', {
  starts_at: z.iso.datetime({ precision: 3 }),
  group: z.string().regex(/^[0-9a-f]{32}$|^$/),
})

export const MeterReadings = z
  .strictObject({ readings: z.array(MeterReading), next_cursor: nextCursor })
  .meta({ id: 'MeterReadings' })

/** In JSON, because a group may be any text. */
const filter = z
  .string()
  .max(4_000)
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON, such as {"model_used": "example-model-1"}' })
      return z.NEVER
    }
  })
  .pipe(
    z.record(
      z.string(),
      z
        .string()
        .max(255)
        .refine((text) => !text.includes('\0'), 'must not contain the character U+0000')
        .nullable(),
      'must be an object of groups, such as {"model_used": "example-model-1"}',
    ),
  )
  .refine((groups) => Object.keys(groups).length <= maxGroups, `must name at most ${maxGroups}`)

export const ReadingQuery = z
  .strictObject({
    window: z
      .enum([...windows, 'none'])
      .default('day')
      .meta({ description: 'They begin and end in the time zone. With none the whole range is one.' }),
    time_zone: z
      .string()
      .refine(isTimeZone, 'must be a name of the IANA list, such as Europe/Zurich')
      .default('UTC')
      .meta({ description: 'Where hours, days and months begin.' }),
    format: listFormat,
    group_by: z
      .string()
      .transform((list) => list.split(',').filter((part) => part !== ''))
      .refine((list) => list.length <= maxGroups, `must name at most ${maxGroups}`)
      .refine((list) => new Set(list).size === list.length, 'must name each once')
      .default([])
      .meta({ description: 'Of what the meter names in its group_by, with commas.' }),
    filter: filter.default({}).meta({
      description:
        'Only events of these groups, as JSON: {"model_used": "example-model-1"}. Of what the meter names in its group_by. Null for events without one.',
    }),
    since: offsetMoment.optional().meta({ description: '30 days before "until" if it is missing.' }),
    until: offsetMoment.optional().meta({ description: 'Now if it is missing.' }),
    ...pageParameters(readingOrder),
  })
  .transform(({ since, until, ...query }) => {
    const end = until === undefined ? new Date() : new Date(until)
    const start = since === undefined ? new Date(end.getTime() - 30 * dayMs) : new Date(since)
    return { ...query, since: start, until: end }
  })
  .superRefine(({ since, until, time_zone }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message })
    if (since > until) refuse('since', 'must come before until')
    else if (until.getTime() - since.getTime() > maxDays * dayMs)
      refuse('since', `must be at most ${maxDays} days before until`)
    else if (hoursBegin(time_zone, since, until) === undefined)
      refuse('time_zone', 'had hours then that began neither with those of UTC nor 15 or 30 minutes later')
  })

const dayMs = 86_400_000
/** Bounds what one request adds up. */
const maxDays = 400

export type MeterReading = z.infer<typeof MeterReading>
export type MeterReadings = z.infer<typeof MeterReadings>
export type ReadingQuery = z.output<typeof ReadingQuery>
