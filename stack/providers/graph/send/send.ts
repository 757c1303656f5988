import { type Chat, isWindowOpen, newWamid } from '../chats.ts'
import { GraphError, invalid } from '../errors.ts'
import { nextCode } from '../misbehaviour.ts'
import type { WhatsappNumber } from '../numbers.ts'
import type { Platform } from '../platform.ts'
import type { WantedTemplate } from '../templates.ts'
import { mediaKinds, type Outgoing, readMarkAsRead, readOutgoing } from './schema.ts'
import { bringToPhone } from './statuses.ts'

const typingMs = 25_000
const pairSeconds = 6

/** A business sends a message. Gives Meta's answer, or throws a GraphError and has sent nothing. */
export function send(platform: Platform, number: WhatsappNumber, sent: unknown): object {
  const wanted = readOutgoing(sent)
  const refused = nextCode(number.misbehaviour, 'refuse')
  if (refused !== undefined) throw new GraphError(refused)
  checkMedia(platform, number, wanted)
  const template =
    wanted.kind === 'template'
      ? platform.templates.fill(number.waba_id, wanted.content as unknown as WantedTemplate)
      : undefined
  const chat = findChat(platform, number, wanted)
  takeFromLimits(platform, number, chat)
  const isClosed = !template && !isWindowOpen(chat)
  if (isClosed && number.misbehaviour.refuse_closed_window) throw new GraphError(131_047)
  const message = platform.chats.add(chat, {
    id: newWamid(),
    from: 'business',
    at: new Date().toISOString(),
    status: 'accepted',
    message: {
      type: wanted.kind,
      [wanted.kind]: wanted.content,
      ...(wanted.repliesTo && { context: { message_id: wanted.repliesTo } }),
    },
    ...(wanted.reference !== undefined && { reference: wanted.reference }),
    ...(template && { template_text: template.text, category: template.template.category.toLowerCase() }),
  })
  chat.typing_until = null
  const failsWith = isClosed ? 131_047 : nextCode(number.misbehaviour, 'fail')
  bringToPhone({ platform, number, chat, message }, failsWith)
  platform.changed()
  const to = wanted.to ?? wanted.userId ?? ''
  return {
    messaging_product: 'whatsapp',
    contacts: [wanted.to ? { input: to, wa_id: to } : { input: to, user_id: to }],
    messages: [{ id: message.id, ...(template && { message_status: 'accepted' }) }],
  }
}

/** What the phone wrote is read, up to this message. It may show that an answer is being typed. */
export function markAsRead(platform: Platform, number: WhatsappNumber, sent: unknown): object {
  const { message_id, typing_indicator } = readMarkAsRead(sent)
  const chat = platform.chats.withMessage(number, message_id)
  const at = chat?.messages.findIndex(({ id, from }) => id === message_id && from === 'phone') ?? -1
  if (!chat || at < 0) throw invalid('Param message_id is not the id of a message that was received.')
  for (const message of chat.messages.slice(0, at + 1)) {
    if (message.from === 'phone') message.status = 'read'
  }
  if (typing_indicator) chat.typing_until = new Date(Date.now() + typingMs).toISOString()
  platform.changed()
  return { success: true }
}

function findChat(platform: Platform, number: WhatsappNumber, { to, userId }: Outgoing): Chat {
  if (to !== undefined) {
    return platform.chats.find(number, to) ?? platform.chats.open(number, { phone: to, name: `+${to}` })
  }
  const known = platform.chats.findByUserId(number, userId ?? '')
  if (!known) throw new GraphError(131_026, { details: 'There is nobody with this id of a user.' })
  return known
}

function takeFromLimits({ rates }: Platform, { phone_number_id, limits }: WhatsappNumber, chat: Chat): void {
  const { per_second, pair_burst } = limits
  if (per_second !== null && !rates.take(phone_number_id, per_second, per_second))
    throw new GraphError(130_429)
  const pair = `${phone_number_id} ${chat.user_id}`
  if (pair_burst !== null && !rates.take(pair, pair_burst, 1 / pairSeconds)) throw new GraphError(131_056)
}

function checkMedia(
  { media }: Platform,
  { phone_number_id }: WhatsappNumber,
  { kind, content }: Outgoing,
): void {
  if (!mediaKinds.includes(kind)) return
  const found = media.find(String(content.id))
  if (found?.phone_number_id !== phone_number_id)
    throw invalid(`Param ${kind}['id'] is not a valid media id.`)
  const isRight =
    kind === 'document' || found.mime_type.startsWith(kind === 'sticker' ? 'image/' : `${kind}/`)
  if (!isRight) throw new GraphError(131_053, { details: `A file of type ${found.mime_type} is no ${kind}.` })
}
