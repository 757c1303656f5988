import { messageOf } from '../../failure.ts'
import { say } from '../../log.ts'
import { asDemoOwner, type Place } from '../demo-owner.ts'
import { firstNumber, type WhatsappNumber } from './numbers.ts'
import type { Platform } from './platform.ts'

const callbacks = '/functions/v1/bots/whatsapp/'

/**
 * Connects the bot of the demo shop to the first number, as its owner would: by the routes. A callback that somebody has set
 * stays. Without it the phone would reach nobody, so a failure is said and stops nothing.
 */
export async function connectDemoShop(platform: Platform, place: Place): Promise<void> {
  const number = platform.find(firstNumber(place.keyPepper).phone_number_id ?? '')
  if (!number || !isFree(number, place.apiUrl)) return
  try {
    await connect(number, place)
  } catch (error) {
    say(`[whatsapp] The demo shop's bot was not connected to the phone: ${messageOf(error)}`)
  }
}

/** No callback is set, or one of ours at another port than before. */
function isFree({ callback_url }: WhatsappNumber, apiUrl: string): boolean {
  return callback_url === null || (callback_url.includes(callbacks) && !callback_url.startsWith(apiUrl))
}

async function connect(number: WhatsappNumber, place: Place): Promise<void> {
  const owner = await asDemoOwner(place)
  if (!owner) return
  const { ask, bot } = owner
  await ask('PUT', `/${bot}/number`, {
    whatsapp_phone_number_id: number.phone_number_id,
    whatsapp_business_account_id: number.waba_id,
    access_token: number.token,
    app_secret: number.app_secret,
  })
  const { last_problem } = (await ask('POST', `/${bot}/number/verify`)) as {
    last_problem: { detail: string } | null
  }
  if (last_problem) throw new Error(last_problem.detail)
}
