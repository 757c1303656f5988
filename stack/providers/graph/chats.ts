import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { WhatsappNumber } from './numbers.ts'

/** Somebody with a phone. */
export const Contact = z.strictObject({
  phone: z.string().regex(/^[1-9][0-9]{6,14}$/, 'must be a telephone number in digits, with its country'),
  name: z.string().trim().min(1).max(100),
  username: z.string().max(50).optional(),
  /** The business does not get to know the number, only an id. */
  hides_number: z.boolean().optional(),
  /** Whatever arrives is read at once. Otherwise somebody has to look at it. */
  reads_at_once: z.boolean().optional(),
})
export type Contact = z.infer<typeof Contact>

/** `waiting`, `delivered` and `read` of what the phone wrote; the other ones of what the business did. */
export type MessageStatus = 'waiting' | 'accepted' | 'sent' | 'delivered' | 'read' | 'failed'

export interface ChatMessage {
  id: string
  from: 'phone' | 'business'
  at: string
  status: MessageStatus
  /** In Meta's words: {type: 'text', text: {body}}. */
  message: Record<string, unknown> & { type: string }
  /** Of what the business sent: its own words with it, why it failed, and what its template says. */
  reference?: string
  failed_with?: number
  template_text?: string
  category?: string
}

export interface Chat {
  phone_number_id: string
  contact: Contact
  user_id: string
  /** When the phone last wrote. The business may write freely for 24 hours from then. */
  last_wrote_at: string | null
  /** Until when the business shows that it is typing. */
  typing_until: string | null
  messages: ChatMessage[]
}

const windowMs = 24 * 3_600_000
const mostMessages = 500

/** Messages of a business to each of its contacts. */
export class Chats {
  readonly #chats = new Map<string, Chat>()
  readonly #where = new Map<string, Chat>()

  all(): Chat[] {
    return [...this.#chats.values()]
  }

  of({ phone_number_id }: WhatsappNumber): Chat[] {
    return this.all().filter((chat) => chat.phone_number_id === phone_number_id)
  }

  find({ phone_number_id }: WhatsappNumber, phone: string): Chat | undefined {
    return this.#chats.get(`${phone_number_id} ${phone}`)
  }

  findByUserId(number: WhatsappNumber, userId: string): Chat | undefined {
    return this.of(number).find(({ user_id }) => user_id === userId)
  }

  /** The chat that has this message. */
  withMessage(number: WhatsappNumber, id: string): Chat | undefined {
    const chat = this.#where.get(id)
    return chat?.phone_number_id === number.phone_number_id ? chat : undefined
  }

  /** The chat with a contact, who may have another name by now. */
  open(number: WhatsappNumber, contact: Contact): Chat {
    const { phone_number_id } = number
    const found = this.find(number, contact.phone)
    if (found) {
      found.contact = contact
      return found
    }
    const made = { phone_number_id, contact, user_id: userIdOf(number, contact.phone) }
    return this.keep({ ...made, last_wrote_at: null, typing_until: null, messages: [] })
  }

  keep(chat: Chat): Chat {
    this.#chats.set(`${chat.phone_number_id} ${chat.contact.phone}`, chat)
    for (const { id } of chat.messages) this.#where.set(id, chat)
    return chat
  }

  add(chat: Chat, message: ChatMessage): ChatMessage {
    chat.messages.push(message)
    this.#where.set(message.id, chat)
    if (chat.messages.length > mostMessages) this.#where.delete(chat.messages.shift()!.id)
    return message
  }

  forget(chat: Chat): void {
    this.#chats.delete(`${chat.phone_number_id} ${chat.contact.phone}`)
    for (const { id } of chat.messages) this.#where.delete(id)
  }
}

export const isWindowOpen = ({ last_wrote_at }: Chat) =>
  last_wrote_at !== null && Date.parse(last_wrote_at) > Date.now() - windowMs

/** When the window that is open, or the last one, closes. */
export const windowEnd = ({ last_wrote_at }: Chat) =>
  Math.floor((Date.parse(last_wrote_at ?? new Date().toISOString()) + windowMs) / 1000)

/** An id of a user that belongs to this business, as they are since 2026. */
function userIdOf({ waba_id }: WhatsappNumber, phone: string): string {
  const hash = createHash('sha256').update(`${waba_id} ${phone}`).digest()
  return `US.${hash.readBigUInt64BE() % 10n ** 17n}`
}

export function newWamid(): string {
  return `wamid.${Buffer.from(`HBgLlocal${randomBytes(18).toString('hex')}`).toString('base64')}`
}
