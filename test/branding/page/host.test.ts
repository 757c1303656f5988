import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseHost } from '../../../lib/branding/index.ts'

describe('a host is normalised', () => {
  it.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com:', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com.:443', 'example.com'],
    ['www.example.com', 'example.com'],
    ['WWW.example.com', 'example.com'],
    ['www.www.example.com', 'example.com'],
    ['wwwx.example.com', 'wwwx.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['coach.localhost', 'coach.localhost'],
    ['localhost', 'localhost'],
  ])('%s -> %s', (input, expected) => {
    expect(normaliseHost(input)).toBe(expected)
  })

  it.each([
    '',
    '.',
    '..',
    ':80',
    'example..com',
    '.example.com',
    'example.com..',
    '-example.com',
    'example-.com',
    'exa mple.com',
    'exam\nple.com',
    'exam\0ple.com',
    'example.com/path',
    'https://example.com',
    'user@example.com',
    'example.com?x',
    'example.com#x',
    'example.com\\x',
    'ex%61mple.com',
    'example.com:80:80',
    'example.com:port',
    'exam_ple.com',
    'example.com, other.com',
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::1]:80',
    '::1',
    'xn--',
    'xn--\u{1f600}',
    '<script>.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(127)}com`,
    'a'.repeat(1_000_000),
  ])('what names no domain is null: %.40j', (input) => {
    expect(normaliseHost(input)).toBeNull()
  })

  it('once and for all, into what the database accepts', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9äöüßé-]{1,12}$/)
    const host = fc
      .tuple(fc.array(label, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '.', ':80', '.:8443'))
      .map(([labels, end]) => labels.join('.') + end)
    fc.assert(
      fc.property(fc.oneof(host, fc.string(), fc.webAuthority()), (input) => {
        const once = normaliseHost(input)
        if (once === null) return
        expect(normaliseHost(once)).toBe(once)
        expect(once).toMatch(/^[a-z0-9.-]{1,253}$/)
        expect(once).not.toMatch(/^www\.|\.$|:/)
      }),
      { numRuns: 1_000 },
    )
  })
})
