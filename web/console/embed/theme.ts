import './theme.css'
import { extremeOn, isColor, legible, parseColor, toHex } from '../../page/colors.js'
import { fragment } from './fragment.ts'

/** The surfaces of tokens.css that the accent is written on. */
const surfaces = {
  light: ['#fbfbf9', '#ffffff', '#eef5f2'],
  dark: ['#151917', '#1d2320', '#17302a'],
}
/** Of text, after WCAG 2.2 AA. */
const readable = 4.5

/** The colours that the page around asks for. Any page may ask: of an accent that could not be read, the nearest shade is taken that can. */
export function applyTheme(): void {
  const { dataset, style } = document.documentElement
  const theme = fragment.get('theme')
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  const accent = fragment.get('accent')
  if (!isColor(accent)) return
  dataset.accent = ''
  for (const on of ['light', 'dark'] as const) {
    const all = surfaces[on].map((surface) => parseColor(surface))
    const shade = legible(parseColor(accent), all, readable)
    style.setProperty(`--accent-on-${on}`, toHex(shade))
    style.setProperty(`--ink-on-${on}-accent`, toHex(extremeOn([shade])))
  }
}
