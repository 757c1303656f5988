import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'

export interface Received {
  id: string
  body: string
  headers: IncomingHttpHeaders
  path: string
}

type Answer = (message: Received, response: ServerResponse, request: IncomingMessage) => unknown

/** Somebody's server, on a real socket: keeps what arrives and answers 200 unless told otherwise. */
export interface Receiver {
  url: string
  received: Received[]
  connections(): number
  answer(by: Answer): void
  /** Waits until this holds. A busy machine makes it late, not wrong, so it gives up only shortly before its test would. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>
  /** Resolves once so many distinct messages have arrived. */
  gets(count: number): Promise<Received[]>
  stop(): Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let answerBy: Answer = (_message, response) => response.end('thanks')
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const message = {
        id: String(request.headers['webhook-id']),
        body: Buffer.concat(chunks).toString('utf8'),
        headers: request.headers,
        path: request.url ?? '',
      }
      received.push(message)
      answerBy(message, response, request)
    })
  })
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const until: Receiver['until'] = async (holds) => {
    for (const end = Date.now() + 90_000; !(await holds()); ) {
      if (Date.now() > end) throw new Error(`It did not happen; ${received.length} requests came.`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connections: () => connections,
    answer(by) {
      answerBy = by
    },
    until,
    async gets(count) {
      await until(() => new Set(received.map(({ id }) => id)).size >= count)
      return received
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What the official library makes of a message. Throws unless the signature is good for this secret. */
export function verify(secret: string, { body, headers }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>)
}
