import { admin } from '../../kit/db.ts'
import { anyone, keyWith, manager, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { addBot } from '../bots-scene.ts'

const read = [reader, keyWith('bots:read')]
const where = { bot: botOf, plan: async (tenant: Tenant) => addPlan(tenant, await botOf(tenant)) }
const account = {
  ...{ shortcode: '174379', base_url: 'https://example.com' },
  ...{ consumer_key: 'key', consumer_secret: 'secret', passkey: 'passkey' },
}
const withAccount = { bot: async (tenant: Tenant) => addAccount(await addBot(tenant)) }

let plans = 0

export default {
  'GET /bots/bots/:bot/plans': { may: read, where: { bot: botOf } },
  'GET /bots/bots/:bot/plans/:plan': { may: read, where, noScreen: 'the list has all of a plan' },
  'POST /bots/bots/:bot/plans': {
    may: [manager],
    gives: 201,
    where: { bot: botOf },
    body: () => ({ plan_name: `Made ${plans++}`, amount_minor: 100, level: 1 }),
  },
  'PATCH /bots/bots/:bot/plans/:plan': { may: [manager], where, body: () => ({ level: 2 }) },
  'DELETE /bots/bots/:bot/plans/:plan': {
    may: [manager],
    gives: 204,
    where,
    noScreen: 'a plan that is offered no more is the same to contacts, and can come back',
  },
  'GET /bots/bots/:bot/subscriptions': { may: read, where: { bot: botOf } },
  'GET /bots/bots/:bot/mpesa': { may: [manager], where: withAccount },
  'PUT /bots/bots/:bot/mpesa': {
    may: [manager],
    where: { bot: (tenant) => addBot(tenant) },
    body: () => account,
  },
  'DELETE /bots/bots/:bot/mpesa': {
    may: [manager],
    gives: 204,
    where: withAccount,
    noScreen: 'the screen switches the payment flow off, or sets another account',
  },
  'POST /bots/checkouts/push': { may: [service], gives: 202 },
  'POST /bots/checkouts/check': { may: [service] },
  'POST /bots/checkouts/:subscription/:token': {
    whenFrozen: 'what a contact has paid is settled, whatever the tenant may do',
    unaudited: 'it only has M-Pesa asked; what that answers is in the log',
    may: [anyone],
    where: { subscription: async () => '01JD3N8Q4ZB6T2V9XK5M7R0C1E', token: async () => '0'.repeat(40) },
    body: () => ({ Body: { stkCallback: { CheckoutRequestID: 'ws_CO_1' } } }),
  },
} satisfies RouteRules

/** One bot of a tenant, whose plans stand in the path behind it. */
const known = new Map<string, Promise<string>>()
function botOf(tenant: Tenant): Promise<string> {
  const bot = known.get(tenant.id) ?? addBot(tenant)
  known.set(tenant.id, bot)
  return bot
}

async function addPlan(tenant: Tenant, bot: string): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level)
     values ($1, private.ulid_to_uuid($2), $3, 100, 1) returning ref_id`,
    [tenant.id, bot, `Plan ${plans++}`],
  )
  return rows[0]!.ref_id
}

async function addAccount(bot: string): Promise<string> {
  await admin.query(
    `select private.set_bot_mpesa(b.tenant_id, b.id, '174379', null, 'https://example.com', 'key', 'secret', 'passkey')
     from public.bot_tenants as b where b.ref_id = $1`,
    [bot],
  )
  return bot
}
