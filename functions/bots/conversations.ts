import { Hono } from 'hono'
import {
  BotPath,
  Conversation,
  ConversationPath,
  ConversationQuery,
  Conversations,
  forgetContact,
  handBack,
  listConversations,
  listMessages,
  Message,
  MessageQuery,
  Messages,
  NewBotMessage,
  readConversation,
  takeOver,
  writeToContact,
} from '../../lib/bots/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' })
  .get(
    '/:bot/conversations',
    describeRoute('List the conversations of a bot, those of the newest messages first', {
      200: { description: 'A page of them.', schema: Conversations },
    }),
    params(BotPath),
    query(ConversationQuery),
    async (c) =>
      c.json(
        await listConversations(c.var.db, c.var.tenant.id, c.req.valid('param').bot, c.req.valid('query')),
      ),
  )
  .get(
    '/:bot/conversations/:contact',
    describeRoute('Read who answers a contact now', {
      200: { description: 'The conversation.', schema: Conversation },
    }),
    params(ConversationPath),
    async (c) => c.json(await readConversation(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )
  .get(
    '/:bot/conversations/:contact/messages',
    describeRoute('List the messages of a conversation, the newest first', {
      200: { description: 'A page of them.', schema: Messages },
    }),
    params(ConversationPath),
    query(MessageQuery),
    async (c) =>
      c.json(await listMessages(c.var.db, c.var.tenant.id, c.req.valid('param'), c.req.valid('query'))),
  )

const write = router({ auth: 'member', permission: 'write' })
  .post(
    '/:bot/conversations/:contact/take-over',
    describeRoute('Answer a contact yourself: the bot is quiet until you hand the conversation back', {
      200: { description: 'The conversation.', schema: Conversation },
    }),
    params(ConversationPath),
    async (c) => c.json(await takeOver(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )
  .post(
    '/:bot/conversations/:contact/hand-back',
    describeRoute('Have the bot answer a contact again', {
      200: { description: 'The conversation.', schema: Conversation },
    }),
    params(ConversationPath),
    async (c) => c.json(await handBack(c.var.db, c.var.tenant.id, c.req.valid('param'))),
  )

const send = router({ auth: 'member', permission: 'write', key: 'bots:write' }).post(
  '/:bot/conversations/:contact/messages',
  describeRoute(
    'Write to a contact. A person who writes takes the conversation over; a program leaves it to the bot',
    { 202: { description: 'The message, which is sent soon.', schema: Message } },
    ['contact_opted_out', 'window_closed', 'invalid_value'],
  ),
  params(ConversationPath),
  body(NewBotMessage),
  async (c) =>
    c.json(
      await writeToContact(c.var.db, c.var.tenant.id, c.req.valid('param'), c.req.valid('json').text),
      202,
    ),
)

const manage = router({ auth: 'member', permission: 'manage' }).delete(
  '/:bot/conversations/:contact',
  describeRoute('Forget a contact, with all messages', { 204: { description: 'Forgotten.' } }),
  params(ConversationPath),
  async (c) => {
    await forgetContact(c.var.db, c.var.tenant.id, c.req.valid('param'))
    return c.body(null, 204)
  },
)

export const conversations = new Hono().route('/', read).route('/', write).route('/', send).route('/', manage)
