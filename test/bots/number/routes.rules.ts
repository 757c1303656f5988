import { admin } from '../../kit/db.ts'
import { anyone, manager, type RouteRules, service } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { addBot } from '../bots-scene.ts'

const where = { bot: async (tenant: Tenant) => withNumber(await addBot(tenant)) }

export default {
  'GET /bots/bots/:bot/number': { may: [manager], where },
  'PUT /bots/bots/:bot/number': {
    may: [manager],
    where: { bot: (tenant) => addBot(tenant) },
    body: () => ({
      ...{ whatsapp_phone_number_id: '100001', whatsapp_business_account_id: '200001' },
      ...{ access_token: 'token', app_secret: 'secret' },
    }),
  },
  'DELETE /bots/bots/:bot/number': { may: [manager], gives: 204, where },
  'POST /bots/bots/:bot/number/verify': { may: [manager], where },
  'POST /bots/bots/:bot/number/verify-token/rotate': { may: [manager], where },
  'POST /bots/bots/:bot/number/verify-token/reveal': { may: [manager], where },
  'POST /bots/numbers/check': { may: [service] },
  'GET /bots/whatsapp/:bot': {
    may: [anyone],
    where,
    path: '/bots/whatsapp/:bot?hub.mode=subscribe&hub.verify_token=known&hub.challenge=1',
  },
} satisfies RouteRules

export async function withNumber(bot: string): Promise<string> {
  await admin.query(
    `select private.set_bot_number(b.tenant_id, b.id, '100001', '200001', 'token', 'secret')
     from public.bot_tenants as b where b.ref_id = $1`,
    [bot],
  )
  await admin.query(
    `update public.bot_numbers set verify_token_hash = sha256('known') where bot_id = private.ulid_to_uuid($1)`,
    [bot],
  )
  return bot
}
