import { beforeAll, describe, expect, it } from 'vitest'
import { deliverableUrl } from '../../../lib/webhooks/endpoints/url.ts'
import { problemOf } from '../../kit/call.ts'
import { list, makeEndpoint, makeWorld, patch, post, read, type World } from './world.ts'

let world: World
let ref: string
beforeAll(async () => {
  world = await makeWorld()
  ref = (await makeEndpoint(world)).ref_id
})

/** Addresses that lead inside, in every spelling that some parser understands. The stack lets loopback pass: those stand below. */
const inside = [
  ...['10.0.0.1', '10.1', '167772161', '0x0a000001', '0xa.0x0.0x0.0x1', '012.0.0.1', '0012.0.0.01', '10.0.1'],
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518', '169.16689662'],
  ...[
    '192.168.0.1',
    '192.168.1',
    '0xc0a80001',
    '172.16.0.1',
    '172.31.255.255',
    '100.64.0.1',
    '100.127.255.254',
  ],
  ...['0.0.0.0', '0', '0x0', '00', '192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1'],
  ...['203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '4294967295'],
  ...[
    '[::]',
    '[::ffff:10.0.0.1]',
    '[::ffff:a00:1]',
    '[0:0:0:0:0:ffff:169.254.169.254]',
    '[64:ff9b::10.0.0.1]',
  ],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[100::1]',
    '[2001:db8::1]',
    '[2002:a00:1::]',
    '[2001::1]',
    '[3fff::1]',
  ],
  ...['[5f00::1]', '[fc00::1]', '[fd12:3456:789a::1]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[::10.0.0.1]'],
  // Digits of other scripts and full-width dots are those of an address too.
  ...['１０.0.0.1', '10。0。0。1', '⑩.0.0.1', '%31%30.0.0.1', '10.0.0.1.'],
]
const loopback = [
  ...[
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.255.255.254',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ],
  ...['[0:0:0:0:0:0:0:1]', '[::ffff:7f00:1]'],
]
const noWeb = [
  ...[
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/html,x',
  ],
  ...[
    'gopher://example.com/',
    'ws://example.com/',
    'blob:https://example.com/x',
    'http://example.com/',
    '//example.com/',
  ],
  ...[
    'example.com',
    '/hooks',
    'https://',
    'https:///',
    'https://user@example.com/',
    'https://user:secret@example.com/',
  ],
  ...[
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:0/',
    'https://example.com:99999/',
  ],
  ...['https://exa mple.com/', 'https://[::1', 'https://%00/', 'about:blank', ' '],
]

describe('a URL that leads inside, or is none for the web', () => {
  it.each([...inside.map((host) => `https://${host}/hook`), ...noWeb])('is refused: %s', async (url) => {
    const refused = { status: 422, code: 'invalid_value', pointers: ['/url'] }
    expect(await problemOf(await post(world, '/endpoints', { url }))).toEqual(refused)
    expect(await problemOf(await patch(world, ref, { url }))).toEqual(refused)
  })
  it.each(loopback)('is refused where development is over: https://%s/', (host) => {
    const hosted = { allowLoopback: false }
    expect(() => deliverableUrl(`https://${host}/`, hosted)).toThrow(/not public/)
    expect(() => deliverableUrl(`http://${host}/`, hosted)).toThrow(/Only https/)
  })
  it('left no endpoint behind, and changed none', async () => {
    expect(await list(world)).toHaveLength(1)
    expect((await read(world, ref)).url).toBe('https://hooks.example.com/in')
  })
  it('is refused in a sentence', async () => {
    const detailOf = async (url: string) => {
      const problem = (await (await post(world, '/endpoints', { url })).json()) as { detail: string }
      return problem.detail
    }
    expect(await detailOf('http://example.com/')).toBe('Only https URLs are fetched.')
    expect(await detailOf('https://0xa9fea9fe/')).toBe(
      '169.254.169.254 leads to an address that is not public.',
    )
    expect(await detailOf('https://example.com:25/')).toMatch(/^Port 25 is another protocol's/)
  })
})

describe('a URL is stored as every part of us reads it', () => {
  it.each([
    ['HTTPS://Hooks.EXAMPLE.com', 'https://hooks.example.com/'],
    ['https://hooks.example.com:443/a/../b?x=1#fragment', 'https://hooks.example.com/b?x=1'],
    ['https://bücher.example/straße?q=ä', 'https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4'],
    ['https://日本語.example/🚀', 'https://xn--wgv71a119e.example/%F0%9F%9A%80'],
    // A backslash is a slash: whoever takes what follows for the host reads another URL.
    ['https://example.com\\@10.0.0.1/x:', 'https://example.com/@10.0.0.1/x:'],
    // What the URL standard drops, a request line must not hold.
    ['https://hooks.example.com/a\r\nX-Injected: 1', 'https://hooks.example.com/aX-Injected:%201'],
    ['\t https://hooks.example.com/\n', 'https://hooks.example.com/'],
    ['http://127.0.0.1:9999/', 'http://127.0.0.1:9999/'],
  ])('%j', async (url, stored) => {
    expect(await (await patch(world, ref, { url })).json()).toMatchObject({ url: stored })
  })
})
