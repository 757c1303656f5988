// @ts-check
import { isColor } from './colors.js'
import { COLOR_NAMES } from './config.js'
import { derivePalette, shownScheme } from './palette.js'

/** @typedef {import('./config.js').PageConfig} PageConfig */

// Behind the tenant's family stand similar ones that devices have. The files of a family that Tenantry serves lie
// beside this page (npm run fonts). Nothing is fetched from a font service, because the service would see the address
// of every visitor.
const STACKS = {
  serif: '"Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "Times New Roman", serif',
  'sans-serif': '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  cursive: '"Snell Roundhand", "Segoe Script", cursive',
  monospace: 'ui-monospace, Menlo, Consolas, monospace',
}
const GENERIC = /^(?:serif|sans-serif|cursive|system-ui|monospace|ui-serif|ui-sans-serif|ui-rounded)$/

/**
 * Paints the document in the tenant's brand, and again whenever the device changes to dark or light. Values reach
 * CSS only as whole custom properties through the CSSOM, where a value cannot end its own declaration.
 * @param {PageConfig} config
 */
export function applyTheme(config) {
  const root = document.documentElement
  const colors = config.inheritsTheme ? {} : config.colors
  root.dataset.theme = config.inheritsTheme ? 'inherit' : 'override'

  for (const name of COLOR_NAMES) {
    const color = colors[name]
    if (isColor(color)) root.style.setProperty(`--tenant-color-${name.replace('_', '-')}`, color)
  }
  if (!config.inheritsTheme) {
    const { heading, body, fallbacks, served } = config.fonts
    for (const font of served) addStyleSheet(`/fonts/${font}.css`)
    setFont('--tenant-font-heading', heading, fallbacks.heading)
    setFont('--tenant-font-body', body, fallbacks.body)
  }

  const night = matchMedia('(prefers-color-scheme: dark)')
  const paint = () => {
    const scheme = night.matches ? 'dark' : 'light'
    const palette = derivePalette(colors, scheme, { flat: config.inheritsTheme })
    for (const [property, color] of Object.entries(palette)) root.style.setProperty(property, color)
    root.style.setProperty('color-scheme', shownScheme(colors, scheme))
    root.toggleAttribute('data-logo-plate', palette['--page-logo-plate'] !== palette['--page-background'])
    setMeta('theme-color', palette['--page-background'] ?? '')
    drawFavicon(
      initials(config.displayName),
      palette['--page-button'] ?? '',
      palette['--page-on-button'] ?? '',
    )
  }
  paint()
  night.addEventListener('change', paint)
}

/** @param {string} href on this site */
function addStyleSheet(href) {
  if (document.querySelector(`link[href="${href}"]`)) return
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = href
  document.head.append(link)
}

/** @param {string} property @param {string | null} family @param {import('./config.js').Fallback | null} fallback */
function setFont(property, family, fallback) {
  if (family) document.documentElement.style.setProperty(property, fontStack(family, fallback))
}

/**
 * @param {string} family a name parseConfig() let through: letters, digits, spaces and dashes only
 * @param {import('./config.js').Fallback | null} [fallback] what looks like it
 */
export function fontStack(family, fallback) {
  const rest = STACKS[fallback ?? 'sans-serif']
  return GENERIC.test(family) ? `${family}, ${rest}` : `"${family}", ${rest}`
}

/** @param {string} name @returns {string} the first letters of its first and last word */
export function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? []
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words
  return picked.map((word) => [...(word ?? '')][0]?.toUpperCase() ?? '').join('')
}

/** @param {string} name @param {string} content */
function setMeta(name, content) {
  document.querySelector(`meta[name="${name}"]`)?.setAttribute('content', content)
}

/**
 * Initials in the brand's colour. Most logos are wide and unreadable at 16 pixels. A canvas takes the text as
 * text, while an SVG made from strings would have to escape it.
 * @param {string} letters @param {string} fill @param {string} ink
 */
function drawFavicon(letters, fill, ink) {
  const link = document.querySelector('link[rel="icon"]')
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 64
  const brush = canvas.getContext('2d')
  if (!link || !brush) return
  brush.fillStyle = fill
  brush.beginPath()
  brush.roundRect(0, 0, 64, 64, 16)
  brush.fill()
  brush.fillStyle = ink
  brush.font = '600 30px sans-serif'
  brush.textAlign = 'center'
  brush.textBaseline = 'middle'
  brush.fillText(letters, 32, 34, 52)
  link.setAttribute('href', canvas.toDataURL('image/png'))
}
