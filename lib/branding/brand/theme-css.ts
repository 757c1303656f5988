import { colorNames, genericFonts } from '../page/schema.ts'

/** The fields of a brand that a theme reads. The types are wider than what the database allows, because nothing here relies on it. */
export interface Theme {
  colors?: Record<string, unknown> | null
  fonts?: Record<string, unknown> | null
  theme_mode?: unknown
}

const hexColor = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i
const fontName = /^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/

/**
 * A brand as CSS custom properties: --tenant-color-primary, --tenant-font-heading, and so on. Nothing
 * is escaped: only known names and values of harmless characters get in, so no value can end its declaration,
 * whatever the database holds. Other values are left out.
 */
export function renderThemeCss(theme: Theme): string {
  // Requirement document 000: "inherit" has no theme, for pages in a frame of the tenant's own site.
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
    if (typeof value !== 'string' || !fontName.test(value)) continue
    const fallback = genericFonts.find((generic) => generic === fallbackOf(theme, name)) ?? 'sans-serif'
    lines.push(`  --tenant-font-${name}: "${value}", ${fallback};`)
  }
  return [':root {', ...lines, '}', ''].join('\n')
}

function fallbackOf({ fonts }: Theme, name: string): unknown {
  const fallbacks = fonts?.fallbacks
  return typeof fallbacks === 'object' && fallbacks !== null
    ? (fallbacks as Record<string, unknown>)[name]
    : undefined
}
