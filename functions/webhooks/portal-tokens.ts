import { issuePortalToken, revokePortalTokens } from '../../lib/auth/index.ts'
import { body, describeRoute, router } from '../../lib/http/index.ts'
import {
  NewWebhookPortalToken,
  RevokedWebhookPortalTokens,
  WebhookPortalToken,
} from '../../lib/webhooks/index.ts'

/** Whoever may read the endpoints lends that to a page in a frame, for some minutes. */
export const portalTokens = router({ auth: 'member', permission: 'read_admin', key: 'endpoints:read' })
  .post(
    '/',
    describeRoute('Issue a token that opens the webhooks of this tenant for at most 15 minutes', {
      201: { description: 'Shown this once.', schema: WebhookPortalToken },
    }),
    body(NewWebhookPortalToken),
    async (c) =>
      c.json(await issuePortalToken(c.var.db, c.var.tenant.id, 'webhooks', c.req.valid('json')), 201, {
        'cache-control': 'no-store',
      }),
  )
  .delete(
    '/',
    describeRoute("End one's own portal tokens for the webhooks of this tenant", {
      200: { description: 'How many there were.', schema: RevokedWebhookPortalTokens },
    }),
    async (c) => c.json(await revokePortalTokens(c.var.db, c.var.tenant.id, 'webhooks')),
  )
