import { describeRoute, router } from '../../lib/http/index.ts'
import { OpenPortal, readPortal } from '../../lib/registry/index.ts'

/** For the page that holds a token: it knows nothing else of the tenant. */
export const portalTokens = router({ auth: 'portal_token' }).get(
  '/current',
  describeRoute('Tell what the portal token opens, and until when', {
    200: { description: 'The portal, and the tenant by name.', schema: OpenPortal },
  }),
  async (c) => c.json(await readPortal(c.var.db, c.var.caller), 200, { 'cache-control': 'no-store' }),
)
