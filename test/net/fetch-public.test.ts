import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchPublic, NetFault, type PublicRequest } from '../../lib/net/index.ts'
import { type MadeCertificate, makeCertificate } from '../kit/servers/certificates.ts'

const policy = { allowLoopback: true }
const limits = { timeoutMs: 2_000, maxBytes: 1_000, policy }
const servers: Server[] = []
async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
afterAll(() => {
  for (const server of servers) server.close()
})

/** What fetchPublic makes of a server that sends these bytes and closes. */
async function answerTo(
  sent: string | Uint8Array | ((socket: Socket) => void),
  more: Partial<PublicRequest> = {},
) {
  const server = createTcp((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => (typeof sent === 'function' ? sent(socket) : socket.end(sent)))
  })
  const port = await listen(server)
  return fetchPublic(`http://127.0.0.1:${port}/`, { ...limits, ...more })
}
const textOf = ({ bytes }: { bytes: Uint8Array }) => new TextDecoder().decode(bytes)
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    return `none: ${JSON.stringify(await work)}`
  } catch (thrown) {
    if (thrown instanceof NetFault) return thrown.code
    throw thrown
  }
}

describe('an answer', () => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  it.each([
    ['with a length', `${ok}content-length: 5\r\n\r\nhello and more`, 'hello'],
    ['until the end', `${ok}\r\nhello`, 'hello'],
    ['in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n`, 'hello'],
    [
      'after early hints',
      `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}content-length: 5\r\n\r\nhello`,
      'hello',
    ],
    ['without a reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', ''],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ])('%s is read', async (_name, sent, body) => {
    expect(textOf(await answerTo(sent))).toBe(body)
  })
  it('gives its status and headers, also when it redirects', async () => {
    const sent =
      'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n'
    const { status, headers } = await answerTo(sent)
    expect([status, headers.get('location'), headers.get('x-a')]).toEqual([
      302,
      'http://169.254.169.254/',
      '1, 2',
    ])
  })
  it.each([
    ['hello\r\n\r\n', 'not_http'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'unreachable'],
    ['HTTP/2 200\r\n\r\n', 'not_http'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'not_http'],
    [`${ok}no colon\r\n\r\n`, 'not_http'],
    [`${ok} folded: x\r\n\r\n`, 'not_http'],
    [`${ok}content-length: -1\r\n\r\n`, 'not_http'],
    [`${ok}content-length: 5, 5\r\n\r\nhello`, 'not_http'],
    [`${ok}transfer-encoding: gzip, chunked\r\n\r\n`, 'not_http'],
    [`${ok}transfer-encoding: chunked\r\n\r\nzz\r\n`, 'not_http'],
    [`${ok}transfer-encoding: chunked\r\n\r\n2\r\nhello\r\n`, 'not_http'],
    [`${ok}content-encoding: gzip\r\ncontent-length: 1\r\n\r\nx`, 'not_http'],
    [`${ok}content-length: 9\r\n\r\nhello`, 'unreachable'],
    [ok, 'unreachable'],
    ['', 'unreachable'],
    [`${ok}x: ${'a'.repeat(40_000)}\r\n\r\n`, 'not_http'],
    [`${ok}content-length: 1001\r\n\r\n${'a'.repeat(1_001)}`, 'too_large'],
    [`${ok}\r\n${'a'.repeat(1_001)}`, 'too_large'],
    [`${ok}transfer-encoding: chunked\r\n\r\n3e9\r\n${'a'.repeat(1_001)}\r\n0\r\n\r\n`, 'too_large'],
  ])('%.60j is refused: %s', async (sent, code) => {
    expect(await codeOf(answerTo(sent))).toBe(code)
  })
  it.each([
    `${ok}content-length: 3000\r\n\r\n`,
    `${ok}\r\n`,
    `${ok}transfer-encoding: chunked\r\n\r\nbb8\r\n`,
  ])('longer than wanted can be cut: %j', async (head) => {
    const answer = await answerTo(head + 'a'.repeat(3_000), { whenLonger: 'cut' })
    expect([answer.bytes.length, answer.isCut]).toEqual([1_000, true])
  })
  it('of exactly the length that is wanted is whole', async () => {
    const answer = await answerTo(`${ok}\r\n${'a'.repeat(1_000)}`)
    expect([answer.bytes.length, answer.isCut]).toEqual([1_000, false])
  })
  it('without an end stops at the limit, not at the end of memory', async () => {
    const flood = (socket: Socket) => {
      socket.write(`${ok}\r\n`)
      const pour = () => {
        while (!socket.destroyed && socket.write('a'.repeat(65_536)));
      }
      socket.on('drain', pour)
      pour()
    }
    expect(await codeOf(answerTo(flood))).toBe('too_large')
  })
  it.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['stops after its head', (socket) => socket.write(`${ok}content-length: 5\r\n\r\n`)],
    [
      'drips a byte at a time',
      (socket) => {
        socket.write(`${ok}\r\n`)
        const drip = setInterval(() => socket.write('a'), 50)
        socket.on('close', () => clearInterval(drip))
      },
    ],
  ])('of a server that %s is not waited for', async (_name, behave) => {
    expect(await codeOf(answerTo(behave, { timeoutMs: 300 }))).toBe('too_slow')
  })
  it('is not waited for when the resolver hangs', async () => {
    const resolve = () => new Promise<string[]>(() => {})
    const asked = fetchPublic('https://idp.example/', { ...limits, timeoutMs: 200, resolve })
    expect(await codeOf(asked)).toBe('too_slow')
  })
})

