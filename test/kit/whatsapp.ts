import { inject } from 'vitest'
import type { Chat, ChatMessage, Contact } from '../../stack/providers/graph/chats.ts'
import type { Misbehaviour } from '../../stack/providers/graph/misbehaviour.ts'
import type { NewNumber, WhatsappNumber } from '../../stack/providers/graph/numbers.ts'
import type { PhoneMessage } from '../../stack/providers/graph/platform.ts'
import type { Delivery } from '../../stack/providers/graph/webhooks/deliveries.ts'
import { askSite, type SiteAnswer, type SiteRequest } from './local-site.ts'
import type { StackAccess } from './stack.ts'

type Access = Pick<StackAccess, 'phone_url'>

/** A request to the phones, which are the local WhatsApp's other side. */
export function askPhones(
  path: string,
  { stack = inject('stack'), ...options }: SiteRequest & { stack?: Access } = {},
): Promise<SiteAnswer> {
  return askSite(stack.phone_url, path, options)
}

async function ask<T>(method: string, path: string, body?: object, stack?: Access): Promise<T> {
  const { status, body: said } = await askPhones(`/api${path}`, {
    method,
    ...(stack && { stack }),
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${said}`)
  return said === '' ? (undefined as T) : (JSON.parse(said) as T)
}

/** A number of a business on the stack's WhatsApp, with its ids, token and app secret. */
export function makeNumber(wanted: NewNumber = {}, stack?: Access): Promise<WhatsappNumber> {
  return ask('POST', '/numbers', wanted, stack)
}

type Named = Pick<WhatsappNumber, 'phone_number_id'>
const at = ({ phone_number_id }: Named) => `/numbers/${phone_number_id}`

/** Changes a number: its token, when that expires, its limits, whether the app is subscribed. */
export function changeNumber(number: Named, change: NewNumber, stack?: Access): Promise<WhatsappNumber> {
  return ask('PATCH', at(number), change, stack)
}

/** Has a number misbehave in this way and in no other; behave again with {}. */
export function misbehave(
  number: Named,
  misbehaviour: Misbehaviour,
  stack?: Access,
): Promise<WhatsappNumber> {
  return changeNumber(number, { misbehaviour }, stack)
}

/** Sets where webhooks go. It throws if the callback does not answer the handshake. */
export function setCallback(
  number: Named,
  callback_url: string,
  verify_token: string,
  stack?: Access,
): Promise<WhatsappNumber> {
  return ask('PUT', `${at(number)}/callback`, { callback_url, verify_token }, stack)
}

/** The webhooks of a number, the oldest first: their bytes, and each answer to them. */
export async function deliveriesOf(number: Named, stack?: Access): Promise<Delivery[]> {
  return (await ask<{ deliveries: Delivery[] }>('GET', `${at(number)}/deliveries`, undefined, stack))
    .deliveries
}

type ShownChat = Chat & { is_window_open: boolean }

export interface Phone {
  /** Writes anything in Meta's words: {type: 'order', order: {…}}. `at` is when. */
  send(message: PhoneMessage, options?: { at?: Date; replyTo?: string }): Promise<ChatMessage>
  text(body: string, options?: { at?: Date; replyTo?: string }): Promise<ChatMessage>
  /** Presses a reply button of a message, or a row of its list, by its title. */
  press(message: ChatMessage, title: string): Promise<ChatMessage>
  sendFile(file: File, caption?: string): Promise<ChatMessage>
  /** Looks at what has arrived. */
  read(): Promise<void>
  chat(): Promise<ShownChat>
  /** What the business has sent, the oldest first. */
  received(): Promise<ChatMessage[]>
}

/** Somebody's phone, which writes to a number. */
export async function phoneOf(number: Named, contact: Contact, stack?: Access): Promise<Phone> {
  const { phone, ...about } = contact
  const path = `${at(number)}/chats/${phone}`
  await ask('PUT', path, about, stack)
  const chat = () => ask<ShownChat>('GET', path, undefined, stack)
  const send: Phone['send'] = (message, { at: when, replyTo } = {}) => {
    const said = { message, ...(when && { at: when.toISOString() }), ...(replyTo && { reply_to: replyTo }) }
    return ask('POST', `${path}/messages`, said, stack)
  }
  return {
    send,
    chat,
    text: (body, options) => send({ type: 'text', text: { body } }, options),
    async press({ id, message }, title) {
      const interactive = message.interactive as Interactive
      const kind = interactive.type === 'list' ? 'list_reply' : 'button_reply'
      const choices = [
        ...(interactive.action.buttons ?? []).map(({ reply }) => reply),
        ...(interactive.action.sections ?? []).flatMap(({ rows }) => rows),
      ]
      const chosen = choices.find((each) => each.title === title)
      if (!chosen) throw new Error(`${title} is none of ${choices.map((each) => each.title)}.`)
      return send({ type: 'interactive', interactive: { type: kind, [kind]: chosen } }, { replyTo: id })
    },
    async sendFile(file, caption = '') {
      const form = new FormData()
      form.set('file', file)
      form.set('caption', caption)
      // Written out, because its boundary stands in the header.
      const written = new Response(form)
      const { status, body } = await askPhones(`/api${path}/files`, {
        method: 'POST',
        ...(stack && { stack }),
        headers: { 'content-type': written.headers.get('content-type') ?? '' },
        body: new Uint8Array(await written.arrayBuffer()),
      })
      if (status !== 201) throw new Error(`${status} ${body}`)
      return JSON.parse(body) as ChatMessage
    },
    read: () => ask('POST', `${path}/read`, undefined, stack),
    received: async () => (await chat()).messages.filter(({ from }) => from === 'business'),
  }
}

interface Choice {
  id: string
  title: string
}
interface Interactive {
  type: string
  action: { buttons?: { reply: Choice }[]; sections?: { rows: Choice[] }[] }
}
