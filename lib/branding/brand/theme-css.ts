import { colorNames } from '../page/schema.ts'

/** What is read of a brand. Wider than what the database lets in, because nothing here relies on that. */
export interface Theme {
  colors?: Record<string, unknown> | null
  fonts?: Record<string, unknown> | null
  theme_mode?: unknown
}

const hexColor = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i
const fontName = /^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/

/**
 * A brand as CSS custom properties: --tenant-color-primary, --tenant-font-heading, and so on. Nothing
 * is escaped: only known names get in, and only values whose every character is harmless, so no value
 * can end its declaration, whatever the database holds. What does not fit is left out.
 */
export function renderThemeCss(theme: Theme): string {
  // Seed 000: "inherit" opts out, for a tenant whose pages stand in a frame of its own site.
  if (theme.theme_mode === 'inherit') return ':root {\n}\n'
  const lines: string[] = []
  for (const name of colorNames) {
    const value = theme.colors?.[name]
    if (typeof value === 'string' && hexColor.test(value)) {
      lines.push(`  --tenant-color-${name.replaceAll('_', '-')}: ${value};`)
    }
  }
  for (const name of ['heading', 'body']) {
    const value = theme.fonts?.[name]
    if (typeof value === 'string' && fontName.test(value)) lines.push(`  --tenant-font-${name}: "${value}";`)
  }
  return [':root {', ...lines, '}', ''].join('\n')
}
