import { answerHandshake, BotPath } from '../../lib/bots/index.ts'
import { describeRoute, params, router } from '../../lib/http/index.ts'

/** No caller: the verify token says that Meta asks. */
export const whatsapp = router({ auth: 'public' }).get(
  '/:bot',
  describeRoute(
    'Answer Meta when it asks for the callback of a bot',
    { 200: { description: 'The challenge, as plain text.' } },
    ['handshake_refused'],
  ),
  params(BotPath),
  async (c) => {
    const challenge = await answerHandshake(c.req.valid('param').bot, new URL(c.req.url).searchParams)
    return c.text(challenge, 200, { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  },
)
