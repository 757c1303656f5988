import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

export const Suppression = z
  .strictObject({
    ref_id: z.string(),
    channel: z.enum(['email', 'sms', 'whatsapp']),
    address: z.string(),
    reason: z.enum(['unsubscribed', 'bounced', 'complained', 'manual']),
    expires_at: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: 'NotificationSuppression' })
export type Suppression = z.infer<typeof Suppression>

/** The newest first. */
export const suppressionOrder = keyset('suppressions', { ref_id: refId })
export const SuppressionQuery = z.strictObject(pageParameters(suppressionOrder))
export type SuppressionQuery = z.output<typeof SuppressionQuery>
export const Suppressions = z
  .strictObject({ suppressions: z.array(Suppression), next_cursor: nextCursor })
  .meta({ id: 'NotificationSuppressions' })
export type Suppressions = z.infer<typeof Suppressions>
export const SuppressionPath = z.object({ suppression: refId })

export const UnsubscribePath = z.object({ token: z.uuid() })
export const Unsubscribing = z
  .strictObject({
    tenant_name: z.string(),
    address_hint: z.string().meta({ description: 'The address, masked.' }),
    color: z.string().nullable().meta({ description: 'The first colour of the tenant.' }),
  })
  .meta({ id: 'Unsubscribing' })
export type Unsubscribing = z.infer<typeof Unsubscribing>
