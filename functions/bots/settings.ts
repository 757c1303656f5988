import { Hono } from 'hono'
import {
  BotPath,
  BotSettings,
  BotSettingsChange,
  changeBotSettings,
  readBotSettings,
} from '../../lib/bots/index.ts'
import { body, describeRoute, params, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read', key: 'bots:read' }).get(
  '/:bot/settings',
  describeRoute('Read what a bot may do', { 200: { description: 'The settings.', schema: BotSettings } }),
  params(BotPath),
  async (c) => c.json(await readBotSettings(c.var.db, c.var.tenant.id, c.req.valid('param').bot)),
)

const manage = router({ auth: 'member', permission: 'manage' }).patch(
  '/:bot/settings',
  describeRoute(
    'Change what a bot may do',
    { 200: { description: 'The changed settings.', schema: BotSettings } },
    ['invalid_value'],
  ),
  params(BotPath),
  body(BotSettingsChange),
  async (c) =>
    c.json(await changeBotSettings(c.var.db, c.var.tenant.id, c.req.valid('param').bot, c.req.valid('json'))),
)

export const settings = new Hono().route('/', read).route('/', manage)
