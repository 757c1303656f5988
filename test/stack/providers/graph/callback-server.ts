import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

interface Posted {
  raw: Buffer
  signature: string
  // biome-ignore lint/suspicious/noExplicitAny: what was posted is what the tests look at.
  json: any
}

export interface CallbackServer {
  url: string
  posted: Posted[]
  /** What it answers, one after another; 200 after that. Null: nothing at all. */
  answers: (number | null)[]
  /** What it answers to a handshake, if not with the challenge of whoever knows the token. */
  handshake: ((query: URLSearchParams) => [status: number, body: string]) | null
  asked: URLSearchParams[]
  /** All messages and all statuses that were posted, in their order. */
  messages(): Posted['json'][]
  statuses(): Posted['json'][]
  stop(): Promise<void>
}

export const verifyToken = 'the token of the tests'

/** Whoever receives webhooks of the local WhatsApp, and answers as it is told. */
export async function startCallback(): Promise<CallbackServer> {
  const callback: CallbackServer = {
    url: '',
    posted: [],
    answers: [],
    handshake: null,
    asked: [],
    messages: () => valuesOf(callback.posted, 'messages'),
    statuses: () => valuesOf(callback.posted, 'statuses'),
    stop: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://callback')
    if (request.method === 'GET') {
      callback.asked.push(searchParams)
      const [status, body] = (callback.handshake ?? shake)(searchParams)
      response.writeHead(status).end(body)
      return
    }
    const raw = await buffer(request)
    const signature = String(request.headers['x-hub-signature-256'])
    callback.posted.push({ raw, signature, json: JSON.parse(raw.toString()) })
    const answer = callback.answers.length > 0 ? callback.answers.shift() : 200
    if (answer) response.writeHead(answer).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  callback.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return callback
}

function shake(query: URLSearchParams): [number, string] {
  const isRight = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === verifyToken
  return isRight ? [200, query.get('hub.challenge') ?? ''] : [403, '']
}

function valuesOf(posted: Posted[], kind: 'messages' | 'statuses') {
  return posted.flatMap(({ json }) =>
    json.entry.flatMap((entry: Posted['json']) =>
      entry.changes.flatMap(({ value }: Posted['json']) => value[kind] ?? []),
    ),
  )
}
