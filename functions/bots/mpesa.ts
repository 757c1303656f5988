import { Hono } from 'hono'
import {
  BotPath,
  MpesaAccount,
  MpesaSettings,
  readMpesaAccount,
  removeMpesaAccount,
  setMpesaAccount,
} from '../../lib/bots/index.ts'
import { askerOf, body, describeRoute, params, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' }).get(
  '/:bot/mpesa',
  describeRoute('Read to which M-Pesa account the contacts of a bot pay, without its secrets', {
    200: { description: 'The account.', schema: MpesaAccount },
  }),
  params(BotPath),
  async (c) => c.json(await readMpesaAccount(c.var.db, c.var.tenant.id, c.req.valid('param').bot)),
)

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:bot/mpesa',
    describeRoute(
      'Set to which M-Pesa account the contacts of a bot pay; another server needs the secrets again',
      { 200: { description: 'The account, without its secrets.', schema: MpesaAccount } },
      ['invalid_value'],
    ),
    params(BotPath),
    body(MpesaSettings),
    async (c) => {
      const { bot } = c.req.valid('param')
      return c.json(await setMpesaAccount(c.var.db, askerOf(c), c.var.tenant.id, bot, c.req.valid('json')))
    },
  )
  .delete(
    '/:bot/mpesa',
    describeRoute('Forget the M-Pesa account of a bot and its secrets', {
      204: { description: 'Forgotten.' },
    }),
    params(BotPath),
    async (c) => {
      await removeMpesaAccount(c.var.db, c.var.tenant.id, c.req.valid('param').bot)
      return c.body(null, 204)
    },
  )

export const mpesa = new Hono().route('/', read).route('/', manage)
