import { join } from 'node:path'
import { type Chat, type ChatMessage, Chats, type Contact, newWamid } from './chats.ts'
import { Keeper, type Kept } from './keep.ts'
import { MediaStore } from './media.ts'
import { firstNumber, makeNumber, type NewNumber, type WhatsappNumber } from './numbers.ts'
import { Rates } from './send/rates.ts'
import { firstTemplate, Templates } from './templates.ts'
import { Deliveries, type Delivery, type DeliveryTimes } from './webhooks/deliveries.ts'
import { CallbackRefused, shakeHands } from './webhooks/handshake.ts'
import { contactOf } from './webhooks/payload.ts'

export interface PlatformOptions {
  /** Where it keeps what it knows between runs. Without it everything is gone with the process. */
  folder?: string
  times?: Partial<DeliveryTimes>
}

/** What the phone writes, in Meta's words: {type: 'text', text: {body: 'Hello'}}. */
export type PhoneMessage = Record<string, unknown> & { type: string }

/** Numbers of businesses, phones that write to them, and what goes back and forth. It speaks Meta's protocols and knows nothing else. */
export class Platform {
  readonly chats = new Chats()
  readonly rates = new Rates()
  readonly media: MediaStore
  readonly templates: Templates
  readonly deliveries: Deliveries
  /** Goes up with each change, so that a page learns of it. */
  revision = 0
  readonly #numbers = new Map<string, WhatsappNumber>()
  readonly #keeper: Keeper | null

  private constructor(keeper: Keeper | null, { folder, times }: PlatformOptions) {
    this.#keeper = keeper
    const kept = keeper?.read()
    this.media = new MediaStore(folder && join(folder, 'files'), kept?.media)
    this.templates = new Templates(kept?.templates)
    for (const number of kept?.numbers ?? []) this.#numbers.set(number.phone_number_id, number)
    for (const chat of kept?.chats ?? []) this.chats.keep(chat)
    this.deliveries = new Deliveries(
      (id) => this.#numbers.get(id),
      (delivery) => this.#onDelivery(delivery),
      times,
    )
    this.deliveries.resume(kept?.deliveries ?? [])
  }

  static open(options: PlatformOptions = {}): Platform {
    const keeper = options.folder ? new Keeper(options.folder) : null
    return new Platform(keeper, options)
  }

  /** Has a folder without numbers begin with one, the same each time. */
  beginWithNumber(keyPepper: string): void {
    if (this.#numbers.size === 0) this.makeNumber(firstNumber(keyPepper))
  }

  numbers(): WhatsappNumber[] {
    return [...this.#numbers.values()]
  }

  find(phoneNumberId: string): WhatsappNumber | undefined {
    return this.#numbers.get(phoneNumberId)
  }

  /** A number that has these values, and made-up ones for the rest. An id that is taken is refused. */
  makeNumber(wanted: NewNumber = {}): WhatsappNumber {
    const number = makeNumber(wanted)
    if (this.#numbers.has(number.phone_number_id)) throw new Error('There is already a number with this id.')
    this.#numbers.set(number.phone_number_id, number)
    if (this.templates.of(number.waba_id).length === 0) this.templates.add(number.waba_id, firstTemplate)
    this.changed()
    return number
  }

  /** Takes effect with the next message. What misbehaves is replaced as a whole. */
  changeNumber(number: WhatsappNumber, { limits, misbehaviour, ...change }: NewNumber): WhatsappNumber {
    Object.assign(number, change)
    if (limits) Object.assign(number.limits, limits)
    if (misbehaviour) number.misbehaviour = misbehaviour
    this.changed()
    return number
  }

  removeNumber(number: WhatsappNumber): void {
    for (const chat of this.chats.of(number)) this.chats.forget(chat)
    this.#numbers.delete(number.phone_number_id)
    this.changed()
  }

  /** Sets where webhooks go, once the handshake has succeeded. Throws CallbackRefused, and then nothing changes. */
  async setCallback(number: WhatsappNumber, url: string, verifyToken: string): Promise<void> {
    if (verifyToken === '') throw new CallbackRefused('There is no verify token.')
    await shakeHands(url, verifyToken)
    Object.assign(number, { callback_url: url, verify_token: verifyToken })
    this.changed()
  }

  /** A phone writes to a number. `at` is when it does, which may be long ago. */
  write(
    number: WhatsappNumber,
    contact: Contact,
    message: PhoneMessage,
    { at = new Date(), replyTo }: { at?: Date; replyTo?: string | undefined } = {},
  ): ChatMessage {
    const chat = this.chats.open(number, contact)
    const written = this.chats.add(chat, {
      id: newWamid(),
      from: 'phone',
      at: at.toISOString(),
      status: 'waiting',
      message,
    })
    // A reaction opens no window at Meta, and neither do other things that nobody writes.
    if (message.type !== 'system') chat.last_wrote_at = at.toISOString()
    const { wa_id, ...known } = contactOf(number, chat)
    const business = number.display_phone_number.replace(/\D/g, '')
    const told = {
      ...(wa_id && { from: wa_id }),
      from_user_id: chat.user_id,
      id: written.id,
      timestamp: String(Math.floor(at.getTime() / 1000)),
      ...(replyTo && { context: { from: business, id: replyTo } }),
      ...message,
    }
    const contacts = [{ ...known, ...(wa_id && { wa_id }) }]
    this.deliveries.tell(number, { contacts, messages: [told] }, [written.id])
    this.changed()
    return written
  }

  forget(chat: Chat): void {
    this.chats.forget(chat)
    this.changed()
  }

  changed(): void {
    this.revision++
    this.#keeper?.saveSoon(() => this.#state())
  }

  stop(): void {
    this.deliveries.stop()
    this.#keeper?.saveNow(() => this.#state())
  }

  #onDelivery({ phone_number_id, status, messages }: Delivery): void {
    const number = this.find(phone_number_id)
    for (const id of number && status === 'taken' ? messages : []) {
      const message = this.chats.withMessage(number!, id)?.messages.find((each) => each.id === id)
      if (message?.status === 'waiting') message.status = 'delivered'
    }
    this.changed()
  }

  #state(): Kept {
    return {
      numbers: this.numbers(),
      chats: this.chats.all(),
      templates: this.templates.all(),
      media: this.media.all(),
      deliveries: this.deliveries.waiting(),
    }
  }
}
