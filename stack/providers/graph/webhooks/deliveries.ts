import { randomUUID } from 'node:crypto'
import { messageOf } from '../../../failure.ts'
import type { WhatsappNumber } from '../numbers.ts'
import { payloadOf, signAsMeta, type Told } from './payload.ts'

/** A webhook and what became of it. */
export interface Delivery {
  id: string
  phone_number_id: string
  /** The bytes that are posted. */
  body: string
  made_at: string
  attempts: { at: string; answer: number | string }[]
  status: 'waiting' | 'taken' | 'given_up'
  /** What happens once it is taken, by name, so that it can be kept on disk. */
  messages: string[]
}

export interface DeliveryTimes {
  /** The wait after the first refusal. Each wait is twice the one before, to an hour. */
  retryMs: number
  timeoutMs: number
  /** After this nobody tries any more. */
  keepMs: number
  /** How long a group that is held back waits for the rest of it. */
  groupMs: number
}
const usualTimes: DeliveryTimes = {
  retryMs: 1_000,
  timeoutMs: 10_000,
  keepMs: 7 * 86_400_000,
  groupMs: 1_000,
}
const longestWaitMs = 3_600_000
const mostKept = 2_000
/** How many may be too many before they are counted again, which takes a look at each. */
const tooMany = 500

/** Posts webhooks to whoever has set a callback, again and again until it answers with 200. */
export class Deliveries {
  readonly #times: DeliveryTimes
  readonly #findNumber: (id: string) => WhatsappNumber | undefined
  readonly #onChange: (delivery: Delivery) => void
  #kept: Delivery[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #groups = new Map<string, { told: Told[]; ids: string[] }>()
  readonly #held = new Map<string, Delivery[]>()
  #isStopped = false

  constructor(
    findNumber: (id: string) => WhatsappNumber | undefined,
    onChange: (delivery: Delivery) => void,
    times: Partial<DeliveryTimes> = {},
  ) {
    this.#findNumber = findNumber
    this.#onChange = onChange
    this.#times = { ...usualTimes, ...times }
  }

  of(phoneNumberId: string): Delivery[] {
    return this.#kept.filter(({ phone_number_id }) => phone_number_id === phoneNumberId)
  }

  waiting(): Delivery[] {
    return this.#kept.filter(({ status }) => status === 'waiting')
  }

  /** Goes on with those that an earlier run has left. */
  resume(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      this.#kept.push(delivery)
      this.#after(this.#times.retryMs, () => this.#post(delivery))
    }
  }

  /** Tells the business, in the way in which its number misbehaves. */
  tell(number: WhatsappNumber, told: Told, ids: string[]): void {
    const { delay_ms = 0, status_delay_ms = 0 } = number.misbehaviour
    const wait = told.messages ? delay_ms : status_delay_ms
    if (wait > 0) this.#after(wait, () => this.#gather(number, told, ids))
    else this.#gather(number, told, ids)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #gather(number: WhatsappNumber, told: Told, ids: string[]): void {
    const { batch } = number.misbehaviour
    if (!batch) {
      this.#make(number, [told], ids)
      return
    }
    const key = number.phone_number_id
    const group = this.#groups.get(key) ?? { told: [], ids: [] }
    group.told.push(told)
    group.ids.push(...ids)
    const send = () => {
      if (this.#groups.get(key) !== group) return
      this.#groups.delete(key)
      this.#make(number, group.told, group.ids)
    }
    if (group.told.length === 1) {
      this.#groups.set(key, group)
      this.#after(this.#times.groupMs, send)
    }
    if (group.told.length >= batch) send()
  }

  #make(number: WhatsappNumber, told: Told[], messages: string[]): void {
    if (!number.callback_url || !number.is_subscribed) return
    const { phone_number_id, misbehaviour } = number
    const delivery: Delivery = {
      id: randomUUID(),
      phone_number_id,
      body: payloadOf(number, told),
      made_at: new Date().toISOString(),
      attempts: [],
      status: 'waiting',
      messages,
    }
    this.#kept.push(delivery)
    if (this.#kept.length > mostKept && this.#kept.length % tooMany === 0)
      this.#kept = this.#kept.filter(isWorthKeeping(this.#kept.length - mostKept))
    if (!misbehaviour.reorder) {
      void this.#post(delivery)
      this.#repeat(number, delivery)
      return
    }
    const held = this.#held.get(phone_number_id) ?? []
    held.push(delivery)
    const send = () => {
      if (this.#held.get(phone_number_id) !== held) return
      this.#held.delete(phone_number_id)
      void this.#inTurn(number, held.toReversed())
    }
    if (held.length === 1) {
      this.#held.set(phone_number_id, held)
      this.#after(this.#times.groupMs, send)
    }
    if (held.length >= misbehaviour.reorder) send()
  }

  /** One after another, so that they arrive in this order and in no other. */
  async #inTurn(number: WhatsappNumber, deliveries: Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      await this.#post(delivery)
      this.#repeat(number, delivery)
    }
  }

  #repeat({ misbehaviour }: WhatsappNumber, delivery: Delivery): void {
    for (let time = 0; time < (misbehaviour.duplicates ?? 0); time++) void this.#try(delivery)
  }

  async #post(delivery: Delivery): Promise<void> {
    const answer = await this.#try(delivery)
    if (this.#isStopped || delivery.status === 'taken') return
    if (answer === 200) delivery.status = 'taken'
    else if (Date.now() - Date.parse(delivery.made_at) > this.#times.keepMs) delivery.status = 'given_up'
    else {
      const wait = this.#times.retryMs * 2 ** Math.min(delivery.attempts.length - 1, 20)
      this.#after(Math.min(wait, longestWaitMs), () => this.#post(delivery))
    }
    this.#onChange(delivery)
  }

  async #try({ phone_number_id, body, attempts }: Delivery): Promise<number | string> {
    const at = new Date().toISOString()
    const answer = await this.#request(phone_number_id, body)
    attempts.push({ at, answer })
    return answer
  }

  /** Everything is read anew: the callback, and the secret that signs, may be others by now. */
  async #request(phoneNumberId: string, body: string): Promise<number | string> {
    const number = this.#findNumber(phoneNumberId)
    if (!number?.callback_url) return 'There is no callback.'
    try {
      const answer = await fetch(number.callback_url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'facebookexternalua',
          'x-hub-signature-256': signAsMeta(body, number.app_secret),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#times.timeoutMs),
      })
      await answer.body?.cancel()
      return answer.status
    } catch (error) {
      return messageOf(error)
    }
  }

  #after(milliseconds: number, run: () => unknown): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#isStopped) void run()
    }, milliseconds)
    timer.unref()
    this.#timers.add(timer)
  }
}

/** Without the oldest of those that nobody waits for. */
function isWorthKeeping(tooManyNow: number) {
  let left = tooManyNow
  return ({ status }: Delivery) => status === 'waiting' || left-- <= 0
}
