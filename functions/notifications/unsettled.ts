import { Hono } from 'hono'
import { askerOf, body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  listUnsettled,
  Settlement,
  settleMessage,
  UnsettledMessages,
  UnsettledPath,
  UnsettledQuery,
} from '../../lib/notifications/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' }).get(
  '/',
  describeRoute('List the messages of which nobody knows whether they were sent, the newest first', {
    200: { description: 'A page of them.', schema: UnsettledMessages },
  }),
  query(UnsettledQuery),
  async (c) => c.json(await listUnsettled(c.var.db, askerOf(c), c.var.tenant.id, c.req.valid('query'))),
)

const manage = router({ auth: 'member', permission: 'manage' }).put(
  '/:message',
  describeRoute(
    'Say whether a message was sent',
    { 204: { description: 'It is settled. A callback that comes late still counts.' } },
    ['not_found'],
  ),
  params(UnsettledPath),
  body(Settlement),
  async (c) => {
    const { message } = c.req.valid('param')
    await settleMessage(c.var.db, askerOf(c), c.var.tenant.id, message, c.req.valid('json'))
    return c.body(null, 204)
  },
)

export const unsettled = new Hono().route('/', read).route('/', manage)
