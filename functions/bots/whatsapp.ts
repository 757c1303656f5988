import { answerHandshake, BotPath, receiveWebhook, TakenWebhook } from '../../lib/bots/index.ts'
import { describeRoute, params, receiveBody, router } from '../../lib/http/index.ts'

/** No caller: the verify token says that Meta asks, and the signature says that WhatsApp sends. */
export const whatsapp = router({ auth: 'public' })
  .get(
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
  .post(
    '/:bot',
    describeRoute(
      'Hear from WhatsApp what contacts wrote, and what became of messages',
      { 200: { description: 'It is taken.', schema: TakenWebhook } },
      ['invalid_callback', 'not_found', 'payload_too_large'],
    ),
    params(BotPath),
    async (c) => {
      const body = await receiveBody(c.req.raw)
      return c.json(await receiveWebhook(c.req.valid('param').bot, c.req.raw.headers, body))
    },
  )
