import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findTxt } from '../../../lib/branding/domains/dns.ts'
import { readTxtAnswer, txtQuestion } from '../../../lib/branding/domains/dns-message.ts'
import { parseResolvers } from '../../../lib/branding/domains/dns-resolvers.ts'
import { type DohServer, publish, startDohServer, type Zone } from '../../kit/servers/doh-server.ts'

let first: DohServer
let second: DohServer
beforeAll(async () => {
  first = await startDohServer()
  second = await startDohServer()
})
afterAll(async () => {
  await first?.stop()
  await second?.stop()
})

let count = 0
/** A name that the first resolver answers like this. */
async function zone(answer: Zone): Promise<string> {
  const name = `_tenantry.n${++count}.example.com`
  await publish(first.url, name, answer)
  return name
}
const ask = async (answer: Zone) => findTxt(await zone(answer), [first.url])

describe('a record is found', () => {
  it.each<[string, Zone, string[]]>([
    ['alone', { txt: ['value'] }, ['value']],
    ['among others', { txt: ['v=spf1 -all', 'value'] }, ['v=spf1 -all', 'value']],
    ['split into strings', { txt: [['va', 'l', 'ue']] }, ['value']],
    [
      'longer than one string can be',
      { txt: [['a'.repeat(255), 'b'.repeat(45)]] },
      ['a'.repeat(255) + 'b'.repeat(45)],
    ],
    ['empty', { txt: [''] }, ['']],
    ['as bytes that are no UTF-8 only by replacement', { txt: ['ü'] }, ['ü']],
  ])('%s', async (_how, answer, texts) => {
    expect(await ask(answer)).toEqual({ outcome: 'found', texts })
  })

  it('where a chain of CNAMEs ends, in any case', async () => {
    await publish(first.url, 'c.example.net', { txt: ['value'] })
    await publish(first.url, 'b.example.net', { cname: 'C.Example.Net' })
    expect(await ask({ cname: 'B.example.net' })).toEqual({ outcome: 'found', texts: ['value'] })
  })
  it('by the second resolver when the first cannot find out', async () => {
    const name = await zone({ rcode: 2 })
    await publish(second.url, name, { txt: ['value'] })
    expect(await findTxt(name, [first.url, second.url])).toEqual({ outcome: 'found', texts: ['value'] })
    expect(await findTxt(name, ['http://127.0.0.1:1/dns-query', second.url])).toMatchObject({
      outcome: 'found',
    })
  })
})

describe('no record is found', () => {
  it.each<[string, Zone, string]>([
    ['NXDOMAIN', { rcode: 3 }, 'no_such_name'],
    ['a name without TXT records', {}, 'no_record'],
    ['a CNAME that leads to nothing', { cname: 'nothing.example.net' }, 'no_such_name'],
    ['SERVFAIL', { rcode: 2 }, 'dns_failed'],
    ['REFUSED', { rcode: 5 }, 'dns_failed'],
    ['a resolver that hangs up', { txt: ['value'], reset: true }, 'resolver_failed'],
    ['an error status', { txt: ['value'], status: 503 }, 'resolver_failed'],
    ['a redirect', { txt: ['value'], status: 302, location: 'http://127.0.0.1:1/' }, 'resolver_failed'],
    ['a redirect that keeps the method', { status: 307, location: '/dns-query' }, 'resolver_failed'],
    ['another type of content', { txt: ['value'], contentType: 'application/json' }, 'resolver_failed'],
    ['an answer that never ends', { txt: ['value'], padding: 10_000_000 }, 'resolver_failed'],
    ['more records than fit', { txt: Array.from({ length: 200 }, () => 'x'.repeat(200)) }, 'resolver_failed'],
    ['no bytes', { bytes: '' }, 'resolver_failed'],
    ['bytes that mean nothing', { bytes: Buffer.alloc(600, 0xff).toString('base64') }, 'resolver_failed'],
    ['a web page', { bytes: Buffer.from('<!doctype html>').toString('base64') }, 'resolver_failed'],
    [
      'the answer to another question',
      { txt: ['value'], question: '_tenantry.other.example.com' },
      'resolver_failed',
    ],
    ['an answer that was cut off', { isTruncated: true }, 'resolver_failed'],
  ])('%s is told apart', async (_how, answer, outcome) => {
    expect(await ask(answer)).toEqual({ outcome })
  })

  it('a CNAME that leads to itself ends', async () => {
    const name = await zone({})
    await publish(first.url, name, { cname: name })
    expect(await findTxt(name, [first.url])).toEqual({ outcome: 'no_record' })
  })
  it('a slow resolver is given up on', async () => {
    expect(await ask({ txt: ['value'], delayMs: 4_000 })).toEqual({ outcome: 'resolver_timeout' })
  })
  it('a definite answer is not asked for twice', async () => {
    const name = await zone({ rcode: 3 })
    expect(await findTxt(name, [first.url, second.url])).toEqual({ outcome: 'no_such_name' })
    expect(second.asked(name)).toBe(0)
  })
  it('a resolver that is not there has failed', async () => {
    expect(await findTxt('_tenantry.example.com', ['http://127.0.0.1:1/dns-query'])).toEqual({
      outcome: 'resolver_failed',
    })
  })
})

