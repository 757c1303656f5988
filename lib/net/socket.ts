import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isAddress } from './address.ts'
import { Connection } from './connection.ts'
import { faultOf, NetFault } from './net-fault.ts'
import type { PinnedUrl } from './public-url.ts'

/** How long one address may take to accept before the next is tried. */
const connectMs = 3_000

/** The time for one exchange, from resolving to the answer's last byte. */
export interface Deadline {
  isOver: boolean
  /** Ends what is under way when the time is up. The code that is at work sets it. */
  stop: () => void
}

interface ConnectOptions {
  deadline: Deadline
  /** The only trusted authorities. Without it the system's authorities are trusted. */
  ca?: string | undefined
  /**
   * What is spoken inside TLS, as ALPN names it. Without it nothing is offered: a mail server that is offered HTTP alone may
   * end the handshake (RFC 7301, 3.2).
   */
  protocol?: 'http/1.1'
}

/** A connection for HTTP to one of the pinned addresses. */
export async function openConnection(pinned: PinnedUrl, options: ConnectOptions): Promise<Connection> {
  return new Connection(await openSocket(pinned, { ...options, protocol: 'http/1.1' }))
}

/**
 * A socket to one of the pinned addresses, tried in turn. For https the certificate must be valid for
 * the URL's host, so a server that has the address but not the name is refused.
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
      if (options.deadline.isOver) throw thrown
      if (thrown instanceof NetFault && thrown.code === 'untrusted')
        throw faultOf(url, await findTrustFailure(thrown.cause, url, address, port, options))
      last = thrown
    }
  }
  throw new NetFault('unreachable', `No connection to ${url.host} could be made.`, last, { isUnsent: true })
}

function openOne(
  url: URL,
  address: string,
  port: number,
  { deadline, ca, protocol }: ConnectOptions,
): Promise<Socket> {
  const isTls = url.protocol === 'https:'
  // SNI does not allow an address. The certificate must then be for the address itself.
  const name = isAddress(url.hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: url.hostname }
  const socket = isTls
    ? connectTls({
        host: address,
        port,
        ...name,
        ...(protocol && { ALPNProtocols: [protocol] }),
        ...(ca && { ca }),
      })
    : connectTcp({ host: address, port })
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(faultOf(url, error))
    }
    const timer = setTimeout(() => fail(new Error('connecting took too long')), connectMs)
    deadline.stop = () => fail(new Error('the deadline passed'))
    socket.on('error', fail)
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      // Otherwise the end of a large body would wait until the server has acknowledged its beginning.
      socket.setNoDelay(true)
      // Without a listener an error would end the isolate.
      socket.on('error', () => {})
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

interface NativeConnection {
  close(): void
}

/** The part of Deno's own interface that is used here. */
interface NativeTls {
  connect(options: { hostname: string; port: number }): Promise<NativeConnection>
  startTls(
    connection: NativeConnection,
    options: { hostname: string; alpnProtocols?: string[]; caCerts?: string[] },
  ): Promise<NativeConnection & { handshake(): Promise<unknown> }>
}

/**
 * Deno's node:tls has one code for certificates that have expired and for those of unknown authorities. Deno's own
 * interface says which it is, so a second handshake with the same server asks. Nothing is sent after it.
 */
async function findTrustFailure(
  found: unknown,
  url: URL,
  address: string,
  port: number,
  { deadline, ca, protocol }: ConnectOptions,
): Promise<unknown> {
  const deno = (globalThis as { Deno?: NativeTls }).Deno
  const isVague =
    found instanceof Error && 'code' in found && found.code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  if (!deno || !isVague) return found
  let open: NativeConnection | undefined
  const stop = () => {
    try {
      open?.close()
    } catch {
      // Closed already, or handed over to TLS.
    }
  }
  const timer = setTimeout(stop, connectMs)
  deadline.stop = stop
  try {
    open = await deno.connect({ hostname: address, port })
    const tls = await deno.startTls(open, {
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      ...(protocol && { alpnProtocols: [protocol] }),
      ...(ca && { caCerts: [ca] }),
    })
    open = tls
    await tls.handshake()
    return found
  } catch (thrown) {
    // Any other failure says nothing about the certificate.
    return thrown instanceof Error && thrown.message.includes('certificate') ? thrown : found
  } finally {
    clearTimeout(timer)
    stop()
  }
}
