import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderThemeCss } from '../../../lib/branding/index.ts'

const declaration =
  /^ {2}--tenant-(?:color-[a-z-]+: #[0-9a-fA-F]{3,8}|font-(?:heading|body): "[A-Za-z0-9][A-Za-z0-9 _-]{0,63}", (?:serif|sans-serif|cursive|monospace));$/

function declarations(css: string): string[] {
  const lines = css.split('\n')
  expect(lines[0]).toBe(':root {')
  expect(lines.slice(-2)).toEqual(['}', ''])
  return lines.slice(1, -2)
}

describe('a theme', () => {
  it('is a brand as CSS variables', () => {
    expect(
      renderThemeCss({
        colors: { primary: '#2d5a3d', primary_hover: '#234a31ff', text_muted: '#fff' },
        fonts: { heading: 'Playfair Display', body: 'Lato', fallbacks: { heading: 'serif', body: null } },
      }),
    ).toBe(`:root {
  --tenant-color-primary: #2d5a3d;
  --tenant-color-primary-hover: #234a31ff;
  --tenant-color-text-muted: #fff;
  --tenant-font-heading: "Playfair Display", serif;
  --tenant-font-body: "Lato", sans-serif;
}
`)
  })
  it('is empty for a brand without colours, and for one that leaves theming to its site', () => {
    expect(declarations(renderThemeCss({}))).toEqual([])
    expect(declarations(renderThemeCss({ colors: null, fonts: null }))).toEqual([])
    expect(declarations(renderThemeCss({ colors: { primary: '#fff' }, theme_mode: 'inherit' }))).toEqual([])
  })

  it.each([
    'red',
    '#ggg',
    '#12345',
    '#fff;}body{display:none',
    '#fff}</style><script>alert(1)</script>',
    'url(https://evil.example/x)',
    'expression(alert(1))',
    '#fff\n;color:red',
    '#fff /* */',
    '\\23 fff',
    ' #fff',
    '#fff\u0000',
    '',
  ])('leaves out a colour that is none: %j', (value) => {
    expect(declarations(renderThemeCss({ colors: { primary: value } }))).toEqual([])
  })
  it.each([
    'Lato"; } body { display: none',
    "Lato', serif",
    'Lato\\22',
    'Lato</style>',
    'Lato\n',
    '-Lato',
    'Ünivers',
    'url(x)',
    'a'.repeat(65),
    '',
  ])('leaves out a font that is none: %j', (value) => {
    expect(declarations(renderThemeCss({ fonts: { heading: value } }))).toEqual([])
  })

  it('lets nothing else through, whatever the database holds', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.jsonValue(),
      fc.constantFrom('#fff', 'Lato'),
    )
    const field = fc.constantFrom(
      'primary',
      'text',
      'heading',
      'body',
      '__proto__',
      'constructor',
      'x:red;--y',
    )
    fc.assert(
      fc.property(fc.dictionary(field, anything), fc.dictionary(field, anything), (colors, fonts) => {
        for (const line of declarations(renderThemeCss({ colors, fonts }))) expect(line).toMatch(declaration)
      }),
      { numRuns: 500 },
    )
  })
})
