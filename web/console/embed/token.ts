import { fragment } from './fragment.ts'

/** What is said to the page around this one. It holds nothing secret, so any page may hear it. */
export interface TokenNeeded {
  type: 'tenantry:token-needed'
  /** The token works for a minute more, or not any more. */
  reason: 'ending' | 'ended'
}

const shape = /^t(?:av|wp)_[\w-]{43}$/
const isToken = (value: unknown): value is string => typeof value === 'string' && shape.test(value)

interface Held {
  token: string | null
  isOver: boolean
}

const given = fragment.get('token')
let held: Held = { token: isToken(given) ? given : null, isOver: false }
/** How many tokens in a row opened nothing. */
let uselessCount = 0
const listeners = new Set<() => void>()

function hold(next: Held): void {
  held = next
  for (const listener of listeners) listener()
}

/** The token of this frame. It is kept in memory alone. */
export const tokens = {
  read: () => held,
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  /** It opened something. */
  work: () => {
    uselessCount = 0
  },
  /** Once for each token. A page that hands over nothing but tokens that do not work is not asked for ever. */
  end: () => {
    if (held.isOver) return
    hold({ ...held, isOver: true })
    uselessCount += 1
    if (uselessCount <= 2) ask('ended')
  },
}

export function ask(reason: TokenNeeded['reason']): void {
  const message: TokenNeeded = { type: 'tenantry:token-needed', reason }
  if (parent !== window) parent.postMessage(message, '*')
}

// From the page around alone. It chose this page and its first token, so it may choose the next one, wherever it is from.
addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
  if (parent === window || source !== parent || typeof data !== 'object' || data === null) return
  const { type, token } = data as { type?: unknown; token?: unknown }
  if (type === 'tenantry:token' && isToken(token) && token !== held.token) hold({ token, isOver: false })
})
