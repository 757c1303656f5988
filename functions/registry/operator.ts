import { describeRoute, query, router } from '../../lib/http/index.ts'
import {
  findTenants,
  Queues,
  RegisteredTenantQuery,
  RegisteredTenants,
  readQueues,
  readTenantState,
  TenantState,
} from '../../lib/operator/index.ts'

/** What only the people of the platform see. What they change is with the noun that it changes: lifecycle.ts. */
export const operator = router({ auth: 'operator' })
  .get(
    '/tenants',
    describeRoute('Find tenants of the whole platform, the newest first', {
      200: { description: 'A page of what the register says of them.', schema: RegisteredTenants },
    }),
    query(RegisteredTenantQuery),
    async (c) => c.json(await findTenants(c.var.db, c.req.valid('query'))),
  )
  .get(
    '/queues',
    describeRoute('Tell how the queues of webhooks and notifications stand, over all tenants', {
      200: { description: 'Each queue, with the tenants that wait most.', schema: Queues },
    }),
    async (c) => c.json(await readQueues(c.var.db)),
  )

/** A tenant as an operator sees it. */
export const tenantState = router({ auth: 'operator' }).get(
  '/:ref/state',
  describeRoute(
    'Read where a tenant stands, and its figures, as an operator',
    { 200: { description: 'That somebody looked is in its audit log.', schema: TenantState } },
    ['tenant_not_found'],
  ),
  async (c) => c.json(await readTenantState(c.var.db, c.req.param('ref'))),
)
