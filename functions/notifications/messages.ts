import { body, describeRoute, router } from '../../lib/http/index.ts'
import { AcceptedMessage, NewMessage, sendMessage } from '../../lib/notifications/index.ts'

export const messages = router({ auth: 'member', permission: 'manage', key: 'notifications:write' }).post(
  '/',
  describeRoute(
    'Send a message to somebody outside, by a template',
    { 202: { description: 'It is sent as soon as possible.', schema: AcceptedMessage } },
    ['limit_reached', 'conflict', 'invalid_value'],
  ),
  body(NewMessage),
  async (c) => c.json(await sendMessage(c.var.db, c.var.tenant.id, c.req.valid('json')), 202),
)
