import { describeRoute, params, receiveBody, router } from '../../lib/http/index.ts'
import {
  CallbackPath,
  confirmCallback,
  receiveCallback,
  TakenCallbacks,
} from '../../lib/notifications/index.ts'

/** No caller: the provider's own signature says who sends, and it is verified before anything is stored. */
export const callbacks = router({ auth: 'public' })
  .get(
    '/:provider',
    describeRoute(
      'Answer WhatsApp when it asks for the token of a callback',
      { 200: { description: 'What it wants to read, as plain text.' } },
      ['invalid_callback', 'not_found'],
    ),
    params(CallbackPath),
    async (c) => {
      const answer = await confirmCallback(c.req.valid('param').provider, new URL(c.req.url).searchParams)
      return c.text(answer, 200, { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    },
  )
  .post(
    '/:provider',
    describeRoute(
      'Hear from a provider what became of messages',
      { 200: { description: 'It is taken.', schema: TakenCallbacks } },
      ['invalid_callback', 'not_found', 'payload_too_large'],
    ),
    params(CallbackPath),
    async (c) => {
      const body = await receiveBody(c.req.raw)
      const { search } = new URL(c.req.url)
      return c.json(
        await receiveCallback(c.req.valid('param').provider, { search, headers: c.req.raw.headers, body }),
      )
    },
  )
