import { Hono } from 'hono'
import { describeRoute, query, requestHeaders, router } from '../../lib/http/index.ts'
import {
  ExportFileQuery,
  ExportLink,
  exportTenant,
  issueExportLink,
  openExportLink,
} from '../../lib/registry/index.ts'

const exported = {
  description:
    'A line {"header": …} with the tables and their counts, a line {"table": …, "row": …} for each row, ' +
    'and a line {"trailer": …} with what was sent. A copy without a trailer was cut off.',
}

const fileHeaders = (name: string) => ({
  'content-type': 'application/x-ndjson',
  'content-disposition': `attachment; filename="${name}.ndjson"`,
  'cache-control': 'no-store',
})

// An owner may export a frozen tenant too. The platform exports an archived one.
const read = router({ auth: 'member', permission: 'export', tenant: 'path', service: true }).get(
  '/:ref/export',
  describeRoute('Take out everything a tenant owns, as lines of JSON', { 200: exported }, ['export_running']),
  async (c) =>
    c.body(
      await exportTenant(c.var.db, c.var.caller.claims, c.var.tenant),
      200,
      fileHeaders(c.var.tenant.slug),
    ),
)

const own = router({ auth: 'member', permission: 'export', tenant: 'path' }).post(
  '/:ref/export/links',
  describeRoute(
    'Make a link that exports a tenant once, within five minutes, for a browser to download',
    { 201: { description: 'The link. It is shown this once.', schema: ExportLink } },
    ['too_many_export_links'],
  ),
  async (c) => c.json(await issueExportLink(c.var.db, c.var.tenant), 201, { 'cache-control': 'no-store' }),
)

// The token is the credential, because a browser that downloads a file sends no header. It is no part of the path, which
// is what the log of requests has.
const anybody = router({ auth: 'public' }).get(
  '/:ref/export/file',
  describeRoute('Open a link to an export, once', { 200: exported }, [
    'export_link_not_found',
    'export_running',
  ]),
  query(ExportFileQuery),
  async (c) => {
    // A look at the headers must not use the link up.
    if (c.req.method === 'HEAD') return c.body(null, 200, fileHeaders('export'))
    const { token } = c.req.valid('query')
    const { slug, stream } = await openExportLink(c.req.param('ref') ?? '', token, requestHeaders(c))
    return c.body(stream, 200, fileHeaders(slug))
  },
)

export const tenantExport = new Hono().route('/', read).route('/', own).route('/', anybody)
