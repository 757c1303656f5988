import { describe, expect, it } from 'vitest'
import { runtimes } from './runtimes.ts'
import { ok, receive } from './servers.ts'

describe.each(runtimes)('on %s a request', (_runtime, run) => {
  it('says what was asked, and what the connection needs', async () => {
    const { url, heard } = await receive((socket) => socket.write(ok('ok')))
    const headers = { 'webhook-id': 'msg_1', 'X-Empty': '', 'x-all': '\t !"#~', 'User-Agent': 'Mine/1' }
    const step = { url: `${url}a%0d%0ax-evil:1?q=ü\r\nx-evil: 2#part`, method: 'POST', headers } as const
    await run([
      { ...step, body: 'grüezi' },
      { ...step, body: '', keepAlive: true },
      { url, keepAlive: true },
    ])
    const host = new URL(url).host
    const lines = `host: ${host}\r\naccept-encoding: identity\r\nwebhook-id: msg_1\r\nX-Empty: \r\nx-all: \t !"#~\r\nUser-Agent: Mine/1\r\n`
    const target = 'POST /a%0d%0ax-evil:1?q=%C3%BCx-evil:%202 HTTP/1.1\r\n'
    const sent = Buffer.from('grüezi').toString('latin1')
    expect(heard.map(({ text }) => text)).toEqual([
      `${target}${lines}connection: close\r\ncontent-length: 7\r\n\r\n${sent}`,
      `${target}${lines}content-length: 0\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\nuser-agent: Tenantry/1\r\n\r\n`,
    ])
  })
  it('with a header that cannot be sent is refused before anything is sent', async () => {
    const { url, connections } = await receive((socket) => socket.write(ok('ok')))
    const names = ['', ' ', 'x y', 'x:', 'x\r\ny', 'x\ny', 'x\0', 'ü', 'x(', '"x"', '\u212a', 'x\t', ':host']
    const values = [
      'a\r\nx-evil: 1',
      'a\nb',
      'a\rb',
      'a\0b',
      '\x7f',
      '\x1b',
      'ü',
      '你好',
      '\u2028',
      '\ud800',
      '\u010d\u010a',
    ]
    const own = [
      ...['Host', 'connection', 'Content-Length', 'transfer-encoding', 'TE', 'trailer', 'Upgrade', 'expect'],
      ...['keep-alive', 'proxy-connection', 'accept-encoding'],
    ]
    const refused = [
      ...names.map((name) => ({ [name]: 'value' })),
      ...values.map((value) => ({ 'x-secret': value })),
      ...own.map((name) => ({ [name]: 'chunked' })),
    ]
    const outcomes = await run(refused.map((headers) => ({ url, headers, keepAlive: true })))
    const seen = outcomes.map(({ end }, index) => [refused[index], end])
    expect(seen).toEqual(refused.map((headers) => [headers, 'request_refused']))
    expect(new Set(outcomes.map(({ message }) => message))).toEqual(
      new Set([
        'The name of a header has a character that no header may have.',
        'The header x-secret has a character that is not printable ASCII.',
        ...own.map((name) => `The header ${name} is set by Tenantry itself.`),
      ]),
    )
    expect(connections()).toBe(0)
  })
})
