import { BotPath, receiveWebhook, TakenWebhook } from '../../lib/bots/index.ts'
import { describeRoute, params, receiveBody, router } from '../../lib/http/index.ts'

/** No caller: the signature of WhatsApp says who sends, and it is verified before anything is stored. */
export const receiving = router({ auth: 'public' }).post(
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
