import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
  at: number
}

export type Step = (response: ServerResponse, seen: Seen) => void

export interface ScriptedServer {
  url: string
  seen: Seen[]
}

/** A real HTTP server that plays one step for each request; the last one again for all further requests. */
export async function serve(...steps: Step[]): Promise<ScriptedServer> {
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    const at = performance.now()
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: await text(request), at }
    const step = steps[Math.min(seen.length, steps.length - 1)]!
    seen.push(one)
    step(response, one)
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Step =>
  json(
    { type: `urn:tenantry:problem:${code}`, title: code, status, detail: `${code} it is.`, code },
    status,
    {
      'content-type': 'application/problem+json',
      'x-request-id': 'request-1',
      ...headers,
    },
  )

export const raw =
  (status: number, contentType: string | undefined, body: string): Step =>
  (response) => {
    response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType })
    response.end(body)
  }

/** Ends the connection without a word. */
export const hangUp: Step = (response) => response.socket?.destroy()

/** Ends it in the middle of the body. */
export const cutShort: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"products": [', () => response.socket?.destroy())
}

/** Never answers. */
export const silence: Step = () => {}
