import { describeRoute, query, router } from '../../lib/http/index.ts'
import { readTotals, TotalsQuery, UsageTotals } from '../../lib/usage/index.ts'

export const totals = router({ auth: 'member', permission: 'read', key: 'usage:read' }).get(
  '/',
  describeRoute('Read what the tenant used, the newest first', {
    200: { description: 'A page of totals, one for each window of time and group.', schema: UsageTotals },
  }),
  query(TotalsQuery),
  async (c) => c.json(await readTotals(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)