describe('a message', () => {
  // Written by hand after RFC 1035, so that not one library alone says what is right.
  const question = Buffer.from(
    '0000' + '0100' + '0001000000000000' + '0161' + '03636f6d' + '00' + '00100001',
    'hex',
  )
  const answered = (answers: string) =>
    Buffer.from(`0000818000010001000000000161 03636f6d 00 00100001 ${answers}`.replaceAll(' ', ''), 'hex')

  it('asks as the RFC writes it', () => {
    expect(Buffer.from(txtQuestion('a.com'))).toEqual(question)
  })
  it('is read as the RFC writes it', () => {
    // c00c points to the name in the question; two strings, "ab" and "c".
    const bytes = answered('c00c 0010 0001 0000003c 0005 026162 0163')
    expect(readTxtAnswer('a.com', bytes)).toEqual({ outcome: 'found', texts: ['abc'] })
  })
  it('of another name says nothing about this one', () => {
    const bytes = answered('0162 c00e 0010 0001 0000003c 0002 0161')
    expect(readTxtAnswer('a.com', bytes)).toEqual({ outcome: 'no_record' })
  })
  it('whose names point in circles is refused', () => {
    expect(() => readTxtAnswer('a.com', answered('c017 0010 0001 0000003c 0002 0161'))).toThrow('DNS message')
  })
  it('of any bytes is an answer or is refused, and never anything else', () => {
    const good = answered('c00c 0010 0001 0000003c 0005 026162 0163')
    const flipped = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(good)
      bytes[at] = byte
      return bytes
    })
    const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(flipped, random), (bytes) => {
        try {
          expect(readTxtAnswer('a.com', bytes).outcome).toMatch(/^(found|no_record|no_such_name|dns_failed)$/)
        } catch (thrown) {
          expect((thrown as Error).name).toBe('UnreadableAnswer')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the setting TENANTRY_DOH_URL', () => {
  it.each([
    ['https://dns.example/dns-query', ['https://dns.example/dns-query']],
    ['https://a.example/q, https://b.example/q,', ['https://a.example/q', 'https://b.example/q']],
    ['http://127.0.0.1:5353/dns-query', ['http://127.0.0.1:5353/dns-query']],
    ['http://[::1]:5353/q', ['http://[::1]:5353/q']],
    ['http://localhost/q', ['http://localhost/q']],
  ])('takes %s', (list, urls) => {
    expect(parseResolvers(list)).toEqual(urls)
  })
  it.each([
    'http://dns.example/dns-query',
    'http://127.0.0.1.example.com/q',
    'http://localhost.example.com/q',
    'http://10.0.0.1/q',
    'http://0.0.0.0/q',
    'https://user:pass@dns.example/q',
    'ftp://dns.example/q',
    'dns.example',
    'https://a.example/q http://b.example/q',
  ])('refuses %s', (list) => {
    expect(() => parseResolvers(list)).toThrow('not an https URL')
  })
})
