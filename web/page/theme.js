// @ts-check
import { isColor } from './colors.js'
import { COLOR_NAMES } from './config.js'
import { derivePalette, shownScheme } from './palette.js'

/** @typedef {import('./config.js').PageConfig} PageConfig */

// Fonts come from the visitor's device: the tenant's family first, then similar ones. Nothing is fetched from a
// font service, because the service would see the address of every visitor. A practice that needs its exact
// typeface everywhere hosts the files beside this page and adds @font-face to page.css.
const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "Times New Roman", serif'
const SANS = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
const LOOKS_SERIF =
  /serif|playfair|garamond|georgia|times|merriweather|lora|baskerville|caslon|bodoni|didot|crimson|cormorant|fraunces|palatino|spectral|bitter|roboto slab|literata|newsreader|libre book/i
const GENERIC = /^(?:serif|sans-serif|system-ui|monospace|ui-serif|ui-sans-serif|ui-rounded)$/

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
    setFont('--tenant-font-heading', config.fonts.heading)
    setFont('--tenant-font-body', config.fonts.body)
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

/** @param {string} property @param {string | null} family */
function setFont(property, family) {
  if (family) document.documentElement.style.setProperty(property, fontStack(family))
}

/** @param {string} family a name parseConfig() let through: letters, digits, spaces and dashes only */
export function fontStack(family) {
  const rest = LOOKS_SERIF.test(family) && !/sans/i.test(family) ? SERIF : SANS
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
