import type { Coach } from '../../database/seed.ts'
import { messageOf } from '../../failure.ts'
import { say } from '../../log.ts'
import { firstNumber, type WhatsappNumber } from './numbers.ts'
import type { Platform } from './platform.ts'

/** The seeds of bots are this tenant's. */
const shop = 'kassangas'
const callbacks = '/functions/v1/bots/whatsapp/'

interface Place {
  apiUrl: string
  publishableKey: string
  keyPepper: string
  coaches: Coach[]
}

/**
 * Connects the bot of the demo shop to the first number, as its owner would: by the routes. A callback that somebody has set
 * stays. Without it the phone would reach nobody, so a failure is said and stops nothing.
 */
export async function connectDemoShop(platform: Platform, place: Place): Promise<void> {
  const number = platform.find(firstNumber(place.keyPepper).phone_number_id ?? '')
  const owner = place.coaches.find(({ tenant_slug }) => tenant_slug === shop)
  if (!number || !owner || !isFree(number, place.apiUrl)) return
  try {
    await connect(number, owner, place)
  } catch (error) {
    say(`[whatsapp] The demo shop's bot was not connected to the phone: ${messageOf(error)}`)
  }
}

/** No callback is set, or one of ours at another port than before. */
function isFree({ callback_url }: WhatsappNumber, apiUrl: string): boolean {
  return callback_url === null || (callback_url.includes(callbacks) && !callback_url.startsWith(apiUrl))
}

async function connect(
  number: WhatsappNumber,
  owner: Coach,
  { apiUrl, publishableKey }: Place,
): Promise<void> {
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
    const answer = await fetch(apiUrl + path, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${text.slice(0, 200)}`)
    return JSON.parse(text)
  }
  const { email, password } = owner
  const { access_token } = await ask(
    'POST',
    '/auth/v1/token?grant_type=password',
    { apikey: publishableKey },
    { email, password },
  )
  const headers = { authorization: `Bearer ${access_token}`, 'x-tenant': shop }
  const { bots } = await ask('GET', '/functions/v1/bots/bots', headers)
  // The seeds made one. Its owner may have deleted it since.
  const bot = bots.at(-1)
  if (!bot) return
  const path = `/functions/v1/bots/bots/${bot.ref_id}/number`
  await ask('PUT', path, headers, {
    whatsapp_phone_number_id: number.phone_number_id,
    whatsapp_business_account_id: number.waba_id,
    access_token: number.token,
    app_secret: number.app_secret,
  })
  const { last_problem } = await ask('POST', `${path}/verify`, headers)
  if (last_problem) throw new Error(last_problem.detail)
}
