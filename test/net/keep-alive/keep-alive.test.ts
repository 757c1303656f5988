import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runtimes } from '../runtimes.ts'
import { type Heard, ok, receive } from '../servers.ts'
import type { Step } from '../steps.ts'

const kept = { keepAlive: true, method: 'POST', body: '{}' } as const
/** Answers with the number of the connection and of the request on it, after `sent` was made of them. */
const numbered = ({ connection, request }: Heard) => `${connection}.${request}`
const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step)
const chunked = (text: string, end = '0\r\n\r\n') =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${text.length}\r\n${text}\r\n${end}`

describe.each(runtimes)('on %s a connection', (_runtime, run) => {
  /** Which connection and request three requests in a row arrive as. */
  const threeTo = async (answer: (socket: Socket, heard: Heard) => void, more: Partial<Step> = {}) => {
    const { url } = await receive(answer)
    return (await run(times(3, { url, ...kept, ...more }))).map(({ end }) => end)
  }
  const reused = ['200 1.1', '200 1.2', '200 1.3']
  const never = ['200 1.1', '200 2.1', '200 3.1']

  it.each<[string, (text: string) => string]>([
    ['with a length', (text) => ok(text)],
    ['in chunks', (text) => chunked(text)],
    ['in chunks with trailers', (text) => chunked(text, '0;x\r\nx-sum: 1\r\nx-more: 2\r\n\r\n')],
    ['after early hints', (text) => `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok(text)}`],
    ['after two interim answers', (text) => `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)}${ok(text)}`],
    ['that says keep-alive', (text) => ok(text, 'connection: keep-alive\r\n')],
    [
      'with a header that only sounds like it',
      (text) => ok(text, 'connection: x-closed\r\nclose: close\r\n'),
    ],
  ])('serves again after an answer %s', async (_name, sent) => {
    expect(await threeTo((socket, heard) => socket.write(sent(numbered(heard))))).toEqual(reused)
  })
  it.each([204, 304])('serves again after a %i', async (status) => {
    const { url, connections } = await receive((socket) => socket.write(`HTTP/1.1 ${status} x\r\n\r\n`))
    const ends = await run(times(3, { url, ...kept }))
    expect(ends.map(({ end }) => end)).toEqual(times(3, { url }).map(() => `${status} `))
    expect(connections()).toBe(1)
  })
  it('serves again when the answer comes a byte at a time', async () => {
    const drip = async (socket: Socket, heard: Heard) => {
      for (const byte of chunked(numbered(heard)))
        await new Promise((done) => socket.write(byte, () => setImmediate(done)))
    }
    expect(await threeTo(drip)).toEqual(reused)
  })

  it.each<[string, (text: string) => string]>([
    ['says close', (text) => ok(text, 'Connection: Close\r\n')],
    ['says close among others', (text) => ok(text, 'connection: x, close\r\n')],
    ['says close in a second header', (text) => ok(text, 'connection: x\r\nconnection: close\r\n')],
    ['is HTTP/1.0', (text) => ok(text).replace('/1.1', '/1.0')],
    [
      'is HTTP/1.0 and says keep-alive',
      (text) => ok(text, 'connection: keep-alive\r\n').replace('/1.1', '/1.0'),
    ],
    ['is followed by a byte', (text) => `${ok(text)}\n`],
    ['is followed by another answer', (text) => ok(text) + ok('poison')],
    ['in chunks is followed by another answer', (text) => chunked(text) + ok('poison')],
    ['has a length and chunks', (text) => chunked(text).replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n')],
  ])('serves no other request when the answer %s', async (_name, sent) => {
    expect(await threeTo((socket, heard) => socket.write(sent(numbered(heard))))).toEqual(never)
  })
  it.each([
    'HTTP/1.1 204 x\r\ncontent-length: 6\r\n\r\npoison',
    'HTTP/1.1 204 x\r\ncontent-length: 6\r\n\r\n',
    'HTTP/1.1 304 x\r\ntransfer-encoding: chunked\r\n\r\n',
    `HTTP/1.1 304 x\r\n\r\n${ok('poison')}`,
  ])('serves no other request after %j', async (sent) => {
    const { url, connections } = await receive((socket) => socket.write(sent))
    const ends = await run(times(3, { url, ...kept }))
    expect(ends.map(({ end }) => end)).toEqual(times(3, { url }).map(() => `${sent.slice(9, 12)} `))
    expect(connections()).toBe(3)
  })
  it('serves no other request when more comes after as much as a socket reads at once', async () => {
    // The head and this make 64 KiB; what follows is another read, as if it came later.
    const long = ok('').replace(': 0', ': 65494') + 'a'.repeat(65_494)
    expect(long.length).toBe(65_536)
    const { url, connections } = await receive((socket) => socket.write(long + ok('poison')))
    const outcomes = await run(times(3, { url, ...kept, maxBytes: 70_000 }))
    expect(outcomes.map(({ end }) => end.slice(0, 8))).toEqual(times(3, { url }).map(() => '200 aaaa'))
    expect(connections()).toBe(3)
  })
  it.each<[string, (text: string) => string]>([
    ['all came', (text) => ok(`${text}-----`)],
    ['just that much came', (text) => ok(`${text}-----`).slice(0, -5)],
    ['all came in a chunk', (text) => chunked(`${text}-----`)],
    ['just that much of a chunk came', (text) => chunked(`${text}-----`, '').slice(0, -7)],
  ])('serves no other request when the answer was cut off, of which %s', async (_name, sent) => {
    const cut = { whenLonger: 'cut', maxBytes: 3 } as const
    expect(await threeTo((socket, heard) => socket.write(sent(numbered(heard))), cut)).toEqual(never)
  })
  it('serves no other request when nobody asked for that', async () => {
    expect(await threeTo((socket, heard) => socket.write(ok(numbered(heard))), { keepAlive: false })).toEqual(
      never,
    )
  })
})
