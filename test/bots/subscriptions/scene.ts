import { expect, inject } from 'vitest'
import {
  BotPlan,
  type ContactSubscription,
  ContactSubscriptions,
  MpesaAccount,
} from '../../../lib/bots/index.ts'
import { type DarajaServer, localAccount, startDarajaServer } from '../../../stack/providers/daraja/server.ts'
import type { Prompt } from '../../../stack/providers/daraja/till.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { okay, type Shop } from '../bots-scene.ts'
import { type Counter, type Customer, openCounter } from '../conversations/scene.ts'

/** A shop that sells plans, with a Daraja of its own. */
export interface Club extends Counter {
  daraja: DarajaServer
}

export async function openClub(): Promise<Club> {
  const [counter, daraja] = await Promise.all([openCounter(), startDarajaServer()])
  await connectMpesa(counter, daraja)
  await enable(counter)
  return { ...counter, daraja }
}

export const putMpesa = (shop: Shop, settings: object) =>
  shop.ask(shop.owner, 'PUT', `/${shop.bot.ref_id}/mpesa`, settings)

export const connectMpesa = async (shop: Shop, { url }: Pick<DarajaServer, 'url'>, change: object = {}) =>
  MpesaAccount.parse(await okay(await putMpesa(shop, { ...localAccount, base_url: url, ...change })))

export const enable = async (shop: Shop, change: object = { enable_payment_flow: true }) =>
  okay(await shop.ask(shop.owner, 'PATCH', `/${shop.bot.ref_id}/settings`, change))

export const addPlan = async ({ ask, owner, bot }: Shop, plan: object = {}): Promise<BotPlan> =>
  BotPlan.parse(
    await okay(
      await ask(owner, 'POST', `/${bot.ref_id}/plans`, {
        ...{ plan_name: 'Music club', amount_minor: 50_000, level: 1 },
        ...plan,
      }),
      201,
    ),
  )

export async function subscriptionsOf(
  { ask, member, bot }: Shop,
  query = '',
): Promise<ContactSubscription[]> {
  const page = await okay(await ask(member, 'GET', `/${bot.ref_id}/subscriptions${query}`))
  return ContactSubscriptions.parse(page).subscriptions
}

/** Waits until this phone rings, and returns the newest prompt. */
export async function ringing({ daraja }: Pick<Club, 'daraja'>, phone: string, count = 1): Promise<Prompt> {
  const rung = () => [...daraja.till.prompts.values()].filter((prompt) => prompt.phone === phone)
  await expect.poll(() => rung().length, { timeout: 20_000 }).toBe(count)
  return rung().at(-1)!
}

/** Waits until the customer has heard something like this. */
export async function hears({ heard }: Customer, said: RegExp): Promise<void> {
  await expect.poll(async () => (await heard()).join('\n---\n'), { timeout: 20_000 }).toMatch(said)
}

/** Chooses the first plan, and waits for the prompt. */
export async function chooses(club: Club, person: Customer, choice = '1'): Promise<Prompt> {
  await person.says('subscribe')
  await hears(person, /Write the number of a plan/)
  const before = [...club.daraja.till.prompts.values()].filter(({ phone }) => phone === person.wa_id).length
  await person.says(choice)
  return ringing(club, person.wa_id, before + 1)
}

/** What cron does every minute. */
export const check = () =>
  call('/bots/checkouts/check', { method: 'POST', headers: { apikey: inject('stack').secret_key } })

/** Has the order asked about now, as time would. */
export async function checkNow({ tenant }: Shop): Promise<void> {
  await admin.query(
    `update public.payment_orders set next_ask_at = now() where tenant_id = $1 and next_ask_at is not null`,
    [tenant.id],
  )
  await okay(await check())
}

export async function statusOf(shop: Shop, { wa_id }: Customer): Promise<string[]> {
  return (await subscriptionsOf(shop, `?contact=${wa_id}`)).map(({ status }) => status)
}

/** What was paid in a tenant, as the payment inbox has it. */
export async function paymentsOf({ tenant }: Shop) {
  const { rows } = await admin.query<{
    order_status: string
    payment: string | null
    reason: string | null
    is_settled: boolean
  }>(
    `select o.status as order_status, p.status as payment, p.reason, p.settled_at is not null as is_settled
     from public.payment_orders as o left join public.payments as p on p.tenant_id = o.tenant_id and p.order_id = o.id
     where o.tenant_id = $1 order by o.id`,
    [tenant.id],
  )
  return rows
}

export async function eventsOf({ tenant }: Shop, type: string): Promise<Record<string, unknown>[]> {
  const { rows } = await admin.query<{ payload: string }>(
    'select payload from public.webhook_events where tenant_id = $1 and type = $2 order by id',
    [tenant.id, type],
  )
  return rows.map(({ payload }) => (typeof payload === 'string' ? JSON.parse(payload) : payload).data)
}
