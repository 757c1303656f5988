// @ts-check
// Colour arithmetic after WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio

/** @typedef {{ readonly r: number, readonly g: number, readonly b: number }} Rgb channels, whole, 0 to 255 */

/** @type {Rgb} */
export const WHITE = { r: 255, g: 255, b: 255 }
/** @type {Rgb} */
export const BLACK = { r: 0, g: 0, b: 0 }

/** The spellings that the platform accepts. It stores six or eight digits. Other CSS colours do not count as colours here. */
const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i

/** @param {unknown} value @returns {value is string} */
export const isColor = (value) => typeof value === 'string' && HEX.test(value)

/**
 * Transparency is flattened onto the colour beneath, because a contrast can only be promised for the visible colour.
 * @param {string} hex a value that isColor() accepts
 * @param {Rgb} [beneath]
 * @returns {Rgb}
 */
export function parseColor(hex, beneath = WHITE) {
  const digits = hex.length <= 5 ? hex.replace(/[0-9a-f]/gi, '$&$&') : hex
  const channel = (/** @type {number} */ at) => Number.parseInt(digits.slice(at, at + 2), 16)
  const color = { r: channel(1), g: channel(3), b: channel(5) }
  return digits.length === 9 ? mix(beneath, color, channel(7) / 255) : color
}

/** @param {Rgb} color */
export const toHex = ({ r, g, b }) => `#${((1 << 24) | (r << 16) | (g << 8) | b).toString(16).slice(1)}`

/**
 * Rounded to whole channels, so that the measured colour is the one on the screen.
 * @param {Rgb} from @param {Rgb} to @param {number} share 0 is all `from`, 1 is all `to`
 * @returns {Rgb}
 */
export function mix(from, to, share) {
  const blend = (/** @type {number} */ a, /** @type {number} */ b) => Math.round(a + (b - a) * share)
  return { r: blend(from.r, to.r), g: blend(from.g, to.g), b: blend(from.b, to.b) }
}

/** @param {Rgb} color @returns {number} relative luminance, 0 to 1 */
export function luminance({ r, g, b }) {
  const linear = (/** @type {number} */ channel) => {
    const c = channel / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/** @param {Rgb} a @param {Rgb} b @returns {number} 1 to 21 */
export function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** @param {Rgb} color @param {readonly Rgb[]} surfaces @returns {number} against the least favourable surface */
export const worstContrast = (color, surfaces) => Math.min(...surfaces.map((s) => contrast(color, s)))

/** Black or white: the one with more contrast to every surface. @param {readonly Rgb[]} surfaces */
export const extremeOn = (surfaces) =>
  worstContrast(WHITE, surfaces) >= worstContrast(BLACK, surfaces) ? WHITE : BLACK

/**
 * The colour itself if it has enough contrast to every surface, otherwise its nearest shade that has.
 * @param {Rgb} color @param {readonly Rgb[]} surfaces @param {number} ratio
 */
export function legible(color, surfaces, ratio) {
  const extreme = extremeOn(surfaces)
  for (let share = 0; share < 1; share += 0.05) {
    const shade = mix(color, extreme, share)
    if (worstContrast(shade, surfaces) >= ratio) return shade
  }
  return extreme
}

/**
 * The first candidate that is readable on every surface, otherwise black or white.
 * @param {readonly Rgb[]} surfaces @param {readonly Rgb[]} candidates @param {number} ratio
 */
export const readableOn = (surfaces, candidates, ratio) =>
  candidates.find((c) => worstContrast(c, surfaces) >= ratio) ?? extremeOn(surfaces)

/**
 * Moves from `from` towards `to`, as far as `holds` stays true for the shade.
 * @param {Rgb} from @param {Rgb} to @param {(shade: Rgb) => boolean} holds
 */
export function towards(from, to, holds) {
  for (let share = 1; share > 0; share -= 0.1) {
    const shade = mix(from, to, share)
    if (holds(shade)) return shade
  }
  return from
}
