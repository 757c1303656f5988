import { Hono } from 'hono'
import {
  BotNumber,
  BotNumberSettings,
  BotPath,
  CheckedNumbers,
  ConnectedBotNumber,
  checkDueNumbers,
  readBotNumber,
  removeBotNumber,
  revealVerifyToken,
  rotateVerifyToken,
  setBotNumber,
  VerifyToken,
  verifyBotNumber,
} from '../../lib/bots/index.ts'
import { askerOf, body, describeRoute, params, router } from '../../lib/http/index.ts'

// No cache on the way may keep an answer that holds a secret.
const noStore = { 'cache-control': 'no-store' }

const read = router({ auth: 'member', permission: 'read_admin' }).get(
  '/:bot/number',
  describeRoute('Read which WhatsApp number a bot has, without its secrets', {
    200: { description: 'The number, and what its last check found.', schema: BotNumber },
  }),
  params(BotPath),
  async (c) => c.json(await readBotNumber(c.var.db, c.var.tenant.id, c.req.valid('param').bot)),
)

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:bot/number',
    describeRoute(
      'Connect a bot to a WhatsApp number, or change its token; other ids have to be verified again',
      { 200: { description: 'The number, and what to enter at Meta.', schema: ConnectedBotNumber } },
      ['invalid_value'],
    ),
    params(BotPath),
    body(BotNumberSettings),
    async (c) => {
      const { bot } = c.req.valid('param')
      const connected = await setBotNumber(c.var.db, askerOf(c), c.var.tenant.id, bot, c.req.valid('json'))
      return c.json(connected, 200, noStore)
    },
  )
  .delete(
    '/:bot/number',
    describeRoute('Disconnect a bot from its number, and forget the secrets', {
      204: { description: 'Forgotten.' },
    }),
    params(BotPath),
    async (c) => {
      await removeBotNumber(c.var.db, c.var.tenant.id, c.req.valid('param').bot)
      return c.body(null, 204)
    },
  )
  .post(
    '/:bot/number/verify',
    describeRoute(
      'Verify the number of a bot by asking Meta, which sends its webhooks here from then on',
      { 200: { description: 'The number: verified, or not and why in last_problem.', schema: BotNumber } },
      ['conflict', 'too_many_number_checks'],
    ),
    params(BotPath),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await verifyBotNumber(c.var.db, askerOf(c), c.var.tenant.id, bot))
    },
  )
  .post(
    '/:bot/number/verify-token/rotate',
    describeRoute('Give the number a new verify token; the one before counts for a week', {
      200: { description: 'What to enter at Meta.', schema: VerifyToken },
    }),
    params(BotPath),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await rotateVerifyToken(c.var.db, askerOf(c), c.var.tenant.id, bot), 200, noStore)
    },
  )
  .post(
    '/:bot/number/verify-token/reveal',
    describeRoute('Read the verify token of the number', {
      200: { description: 'What to enter at Meta. That it was read is recorded.', schema: VerifyToken },
    }),
    params(BotPath),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await revealVerifyToken(c.var.db, askerOf(c), c.var.tenant.id, bot), 200, noStore)
    },
  )

export const number = new Hono().route('/', read).route('/', manage)

/** Cron wakes this one. */
export const numberChecks = router({ auth: 'service' }).post(
  '/check',
  describeRoute(
    'Ask Meta about the numbers that are due, and pause bots whose token does not count any more',
    {
      200: { description: 'How many were asked about, and what was found.', schema: CheckedNumbers },
    },
  ),
  async (c) => c.json(await checkDueNumbers(c.var.db)),
)
