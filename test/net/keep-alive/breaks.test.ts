import { createServer as createTcp, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runtimes } from '../runtimes.ts'
import { type Heard, listen, ok, type Receiver, receive } from '../servers.ts'
import type { Step } from '../steps.ts'

const kept = { keepAlive: true, method: 'POST', body: '{}' } as const
const numbered = ({ connection, request }: Heard) => ok(`${connection}.${request}`)
const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step)
/** Requests as "connection.request", in the order they were heard. */
const heardBy = ({ heard }: Receiver) => heard.map(({ connection, request }) => `${connection}.${request}`)

/** Answers the first request of every connection, and does something else with the second. */
const firstOnly = (then: (socket: Socket) => void) =>
  receive((socket, heard) => {
    if (heard.request === 1) socket.write(numbered(heard))
    else then(socket)
  })

describe.each(runtimes)('on %s a kept connection', (_runtime, run) => {
  const endsOf = async (steps: (Step | Step[])[]) => (await run(steps)).map(({ end }) => end)

  it.each<[string, (socket: Socket) => void]>([
    ['closed', (socket) => socket.destroy()],
    ['ended', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('that is %s just when it is used again costs one more try', async (_name, break_) => {
    const receiver = await firstOnly(break_)
    expect(await endsOf(times(3, { url: receiver.url, ...kept }))).toEqual(['200 1.1', '200 2.1', '200 3.1'])
    expect(heardBy(receiver)).toEqual(['1.1', '1.2', '2.1', '2.2', '3.1'])
    expect(new Set(receiver.heard.map(({ text }) => text)).size).toBe(1)
  })
  it.each<[string, (socket: Socket) => void]>([
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('is not needed by a server that %s after every answer', async (_name, break_) => {
    const receiver = await receive((socket, heard) => socket.write(numbered(heard), () => break_(socket)))
    const ends = await endsOf(times(5, { url: receiver.url, ...kept }))
    expect(ends.every((end) => /^200 \d+\.1$/.test(end))).toBe(true)
  })
  it('gets one more try and no other', async () => {
    let isOpen = true
    const receiver = await receive((socket, heard) => {
      if (isOpen) socket.write(numbered(heard))
      else socket.destroy()
      isOpen = false
    })
    expect(await endsOf(times(2, { url: receiver.url, ...kept }))).toEqual(['200 1.1', 'unreachable'])
    expect(heardBy(receiver)).toEqual(['1.1', '1.2', '2.1'])
  })
  it.each<[string, string, string]>([
    ['one byte', 'H', 'unreachable'],
    ['half an answer', ok('whole').slice(0, -2), 'unreachable'],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'unreachable'],
    ['garbage', 'garbage\r\n\r\n', 'not_http'],
  ])('that ends after %s is not tried again: the request was read', async (_name, sent, code) => {
    const receiver = await firstOnly((socket) => socket.end(sent))
    expect(await endsOf(times(2, { url: receiver.url, ...kept }))).toEqual(['200 1.1', code])
    expect(heardBy(receiver)).toEqual(['1.1', '1.2'])
  })
  it('that does not answer in time is not tried again, nor used again', async () => {
    const receiver = await firstOnly(() => {})
    const step = { url: receiver.url, ...kept }
    const ends = await endsOf([step, { ...step, timeoutMs: 300 }, step])
    expect(ends).toEqual(['200 1.1', 'too_slow', '200 2.1'])
    expect(heardBy(receiver)).toEqual(['1.1', '1.2', '2.1'])
  })
  it('that ends, and a new one that does not answer, have one deadline together', async () => {
    const receiver = await receive((socket, heard) => {
      if (heard.connection > 1) return
      if (heard.request === 1) socket.write(numbered(heard))
      else setTimeout(() => socket.destroy(), 200)
    })
    const step = { url: receiver.url, ...kept }
    const start = Date.now()
    expect(await endsOf([step, { ...step, timeoutMs: 1_000 }])).toEqual(['200 1.1', 'too_slow'])
    expect(Date.now() - start).toBeLessThan(10_000)
    expect(heardBy(receiver)).toEqual(['1.1', '1.2', '2.1'])
  })
  it('that says something nobody asked for is not used again', async () => {
    let poison: Promise<void> | undefined
    const receiver = await receive((socket, heard) => {
      socket.write(numbered(heard))
      poison ??= new Promise((done) => setTimeout(() => socket.write(ok('poison'), () => done()), 50))
    })
    // A second server answers when that has long arrived.
    const other = await receive(
      (socket) => void poison?.then(() => setTimeout(() => socket.write(ok('now')), 300)),
    )
    const step = { url: receiver.url, ...kept }
    expect(await endsOf([step, { ...step, url: other.url }, step])).toEqual(['200 1.1', '200 now', '200 2.1'])
    expect(heardBy(receiver)).toEqual(['1.1', '2.1'])
  })
  it('serves one request at a time', async () => {
    const open = new Set<Socket>()
    let maxConcurrent = 0
    let isShared = false
    const { url, connections } = await receive((socket, heard) => {
      isShared ||= open.has(socket)
      open.add(socket)
      maxConcurrent = Math.max(maxConcurrent, open.size)
      setTimeout(() => {
        open.delete(socket)
        socket.write(numbered(heard))
      }, 20)
    })
    const step = { url, ...kept }
    const ends = await endsOf([times(10, step), times(10, step), times(10, step)])
    expect(ends.every((end) => end.startsWith('200 '))).toBe(true)
    expect(new Set(ends).size).toBe(30)
    expect([isShared, maxConcurrent, connections()]).toEqual([false, 10, 10])
  })
  it('keeps the end of what it was sent apart from the next request', async () => {
    const receiver = await receive((socket, heard) => socket.write(numbered(heard)))
    const body = 'POST / HTTP/1.1\r\nhost: evil\r\n\r\n'.repeat(9_000)
    const step = { url: receiver.url, ...kept }
    expect(await endsOf([{ ...step, body }, step])).toEqual(['200 1.1', '200 1.2'])
    const bodies = receiver.heard.map(({ text }) => text.slice(text.indexOf('\r\n\r\n') + 4))
    expect(bodies).toEqual([body, '{}'])
  })
  it('over which the request is still on its way when the answer comes is not used again', async () => {
    const sockets: Socket[] = []
    const server = createTcp((socket) => {
      sockets.push(socket)
      const answer = ok(String(sockets.length))
      // Answers at once and reads no more: what it has not read is no request of its own.
      socket.once('data', () => socket.pause().write(answer))
      // Deno 2.1 waits for what it has to write also when the socket is destroyed.
      if (sockets.length > 1) sockets[0]?.destroy()
    })
    const step = { url: `http://127.0.0.1:${await listen(server)}/`, ...kept }
    const huge = { ...step, body: 'a'.repeat(20_000_000) }
    expect(await endsOf([huge, step])).toEqual(['200 1', '200 2'])
  })
})
