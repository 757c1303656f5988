import { createHash } from 'node:crypto'
import { type Chat, type ChatMessage, type MessageStatus, windowEnd } from '../chats.ts'
import { failureOf } from '../errors.ts'
import type { WhatsappNumber } from '../numbers.ts'
import type { Platform } from '../platform.ts'
import { contactOf } from '../webhooks/payload.ts'

const sentAfterMs = 20
const deliveredAfterMs = 80
/** How long after it a status is told when they come reversed. */
const reversedMs = { read: 0, delivered: 300, sent: 600, failed: 0 }

type Told = keyof typeof reversedMs
interface Of {
  platform: Platform
  number: WhatsappNumber
  chat: Chat
  message: ChatMessage
}

/** Brings a message to the phone, and tells the business. */
export function bringToPhone(of: Of, failsWith: number | undefined): void {
  if (failsWith !== undefined) {
    of.message.failed_with = failsWith
    later(sentAfterMs, () => reach(of, 'failed'))
    return
  }
  later(sentAfterMs, () => reach(of, 'sent'))
  later(deliveredAfterMs, () => {
    reach(of, 'delivered')
    if (of.chat.contact.reads_at_once) reach(of, 'read')
  })
}

/** Somebody looks at the chat. */
export function readChat(platform: Platform, number: WhatsappNumber, chat: Chat): void {
  for (const message of chat.messages) {
    if (message.from === 'business' && message.status === 'delivered')
      reach({ platform, number, chat, message }, 'read')
  }
}

function reach(of: Of, status: Told): void {
  const { platform, number, message } = of
  message.status = status satisfies MessageStatus
  platform.changed()
  const { statuses } = number.misbehaviour
  if (statuses === 'none') return
  const told = statusOf(of, status)
  const tell = () => platform.deliveries.tell(number, told, [])
  if (statuses === 'reversed') later(reversedMs[status], tell)
  else tell()
}

/** Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status. */
function statusOf({ number, chat, message }: Of, status: Told) {
  const { wa_id, ...known } = contactOf(number, chat)
  return {
    contacts: [{ ...known, ...(wa_id && { wa_id }) }],
    statuses: [
      {
        id: message.id,
        status,
        timestamp: String(Math.floor(Date.now() / 1000)),
        ...(wa_id && { recipient_id: wa_id }),
        recipient_user_id: chat.user_id,
        ...(status === 'failed' && { errors: [failureOf(message.failed_with ?? 131_000)] }),
        ...((status === 'sent' || status === 'delivered') && priceOf(chat, message, status === 'sent')),
        ...(message.reference !== undefined && { biz_opaque_callback_data: message.reference }),
      },
    ],
  }
}

function priceOf(chat: Chat, { category = 'service' }: ChatMessage, isSent: boolean) {
  const isFree = category === 'service'
  const end = windowEnd(chat)
  const id = createHash('md5')
    .update(`${chat.phone_number_id} ${chat.user_id} ${end} ${category}`)
    .digest('hex')
  return {
    conversation: { id, ...(isSent && { expiration_timestamp: String(end) }), origin: { type: category } },
    pricing: {
      billable: !isFree,
      pricing_model: 'PMP',
      category,
      type: isFree ? 'free_customer_service' : 'regular',
    },
  }
}

function later(milliseconds: number, run: () => void): void {
  if (milliseconds === 0) run()
  else setTimeout(run, milliseconds).unref()
}
