import { expect } from 'vitest'
import { Bot, BotAnswer, BotTemplate, TrainingRow } from '../../lib/bots/index.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant, type TenantOptions } from '../kit/tenants.ts'

/** A tenant with a bot, and its people. */
export interface Shop {
  owner: Person
  member: Person
  reviewer: Person
  tenant: Tenant
  bot: Bot
  ask(
    by: Person,
    method: string,
    path?: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>
}

export async function makeShop(options: TenantOptions = {}, bot: object = {}): Promise<Shop> {
  const [owner, member, reviewer] = await Promise.all([makePerson(), makePerson(), makePerson()])
  const tenant = await makeTenant({ owner, member, reviewer, ...options })
  const shop = {
    owner,
    member,
    reviewer,
    tenant,
    ask: (by: Person, method: string, path = '', body?: unknown, headers?: Record<string, string>) =>
      call(`/bots/bots${path}`, {
        method,
        token: by.token,
        tenant: tenant.slug,
        body,
        headers: headers ?? {},
      }),
  }
  const made = await shop.ask(owner, 'POST', '', { client_name: 'Kassangas', is_active: true, ...bot })
  return { ...shop, bot: Bot.parse(await okay(made, 201)) }
}

export async function okay(response: Response, status = 200): Promise<unknown> {
  expect(response.status, await response.clone().text()).toBe(status)
  return response.json()
}

export async function teach({ ask, member, bot }: Shop, row: object, ref = bot.ref_id): Promise<TrainingRow> {
  return TrainingRow.parse(await okay(await ask(member, 'POST', `/${ref}/training-data`, row), 201))
}

export async function addTemplate({ ask, member, bot }: Shop, template: object = {}): Promise<BotTemplate> {
  const given = { template_name: 'default', system_prompt: 'You sell instruments.', ...template }
  return BotTemplate.parse(await okay(await ask(member, 'POST', `/${bot.ref_id}/templates`, given), 201))
}

export async function tried({ ask, member, bot }: Shop, text: string, locale?: string): Promise<BotAnswer> {
  return BotAnswer.parse(await okay(await ask(member, 'POST', `/${bot.ref_id}/try`, { text, locale })))
}

export async function addBot(tenant: Tenant, name = 'The first'): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.bot_tenants (tenant_id, client_name) values ($1, $2) returning ref_id',
    [tenant.id, name],
  )
  return rows[0]!.ref_id
}

/** Lets so many places of the training data of the plan "business", which has 50,000, be taken. */
export async function fillUp({ tenant }: Shop, used: number): Promise<void> {
  await admin.query(`update public.tenants set plan = 'business' where id = $1`, [tenant.id])
  await admin.query(`select private.count_places($1, 'bot_training_data', $2)`, [tenant.id, used])
}
