import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters } from '../../db/index.ts'
import { windows } from './hours.ts'
import { hoursBegin, isTimeZone } from './time-zones.ts'

const groups = ['event_type', 'model_used'] as const
/** Bounds what one request adds up. */
const maxDays = 400

/** What a tenant used in one window of time. */
export const UsageTotal = z
  .strictObject({
    starts_at: moment,
    event_type: z.string().nullable().meta({ description: 'Null if totals are not split by type.' }),
    model_used: z
      .string()
      .nullable()
      .meta({ description: 'Null if totals are not split by model, or the events named none.' }),
    event_count: z.int(),
    tokens_used: z.int(),
    cost_micros: z.int().meta({ description: 'In millionths of a US dollar.' }),
  })
  .meta({ id: 'UsageTotal', description: 'A total of more than 2^53 - 1 is answered as 2^53 - 1.' })

export const listFormat = z.enum(['json', 'csv']).optional().meta({
  description:
    'csv is the whole range from the cursor on, whatever limit says. If it is missing, the header Accept decides.',
})

/** The newest window first, and in it by type and model, backwards too. */
export const totalOrder = keyset('usage_totals', {
  starts_at: z.iso.datetime({ precision: 3 }),
  event_type: z.string().regex(/^[a-z0-9_.:-]{0,128}$/),
  model_used: z
    .string()
    .max(255)
    .refine((text) => !text.includes('\0')),
})

export const UsageTotals = z
  .strictObject({ totals: z.array(UsageTotal), next_cursor: nextCursor })
  .meta({ id: 'UsageTotals' })

export const TotalsQuery = z
  .strictObject({
    window: z.enum(windows).default('day').meta({ description: 'They begin and end in the time zone.' }),
    time_zone: z
      .string()
      .refine(isTimeZone, 'must be a name of the IANA list, such as Europe/Zurich')
      .default('UTC')
      .meta({ description: 'Where hours, days and months begin.' }),
    format: listFormat,
    group_by: z
      .string()
      .transform((list) => list.split(',').filter((part) => part !== ''))
      .pipe(z.array(z.enum(groups, `must be a list of ${groups.join(', ')}`)))
      .default(['event_type'])
      .meta({ description: 'event_type, model_used, both with a comma, or empty.' }),
    event_type: z.string().min(1).max(128).optional(),
    model_used: z.string().max(255).optional(),
    since: offsetMoment.optional().meta({ description: '30 days before "until" if it is missing.' }),
    until: offsetMoment.optional().meta({ description: 'Now if it is missing.' }),
    ...pageParameters(totalOrder),
  })
  .transform(({ since, until, ...query }) => {
    const end = until === undefined ? new Date() : new Date(until)
    const start = since === undefined ? new Date(end.getTime() - 30 * day) : new Date(since)
    return { ...query, since: start, until: end }
  })
  .superRefine(({ since, until, time_zone }, context) => {
    if (since > until)
      context.addIssue({ code: 'custom', path: ['since'], message: 'must come before until' })
    else if (until.getTime() - since.getTime() > maxDays * day)
      context.addIssue({
        code: 'custom',
        path: ['since'],
        message: `must be at most ${maxDays} days before until`,
      })
    else if (hoursBegin(time_zone, since, until) === undefined)
      context.addIssue({
        code: 'custom',
        path: ['time_zone'],
        message: 'had hours then that began neither with those of UTC nor 15 or 30 minutes later',
      })
  })

const day = 86_400_000

export type UsageTotals = z.infer<typeof UsageTotals>
export type UsageTotal = z.infer<typeof UsageTotal>
export type TotalsQuery = z.output<typeof TotalsQuery>
