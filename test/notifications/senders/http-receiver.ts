import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}
export interface Reply {
  status: number
  body?: unknown
  headers?: Record<string, string>
  /** Closes the connection after reading the request, without an answer. */
  hangUp?: true
  /** How long it thinks before it answers. */
  delayMs?: number
}

/** A server of this machine that keeps what it is sent, and answers as it is told. */
export async function startHttpReceiver() {
  const received: Received[] = []
  let reply: Reply = { status: 200 }
  const server = createServer(async (request, response) => {
    received.push({ path: request.url ?? '', headers: request.headers, body: await text(request) })
    if (reply.delayMs) await sleep(reply.delayMs)
    if (reply.hangUp) return request.socket.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(reply.body === undefined ? '' : JSON.stringify(reply.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(next: Reply) {
      reply = next
      received.length = 0
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
