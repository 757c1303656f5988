import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contrast, mix, parseColor } from '../../web/page/colors.js'
import { derivePalette, shownScheme } from '../../web/page/palette.js'

const hex = fc
  .tuple(fc.integer({ min: 0, max: 0xffffff }), fc.option(fc.integer({ min: 0, max: 255 })))
  .map(([color, alpha]) => {
    const tail = alpha === null ? '' : alpha.toString(16).padStart(2, '0')
    return `#${color.toString(16).padStart(6, '0')}${tail}`
  })
const anyBrand = fc.record(
  {
    primary: hex,
    primary_hover: hex,
    secondary: hex,
    accent: hex,
    background: hex,
    background_subtle: hex,
    text: hex,
    text_muted: hex,
    border: hex,
  },
  { requiredKeys: [] },
)
const anyScheme = fc.constantFrom('light' as const, 'dark' as const)

/** text on surface, as page.css and brand.css pair them */
const PAIRS = [
  ['text', 'background'],
  ['text', 'background-subtle'],
  ['text-muted', 'background'],
  ['heading', 'background'],
  ['heading', 'background-subtle'],
  ['on-button', 'button'],
  ['on-button', 'button-hover'],
  ['on-hero', 'hero'],
  ['on-hero', 'hero-end'],
  ['on-hero', 'hero-glow'],
  ['on-cta', 'cta'],
] as const

const colorOf = (palette: Record<string, string>, name: string) =>
  parseColor(palette[`--page-${name}`] ?? 'missing')

describe('the palette', () => {
  it('keeps every text readable (WCAG AA), whatever the brand', () => {
    fc.assert(
      fc.property(anyBrand, anyScheme, fc.boolean(), (colors, scheme, flat) => {
        const palette = derivePalette(colors, scheme, { flat })
        for (const [text, surface] of PAIRS) {
          const ratio = contrast(colorOf(palette, text), colorOf(palette, surface))
          expect(ratio, `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps text readable between the stops of the hero gradient too', () => {
    fc.assert(
      fc.property(anyBrand, anyScheme, fc.nat(100), fc.nat(100), (colors, scheme, along, glow) => {
        const palette = derivePalette(colors, scheme)
        const beneath = mix(colorOf(palette, 'hero'), colorOf(palette, 'hero-end'), along / 100)
        const shade = mix(beneath, colorOf(palette, 'hero-glow'), glow / 100)
        // Between samples and whole channels a hair's breadth may be lost.
        expect(contrast(colorOf(palette, 'on-hero'), shade)).toBeGreaterThan(4.4)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves a readable brand as it is', () => {
    const palette = derivePalette(
      { primary: '#1b4332', accent: '#d4af37', background: '#fffdf7', text: '#1c2b24' },
      'light',
    )
    expect(palette).toMatchObject({
      '--page-background': '#fffdf7',
      '--page-text': '#1c2b24',
      '--page-heading': '#1b4332',
      '--page-button': '#1b4332',
      '--page-hero': '#1b4332',
      '--page-cta': '#d4af37',
    })
  })

  it('gives a light brand a night version, and lets a dark brand be dark by day', () => {
    const light = { primary: '#1b4332', background: '#fffdf7' }
    const dark = { primary: '#ff2e63', background: '#14141f' }
    expect(derivePalette(light, 'dark')['--page-background']).not.toBe('#fffdf7')
    expect(shownScheme(light, 'dark')).toBe('dark')
    expect(derivePalette(dark, 'light')).toEqual(derivePalette(dark, 'dark'))
    expect(shownScheme(dark, 'light')).toBe('dark')
  })
})
