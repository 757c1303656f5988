import { describe, expect, it, vi } from 'vitest'
import { runInDeno } from '../kit/run-in-deno.ts'
import { innerUrls, refusedUrls } from './refused-urls.ts'
import { runtimes } from './runtimes.ts'

// Node and Deno read URLs with parsers of their own, and the rules go by what these make of a spelling.
describe.each(runtimes)('on %s', (_runtime, run) => {
  it.each([
    ['leads inside', innerUrls, 'address_refused'],
    ['is none to fetch', refusedUrls, 'url_refused'],
  ])('a URL that %s is refused without asking the resolver', async (_name, urls, code) => {
    const outcomes = await run(urls.map((url) => ({ url, allowLoopback: false, keepAlive: true })))
    const seen = outcomes.map(({ end, asked }, index) => `${urls[index]}: ${end}, asked ${asked}`)
    expect(seen).toEqual(urls.map((url) => `${url}: ${code}, asked 0`))
    for (const { message } of outcomes) expect(message).toMatch(/^[A-Z[\d].* .*\.$/)
  })
  describe('with TENANTRY_BLOCKED_NETWORKS', () => {
    const blocked = '93.184.215.0/24, 2606:4700::/32,,203.0.113.9/32,64:ff9b::/96,127.0.0.0/8,'
    // Spellings that the operator did not write, and a name with one such address among others.
    it.each([
      ['https://93.184.215.14/'],
      ['https://0x5db8d70e/'],
      ['https://[::ffff:93.184.215.14]/'],
      ['https://[2606:4700::1111]/'],
      ['https://[2606:4700:0:0:1::]/'],
      ['https://[64:ff9b::1.1.1.1]/'],
      ['https://10.0.0.1/'],
      ['https://127.0.0.1/', true],
      ['https://hook.example/', false, ['1.1.1.1', '93.184.215.255']],
      ['https://hook.example/', false, ['2606:4700:ffff::1', '2a00:1450:4001::1']],
    ])('%s is refused', async (url, allowLoopback = false, addresses = []) => {
      const [outcome] = await run([{ url, allowLoopback, addresses: [addresses] }], blocked)
      expect(outcome!.end).toBe('address_refused')
    })
    it.each([
      ...[
        '93.184.215.14',
        '93.184.215.14/24',
        '93.184.215.0/33',
        '93.184.215.0/',
        '93.184.215/24',
        '010.0.0.0/8',
      ],
      ...[
        '0x5d.184.215.0/24',
        '2606:4700::1/32',
        '2606:4700::/129',
        '2606:4700::%eth0/32',
        '::ffff:1.2.3.0/120',
      ],
      ...['example.com', '93.184.215.0/24;10.0.0.0/8', '93.184.215.0 /24', '*', 'none'],
    ])('%j is an entry that closes everything until it is corrected', async (entry) => {
      const outcomes = await run([{ url: 'https://hook.example/' }], `8.8.8.0/24,${entry}`)
      expect(outcomes[0]!.end).toBe(
        `not a NetFault: Error: TENANTRY_BLOCKED_NETWORKS holds "${entry}", which is not a network such as 203.0.113.0/24 or 2001:db8::/32.`,
      )
    })
  })
  it.each([
    [['93.184.215.14', '10.0.0.1']],
    [['10.0.0.1', '93.184.215.14']],
    [['2606:4700::1111', '::1']],
    [['93.184.215.14', '::ffff:169.254.169.254']],
    [['93.184.215.14', '0xa9fea9fe']],
  ])('a name that leads to %j is refused', async (addresses) => {
    const url = 'https://hook.example/'
    const outcomes = await run([{ url, addresses: [addresses], allowLoopback: false }])
    expect(outcomes).toEqual([
      { end: 'address_refused', message: 'hook.example leads to an address that is not public.', asked: 1 },
    ])
  })
})

it('an edge function with networks that cannot be read does not start', async () => {
  vi.stubEnv('TENANTRY_BLOCKED_NETWORKS', '10.0.0.0/8,everything')
  try {
    const printed = await runInDeno(`import './lib/webhooks/index.ts'; console.log('started')`)
    expect(printed).toContain('TENANTRY_BLOCKED_NETWORKS holds "everything"')
    expect(printed).not.toMatch(/^started/m)
  } finally {
    vi.unstubAllEnvs()
  }
})
