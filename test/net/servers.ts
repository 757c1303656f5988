import { once } from 'node:events'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { afterAll } from 'vitest'

const servers: Server[] = []
const sockets = new Set<Socket>()
afterAll(() => {
  for (const server of servers) server.close()
  for (const socket of sockets) socket.destroy()
})

/** Starts a server on a free port of this machine, until the file's tests are over. */
export async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export interface Heard {
  /** Which connection and which request on it, both counted from 1. */
  connection: number
  request: number
  /** The whole request. */
  text: string
}

export interface Receiver {
  url: string
  heard: Heard[]
  /** How many connections were made. */
  connections: () => number
}

/** A receiver that is told what to do with its socket whenever one whole request has come. */
export async function receive(answer: (socket: Socket, heard: Heard) => void): Promise<Receiver> {
  const heard: Heard[] = []
  let connections = 0
  const server = createTcp((socket) => {
    const connection = ++connections
    let request = 0
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n') + 4
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0)
      if (end < 4 || text.length < end + length) return
      const one = { connection, request: ++request, text }
      text = ''
      heard.push(one)
      answer(socket, one)
    })
  })
  const port = await listen(server)
  return { url: `http://127.0.0.1:${port}/`, heard, connections: () => connections }
}

/** An answer with its length. */
export function ok(text: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}
