import { describe, expect, it } from 'vitest'
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
