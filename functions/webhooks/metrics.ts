import { z } from 'zod'
import { describeRoute, router } from '../../lib/http/index.ts'
import { prometheusText, readMetrics } from '../../lib/webhooks/index.ts'

/** For the operator's Prometheus, which sends a secret key in the header apikey. */
export const metrics = router({ auth: 'service' }).get(
  '/',
  describeRoute('Tell how the queue stands, over all tenants', {
    200: { description: 'Prometheus text.', schema: z.string(), contentType: 'text/plain; version=0.0.4' },
  }),
  async (c) =>
    c.body(prometheusText(await readMetrics()), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    }),
)
