import { admin } from '../kit/db.ts'
import { keyWith, manager, member, type RouteRules, reader } from '../kit/rules/routes.ts'
import type { Tenant } from '../kit/tenants.ts'
import { addBot } from './bots-scene.ts'

const where = { bot: (tenant: Tenant) => addBot(tenant) }
const read = [reader, keyWith('bots:read')]
const first = { 'if-match': '"1"' }
const template = { bot: botOf, template: (tenant: Tenant) => addChild(tenant, 'bot_templates') }
const row = { bot: botOf, row: (tenant: Tenant) => addChild(tenant, 'bot_training_data') }

export default {
  'GET /bots/bots': { may: read },
  'POST /bots/bots': { may: [manager], gives: 201, body: () => ({ client_name: 'The first' }) },
  'GET /bots/bots/:bot': { may: read, where },
  'PATCH /bots/bots/:bot': { may: [manager], where, body: () => ({ is_active: true }) },
  'DELETE /bots/bots/:bot': { may: [manager], gives: 204, where },
  'PUT /bots/bots/:bot/model': {
    may: [manager],
    where,
    body: () => ({ provider: 'openai', model: 'gpt-4o-mini' }),
  },
  'DELETE /bots/bots/:bot/model': {
    may: [manager],
    gives: 204,
    where: { bot: async (tenant) => withModel(await addBot(tenant)) },
  },
  'GET /bots/bots/:bot/settings': { may: read, where },
  'PATCH /bots/bots/:bot/settings': {
    may: [manager],
    where,
    body: () => ({ is_bot_enabled: false }),
  },
  'GET /bots/bots/:bot/templates': { may: read, where },
  'POST /bots/bots/:bot/templates': {
    may: [member],
    gives: 201,
    where,
    body: () => ({ template_name: 'default', system_prompt: 'Sell.' }),
  },
  'GET /bots/bots/:bot/templates/:template': { may: read, where: template },
  'PATCH /bots/bots/:bot/templates/:template': {
    may: [member],
    where: template,
    headers: first,
    body: () => ({ tone: 'professional' }),
  },
  'DELETE /bots/bots/:bot/templates/:template': { may: [member], gives: 204, where: template },
  'GET /bots/bots/:bot/training-data': { may: read, where },
  'POST /bots/bots/:bot/training-data': {
    may: [member],
    gives: 201,
    where,
    body: () => ({ question: 'Open?', answer: 'Yes.' }),
  },
  'POST /bots/bots/:bot/training-data/import': {
    may: [member],
    where,
    headers: { 'content-type': 'text/csv' },
    body: () => new TextEncoder().encode('question,answer\nOpen?,Yes.\n'),
  },
  'GET /bots/bots/:bot/training-data/:row': { may: read, where: row },
  'PATCH /bots/bots/:bot/training-data/:row': {
    may: [member],
    where: row,
    body: () => ({ priority: 1 }),
  },
  'DELETE /bots/bots/:bot/training-data/:row': { may: [member], gives: 204, where: row },
  'POST /bots/bots/:bot/try': {
    unaudited: 'nothing is stored; a call of the model is in llm_calls',
    may: [member],
    where,
    body: () => ({ text: 'Hello' }),
  },
} satisfies RouteRules

const contents = {
  bot_templates: `(tenant_id, bot_id, template_name, system_prompt) select tenant_id, id, gen_random_uuid(), 'Sell.'`,
  bot_training_data: `(tenant_id, bot_id, question, answer) select tenant_id, id, 'Open?', 'Yes.'`,
}

/** One bot of a tenant, whose rows stand in the path behind it. */
const known = new Map<string, Promise<string>>()
function botOf(tenant: Tenant): Promise<string> {
  const bot = known.get(tenant.id) ?? addBot(tenant)
  known.set(tenant.id, bot)
  return bot
}

async function addChild(tenant: Tenant, table: keyof typeof contents): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    `insert into public.${table} ${contents[table]} from public.bot_tenants where tenant_id = $1 and ref_id = $2 returning ref_id`,
    [tenant.id, await botOf(tenant)],
  )
  return rows[0]!.ref_id
}

async function withModel(bot: string): Promise<string> {
  await admin.query(
    `select private.set_bot_model(b.tenant_id, b.id, 'openai', 'https://api.openai.com/v1', 'm')
     from public.bot_tenants as b where b.ref_id = $1`,
    [bot],
  )
  return bot
}
