import { Hono } from 'hono'
import {
  AuditActionQuery,
  AuditActions,
  AuditEvent,
  AuditEventPath,
  AuditEvents,
  AuditQuery,
  AuditVerification,
  AuditViewerToken,
  ExportQuery,
  exportAuditLog,
  listAuditActions,
  NewAuditViewerToken,
  PlatformAuditQuery,
  RevokedAuditViewerTokens,
  readAuditEvent,
  readAuditLog,
  readPlatformAuditLog,
  verifyAuditLog,
} from '../../lib/audit/index.ts'
import { issuePortalToken, revokePortalTokens } from '../../lib/auth/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const access = { auth: 'member', permission: 'read_admin', tenant: 'path', service: true } as const

const viewed = { ...access, key: 'audit:read', portal: 'audit' } as const

const list = router(viewed).get(
  '/',
  describeRoute("Read a tenant's audit log, the newest first", {
    200: { description: 'A page of it. That it was read is recorded.', schema: AuditEvents },
  }),
  query(AuditQuery),
  async (c) => c.json(await readAuditLog(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const verification = router({ ...access, key: 'audit:read' }).get(
  '/verify',
  describeRoute("Walk a tenant's audit chain and name the first place where it does not hold", {
    200: { description: 'Whether it holds. That it was asked is recorded.', schema: AuditVerification },
  }),
  async (c) => c.json(await verifyAuditLog(c.var.db, c.var.tenant.id)),
)

const exporting = router({ ...access, key: 'audit:export' }).get(
  '/export',
  describeRoute("Stream a tenant's whole audit log, the oldest first", {
    200: { description: 'CSV (RFC 4180), or a JSON object a line. That it was exported is recorded.' },
  }),
  query(ExportQuery),
  async (c) => {
    const { format } = c.req.valid('query')
    const stream = await exportAuditLog(c.var.db, c.var.tenant.id, format)
    return c.body(stream, 200, {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="audit-${c.var.tenant.slug}.${format}"`,
      'cache-control': 'no-store',
    })
  },
)

// Behind the routes whose names stand in the same place.
const one = router(viewed).get(
  '/:seq',
  describeRoute('Read a row of the audit log', {
    200: { description: 'The row. That it was read is recorded.', schema: AuditEvent },
  }),
  params(AuditEventPath),
  async (c) => c.json(await readAuditEvent(c.var.db, c.var.tenant.id, c.req.valid('param').seq)),
)

// Whoever may read the log lends that for some minutes.
const own = router({ auth: 'member', permission: 'read_admin', tenant: 'path', key: 'audit:read' })
  .post(
    '/viewer-tokens',
    describeRoute('Issue a token that reads this audit log for at most 15 minutes', {
      201: { description: 'Shown this once.', schema: AuditViewerToken },
    }),
    body(NewAuditViewerToken),
    async (c) => {
      const { scopes: _, ...issued } = await issuePortalToken(
        c.var.db,
        c.var.tenant.id,
        'audit',
        c.req.valid('json'),
      )
      return c.json(issued, 201, { 'cache-control': 'no-store' })
    },
  )
  .delete(
    '/viewer-tokens',
    describeRoute("End one's own viewer tokens for this tenant", {
      200: { description: 'How many there were.', schema: RevokedAuditViewerTokens },
    }),
    async (c) => c.json(await revokePortalTokens(c.var.db, c.var.tenant.id, 'audit')),
  )

export const audit = new Hono()
  .route('/', list)
  .route('/', verification)
  .route('/', exporting)
  .route('/', own)
  .route('/', one)

/** The logs of all tenants as one, for operators and the platform's own servers. */
export const platformAudit = router({ auth: 'operator', tenant: 'filter' }).get(
  '/',
  describeRoute(
    'Read the audit logs of all tenants as one, the newest first',
    { 200: { description: 'A page of it. That it was read is recorded.', schema: AuditEvents } },
    ['tenant_not_found'],
  ),
  query(PlatformAuditQuery),
  async (c) => c.json(await readPlatformAuditLog(c.var.db, c.req.header('x-tenant'), c.req.valid('query'))),
)

/** What can stand in a log, the same for every tenant. */
export const auditActions = router({ auth: 'user', key: 'audit:read', portal: 'audit' }).get(
  '/',
  describeRoute('List the actions that an audit log may hold, by name', {
    200: { description: 'A page of them.', schema: AuditActions },
  }),
  query(AuditActionQuery),
  async (c) => c.json(await listAuditActions(c.req.valid('query'))),
)
