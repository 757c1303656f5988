import { HttpReader } from './http-reader.ts'
import { NetFault } from './net-fault.ts'
import { type PinnedUrl, pinUrl, type Resolve, type UrlPolicy } from './public-url.ts'
import { faultOf, openSocket } from './socket.ts'

export interface PublicRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** For the whole exchange: resolving, connecting, sending, and the answer's last byte. */
  timeoutMs: number
  maxBytes: number
  /** What to do with a longer answer: refuse it (the default), or keep its beginning. */
  whenLonger?: 'refuse' | 'cut'
  policy?: UrlPolicy
  resolve?: Resolve
  /** Certificates trusted instead of the system's authorities. */
  ca?: string
}

export interface PublicAnswer {
  status: number
  headers: Headers
  bytes: Uint8Array
  isCut: boolean
}

/**
 * One request to a URL that somebody else chose. The host is resolved once, every address judged, and the
 * connection made to a judged address: unlike `fetch`, nothing is resolved a second time. Redirects are
 * answers like any other, never followed. Throws NetFault.
 */
export async function fetchPublic(text: string, request: PublicRequest): Promise<PublicAnswer> {
  const controller = new AbortController()
  const late = new NetFault('too_slow', `No full answer came within ${request.timeoutMs / 1_000} seconds.`)
  const timer = setTimeout(() => controller.abort(late), request.timeoutMs)
  const { signal } = controller
  // Whatever hangs, and whatever an ended socket does to what hangs on it, the deadline answers.
  const deadline = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return await Promise.race([exchange(text, request, signal), deadline])
  } finally {
    clearTimeout(timer)
  }
}

async function exchange(text: string, request: PublicRequest, signal: AbortSignal): Promise<PublicAnswer> {
  const pinned = await pinUrl(text, {
    ...(request.policy && { policy: request.policy }),
    ...(request.resolve && { resolve: request.resolve }),
  })
  if (signal.aborted) throw signal.reason
  const socket = await openSocket(pinned, { signal, ca: request.ca })
  const destroy = () => socket.destroy()
  signal.addEventListener('abort', destroy, { once: true })
  try {
    socket.write(encodeRequest(pinned, request))
    const reader = new HttpReader(socket)
    const head = await reader.head()
    if (!/^(identity)?$/i.test(head.headers.get('content-encoding') ?? ''))
      throw new NetFault('not_http', 'The answer is compressed, which was not asked for.')
    const { bytes, isCut } = await reader.body(head, request.maxBytes)
    if (isCut && request.whenLonger !== 'cut')
      throw new NetFault('too_large', `The answer is longer than ${request.maxBytes} bytes.`)
    return { ...head, bytes, isCut }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    if (thrown instanceof NetFault) throw thrown
    throw faultOf(pinned.url, thrown)
  } finally {
    signal.removeEventListener('abort', destroy)
    destroy()
  }
}

function encodeRequest(
  { url }: PinnedUrl,
  { method = 'GET', headers = {}, body }: PublicRequest,
): Uint8Array {
  const payload = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const fields = new Headers({
    'user-agent': 'Tenantry/1',
    ...headers,
    'accept-encoding': 'identity',
    connection: 'close',
    ...(payload && { 'content-length': String(payload.length) }),
  })
  // Headers refuses line breaks in names and values; the URL has percent-encoded its own.
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`]
  for (const [name, value] of fields) lines.push(`${name}: ${value}`)
  const head = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`)
  if (!payload) return head
  const all = new Uint8Array(head.length + payload.length)
  all.set(head)
  all.set(payload, head.length)
  return all
}
