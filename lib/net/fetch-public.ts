import type { Connection } from './connection.ts'
import { type Answer, converse } from './exchange.ts'
import { encodeRequest, type HttpRequest } from './http-request.ts'
import { IdleConnections } from './idle-connections.ts'
import { NetFault } from './net-fault.ts'
import {
  parsePublicUrl,
  pinParsed,
  type Resolve,
  systemResolve,
  type UrlPolicy,
  urlPolicy,
} from './public-url.ts'
import { type Deadline, openConnection } from './socket.ts'

export interface PublicRequest extends HttpRequest {
  /** The time for the whole exchange: resolving, connecting, sending, and reading up to the answer's last byte. */
  timeoutMs: number
  maxBytes: number
  /** What to do with a longer answer: refuse it (the default), or keep its beginning. */
  whenLonger?: 'refuse' | 'cut'
  policy?: UrlPolicy
  resolve?: Resolve
  /** Certificates trusted instead of the system's authorities. */
  ca?: string
}

export type PublicAnswer = Answer

/**
 * Many servers close a connection that rests for five seconds. After a minute at most the name is resolved again, so
 * that a moved name is noticed. With less room for an origin, a burst of answers would close connections that the
 * next requests open again.
 */
const kept = new IdleConnections({ idleMs: 4_000, ageMs: 60_000, perOrigin: 128, total: 512 })

/**
 * One request to a URL that somebody else chose. The host is resolved once, every address is checked, and
 * the connection goes to a checked address. Unlike with `fetch`, nothing is resolved a second time. Redirects are
 * not followed: they are answers like any other. Throws NetFault.
 */
export function fetchPublic(text: string, request: PublicRequest): Promise<PublicAnswer> {
  return new Promise((resolve, reject) => {
    const deadline: Deadline = { isOver: false, stop: () => {} }
    const timer = setTimeout(() => {
      const late = new NetFault(
        'too_slow',
        `No full answer came within ${request.timeoutMs / 1_000} seconds.`,
      )
      // The deadline always answers, whatever hangs, and whatever a closed socket does to the code that waits for it.
      reject(late)
      deadline.isOver = true
      deadline.stop()
    }, request.timeoutMs)
    const done = () => clearTimeout(timer)
    exchange(text, request, deadline).then(resolve, reject).then(done, done)
  })
}

async function exchange(text: string, request: PublicRequest, deadline: Deadline): Promise<Answer> {
  const { policy = urlPolicy(), resolve = systemResolve, ca, keepAlive } = request
  const url = parsePublicUrl(text, policy)
  const exchanged = { url, wire: encodeRequest(url, request), request, deadline }
  // A connection that one policy or one set of authorities allowed must not serve another.
  const origin = keepAlive ? `${url.protocol}${url.host} ${policy.allowLoopback} ${ca ?? ''}` : undefined
  const keep = origin === undefined ? undefined : (connection: Connection) => kept.give(origin, connection)
  const used = origin === undefined ? undefined : kept.take(origin)
  if (used) {
    try {
      return await converse(used, exchanged, keep)
    } catch (thrown) {
      // Servers may close a resting connection at any moment, and only sending shows it.
      if (used.hasAnswered || deadline.isOver) throw thrown
    }
  }
  const pinned = await pinParsed(url, policy, resolve)
  if (deadline.isOver) throw new Error('the deadline passed while the name was resolved')
  const fresh = await openConnection(pinned, { deadline, ca })
  return converse(fresh, exchanged, keep)
}
