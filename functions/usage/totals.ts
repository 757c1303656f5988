import { csvFile, describeRoute, formatOf, query, router } from '../../lib/http/index.ts'
import { readTotals, TotalsQuery, UsageTotals, writeTotals } from '../../lib/usage/index.ts'

export const totals = router({ auth: 'member', permission: 'read', key: 'usage:read', report: true }).get(
  '/',
  describeRoute('Read what the tenant used, the newest first', {
    200: {
      description:
        'A page of totals, one for each window of time and group. With format=csv, or Accept: text/csv, all of them as CSV (RFC 4180).',
      schema: UsageTotals,
      orCsv: true,
    },
  }),
  query(TotalsQuery),
  async (c) => {
    const { db, tenant } = c.var
    const asked = c.req.valid('query')
    if (formatOf(c, asked.format) === 'json') return c.json(await readTotals(db, tenant.id, asked))
    return csvFile(c, `usage-${tenant.slug}`, await writeTotals(db, tenant.id, asked))
  },
)
