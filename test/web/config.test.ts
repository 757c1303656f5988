import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../web/page/config.js'
import { fontStack } from '../../web/page/theme.js'
import { prettify } from '../../web/page/view.js'
import { sampleConfig } from './site.ts'

const ORIGIN = 'http://sample.localhost:54321'
const parse = (answer: unknown) => parseConfig(answer, ORIGIN)
const withLink = (site: unknown) => parse({ ...sampleConfig, links: { site } })?.links.site
const withLogo = (url: unknown) =>
  parse({ ...sampleConfig, brand: { ...sampleConfig.brand, logo: { url } } })?.logo?.url

describe("reading the lookup's answer", () => {
  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (answer) => void parse(answer)))
    fc.assert(
      fc.property(
        fc.record({
          display_name: fc.string(),
          brand: fc.anything(),
          coach: fc.anything(),
          links: fc.anything(),
        }),
        (answer) => void parse(answer),
      ),
    )
  })

  it.each([
    null,
    [],
    'text',
    42,
    {},
    { display_name: '' },
    { display_name: '  ' },
    { display_name: { toString: 'x' } },
  ])('is no config: %j', (answer) => {
    expect(parse(answer)).toBeNull()
  })

  it.each([
    'javascript:alert(1)',
    ' java\tscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'http://plain.example.com/',
    '//elsewhere.example.com',
    '/auth/v1/logout',
    'https://bank.example.com@elsewhere.example.com/',
    'https://',
    `https://example.com/${'a'.repeat(2100)}`,
    { href: 'https://example.com' },
    7,
    null,
  ])('does not link to %j', (site) => {
    expect(withLink(site)).toBeNull()
  })

  it.each(['https://practice.example.com/', 'mailto:hello@practice.example.com'])('links to %s', (site) => {
    expect(withLink(site)).toBe(site)
  })

  it.each([
    'javascript:alert(1)',
    'data:image/svg+xml,<svg onload=alert(1)>',
    'http://plain.example.com/logo.png',
    'blob:https://example.com/1',
    '',
    7,
  ])('does not show the picture %j', (url) => {
    expect(withLogo(url)).toBeUndefined()
  })

  it('shows pictures over https and from its own site', () => {
    expect(withLogo('https://cdn.example.com/logo.svg')).toBe('https://cdn.example.com/logo.svg')
    expect(withLogo('/logos/sample.svg')).toBe(`${ORIGIN}/logos/sample.svg`)
  })

  it.each([
    'red',
    '#ff',
    '#fffff',
    '#1b4332;',
    '#1b4332}body{display:none}',
    'url(https://elsewhere.example.com)',
    'var(--page-text)',
    ['#1b4332'],
  ])('does not paint with %j', (primary) => {
    const config = parse({ ...sampleConfig, brand: { colors: { primary, accent: '#d4af37' } } })
    expect(config?.colors).toEqual({ accent: '#d4af37' })
  })

  it.each(['Lato"; } body { display: none', 'Lato, url(x)', 'a\\', "it's", '<b>', 'x'.repeat(65), '-x', ''])(
    'does not set type in %j',
    (heading) => {
      const config = parse({ ...sampleConfig, brand: { fonts: { heading, body: 'Source Sans 3' } } })
      expect(config?.fonts).toMatchObject({ heading: null, body: 'Source Sans 3' })
    },
  )

  it('shows what was uploaded to the project, wherever the page is', () => {
    const path = '/storage/v1/object/public/brands/a/logo/b.png'
    const logoOn = (api?: string) =>
      parseConfig({ ...sampleConfig, brand: { logo: { url: path } } }, ORIGIN, api)?.logo?.url
    expect(logoOn()).toBe(`${ORIGIN}${path}`)
    expect(logoOn('https://ref.supabase.co')).toBe(`https://ref.supabase.co${path}`)
    expect(logoOn('http://elsewhere.example.com')).toBeUndefined()
  })

  it('asks for no style sheet but one of a font, and for two at most', () => {
    const served = (given: unknown) =>
      parse({ ...sampleConfig, brand: { fonts: { served: given } } })?.fonts.served
    expect(served(['lato', 'source-sans-3', 'inter'])).toEqual(['lato', 'source-sans-3'])
    for (const path of [
      '../x',
      '/x',
      'https://a.example',
      'lato.css',
      'Lato',
      '',
      'a--b',
      '-a',
      'a'.repeat(65),
      7,
    ])
      expect(served([path]), String(path)).toEqual([])
    for (const none of [undefined, null, 'lato', { 0: 'lato' }]) expect(served(none)).toEqual([])
  })

  it.each(['__proto__', 'constructor', 'serif; color: red', '', 7, null])(
    'knows no fallback %j',
    (heading) => {
      expect(
        parse({ ...sampleConfig, brand: { fonts: { fallbacks: { heading } } } })?.fonts.fallbacks,
      ).toEqual({
        heading: null,
        body: null,
      })
    },
  )

  it('falls back to English for a locale that is none', () => {
    expect(parse({ ...sampleConfig, locale: '"><script>' })?.locale).toBe('en')
    expect(parse({ ...sampleConfig, locale: 'de_CH' })?.locale).toBe('de-CH')
  })
})

describe('presentation', () => {
  it('puts the tenant’s family first and one of the same character behind it', () => {
    expect(fontStack('Playfair Display', 'serif')).toMatch(/^"Playfair Display", .*Georgia.*, serif$/)
    expect(fontStack('Lato', 'sans-serif')).toMatch(/^"Lato", .*, sans-serif$/)
    expect(fontStack('Caveat', 'cursive')).toMatch(/, cursive$/)
    expect(fontStack('Lato')).toMatch(/, sans-serif$/)
    expect(fontStack('system-ui')).toMatch(/^system-ui, /)
  })

  it.each([
    ['industry4', 'Industry 4'],
    ['money_archetypes', 'Money archetypes'],
    ['team-360', 'Team 360'],
    ['leadershipValues', 'Leadership values'],
    ['<b>', '<b>'],
  ])('spells %s as %s', (key, spelled) => {
    expect(prettify(key)).toBe(spelled)
  })
})
