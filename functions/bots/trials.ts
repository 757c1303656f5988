import { BotAnswer, BotPath, Trial, tryBot } from '../../lib/bots/index.ts'
import { askerOf, body, describeRoute, params, router } from '../../lib/http/index.ts'

// "write", because a call of the model is paid for.
export const trials = router({ auth: 'member', permission: 'write' }).post(
  '/:bot/try',
  describeRoute('Ask a bot something, without sending anything', {
    200: { description: 'The answer, and which rule, row and prompt led to it.', schema: BotAnswer },
  }),
  params(BotPath),
  body(Trial),
  async (c) => {
    const { bot } = c.req.valid('param')
    return c.json(await tryBot(c.var.db, askerOf(c), c.var.tenant.id, bot, c.req.valid('json')))
  },
)
