import { body, describeRoute, params, router } from '../../lib/http/index.ts'
import {
  EndpointPath,
  ReplayRequest,
  ReplayResult,
  ResendPath,
  replayMessages,
  SentTestMessage,
  sendTestMessage,
  TestMessageRequest,
} from '../../lib/webhooks/index.ts'

/** What is sent to see whether it arrives. */
export const tests = router({
  auth: 'member',
  permission: 'manage',
  key: 'endpoints:write',
  portal: 'webhooks',
}).post(
  '/:endpoint/test',
  describeRoute(
    "Send an event type's example to an endpoint",
    { 202: { description: 'It is on its way, like any message.', schema: SentTestMessage } },
    ['endpoint_disabled', 'unknown_event_type'],
  ),
  params(EndpointPath),
  body(TestMessageRequest),
  async (c) => {
    const { event_type: type } = c.req.valid('json')
    const sent = await sendTestMessage(c.var.db, c.var.tenant.id, c.req.valid('param').endpoint, type)
    return c.json({ message_id: sent }, 202)
  },
)

const access = { auth: 'member', permission: 'manage', key: 'replays:write', portal: 'webhooks' } as const

/** Messages that are sent again. */
export const replays = router(access).post(
  '/:endpoint/replay',
  describeRoute(
    'Send messages to an endpoint again, or those it missed',
    {
      200: { description: 'Of a dry run: how many it would be.', schema: ReplayResult },
      202: { description: 'How many are on their way; at most 10,000 a call.', schema: ReplayResult },
    },
    ['endpoint_disabled'],
  ),
  params(EndpointPath),
  body(ReplayRequest),
  async (c) => {
    const { endpoint } = c.req.valid('param')
    const wanted = c.req.valid('json')
    const result = await replayMessages(c.var.db, c.var.tenant.id, endpoint, wanted)
    return c.json(result, wanted.dry_run ? 200 : 202)
  },
)

/** One message to one endpoint. */
export const resend = router(access).post(
  '/:message/endpoints/:endpoint/resend',
  describeRoute(
    'Send a message to an endpoint again',
    { 202: { description: 'It is on its way.', schema: ReplayResult } },
    ['endpoint_disabled'],
  ),
  params(ResendPath),
  async (c) => {
    const { endpoint, message } = c.req.valid('param')
    const wanted = { message_ids: [message] }
    return c.json(await replayMessages(c.var.db, c.var.tenant.id, endpoint, wanted), 202)
  },
)
