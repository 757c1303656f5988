import { Bot, BotModelSettings, BotPath, removeBotModel, setBotModel } from '../../lib/bots/index.ts'
import { askerOf, body, describeRoute, params, router } from '../../lib/http/index.ts'

/** The language model that writes for one bot. */
export const models = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:bot/model',
    describeRoute(
      'Have a model of its own write for a bot',
      { 200: { description: 'The bot. The key is stored in Vault.', schema: Bot } },
      ['invalid_value'],
    ),
    params(BotPath),
    body(BotModelSettings),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await setBotModel(c.var.db, askerOf(c), c.var.tenant.id, bot, c.req.valid('json')))
    },
  )
  .delete(
    '/:bot/model',
    describeRoute('Forget the model of a bot and its key; the model of the tenant writes again', {
      204: { description: 'Forgotten.' },
    }),
    params(BotPath),
    async (c) => {
      await removeBotModel(c.var.db, askerOf(c), c.var.tenant.id, c.req.valid('param').bot)
      return c.body(null, 204)
    },
  )
