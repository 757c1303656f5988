import { describeRoute, query, router } from '../../lib/http/index.ts'
import {
  AttemptQuery,
  Attempts,
  Deliveries,
  DeliveryQuery,
  listAttempts,
  listDeliveries,
} from '../../lib/webhooks/index.ts'

const access = {
  auth: 'member',
  permission: 'read_admin',
  key: 'deliveries:read',
  portal: 'webhooks',
} as const

/** Each message on its way to each endpoint. */
export const deliveries = router(access).get(
  '/',
  describeRoute('List the deliveries, those of the newest messages first', {
    200: { description: 'A page of them.', schema: Deliveries },
  }),
  query(DeliveryQuery),
  async (c) => c.json(await listDeliveries(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

/** Each attempt of a delivery. */
export const attempts = router(access).get(
  '/',
  describeRoute('List the attempts, the newest first', {
    200: { description: 'A page of them, with what receivers answered.', schema: Attempts },
  }),
  query(AttemptQuery),
  async (c) => c.json(await listAttempts(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)
