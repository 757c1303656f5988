import { z } from 'zod'
import {
  keyset,
  moment,
  nextCursor,
  offsetMoment,
  pageParameters,
  refId,
  refIdPattern,
} from '../../db/index.ts'
import { overrides } from './parts.ts'
import { reason, requireNoReservedName, version } from './schema.ts'

const baseVersion = version.meta({ description: 'The version that it changes.' })
const change = z
  .strictObject(overrides)
  .partial()
  .meta({ description: 'The columns that change, each as a whole.' })
const conflicts = z.array(z.string()).meta({
  description:
    'The places that it and the versions written since change, too. If there are none, it can be published.',
})

export const DraftChange = z
  .strictObject({ base_version: baseVersion, ...change.shape, reason: reason.optional() })
  .refine(
    (given) => Object.keys(given).some((name) => name !== 'reason' && name !== 'base_version'),
    'must change at least one of the nine columns',
  )
  .meta({ id: 'ConfigDraftChange' })
export const ReceivedDraftChange = requireNoReservedName.pipe(DraftChange)

export const ConfigDraft = z
  .strictObject({
    framework_id: z.string(),
    revision: refId.meta({ description: 'Also the ETag. Another one after each change.' }),
    base_version: baseVersion,
    version: version.meta({ description: 'The version that is published now.' }),
    conflicts,
    change,
    reason: z.string().nullable(),
    updated_at: moment,
  })
  .meta({ id: 'ConfigDraft', description: 'A change of a framework that is not published yet.' })

export const Schedule = z
  .strictObject({
    publish_at: offsetMoment.meta({
      description: 'When, with the offset from UTC: 2027-01-04T09:00:00+01:00. At most a year ahead.',
    }),
  })
  .meta({ id: 'ConfigSchedule' })

export const ScheduledConfig = z
  .strictObject({
    ref_id: refId,
    framework_id: z.string(),
    status: z.enum(['scheduled', 'suspended']),
    publish_at: moment,
    scheduled_by: refId.nullable().meta({ description: 'The person who scheduled it.' }),
    base_version: baseVersion,
    change,
    reason: z.string().nullable(),
    problem: z
      .looseObject({ code: z.string(), detail: z.string() })
      .nullable()
      .meta({ description: 'Why it was suspended.' }),
  })
  .meta({
    id: 'ScheduledConfig',
    description: 'A change that is published at its moment, or that could not be.',
  })

/** The newest first. */
export const scheduledOrder = keyset('scheduled_configs', { ref_id: refId })
export const ScheduledQuery = z.strictObject(pageParameters(scheduledOrder))
export const ScheduledConfigs = z
  .strictObject({ scheduled: z.array(ScheduledConfig), next_cursor: nextCursor })
  .meta({ id: 'ScheduledConfigs' })
export const ScheduledPath = z.object({
  framework: z.string().max(100),
  scheduled: z.string().regex(refIdPattern),
})

export const Publications = z
  .strictObject({ published: z.int(), suspended: z.int(), failed: z.int() })
  .meta({ id: 'ConfigPublications' })

export type DraftChange = z.infer<typeof DraftChange>
export type ConfigDraft = z.infer<typeof ConfigDraft>
export type Schedule = z.infer<typeof Schedule>
export type ScheduledConfig = z.infer<typeof ScheduledConfig>
export type ScheduledConfigs = z.infer<typeof ScheduledConfigs>
export type ScheduledQuery = z.output<typeof ScheduledQuery>
export type Publications = z.infer<typeof Publications>

/** The revision that If-Match names. 0 stands for no draft. Undefined if it names none. */
export function expectedRevision(ifMatch: string | undefined): string | undefined {
  return /^\s*"(0|[0-7][0-9A-HJKMNP-TV-Z]{25})"\s*$/.exec(ifMatch ?? '')?.[1]
}
export const revisionTag = (of: string) => `"${of}"`
