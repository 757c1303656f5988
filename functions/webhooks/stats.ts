import { describeRoute, query, router } from '../../lib/http/index.ts'
import {
  listStats,
  readSeries,
  SeriesQuery,
  TenantStatsQuery,
  WebhookSeries,
  WebhookStats,
} from '../../lib/webhooks/index.ts'

/** How all endpoints of a tenant do. */
export const stats = router({
  auth: 'member',
  permission: 'read_admin',
  key: 'deliveries:read',
  portal: 'webhooks',
})
  .get(
    '/',
    describeRoute('Tell how each endpoint does, the newest first', {
      200: { description: 'A page of them.', schema: WebhookStats },
    }),
    query(TenantStatsQuery),
    async (c) => c.json(await listStats(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/series',
    describeRoute('Tell how the attempts went over time, of one endpoint or all', {
      200: {
        description: 'By hour or by day, with the steps in which nothing was tried.',
        schema: WebhookSeries,
      },
    }),
    query(SeriesQuery),
    async (c) => c.json(await readSeries(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
