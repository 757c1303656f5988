import { describeRoute, query, router } from '../../lib/http/index.ts'
import { readTotals, TotalsQuery, UsageTotals, writeTotals } from '../../lib/usage/index.ts'

export const totals = router({ auth: 'member', permission: 'read', key: 'usage:read' }).get(
  '/',
  describeRoute('Read what the tenant used, the newest first', {
    200: {
      description:
        'A page of totals, one for each window of time and group. With format=csv all of them as CSV (RFC 4180).',
      schema: UsageTotals,
    },
  }),
  query(TotalsQuery),
  async (c) => {
    const asked = c.req.valid('query')
    if (asked.format === 'json') return c.json(await readTotals(c.var.db, c.var.tenant.id, asked))
    return c.body(await writeTotals(c.var.db, c.var.tenant.id, asked), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="usage-${c.var.tenant.slug}.csv"`,
      'cache-control': 'no-store',
    })
  },
)