describe('a request', () => {
  it('says what was asked, and cannot be split', async () => {
    const seen: IncomingMessage[] = []
    let body = ''
    const server = createHttp(async (request: IncomingMessage, response: ServerResponse) => {
      seen.push(request)
      for await (const chunk of request) body += chunk
      response.end('ok')
    })
    const port = await listen(server)
    const url = `http://127.0.0.1:${port}/a%0d%0ax-evil:1?q=ü\r\nx-evil: 2`
    await fetchPublic(url, {
      ...limits,
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'grüezi',
    })
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/a%0d%0ax-evil:1?q=%C3%BCx-evil:%202' })
    expect(seen[0]?.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      'content-type': 'text/plain',
      connection: 'close',
    })
    expect(seen[0]?.headers).not.toHaveProperty('x-evil')
    expect(body).toBe('grüezi')
    await expect(fetchPublic(url, { ...limits, headers: { 'x-a': 'b\r\nx-evil: 1' } })).rejects.toThrow()
  })
})

describe('the pin', () => {
  let made: MadeCertificate
  let port: number
  const names: (string | undefined)[] = []
  beforeAll(async () => {
    made = await makeCertificate({ hosts: ['idp.example'] })
    const server = createHttps({ key: made.keyPem, cert: made.pem }, (request, response) => {
      names.push(request.headers.host)
      response.end('secret garden')
    })
    server.on('tlsClientError', () => {})
    port = await listen(server)
  })
  const here = async () => ['127.0.0.1']

  it('connects to the judged address, with the name in Host and in the handshake', async () => {
    const answer = await fetchPublic(`https://idp.example:${port}/`, {
      ...limits,
      resolve: here,
      ca: made.pem,
    })
    expect([textOf(answer), names.at(-1)]).toEqual(['secret garden', `idp.example:${port}`])
  })
  it.each(['other.example', 'idp.example.evil.test'])(
    'refuses a certificate that is not for %s',
    async (host) => {
      const asked = fetchPublic(`https://${host}:${port}/`, { ...limits, resolve: here, ca: made.pem })
      expect(await codeOf(asked)).toBe('untrusted')
    },
  )
  it('refuses a certificate of an unknown authority', async () => {
    expect(await codeOf(fetchPublic(`https://idp.example:${port}/`, { ...limits, resolve: here }))).toBe(
      'untrusted',
    )
  })
  it('resolves once, so that an answer that changes leads nowhere else', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    let asked = 0
    const resolve = async () => answers[asked++] ?? []
    const url = `https://idp.example:${port}/`
    expect(textOf(await fetchPublic(url, { ...limits, resolve, ca: made.pem }))).toBe('secret garden')
    expect(asked).toBe(1)
    // The next exchange asks anew, and judges anew.
    expect(await codeOf(fetchPublic(url, { ...limits, resolve, ca: made.pem }))).toBe('address_refused')
  })
  it('never reaches loopback unless the setting says so', async () => {
    const before = names.length
    const closed = { ...limits, policy: { allowLoopback: false }, ca: made.pem }
    for (const url of [
      `https://127.0.0.1:${port}/`,
      `https://idp.example:${port}/`,
      `https://[::ffff:7f00:1]:${port}/`,
    ])
      expect(await codeOf(fetchPublic(url, { ...closed, resolve: here }))).toBe('address_refused')
    expect(names.length).toBe(before)
  })
  it('tries the next address when one does not answer', async () => {
    const resolve = async () => ['127.0.0.2', '127.0.0.1']
    expect(
      textOf(await fetchPublic(`https://idp.example:${port}/`, { ...limits, resolve, ca: made.pem })),
    ).toBe('secret garden')
  })
  it('says so when nobody listens', async () => {
    expect(await codeOf(fetchPublic('https://127.0.0.1:1/', limits))).toBe('url_refused')
    const free = createTcp()
    const gone = await listen(free)
    free.close()
    expect(await codeOf(fetchPublic(`http://127.0.0.1:${gone}/`, limits))).toBe('unreachable')
  })
})
