import { admin, Problem, sql } from '../../db/index.ts'
import { isSignedByMeta } from '../../notifications/index.ts'
import { readWebhook } from './payload.ts'
import type { TakenWebhook } from './schema.ts'

interface Webhook {
  tenant_id: string
  bot_id: string
  whatsapp_phone_number_id: string
  app_secret: string
}

/**
 * Verifies what WhatsApp says to a bot, and stores it. The bot answers later, so that WhatsApp gets its 200 at once. A message that
 * comes again changes nothing.
 *
 * @throws Problem 400 invalid_callback; 404 not_found for a bot that there is not, or that has no number.
 */
export async function receiveWebhook(
  ref: string,
  headers: Pick<Headers, 'get'>,
  body: Uint8Array,
): Promise<TakenWebhook> {
  const [bot] = await admin.query<Webhook>(sql`
    select w.tenant_id, w.bot_id, w.whatsapp_phone_number_id, w.app_secret from private.read_bot_webhook(${ref}) as w`)
  if (!bot) throw new Problem('not_found', 'There is no bot with this ref_id that has a number.')
  // Over the bytes as they came: whoever writes JSON anew has other bytes.
  if (!(await isSignedByMeta(headers, body, bot.app_secret)))
    throw new Problem('invalid_callback', 'WhatsApp did not sign this with the app secret of the bot.')
  const received = readWebhook(parsed(body), bot.whatsapp_phone_number_id)
  if (!received) return { messages: 0, statuses: 0, ignored: 1 }
  const { messages, statuses, ignored } = received
  if (messages.length + statuses.length === 0) return { messages: 0, statuses: 0, ignored }
  const { tenant_id, bot_id } = bot
  const taken = await admin.one<Omit<TakenWebhook, 'ignored'>>(sql`
    select case when ${messages.length > 0}
        then private.receive_bot_messages(${tenant_id}, ${bot_id}, ${JSON.stringify(messages)}::jsonb) else 0 end as messages,
      case when ${statuses.length > 0}
        then private.take_bot_statuses(${tenant_id}, ${bot_id}, ${JSON.stringify(statuses)}::jsonb) else 0 end as statuses`)
  return { ...taken, ignored }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
}
