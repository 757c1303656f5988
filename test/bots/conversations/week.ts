import type { Told } from '../../../stack/providers/graph/webhooks/payload.ts'

/** One thing that WhatsApp tells, and on which days of the week its webhooks arrive. */
export interface Happening {
  wamid: string
  wa_id: string
  told: Told
  /** How many days it is late: WhatsApp could not reach the shop for so long. */
  daysLate: number
  arrivals: number[]
}

/** Always the same numbers, so that a week that breaks something can be had again. */
export function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function shuffled<T>(list: T[], random: () => number): T[] {
  const left = [...list]
  return list.map(() => left.splice(Math.floor(random() * left.length), 1)[0]!)
}

const questions = [
  'When do you open?',
  'Do you sell guitars?',
  'Where is your shop?',
  'Do you hire out tents?',
]
const days = 7

/** What the customers of a shop write in a week, in Meta's words. Each webhook comes two or three times, some of them days later. */
export function weekOf(people: string[], messages: number, random: () => number): Happening[] {
  return Array.from({ length: messages }, (_, n) => {
    const wa_id = people[Math.floor(random() * people.length)]!
    const wamid = `wamid.week.${n}`
    const daysLate = random() < 0.03 ? 1 + Math.floor(random() * 3) : 0
    const day = Math.floor(random() * days)
    const again = Array.from({ length: random() < 0.5 ? 1 : 2 }, () =>
      random() < 0.85 ? day : Math.min(days - 1, day + Math.floor(random() * 4)),
    )
    const at = Math.floor(Date.now() / 1_000) - daysLate * 86_400
    const message = { id: wamid, from: wa_id, timestamp: String(at), ...contentOf(n, random) }
    const contacts = [{ wa_id, profile: { name: `Customer ${wa_id}` } }]
    return { wamid, wa_id, daysLate, told: { contacts, messages: [message] }, arrivals: [day, ...again] }
  })
}

function contentOf(n: number, random: () => number): object {
  const question = questions[n % questions.length]!
  const kind = random()
  if (kind < 0.6) return { type: 'text', text: { body: question } }
  if (kind < 0.7)
    return {
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: '1', title: question } },
    }
  if (kind < 0.8)
    return {
      type: 'interactive',
      interactive: { type: 'list_reply', list_reply: { id: '1', title: question } },
    }
  if (kind < 0.88) return { type: 'location', location: { latitude: -1.28, longitude: 36.82 } }
  if (kind < 0.95) return { type: 'reaction', reaction: { message_id: `wamid.week.${n - 1}`, emoji: '👍' } }
  return { type: 'order', order: { catalog_id: '1', product_items: [] } }
}

/** Webhooks of one to five things, as WhatsApp puts together what waits. */
export function packed<T>(list: T[], random: () => number): T[][] {
  const webhooks: T[][] = []
  for (let at = 0; at < list.length; ) {
    const size = random() < 0.6 ? 1 : 2 + Math.floor(random() * 4)
    webhooks.push(list.slice(at, at + size))
    at += size
  }
  return webhooks
}
