import { describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'

async function normalise(brand: unknown): Promise<unknown> {
  const { rows } = await admin.query<{ brand: unknown }>('select private.normalize_brand($1) as brand', [
    JSON.stringify(brand),
  ])
  return rows[0]!.brand
}

async function problems(brand: unknown): Promise<string[]> {
  const error = await normalise(brand).then(
    () => null,
    (thrown: { code: string; message: string; hint: string }) => thrown,
  )
  if (!error) return []
  expect(error).toMatchObject({ code: 'PT422', message: 'invalid_brand' })
  return (JSON.parse(error.hint) as { pointer: string }[]).map(({ pointer }) => pointer).sort()
}

const canonical = {
  colors: { primary: '#401405', accent: '#b39f65', background: '#edebde', secondary: '#919c82' },
  logo: { url: 'https://moneystory.example.com/logo.svg' },
  fonts: { heading: 'Newsreader', body: 'Mulish' },
  theme_mode: 'override',
}

describe('a brand has one canonical shape', () => {
  it('whether it is spelled flat in camelCase, as requirement document 000 does', async () => {
    expect(
      await normalise({
        primary: '#401405',
        accent: '#B39F65',
        cream: '#EDEBDE',
        sage: '#919C82',
        logoUrl: 'https://moneystory.example.com/logo.svg',
        fontHeading: 'Newsreader',
        fontBody: 'Mulish',
        theme_mode: 'override',
      }),
    ).toEqual(canonical)
  })

  it('or flat in snake_case', async () => {
    expect(
      await normalise({
        primary: '#401405',
        accent: '#B39F65',
        cream: '#EDEBDE',
        sage: '#919C82',
        logo_url: 'https://moneystory.example.com/logo.svg',
        font_heading: 'Newsreader',
        font_body: 'Mulish',
        themeMode: 'override',
      }),
    ).toEqual(canonical)
  })

  it('or nested, as requirement document 002 does', async () => {
    expect(
      await normalise({
        logo: { url: 'https://a.example.com/l.svg', alt: 'A', width: 200 },
        colors: {
          primary: '#ABC',
          primaryHover: '#123456',
          backgroundSubtle: '#12345678',
          textMuted: '#abcd',
        },
        welcomeMessage: 'Welcome\nin',
        completion_message: 'Bye',
        showPoweredBy: false,
      }),
    ).toEqual({
      logo: { url: 'https://a.example.com/l.svg', alt: 'A', width: 200 },
      colors: {
        primary: '#aabbcc',
        primary_hover: '#123456',
        background_subtle: '#12345678',
        text_muted: '#aabbccdd',
      },
      messages: { welcome: 'Welcome\nin', completion: 'Bye' },
      show_powered_by: false,
    })
  })

  it('and what is canonical stays as it is', async () => {
    expect(await normalise(canonical)).toEqual(canonical)
  })

  it('a nested spelling wins over a flat one, null takes a value away, and empty is a brand', async () => {
    expect(await normalise({ primary: '#111111', colors: { primary: '#222222' } })).toEqual({
      colors: { primary: '#222222' },
    })
    expect(await normalise({ logo: null, colors: { primary: null }, tagline: null })).toEqual({ colors: {} })
    expect(await normalise({})).toEqual({})
  })
})

describe('a brand value that could become CSS, HTML or a script is refused', () => {
  it.each([
    'red',
    '#12345',
    '#ggg',
    'rgb(0,0,0)',
    'url(https://evil.example)',
    '#fff;}body{display:none',
    '#fff\n',
    '',
    7,
    {},
    ['#fff'],
  ])('colour %j', async (color) => {
    expect(await problems({ colors: { primary: color } })).toEqual(['/colors/primary'])
  })

  it.each(['Lato; color: red', 'x"y', "x'y", '</style>', '-Lato', 'a'.repeat(65), ''])(
    'font %j',
    async (font) => {
      expect(await problems({ fonts: { heading: font } })).toEqual(['/fonts/heading'])
    },
  )

  it.each([
    'javascript:alert(1)',
    'data:image/svg+xml,<svg onload=alert(1)>',
    'http://plain.example.com/l.png',
    '//a.example.com/l.png',
    'https://user:pass@a.example.com/',
    'https://a.example.com/"><script>',
    'https://a.example.com/a b',
    `https://a.example.com/${'a'.repeat(2100)}`,
    'https://',
  ])('logo %j', async (url) => {
    expect(await problems({ logo: { url } })).toEqual(['/logo/url'])
  })

  it('text with control or direction-override characters, or too long', async () => {
    expect(await problems({ tagline: 'a\u202eb' })).toEqual(['/tagline'])
    expect(await problems({ tagline: 'a\u0007b' })).toEqual(['/tagline'])
    expect(await problems({ tagline: 'x'.repeat(301) })).toEqual(['/tagline'])
    expect(await problems({ messages: { welcome: 'x'.repeat(2001) } })).toEqual(['/messages/welcome'])
  })

  it('and everything that is wrong is named at once, with the spelling it was sent in', async () => {
    expect(
      await problems({
        evil: 1,
        'a/b~c': 2,
        fonts: 3,
        colors: { primaryHover: 'red', nope: '#fff' },
        showPoweredBy: 'yes',
      }),
    ).toEqual(['/a~1b~0c', '/colors/nope', '/colors/primaryHover', '/evil', '/fonts', '/showPoweredBy'])
    expect(await problems([])).toEqual([''])
    expect(await problems('x')).toEqual([''])
  })
})
