import { Hono } from 'hono'
import {
  CheckedCheckouts,
  CheckoutPath,
  checkCheckouts,
  HeardCheckout,
  hearCheckout,
} from '../../lib/bots/index.ts'
import { describeRoute, params, receiveBody, router } from '../../lib/http/index.ts'

/** No caller: M-Pesa signs nothing. What it says is not believed, and only has it asked now. So whoever forges one learns and changes nothing. */
const heard = router({ auth: 'public' }).post(
  '/:subscription/:token',
  describeRoute(
    'Hear from M-Pesa that a payment may have ended, so that it is asked',
    { 200: { description: 'Heard, whether or not there is such a payment.', schema: HeardCheckout } },
    ['payload_too_large'],
  ),
  params(CheckoutPath),
  async (c) => {
    const { subscription, token } = c.req.valid('param')
    await hearCheckout(subscription, token, await receiveBody(c.req.raw))
    return c.json({ ResultCode: 0, ResultDesc: 'Accepted' } as const)
  },
)

/** Cron and callbacks wake this one. */
const checks = router({ auth: 'service' }).post(
  '/check',
  describeRoute('Ask M-Pesa about payments that are open, and tell contacts how theirs ended', {
    200: { description: 'What was done.', schema: CheckedCheckouts },
  }),
  async (c) => c.json(await checkCheckouts()),
)

export const checkouts = new Hono().route('/', checks).route('/', heard)
