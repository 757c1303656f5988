import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isAddress } from './address.ts'
import { NetFault } from './net-fault.ts'
import type { PinnedUrl } from './public-url.ts'

/** How long one address may take to accept before the next is tried. */
const connectMs = 3_000

interface ConnectOptions {
  /** Ends the attempt; the caller's own deadline. */
  signal: AbortSignal
  /** Trusted besides nothing else: an authority of one's own. The system's authorities when left out. */
  ca?: string | undefined
}

/**
 * A socket to one of the pinned addresses, tried in turn. For https the certificate must be valid for the
 * URL's host, so whoever holds the address but not the name is refused.
 */
export async function openSocket(
  { url, addresses, port }: PinnedUrl,
  options: ConnectOptions,
): Promise<Socket> {
  let last: unknown
  for (const address of addresses.slice(0, 4)) {
    try {
      return await openOne(url, address, port, options)
    } catch (thrown) {
      if (options.signal.aborted || (thrown instanceof NetFault && thrown.code === 'untrusted')) throw thrown
      last = thrown
    }
  }
  throw new NetFault('unreachable', `No connection to ${url.host} could be made.`, last)
}

function openOne(url: URL, address: string, port: number, { signal, ca }: ConnectOptions): Promise<Socket> {
  const isTls = url.protocol === 'https:'
  // An address is no name for SNI; the certificate must then hold the address itself.
  const name = isAddress(url.hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: url.hostname }
  const socket = isTls
    ? connectTls({ host: address, port, ...name, ALPNProtocols: ['http/1.1'], ...(ca && { ca }) })
    : connectTcp({ host: address, port })
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    const timer = setTimeout(() => fail(new Error('connecting took too long')), connectMs)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', (error) => fail(faultOf(url, error)))
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      // From here on the reader listens; an error without a listener would end the isolate.
      socket.removeAllListeners('error')
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

/**
 * An error of a socket as a NetFault. Trust is told apart from a bad line; Deno 2.1 finds out about it
 * only when the first byte is read, and has sent nothing until then.
 */
export function faultOf(url: URL, error: unknown): NetFault {
  if (url.protocol === 'https:' && error instanceof Error && isAboutTrust(error))
    return new NetFault('untrusted', `The certificate of ${url.host} is not trusted for this name.`, error)
  return new NetFault('unreachable', 'The connection ended before the answer did.', error)
}

/** Node names TLS failures by code, Deno by text. */
function isAboutTrust(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return (
    /CERT|ALTNAME|SIGNATURE|SELF_SIGNED|ISSUER|^ERR_(TLS|SSL)/.test(code) ||
    /certificate|NotValidForName|UnknownIssuer/i.test(error.message)
  )
}
