import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { deliver, judge } from '../../../lib/webhooks/dispatch/deliver.ts'
import type { EndpointSecrets, LeasedDelivery } from '../../../lib/webhooks/dispatch/queue.ts'
import { testSecret } from './queue.ts'

const id = '0190163d-8694-739b-aea5-966c26f8ad91'
const leased = (url: string): LeasedDelivery => ({
  tenant_id: id,
  item_id: id,
  lane_id: id,
  lease_id: id,
  attempt_number: 1,
  ordering_key: null,
  event_type: 'brand.updated',
  event_version: 1,
  payload: '{"type":"brand.updated","data":{}}',
  endpoint_ref: '01J0B3V1MMEEDTX9CPDGKFHBCH',
  url,
  is_slow: false,
  revision: id,
})
const secrets = (headers: Record<string, string> = {}): EndpointSecrets => ({
  endpoint_id: id,
  revision: id,
  secrets: [testSecret],
  headers,
  good_until_at: null,
})
/** Time enough on a busy machine, for whoever is judged by what it does. */
const loopback = { policy: { allowLoopback: true }, timeoutMs: 30_000 }
const impatient = { ...loopback, timeoutMs: 1_000 }

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo()
})

/** A server that does as it likes with a connection once the request has come. */
async function misbehaving(act: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => act(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`
}

describe('whatever a receiver does, it is an attempt with a reason', () => {
  it.each<[string, (socket: Socket) => void, string, RegExp]>([
    ['answers garbage', (s) => s.end('I am no web server\r\n\r\n'), 'not_http', /cannot be read as HTTP/],
    ['never answers', () => {}, 'too_slow', /No full answer came within 1 seconds/],
    [
      'drips its answer',
      (s) => {
        s.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n')
        const drip = setInterval(() => s.write('.'), 100)
        s.once('close', () => clearInterval(drip))
      },
      'too_slow',
      /No full answer came/,
    ],
    ['resets the connection', (s) => s.resetAndDestroy(), 'unreachable', /ended before the answer did/],
    ['hangs up', (s) => s.end(), 'unreachable', /ended before the answer did/],
    [
      'sends headers without end',
      (s) => {
        s.write('HTTP/1.1 200 OK\r\n')
        const more = setInterval(() => s.write(`x-a: ${'a'.repeat(8_000)}\r\n`), 5)
        s.once('close', () => clearInterval(more))
      },
      'not_http',
      /cannot be read as HTTP/,
    ],
  ])('%s', async (_what, act, code, detail) => {
    const patience = code === 'too_slow' ? impatient : loopback
    const result = await deliver(leased(await misbehaving(act)), secrets(), patience)
    expect(result).toMatchObject({ outcome: 'failed', response_status: null, error_code: code })
    expect(result.error_detail).toMatch(detail)
    expect(result.duration_ms).toBeLessThan(loopback.timeoutMs)
  })

  it('sends a gigabyte: the beginning is kept, and the rest is not read', async () => {
    let sent = 0
    const url = await misbehaving((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n')
      const chunk = Buffer.alloc(65_536, 'x')
      const pump = () => {
        while (sent < 2 ** 30 && socket.writable && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', pump)
      pump()
    })
    const result = await deliver(leased(url), secrets(), loopback)
    expect(result).toMatchObject({ outcome: 'succeeded', response_status: 200 })
    expect(result.response_body).toHaveLength(16_384)
    expect(sent).toBeLessThan(64 * 2 ** 20)
  })

  it('redirects to where the machine keeps its credentials: nobody goes there', async () => {
    const url = await misbehaving((socket) =>
      socket.end(
        'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n',
      ),
    )
    expect(await deliver(leased(url), secrets(), loopback)).toMatchObject({
      outcome: 'failed',
      error_code: 'status_307',
      error_detail: expect.stringMatching(/Redirects are not followed/),
    })
  })

  it('answers with bytes that are no text: what is stored is text', async () => {
    const url = await misbehaving((socket) =>
      socket.end(
        Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n'),
          Buffer.from([0xff, 0, 0x41, 0xc3, 0, 0xf0]),
        ]),
      ),
    )
    const { response_body } = await deliver(leased(url), secrets(), loopback)
    expect(response_body).toContain('A')
    expect(response_body).not.toContain('\0')
  })
})

describe('where no request is made', () => {
  it.each([
    ['a private address', 'https://10.0.0.1/', 'address_refused'],
    ['the metadata service', 'https://169.254.169.254/latest/meta-data', 'address_refused'],
    ['the same in decimal', 'https://2852039166/', 'address_refused'],
    ['the same in octal', 'https://0251.0376.0251.0376/', 'address_refused'],
    ['loopback in hexadecimal', 'https://0x7f000001/', 'address_refused'],
    ['loopback inside IPv6', 'https://[::ffff:127.0.0.1]/', 'address_refused'],
    ['plain http', 'http://93.184.216.34/', 'url_refused'],
    ['another protocol’s port', 'https://93.184.216.34:25/', 'url_refused'],
  ])('%s', async (_what, url, code) => {
    const result = await deliver(leased(url), secrets(), {
      policy: { allowLoopback: false },
      timeoutMs: 1_000,
    })
    expect(result).toMatchObject({ outcome: 'failed', error_code: code, response_status: null })
    expect(result.error_detail).toMatch(/\.$/)
  })

  it('a name that leads to one public and one private address', async () => {
    let asked = 0
    const resolve = async () => {
      asked++
      return ['93.184.216.34', '10.0.0.1']
    }
    const result = await deliver(leased('https://hooks.example/'), secrets(), {
      policy: { allowLoopback: false },
      resolve,
      timeoutMs: 1_000,
    })
    expect(result).toMatchObject({ outcome: 'failed', error_code: 'address_refused' })
    expect(asked).toBe(1)
  })

  it('an endpoint whose secret is gone', async () => {
    expect(await deliver(leased('https://hooks.example/'), undefined)).toMatchObject({
      outcome: 'failed',
      error_code: 'no_secret',
    })
  })
})

describe('what an answer means', () => {
  const answer = (status: number, headers: Record<string, string> = {}) =>
    judge({ status, headers: new Headers(headers), bytes: new Uint8Array(), isCut: false })

  it.each([200, 201, 202, 204, 299])('%i is a success', (status) => {
    expect(answer(status)).toMatchObject({
      outcome: 'succeeded',
      error_code: null,
      block_seconds: null,
      stop_reason: null,
    })
  })
  it.each([300, 301, 304, 400, 401, 404, 422, 500])('%i is a failure of this message', (status) => {
    expect(answer(status)).toMatchObject({
      outcome: 'failed',
      error_code: `status_${status}`,
      block_seconds: null,
    })
  })
  it.each([429, 502, 503, 504])('%i is a pause for all', (status) => {
    expect(answer(status).block_seconds).toBe(5)
    expect(answer(status, { 'retry-after': '30' }).block_seconds).toBe(30)
    expect(answer(status, { 'retry-after': '999999999' }).block_seconds).toBe(86_400)
    expect(answer(status, { 'retry-after': '-5' }).block_seconds).toBe(5)
    expect(answer(status, { 'retry-after': 'soon' }).block_seconds).toBe(5)
    const asked = Date.now()
    const inAMinute = answer(status, { 'retry-after': new Date(asked + 60_000).toUTCString() }).block_seconds
    // The date has no part of a second.
    expect(inAMinute).toBeGreaterThan(58 - (Date.now() - asked) / 1_000)
    expect(inAMinute).toBeLessThanOrEqual(60)
    expect(answer(status, { 'retry-after': new Date(0).toUTCString() }).block_seconds).toBe(1)
  })
  it('410 and webhook-delivery: disable end it', () => {
    expect(answer(410).stop_reason).toBe('gone')
    expect(answer(200, { 'webhook-delivery': ' Disable ' })).toMatchObject({
      outcome: 'succeeded',
      stop_reason: 'asked',
    })
    expect(answer(500, { 'webhook-delivery': 'pause' }).stop_reason).toBe(null)
  })
})
