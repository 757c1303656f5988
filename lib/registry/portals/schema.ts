import { z } from 'zod'
import { moment, refId } from '../../db/index.ts'
import { tenantStatuses } from '../tenants/schema.ts'

export const OpenPortal = z
  .strictObject({
    portal: z.enum(['audit', 'webhooks']),
    expires_at: moment,
    expires_in: z.int().meta({ description: 'In seconds, so that no clock of a browser has to be right.' }),
    can_write: z.boolean().meta({
      description: 'Whether it may change something now: as it was lent, and by the tenant’s status.',
    }),
    tenant: z.strictObject({
      ref_id: refId,
      slug: z.string(),
      name: z.string(),
      status: z.enum(tenantStatuses),
      trial_ends_at: moment.nullable(),
    }),
  })
  .meta({ id: 'OpenPortal', description: 'What a portal token opens.' })
export type OpenPortal = z.infer<typeof OpenPortal>
