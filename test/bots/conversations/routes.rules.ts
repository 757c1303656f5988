import { signAsMeta } from '../../../stack/providers/graph/webhooks/payload.ts'
import { anyone, keyWith, manager, member, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { addBot } from '../bots-scene.ts'
import { withNumber } from '../number/routes.rules.ts'
import { addContact } from './contacts.ts'

const read = [reader, keyWith('bots:read')]
const where = { bot: botOf, contact: async (tenant: Tenant) => addContact(tenant, await botOf(tenant)) }
const webhook = JSON.stringify({ object: 'whatsapp_business_account', entry: [] })

export default {
  'GET /bots/bots/:bot/conversations': { may: read, where: { bot: botOf } },
  'GET /bots/bots/:bot/conversations/:contact': { may: read, where },
  'GET /bots/bots/:bot/conversations/:contact/messages': { may: read, where },
  'POST /bots/bots/:bot/conversations/:contact/messages': {
    may: [member, keyWith('bots:write')],
    gives: 202,
    where,
    body: () => ({ text: 'Hello' }),
  },
  'POST /bots/bots/:bot/conversations/:contact/take-over': { may: [member], where },
  'POST /bots/bots/:bot/conversations/:contact/hand-back': { may: [member], where },
  'DELETE /bots/bots/:bot/conversations/:contact': { may: [manager], gives: 204, where },
  'POST /bots/answer': { may: [service], gives: 202 },
  'POST /bots/send': { may: [service], gives: 202 },
  'POST /bots/whatsapp/:bot': {
    whenFrozen: 'what contacts write is stored, and the bot is silent',
    may: [anyone],
    where: { bot: async (tenant) => withNumber(await addBot(tenant)) },
    headers: { 'x-hub-signature-256': signAsMeta(webhook, 'secret') },
    body: () => new TextEncoder().encode(webhook),
  },
} satisfies RouteRules

/** One bot of a tenant, whose contacts stand in the path behind it. */
const known = new Map<string, Promise<string>>()
function botOf(tenant: Tenant): Promise<string> {
  const bot = known.get(tenant.id) ?? addBot(tenant)
  known.set(tenant.id, bot)
  return bot
}
