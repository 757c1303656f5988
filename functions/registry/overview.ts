import { describeRoute, router } from '../../lib/http/index.ts'
import { Overview, readOverview } from '../../lib/registry/index.ts'

// Whoever may leave is in the tenant, whatever its state: a contract that waits is told of too. What else somebody is told
// depends on what they may do there now.
export const overview = router({ auth: 'member', permission: 'leave', tenant: 'path' }).get(
  '/:ref/overview',
  describeRoute('Read what needs doing in a tenant, the gravest first', {
    200: { description: 'Of what you may know there now.', schema: Overview },
  }),
  async (c) => c.json(await readOverview(c.var.db, c.var.tenant.id)),
)
