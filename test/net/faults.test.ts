import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runtimes } from './runtimes.ts'
import { receive } from './servers.ts'

const head = 'HTTP/1.1 200 OK\r\n'
const garbage = Buffer.from(Array.from({ length: 4_000 }, (_, index) => (index * 37) % 256)).toString()
/** Writes for as long as somebody reads, and counts the bytes. */
function pour(socket: Socket, text: string, most = 1e9): () => number {
  let written = 0
  const more = () => {
    while (!socket.destroyed && written < most) {
      written += text.length
      if (!socket.write(text)) return
    }
  }
  socket.on('drain', more)
  more()
  return () => written
}
const every = (ms: number, socket: Socket, text: string) => {
  const timer = setInterval(() => socket.write(text), ms)
  socket.on('close', () => clearInterval(timer))
}

const tooSlow = ['too_slow', 'No full answer came within 0.5 seconds.'] as const
const ended = ['unreachable', 'The connection ended before the answer did.'] as const
const notHttp = ['not_http', 'The answer cannot be read as HTTP.'] as const
const tooLarge = ['too_large', 'The answer is longer than 1000 bytes.'] as const

describe.each(runtimes)('on %s a server that', (_runtime, run) => {
  it.each<[string, (socket: Socket) => void, readonly [string, string]]>([
    ['answers garbage', (socket) => socket.end(`${garbage}\r\n\r\n`), notHttp],
    ['answers garbage without an end', (socket) => pour(socket, 'garbage '.repeat(1_000)), notHttp],
    ['answers another protocol', (socket) => socket.write('220 mail ESMTP\r\n250 ok\r\n\r\n'), notHttp],
    ['never answers', () => {}, tooSlow],
    ['closes', (socket) => socket.destroy(), ended],
    ['resets', (socket) => socket.resetAndDestroy(), ended],
    ['closes after its head', (socket) => socket.end(`${head}content-length: 5\r\n\r\n`), ended],
    [
      'resets in the middle of its answer',
      (socket) => socket.write(`${head}content-length: 5\r\n\r\nhel`, () => socket.resetAndDestroy()),
      ended,
    ],
    [
      'closes in its trailers',
      (socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n`),
      ended,
    ],
    ['drips its head', (socket) => every(50, socket, 'H'), tooSlow],
    [
      'drips its body',
      (socket) => {
        socket.write(`${head}content-length: 900\r\n\r\n`)
        every(50, socket, 'a')
      },
      tooSlow,
    ],
    ['keeps promising an answer', (socket) => every(50, socket, 'HTTP/1.1 102 Processing\r\n\r\n'), tooSlow],
    [
      'promises an answer without an end',
      (socket) => pour(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)),
      notHttp,
    ],
    ['sends headers without an end', (socket) => pour(socket, `${head}${'x: y\r\n'.repeat(100)}`), notHttp],
    [
      'sends trailers without an end',
      (socket) => {
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n0\r\n`)
        pour(socket, 'x: y\r\n'.repeat(1_000))
      },
      notHttp,
    ],
    ['sends one header without an end', (socket) => pour(socket, `${head}x: ${'y'.repeat(1_000)}`), notHttp],
    [
      'sends a gigabyte',
      (socket) => {
        socket.write(`${head}content-length: 1000000000\r\n\r\n`)
        pour(socket, 'a'.repeat(65_536))
      },
      tooLarge,
    ],
    [
      'sends chunks without an end',
      (socket) => {
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
        pour(socket, `8000\r\n${'a'.repeat(32_768)}\r\n`)
      },
      tooLarge,
    ],
  ])('%s is told so', async (_name, behave, [code, message]) => {
    const { url } = await receive((socket) => behave(socket))
    const step = { url, timeoutMs: code === 'too_slow' ? 500 : 20_000 }
    const outcomes = await run([[step, { ...step, keepAlive: true }]])
    for (const outcome of outcomes) expect(outcome).toMatchObject({ end: code, message })
  })
  it('sends a gigabyte is read for as long as it is wanted', async () => {
    const written: (() => number)[] = []
    const { url } = await receive((socket) => {
      socket.write(`${head}content-length: 1000000000\r\n\r\n`)
      written.push(pour(socket, 'a'.repeat(65_536)))
    })
    const step = { url, whenLonger: 'cut', timeoutMs: 20_000 } as const
    const outcomes = await run([step, { ...step, keepAlive: true }])
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ end: `200 ${'a'.repeat(1_000)}`, isCut: true })
    // What is not read fills the buffers of both ends, some megabytes.
    for (const count of written) expect(count()).toBeLessThan(100_000_000)
  })
  it('redirects is answered, not followed', async () => {
    const inner = await receive((socket) => socket.end(`${head}\r\nsecret`))
    const { url } = await receive((socket, { request }) => {
      const location = request === 1 ? 'http://169.254.169.254/latest/meta-data/' : inner.url
      socket.write(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`)
    })
    expect(
      await run([
        { url, keepAlive: true },
        { url, keepAlive: true },
      ]),
    ).toMatchObject([
      { end: '302 ', location: 'http://169.254.169.254/latest/meta-data/' },
      { end: '302 ', location: inner.url },
    ])
    expect(inner.connections()).toBe(0)
  })
})
