import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const status = z.enum(['planned', 'sent', 'cancelled'])

export const Followup = z
  .strictObject({
    ref_id: refId,
    participant: z.strictObject({
      ref_id: refId,
      email: z.string().nullable(),
      full_name: z.string().nullable(),
    }),
    followup_id: z.string().meta({ description: 'Which one it is in the configuration of the framework.' }),
    template: z.string().meta({ description: 'The name of its words.' }),
    due_at: moment,
    status,
    cancel_reason: z
      .enum([
        'by_hand',
        'converted',
        'archived',
        'no_address',
        'no_consent',
        'repeated',
        'suppressed',
        'not_configured',
        'no_template',
        'tenant_stopped',
        'failed',
      ])
      .nullable(),
    settled_at: moment.nullable().meta({ description: 'When it was sent or cancelled.' }),
    settled_by: z.string().nullable().meta({ description: 'The ref_id of the member who has cancelled it.' }),
    created_at: moment,
  })
  .meta({ id: 'Followup', description: 'A mail to a participant some time after the assessment.' })
export const FollowupAnswer = z.strictObject({ followup: Followup }).meta({ id: 'FollowupAnswer' })

/** The newest first. */
export const followupOrder = keyset('followups', { ref_id: refId })
export const FollowupQuery = z.strictObject({
  ...pageParameters(followupOrder),
  status: status.optional().meta({ description: 'Only those with this status.' }),
  participant: refId.optional().meta({ description: 'Only those of this participant.' }),
})
export const Followups = z
  .strictObject({ followups: z.array(Followup), next_cursor: nextCursor })
  .meta({ id: 'Followups' })

export const FollowupPath = z.object({ followup: refId })

export type Followup = z.infer<typeof Followup>
export type FollowupQuery = z.output<typeof FollowupQuery>
export type Followups = z.infer<typeof Followups>
