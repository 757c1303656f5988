import { BotNumber, ConnectedBotNumber, VerifyToken } from '../../../lib/bots/index.ts'
import type { WhatsappNumber } from '../../../stack/providers/graph/numbers.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeNumber } from '../../kit/whatsapp.ts'
import { makeShop, okay, type Shop } from '../bots-scene.ts'

/** What a manager enters of a number. */
export const settingsOf = ({ phone_number_id, waba_id, token, app_secret }: WhatsappNumber) => ({
  whatsapp_phone_number_id: phone_number_id,
  whatsapp_business_account_id: waba_id,
  access_token: token,
  app_secret,
})

export const put = (shop: Shop, settings: object) =>
  shop.ask(shop.owner, 'PUT', `/${shop.bot.ref_id}/number`, settings)

export const connect = async (shop: Shop, number: WhatsappNumber, change: object = {}) =>
  ConnectedBotNumber.parse(await okay(await put(shop, { ...settingsOf(number), ...change })))

export const verify = async (shop: Shop) =>
  BotNumber.parse(await okay(await shop.ask(shop.owner, 'POST', `/${shop.bot.ref_id}/number/verify`)))

export const read = async (shop: Shop) =>
  BotNumber.parse(await okay(await shop.ask(shop.owner, 'GET', `/${shop.bot.ref_id}/number`)))

export const rotate = async (shop: Shop) =>
  VerifyToken.parse(
    await okay(await shop.ask(shop.owner, 'POST', `/${shop.bot.ref_id}/number/verify-token/rotate`)),
  )

/** A shop whose number is verified, with the number at the local WhatsApp. */
export async function makeVerified(): Promise<{ shop: Shop; number: WhatsappNumber }> {
  const [shop, number] = await Promise.all([makeShop(), makeNumber()])
  await connect(shop, number)
  const verified = await verify(shop)
  if (!verified.is_verified) throw new Error(JSON.stringify(verified.last_problem))
  return { shop, number }
}

/** Meta's handshake with the callback of a bot. */
export const shake = (ref: string, token: string, { challenge = '1158201444', mode = 'subscribe' } = {}) =>
  call(
    `/bots/whatsapp/${ref}?${new URLSearchParams({
      'hub.mode': mode,
      'hub.verify_token': token,
      'hub.challenge': challenge,
    })}`,
  )

/** Changes the stored row of a shop's number, as time would. */
export const age = ({ tenant }: Shop, change: string) =>
  admin.query(`update public.bot_numbers set ${change} where tenant_id = $1`, [tenant.id])

/** How often the people of a tenant were told this. */
export async function told({ tenant }: Shop, type: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    'select count(*)::int as n from public.notifications where tenant_id = $1 and type = $2',
    [tenant.id, type],
  )
  return rows[0]!.n
}
