import { body, describeRoute, params, router } from '../../lib/http/index.ts'
import {
  AcknowledgeRequest,
  AcknowledgeResult,
  acknowledgeMessages,
  EndpointPath,
  PolledMessages,
  PollRequest,
  pollMessages,
} from '../../lib/webhooks/index.ts'

/** For receivers behind a firewall, which ask for their messages. */
export const polling = router({ auth: 'member', permission: 'write', key: 'webhooks:write' })
  .post(
    '/:endpoint/poll',
    describeRoute(
      'Get the next messages of a polling endpoint',
      { 200: { description: 'The oldest first, each as a request would bring it.', schema: PolledMessages } },
      ['endpoint_disabled', 'not_a_polling_endpoint'],
    ),
    params(EndpointPath),
    body(PollRequest),
    async (c) => {
      const { endpoint } = c.req.valid('param')
      const polled = await pollMessages(c.var.db, c.var.tenant.id, endpoint, c.req.valid('json'))
      return c.json(polled, 200, { 'cache-control': 'no-store' })
    },
  )
  .post(
    '/:endpoint/acknowledge',
    describeRoute(
      'Say that polled messages arrived',
      { 200: { description: 'Of how many; the lease of the others was over.', schema: AcknowledgeResult } },
      ['endpoint_disabled', 'not_a_polling_endpoint'],
    ),
    params(EndpointPath),
    body(AcknowledgeRequest),
    async (c) => {
      const { endpoint } = c.req.valid('param')
      const count = await acknowledgeMessages(c.var.db, c.var.tenant.id, endpoint, c.req.valid('json'))
      return c.json({ acknowledged: count })
    },
  )
