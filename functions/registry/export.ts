import { describeRoute, router } from '../../lib/http/index.ts'
import { exportTenant } from '../../lib/registry/index.ts'

// An owner may export a frozen tenant too. The platform exports an archived one.
export const tenantExport = router({
  auth: 'member',
  permission: 'export',
  tenant: 'path',
  service: true,
}).get(
  '/:ref/export',
  describeRoute(
    'Take out everything a tenant owns, as lines of JSON',
    {
      200: {
        description:
          'A line {"header": …} with the tables and their counts, a line {"table": …, "row": …} for each row, ' +
          'and a line {"trailer": …} with what was sent. A copy without a trailer was cut off.',
      },
    },
    ['export_running'],
  ),
  async (c) =>
    c.body(await exportTenant(c.var.db, c.var.caller.claims, c.var.tenant), 200, {
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="${c.var.tenant.slug}.ndjson"`,
      'cache-control': 'no-store',
    }),
)
