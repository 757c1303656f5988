import { admin, sql } from '../../db/index.ts'
import { mpesaNumber } from '../mpesa/phone-number.ts'
import { type SubscriptionWords, sayDay, sayPrice, subscriptionWords } from './words.ts'

/** The conversation in which somebody may want to subscribe. */
interface Talk {
  contact_id: string
  client_name: string
  locale: string
  time_zone: string
  messages: { id: string; text: string | null }[]
}

interface Plan {
  id: string
  plan_name: string
  amount_minor: number
  currency: string
  plan_type: 'monthly' | 'one'
  updated_at: string
  /** It is paid for ever. */
  is_held: boolean
}

/** As private.read_subscriber() gives it. */
interface Subscriber {
  stop: string | null
  is_open: boolean
  /** Which of the texts is a word for subscribing, from 1. */
  asked: number | null
  phone: string | null
  plans: Plan[]
  offered: { plans: string[]; at: string } | null
  is_pending: boolean
  held: { plan_name: string; expires_at: string | null } | null
}

/** The number of a plan, and behind it the number of a phone if it is another than that of the contact. */
const choice = /^\s*(\d{1,2})(?:[\s.,:;)-]+(\+?[\d\s().-]{9,20}))?\s*$/

/**
 * Takes the first message with which a contact wants to subscribe, or chooses a plan that was offered. No model is asked. Returns whether
 * there was one: it is answered then, and the others still wait. The answer comes after what it is told to wait for.
 */
export async function takeSubscriptionStep(
  tenantId: string,
  talk: Talk,
  afterwards?: Promise<void>,
): Promise<boolean> {
  const texts = talk.messages.map(({ text }) => text ?? '')
  const [subscriber] = await admin.query<Subscriber>(sql`
    select s.* from private.read_subscriber(${tenantId}, ${talk.contact_id}, ${texts}::text[]) as s`)
  if (!subscriber?.is_open || subscriber.stop !== null) return false
  const chosen = subscriber.offered ? texts.findIndex((text) => choice.test(text)) : -1
  const asked = (subscriber.asked ?? 0) - 1
  const at = [asked, chosen].filter((index) => index >= 0).sort((one, other) => one - other)[0]
  if (at === undefined) return false
  await afterwards
  const step = new Step(tenantId, talk, subscriber, talk.messages[at]!.id)
  await (at === asked ? step.offer() : step.choose(texts[at]!))
  return true
}

class Step {
  readonly #tenantId: string
  readonly #talk: Talk
  readonly #subscriber: Subscriber
  readonly #message: string
  readonly #words: SubscriptionWords

  constructor(tenantId: string, talk: Talk, subscriber: Subscriber, message: string) {
    this.#tenantId = tenantId
    this.#talk = talk
    this.#subscriber = subscriber
    this.#message = message
    this.#words = subscriptionWords(talk.locale)
  }

  /** Shows the plans, each with the number by which it is chosen. */
  async offer(): Promise<void> {
    const { plans, held, is_pending } = this.#subscriber
    const { client_name, locale, time_zone } = this.#talk
    const words = this.#words
    if (is_pending) return this.#reply('payment_pending', words.pending)
    if (plans.length === 0) return this.#reply('no_plans', words.noPlans(client_name))
    const until = held?.expires_at ? sayDay(held.expires_at, locale, time_zone) : undefined
    const lines = [
      ...(held ? [words.held(held.plan_name, until)] : []),
      words.offer(client_name),
      ...plans.map((plan, index) => `${index + 1}. ${plan.plan_name}: ${this.#priceOf(plan)}`),
      words.choose(this.#ownPhone() && `+${this.#ownPhone()}`),
    ]
    return this.#reply(
      'plans_offered',
      lines.join('\n'),
      plans.map(({ id }) => id),
    )
  }

  async choose(text: string): Promise<void> {
    const [, number = '', written] = choice.exec(text)!
    const plan = this.#offeredPlan(Number(number))
    if (this.#subscriber.is_pending || !plan) return this.offer()
    if (plan.is_held) return this.#reply('already_subscribed', this.#words.held(plan.plan_name, undefined))
    const phone = written === undefined ? this.#ownPhone() : mpesaNumber(written)
    if (!phone) {
      const offered = this.#subscriber.offered!.plans
      return this.#reply('no_mpesa_number', this.#words.needsNumber(Number(number)), offered)
    }
    const price = sayPrice(plan.amount_minor, plan.currency)
    const reply = this.#words.ringing(plan.plan_name, price, `+${phone}`)
    const { outcome } = await admin.one<{ outcome: 'begun' | 'changed' | 'pending' | 'too_many' }>(sql`
      select private.choose_bot_plan(${this.#tenantId}, ${this.#talk.contact_id}, ${[this.#message]}::uuid[], ${plan.id}, ${plan.amount_minor},
        ${phone}, ${reply}) as outcome`)
    if (outcome === 'pending') return this.#reply('payment_pending', this.#words.pending)
    if (outcome === 'too_many') return this.#reply('too_many_payments', this.#words.tooMany)
    // If its price was changed in this moment, nothing is answered yet: the next look at the message offers what there is now.
  }

  /** The plan that had this number in the offer, unless it has changed since. */
  #offeredPlan(number: number): Plan | undefined {
    const { offered, plans } = this.#subscriber
    const plan = plans.find(({ id }) => id === offered!.plans[number - 1])
    return plan && Date.parse(plan.updated_at) <= Date.parse(offered!.at) ? plan : undefined
  }

  #ownPhone(): string | undefined {
    return mpesaNumber(this.#subscriber.phone ?? '')
  }

  #priceOf({ amount_minor, currency, plan_type, is_held }: Plan): string {
    if (is_held) return this.#words.owned
    return `${sayPrice(amount_minor, currency)} ${plan_type === 'monthly' ? this.#words.monthly : this.#words.once}`
  }

  async #reply(reason: string, text: string, plans?: string[]): Promise<void> {
    await admin.query(sql`
      select private.offer_bot_plans(${this.#tenantId}, ${this.#talk.contact_id}, ${[this.#message]}::uuid[], ${reason}, ${text}, ${plans ?? null}::uuid[])`)
  }
}
