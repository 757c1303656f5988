import { NetFault } from './net-fault.ts'

export interface HttpRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string | Uint8Array
  /**
   * Keeps the connection for the next request to the same origin, and uses one that was kept. The name is then
   * not resolved again. If a kept connection turns out to be closed, the request is sent once more. So the
   * request must be one that may arrive twice.
   */
  keepAlive?: boolean
}

const encoder = new TextEncoder()

/** The caller may not set headers that decide where a request ends, where it goes, or whether the connection stays open. */
const ownHeaders = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
])

/** A request as the bytes of HTTP/1.1. Throws NetFault `request_refused` for headers that cannot be sent. */
export function encodeRequest(url: URL, request: HttpRequest): Uint8Array {
  const { method = 'GET', headers = {}, body } = request
  // The URL parser has percent-encoded every character that would break the line.
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\naccept-encoding: identity\r\n`
  let agent = 'user-agent: Tenantry/1\r\n'
  for (const [name, value] of Object.entries(headers)) {
    refuseUnsendable(name, value)
    if (name.toLowerCase() === 'user-agent') agent = ''
    head += `${name}: ${value}\r\n`
  }
  head += agent
  if (!request.keepAlive) head += 'connection: close\r\n'
  const payload = typeof body === 'string' ? encoder.encode(body) : body
  if (payload) head += `content-length: ${payload.length}\r\n`
  head += '\r\n'
  // The head is all ASCII, so each character is a byte. One buffer is one write, and mostly one packet.
  const all = new Uint8Array(head.length + (payload?.length ?? 0))
  encoder.encodeInto(head, all)
  if (payload) all.set(payload, head.length)
  return all
}

function refuseUnsendable(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    throw new NetFault('request_refused', 'The name of a header has a character that no header may have.')
  if (ownHeaders.has(name.toLowerCase()))
    throw new NetFault('request_refused', `The header ${name} is set by Tenantry itself.`)
  // The value may be a secret, so it is not repeated.
  if (!/^[\t\x20-\x7e]*$/.test(value))
    throw new NetFault('request_refused', `The header ${name} has a character that is not printable ASCII.`)
}
