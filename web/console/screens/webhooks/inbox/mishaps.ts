import type { Signed } from './verify.ts'

/** What can go wrong on the way, so that people see that it is noticed. */
export const mishaps = ['none', 'body', 'secret', 'late'] as const
export type Mishap = (typeof mishaps)[number]

/** What a receiver has in hands then. */
export interface Received {
  message: Signed
  secret: string
  at: Date
  /** The character that is another one. */
  altered?: { position: number; from: string; to: string }
}

const lateMs = 10 * 60_000

export function happen(mishap: Mishap, received: Received): Received {
  const { message, at } = received
  if (mishap === 'secret') return { ...received, secret: `whsec_${btoa('0'.repeat(32))}` }
  if (mishap === 'late') return { ...received, at: new Date(at.getTime() + lateMs) }
  if (mishap === 'none') return received
  const { payload } = message
  // A letter or a digit from the middle on, so that it is one byte and the JSON stays whole where it can.
  const middle = Math.floor(payload.length / 2)
  const found = payload.slice(middle).search(/[a-z0-9]/i)
  const position = found < 0 ? 0 : middle + found
  const from = payload.charAt(position)
  const to = from === '7' ? '8' : '7'
  return {
    ...received,
    message: { ...message, payload: payload.slice(0, position) + to + payload.slice(position + 1) },
    altered: { position, from, to },
  }
}
