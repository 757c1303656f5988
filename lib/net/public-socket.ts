import type { Socket } from 'node:net'
import { reachOf } from './address.ts'
import { NetFault } from './net-fault.ts'
import { pinParsed, type Resolve, systemResolve, type UrlPolicy, urlPolicy } from './public-url.ts'
import { type Deadline, openSocket } from './socket.ts'

interface PublicHost {
  host: string
  port: number
  /** Speak TLS from the first byte. The certificate must be valid for the host. */
  isTls: boolean
  timeoutMs: number
  policy?: UrlPolicy
  resolve?: Resolve
  /** Certificates trusted instead of the system's authorities. */
  ca?: string | undefined
}

export interface PublicSocket {
  socket: Socket
  /** Whether it leads to this machine, which only development permits. */
  isLoopback: boolean
}

/**
 * A socket to a host that somebody else chose, for a protocol that is not HTTP. The name is resolved once, every address
 * is checked, and the connection goes to a checked address. Throws NetFault.
 */
export function connectPublic(target: PublicHost): Promise<PublicSocket> {
  return new Promise((resolve, reject) => {
    const deadline: Deadline = { isOver: false, stop: () => {} }
    const timer = setTimeout(() => {
      const sentence = `No connection to ${target.host} was made within ${target.timeoutMs / 1_000} seconds.`
      reject(new NetFault('too_slow', sentence, undefined, { isUnsent: true }))
      deadline.isOver = true
      deadline.stop()
    }, target.timeoutMs)
    const done = () => clearTimeout(timer)
    connect(target, deadline).then(resolve, reject).then(done, done)
  })
}

async function connect(
  { host, port, isTls, policy = urlPolicy(), resolve = systemResolve, ca }: PublicHost,
  deadline: Deadline,
): Promise<PublicSocket> {
  const text = `${isTls ? 'https' : 'ftp'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  if (!URL.canParse(text)) throw new NetFault('url_refused', 'This is not the name of a host.')
  const url = new URL(text)
  const pinned = await pinParsed(url, policy, resolve)
  if (deadline.isOver) throw new Error('the deadline passed while the name was resolved')
  const socket = await openSocket({ ...pinned, port }, { deadline, ca })
  return { socket, isLoopback: pinned.addresses.every((address) => reachOf(address) === 'loopback') }
}
