import { Hono } from 'hono'
import {
  Bot,
  BotChange,
  BotPath,
  BotQuery,
  Bots,
  changeBot,
  createBot,
  deleteBot,
  listBots,
  NewBot,
  readBot,
} from '../../lib/bots/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' })
  .get(
    '/',
    describeRoute('List the bots, the newest first', {
      200: { description: 'A page of them.', schema: Bots },
    }),
    query(BotQuery),
    async (c) => c.json(await listBots(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:bot',
    describeRoute('Read a bot', { 200: { description: 'The bot.', schema: Bot } }),
    params(BotPath),
    async (c) => c.json(await readBot(c.var.db, c.var.tenant.id, c.req.valid('param').bot)),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .post(
    '/',
    describeRoute(
      'Create a bot',
      { 201: { description: 'The bot, which is not active yet.', schema: Bot } },
      ['feature_not_in_plan', 'limit_reached', 'invalid_value'],
    ),
    body(NewBot),
    async (c) => c.json(await createBot(c.var.db, c.var.tenant.id, c.req.valid('json')), 201),
  )
  .patch(
    '/:bot',
    describeRoute(
      'Change a bot, or switch it on',
      { 200: { description: 'The changed bot.', schema: Bot } },
      ['invalid_value'],
    ),
    params(BotPath),
    body(BotChange),
    async (c) =>
      c.json(await changeBot(c.var.db, c.var.tenant.id, c.req.valid('param').bot, c.req.valid('json'))),
  )
  .delete(
    '/:bot',
    describeRoute('Delete a bot, with its templates, training data and settings', {
      204: { description: 'Deleted.' },
    }),
    params(BotPath),
    async (c) => {
      await deleteBot(c.var.db, c.var.tenant.id, c.req.valid('param').bot)
      return c.body(null, 204)
    },
  )

export const bots = new Hono().route('/', read).route('/', manage)
