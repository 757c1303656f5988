import { z } from 'zod'
import { moment, offsetMoment } from '../../db/index.ts'
import { tenantStatuses } from '../tenants/schema.ts'

const reason = z.string().trim().min(1).max(500)

/** Where a tenant stands in its life. */
export const TenantLifecycle = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    status: z.enum(tenantStatuses),
    reason: z.string().nullable().meta({ description: 'Why it came to this status.' }),
    trial_ends_at: moment.nullable(),
    frozen_at: moment.nullable(),
    archived_at: moment.nullable(),
    purgeable_at: moment
      .nullable()
      .meta({ description: 'When the export window closes: no way back from then on.' }),
  })
  .meta({ id: 'TenantLifecycle' })

/** The same, with what comes next. */
export const TenantLifecycleDetail = TenantLifecycle.extend({
  since: moment.meta({ description: 'Since when it has this status.' }),
  freezes_at: moment
    .nullable()
    .meta({ description: 'When an ended trial is frozen, unless a plan is chosen.' }),
  archives_at: moment
    .nullable()
    .meta({ description: 'When a frozen tenant is archived, unless it is settled.' }),
  purgeable_at: moment.nullable().meta({
    description: 'When it can be purged: no way back from then on. Of a frozen tenant: if nothing is done.',
  }),
  moves: z
    .array(z.enum(tenantStatuses))
    .meta({ description: 'To which statuses the caller may move it now. frozen: by cancelling.' }),
}).meta({
  id: 'TenantLifecycleDetail',
  description: 'Where a tenant stands in its life, and what comes next.',
})

/** Why an owner cancels. It may be left out. */
export const TenantCancellation = z
  .strictObject({ reason: reason.optional() })
  .meta({ id: 'TenantCancellation' })

export const TenantStatusChange = z
  .strictObject({ status: z.enum(['active', 'frozen', 'archived']), reason: reason.optional() })
  .meta({ id: 'TenantStatusChange' })

export const TenantPurgeRequest = z
  .strictObject({
    reason: reason.optional(),
    is_forced: z
      .boolean()
      .optional()
      .meta({ description: 'Purge although the export window is open. Takes a reason.' }),
  })
  .meta({ id: 'TenantPurgeRequest' })

/** How far the deletion of everything a tenant owned has come. */
export const TenantPurge = z
  .strictObject({
    ref_id: z.string(),
    slugs: z.array(z.string()).meta({ description: 'Nobody else can take these slugs for 90 days.' }),
    reason: z.string().nullable(),
    deleted_rows: z.record(z.string(), z.int()),
    requested_at: moment,
    finished_at: moment.nullable().meta({ description: 'Null while it is under way.' }),
  })
  .meta({ id: 'TenantPurge' })

/** Which plan a tenant has, and until when if it is a trial. */
export const TenantPlan = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    status: z.enum(tenantStatuses),
    plan: z.string(),
    trial_ends_at: moment.nullable(),
  })
  .meta({ id: 'TenantPlan' })

// SQL knows the plans there are.
export const TenantPlanChange = z
  .strictObject({ plan: z.string().min(1).max(40) })
  .meta({ id: 'TenantPlanChange' })

export const TenantTrialChange = z.strictObject({ ends_at: offsetMoment }).meta({ id: 'TenantTrialChange' })

export type TenantPlan = z.infer<typeof TenantPlan>
export type TenantLifecycle = z.infer<typeof TenantLifecycle>
export type TenantLifecycleDetail = z.infer<typeof TenantLifecycleDetail>
export type TenantStatusChange = z.infer<typeof TenantStatusChange>
export type TenantPurgeRequest = z.infer<typeof TenantPurgeRequest>
export type TenantPurge = z.infer<typeof TenantPurge>
