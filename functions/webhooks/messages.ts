import { describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  listMessages,
  MessagePath,
  MessageQuery,
  Messages,
  MessageWithPayload,
  readMessage,
} from '../../lib/webhooks/index.ts'

export const messages = router({
  auth: 'member',
  permission: 'read_admin',
  key: 'deliveries:read',
  portal: 'webhooks',
})
  .get(
    '/',
    describeRoute('List the messages, the newest first', {
      200: { description: 'A page of them, without their payloads.', schema: Messages },
    }),
    query(MessageQuery),
    async (c) => c.json(await listMessages(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:message',
    describeRoute('Read a message', {
      200: { description: 'The message with its payload, as text and parsed.', schema: MessageWithPayload },
    }),
    params(MessagePath),
    async (c) => c.json(await readMessage(c.var.db, c.var.tenant.id, c.req.valid('param').message)),
  )
