import { createHmac } from 'node:crypto'
import type { Chat } from '../chats.ts'
import type { WhatsappNumber } from '../numbers.ts'

/** What one webhook tells. Several of them may be put into one. */
export interface Told {
  contacts: object[]
  messages?: object[]
  statuses?: object[]
}

/** The body of a webhook. What is told of messages and of statuses stands in changes of their own. */
export function payloadOf(number: WhatsappNumber, told: Told[]): string {
  const changes = (['messages', 'statuses'] as const).flatMap((kind) => {
    const of = told.filter((each) => each[kind] !== undefined)
    if (of.length === 0) return []
    const value = {
      messaging_product: 'whatsapp',
      metadata: {
        display_phone_number: number.display_phone_number.replace(/\D/g, ''),
        phone_number_id: number.phone_number_id,
      },
      contacts: distinct(of.flatMap(({ contacts }) => contacts)),
      [kind]: of.flatMap((each) => each[kind] ?? []),
    }
    return [{ value, field: 'messages' }]
  })
  return escapeAsMeta(
    JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: number.waba_id, changes }] }),
  )
}

/** Meta writes é as \u00e9 and / as \/, and signs what it writes: whoever writes it anew has other bytes. */
function escapeAsMeta(json: string): string {
  return json
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('/', '\\/')
}

export function signAsMeta(body: string, appSecret: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`
}

/** Who wrote, or is written to. Whoever has a user name may hide the number. */
export function contactOf({ misbehaviour }: WhatsappNumber, chat: Chat): { wa_id?: string; user_id: string } {
  const { name, username, phone, hides_number } = chat.contact
  const profile = { name, ...(username && { username }) }
  const isHidden = hides_number || misbehaviour.hide_numbers
  return { profile, ...(!isHidden && { wa_id: phone }), user_id: chat.user_id } as {
    wa_id?: string
    user_id: string
  }
}

function distinct(contacts: object[]): object[] {
  return [...new Map(contacts.map((contact) => [JSON.stringify(contact), contact])).values()]
}
