import { z } from 'zod'
import { storable } from '../../notifications/index.ts'

/** What a contact wrote, as private.receive_bot_messages() takes it. */
interface ReceivedMessage {
  /** How WhatsApp names it. It may come again, and counts once. */
  wamid: string
  /** Digits. Whoever has a user name may hide the number. */
  wa_id: string | null
  user_id: string | null
  name: string | null
  kind: string
  /** What was written, or pressed, or stands below a picture. */
  text: string | null
  at: string
  payload: object | null
}

/** How far a message got, as private.take_bot_statuses() takes it. */
interface ReceivedStatus {
  wamid: string
  /** The ref_id that the message was sent with. */
  ref: string | null
  status: 'sent' | 'delivered' | 'read' | 'failed'
  code: number | null
  error: string | null
}

export interface Received {
  messages: ReceivedMessage[]
  statuses: ReceivedStatus[]
  /** What was passed over: another number's, or nothing that anybody understands. */
  ignored: number
}

const id = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[!-~]+$/)
const number = z.string().regex(/^[1-9][0-9]{6,14}$/)
const userId = id.max(200)

const Message = z.looseObject({
  id,
  type: z.string(),
  // In seconds. Meta writes numbers as texts.
  timestamp: z.coerce.number().positive().max(32_503_680_000).optional(),
  from: number.optional().catch(undefined),
  from_user_id: userId.optional().catch(undefined),
})
const Contact = z.object({
  wa_id: number.optional().catch(undefined),
  user_id: userId.optional().catch(undefined),
  profile: z.object({ name: z.string() }).optional().catch(undefined),
})
const Status = z.object({
  id,
  status: z.enum(['sent', 'delivered', 'read', 'failed']),
  biz_opaque_callback_data: z.string().optional(),
  errors: z
    .array(z.object({ code: z.int().max(2_147_483_647), title: z.string().optional() }))
    .optional()
    .catch(undefined),
})
const Value = z.object({
  metadata: z.object({ phone_number_id: z.string() }),
  contacts: z.array(z.unknown()).default([]),
  messages: z.array(z.unknown()).default([]),
  statuses: z.array(z.unknown()).default([]),
})
const Callback = z.object({
  entry: z.array(z.object({ changes: z.array(z.object({ value: z.unknown() })) })),
})

const payloadBytes = 60_000
const textLetters = 8_192

/**
 * What a webhook of WhatsApp tells of one number. Every array is read to its end, and what cannot be read is passed over, so that
 * the rest is not sent again for it. Undefined if it is no webhook at all.
 * Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages.
 */
export function readWebhook(body: unknown, phoneNumberId: string): Received | undefined {
  const callback = Callback.safeParse(body).data
  if (!callback) return undefined
  const received: Received = { messages: [], statuses: [], ignored: 0 }
  for (const { value } of callback.entry.flatMap(({ changes }) => changes)) {
    const told = Value.safeParse(value).data
    if (told?.metadata.phone_number_id !== phoneNumberId) {
      received.ignored++
      continue
    }
    const contacts = told.contacts.flatMap((each) => Contact.safeParse(each).data ?? [])
    for (const each of told.messages) take(received.messages, readMessage(each, contacts), received)
    for (const each of told.statuses) take(received.statuses, readStatus(each), received)
  }
  return received
}

function take<T>(list: T[], read: T | undefined, received: Received): void {
  if (read) list.push(read)
  else received.ignored++
}

function readMessage(given: unknown, contacts: z.output<typeof Contact>[]): ReceivedMessage | undefined {
  const message = Message.safeParse(given).data
  if (!message) return undefined
  const { from, from_user_id } = message
  const contact = contacts.find(
    ({ wa_id, user_id }) =>
      (from !== undefined && wa_id === from) || (from_user_id !== undefined && user_id === from_user_id),
  )
  const wa_id = from ?? contact?.wa_id ?? null
  const user_id = from_user_id ?? contact?.user_id ?? null
  // Nobody could be answered.
  if (wa_id === null && user_id === null) return undefined
  const kind = /^[a-z_]{1,40}$/.test(message.type) ? message.type : 'unknown'
  return {
    ...{ wamid: message.id, wa_id, user_id, kind },
    name: cut(contact?.profile?.name, 200),
    text: cut(textOf(message), textLetters),
    at: new Date((message.timestamp ?? Date.now() / 1000) * 1000).toISOString(),
    payload: fits(given) ? (given as object) : null,
  }
}

/** The text of a message of each kind. Those without one wait for a person. */
function textOf(message: z.output<typeof Message>): unknown {
  const content = message[message.type] as Record<string, unknown> | undefined
  if (typeof content !== 'object' || content === null) return undefined
  switch (message.type) {
    case 'text':
    case 'system':
      return content.body
    case 'button':
      return content.text
    case 'interactive':
      return titleOf(content.button_reply) ?? titleOf(content.list_reply)
    case 'reaction':
      return content.emoji
    default:
      return content.caption
  }
}

const titleOf = (reply: unknown) =>
  typeof reply === 'object' && reply !== null ? (reply as { title?: unknown }).title : undefined

function readStatus(given: unknown): ReceivedStatus | undefined {
  const told = Status.safeParse(given).data
  if (!told) return undefined
  const error = told.errors?.[0]
  return {
    wamid: told.id,
    ref: told.biz_opaque_callback_data ?? null,
    status: told.status,
    code: error?.code ?? null,
    error: error ? storable(`${error.code} ${error.title ?? ''}`.trim()) : null,
  }
}

function cut(value: unknown, letters: number): string | null {
  if (typeof value !== 'string') return null
  return (
    storable(value)
      .slice(0, letters)
      .replace(/\p{Surrogate}$/u, '')
      .trim() || null
  )
}

/** What the database does not store is left out, and the message is kept without it. */
function fits(payload: unknown): boolean {
  if (!isShallow(payload, 32)) return false
  const text = JSON.stringify(payload)
  return text.length <= payloadBytes && !/\\u0000|\\ud[89a-f]/i.test(text) && !/e[+-]?\d{3}/i.test(text)
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1))
}
