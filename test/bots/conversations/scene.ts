import { expect } from 'vitest'
import { type Conversation, Conversations, type Message, Messages } from '../../../lib/bots/index.ts'
import type { WhatsappNumber } from '../../../stack/providers/graph/numbers.ts'
import { payloadOf, signAsMeta } from '../../../stack/providers/graph/webhooks/payload.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { type Phone, phoneOf } from '../../kit/whatsapp.ts'
import { okay, type Shop } from '../bots-scene.ts'
import { makeVerified } from '../number/number-scene.ts'

/** A shop whose bot has a number on the local WhatsApp, and is active. */
export interface Counter extends Shop {
  number: WhatsappNumber
}

export async function openCounter(): Promise<Counter> {
  const { shop, number } = await makeVerified()
  return { ...shop, number }
}

let people = 0
/** A number that nobody else has. */
export const newNumber = () => `2547${String(Date.now()).slice(-6)}${String(people++ % 100).padStart(2, '0')}`

export interface Writer {
  wa_id?: string
  user_id?: string
  name?: string
}

let written = 0
/** A message in Meta's words. */
export function messageOf(
  { wa_id, user_id }: Writer,
  text: string,
  {
    id = `wamid.${Date.now()}.${written++}`,
    at = new Date(),
    ...more
  }: { id?: string; at?: Date; [key: string]: unknown } = {},
): Record<string, unknown> {
  return {
    id,
    timestamp: String(Math.floor(at.getTime() / 1_000)),
    ...(wa_id && { from: wa_id }),
    ...(user_id && { from_user_id: user_id }),
    type: 'text',
    text: { body: text },
    ...more,
  }
}

/** Posts a webhook as WhatsApp does, signed with the secret of the app. */
export function postWebhook(
  { bot, number }: Pick<Counter, 'bot' | 'number'>,
  body: string,
  { secret = number.app_secret, ref = bot.ref_id, signature = signAsMeta(body, secret) } = {},
): Promise<Response> {
  return call(`/bots/whatsapp/${ref}`, {
    method: 'POST',
    body: new TextEncoder().encode(body),
    headers: { 'x-hub-signature-256': signature },
  })
}

/** The webhook of messages of one person. */
export const bodyOf = ({ number }: Pick<Counter, 'number'>, writer: Writer, messages: object[]): string =>
  payloadOf(number, [
    {
      contacts: [{ ...writer, profile: { name: writer.name ?? 'Ada Example' } }],
      messages,
    },
  ])

/** Somebody with a phone, whose messages WhatsApp brings to the shop. */
export async function customer(counter: Counter, name = 'Ada Example'): Promise<Customer> {
  const wa_id = newNumber()
  const phone = await phoneOf(counter.number, { phone: wa_id, name })
  const writer: Writer = { wa_id, name }
  return {
    ...{ wa_id, writer, phone },
    async says(...texts) {
      for (const text of texts) {
        const { id } = await phone.text(text)
        await expect.poll(() => isStored(id)).toBe(true)
      }
    },
    heard: async () =>
      (await phone.received()).map(
        ({ message }) => (message.text as { body: string } | undefined)?.body ?? '',
      ),
  }
}

const isStored = async (wamid: string) =>
  (await admin.query('select from public.bot_messages where whatsapp_message_id = $1', [wamid])).rowCount ===
  1

export interface Customer {
  wa_id: string
  writer: Writer
  phone: Phone
  says(...texts: string[]): Promise<void>
  /** What the shop has sent, the oldest first. */
  heard(): Promise<string[]>
}

export async function conversationsOf(
  { ask, member, bot }: Shop,
  query = '',
  ref = bot.ref_id,
): Promise<Conversation[]> {
  const page = await okay(await ask(member, 'GET', `/${ref}/conversations${query}`))
  return Conversations.parse(page).conversations
}

/** The one with this person. */
export async function conversationOf(shop: Shop, { wa_id }: Writer): Promise<Conversation> {
  const found = (await conversationsOf(shop)).find((each) => each.wa_id === wa_id)
  expect(found, `a conversation with ${wa_id}`).toBeDefined()
  return found!
}

/** The messages of a conversation, the oldest first. */
export async function messagesOf(
  { ask, member, bot }: Shop,
  { contact }: Pick<Conversation, 'contact'>,
): Promise<Message[]> {
  const page = await okay(await ask(member, 'GET', `/${bot.ref_id}/conversations/${contact}/messages`))
  return Messages.parse(page).messages.toReversed()
}
