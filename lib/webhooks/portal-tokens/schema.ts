import { z } from 'zod'
import { moment, refId } from '../../db/index.ts'

export const NewWebhookPortalToken = z
  .strictObject({
    ttl_seconds: z.int().min(60).max(900).optional(),
    can_write: z.boolean().optional().meta({
      description:
        'Whether its holder may also make, change, test and delete endpoints, read and replace their secrets, and send messages again.',
    }),
  })
  .meta({ id: 'NewWebhookPortalToken' })

export const WebhookPortalToken = z
  .strictObject({
    token: z.string(),
    ref_id: refId.meta({ description: 'The actor of what is done with it, in the audit log.' }),
    expires_at: moment,
    scopes: z.array(z.string()).meta({ description: 'An API key lends only those that it has.' }),
  })
  .meta({
    id: 'WebhookPortalToken',
    description: 'Shown once. Opens the webhooks of this tenant and nothing else.',
  })

export const RevokedWebhookPortalTokens = z
  .strictObject({ revoked: z.int() })
  .meta({ id: 'RevokedWebhookPortalTokens' })
