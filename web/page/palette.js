// @ts-check
import {
  BLACK,
  contrast,
  extremeOn,
  legible,
  luminance,
  mix,
  parseColor,
  readableOn,
  toHex,
  towards,
  WHITE,
  worstContrast,
} from './colors.js'

/** @typedef {import('./colors.js').Rgb} Rgb */
/** @typedef {import('./config.js').BrandColors} BrandColors */
/** @typedef {'light' | 'dark'} Scheme */

const TEXT_RATIO = 4.5 // WCAG 2.2 AA, 1.4.3
const EDGE_RATIO = 3 // WCAG 2.2 AA, 1.4.11
const SPARK_RATIO = 2 // for decoration, for which WCAG has no rule

const NEUTRAL = { primary: '#36454f', secondary: '#6b7a85', text: '#1d2327', background: '#ffffff' }
const NIGHT = parseColor('#101315')
const NIGHT_RAISED = parseColor('#191d20')
const MOONLIGHT = parseColor('#eef0ee')

/**
 * The colours of the page. A tenant's colour is used as it is wherever it can be read. Elsewhere its nearest
 * readable shade is used, so no brand can make its own page unreadable.
 *
 * @param {BrandColors} colors validated; empty for the neutral look
 * @param {Scheme} scheme what the visitor's device asks for
 * @param {{ flat?: boolean }} [look] flat: no coloured hero, for a page inside another site's chrome
 * @returns {Record<string, string>} CSS custom property to colour
 */
export function derivePalette(colors, scheme, { flat = false } = {}) {
  const base = readBrand(colors)
  // A brand that is dark by design stays dark by day too. Only light brands need a night version.
  const wantsNight = scheme === 'dark' && luminance(base.background) > 0.18
  return paint(wantsNight ? atNight(base) : base, { plate: base.background, flat, lift: wantsNight })
}

/** @param {BrandColors} colors @param {Scheme} scheme @returns {Scheme} what the page really shows */
export const shownScheme = (colors, scheme) =>
  luminance(readBrand(colors).background) > 0.18 ? scheme : 'dark'

/** @param {BrandColors} colors */
function readBrand(colors) {
  const background = parseColor(colors.background ?? NEUTRAL.background)
  const read = (/** @type {string | undefined} */ hex, /** @type {Rgb} */ otherwise) =>
    hex ? parseColor(hex, background) : otherwise
  const primary = read(colors.primary, parseColor(NEUTRAL.primary))
  const secondary = read(colors.secondary, colors.primary ? primary : parseColor(NEUTRAL.secondary))
  const text = read(colors.text, readableOn([background], [parseColor(NEUTRAL.text)], 7))
  return {
    background,
    primary,
    secondary,
    text,
    // Black makes a bright colour muddy much sooner than a deep one.
    primaryHover: read(colors.primary_hover, mix(primary, BLACK, luminance(primary) > 0.4 ? 0.08 : 0.3)),
    accent: read(colors.accent, secondary),
    subtle: read(colors.background_subtle, mix(background, primary, 0.05)),
    muted: read(colors.text_muted, mix(text, background, 0.3)),
    border: read(colors.border, mix(background, text, 0.14)),
  }
}

/** @typedef {ReturnType<typeof readBrand>} Brand */

/** The same brand at night: its hues on near-black. @param {Brand} brand @returns {Brand} */
function atNight(brand) {
  const background = mix(NIGHT, brand.primary, 0.06)
  // A bright hero that looks good on white is too bright in the dark.
  const dim = (/** @type {Rgb} */ color) => towards(BLACK, color, (shade) => luminance(shade) <= 0.2)
  return {
    ...brand,
    background,
    primary: dim(brand.primary),
    primaryHover: dim(mix(brand.primaryHover, BLACK, 0.25)),
    text: MOONLIGHT,
    subtle: mix(NIGHT_RAISED, brand.primary, 0.1),
    muted: mix(MOONLIGHT, background, 0.32),
    border: mix(background, MOONLIGHT, 0.18),
  }
}

/**
 * @param {Brand} brand
 * @param {{ plate: Rgb, flat: boolean, lift: boolean }} look
 *   plate: what the logo was drawn for; lift: brighten buttons that would sink into the background
 */
function paint(brand, { plate, flat, lift }) {
  const { background } = brand
  const subtle = towards(background, brand.subtle, (shade) => {
    const both = [background, shade]
    return worstContrast(extremeOn(both), both) >= TEXT_RATIO
  })
  const surfaces = [background, subtle]
  const text = legible(brand.text, surfaces, TEXT_RATIO)
  const button = lift ? legible(brand.primary, surfaces, EDGE_RATIO) : brand.primary
  const onButton = readableOn([button], [background, WHITE, text], TEXT_RATIO)
  const colors = {
    background,
    'background-subtle': subtle,
    text,
    'text-muted': legible(brand.muted, surfaces, TEXT_RATIO),
    border: brand.border,
    heading: readableHeading(brand, surfaces, lift),
    ornament: legible(brand.accent, surfaces, SPARK_RATIO),
    focus: legible(brand.primary, surfaces, EDGE_RATIO),
    button,
    'on-button': onButton,
    'button-hover': towards(button, brand.primaryHover, (shade) => contrast(shade, onButton) >= TEXT_RATIO),
    'button-edge': legible(button, surfaces, EDGE_RATIO),
    'logo-plate': plate,
    ...(flat ? flatHero(brand, subtle, text) : gradientHero(brand, text)),
  }
  return Object.fromEntries(Object.entries(colors).map(([name, color]) => [`--page-${name}`, toHex(color)]))
}

/**
 * By day the primary colour, darkened if necessary. At night a dark primary colour would have to be bleached to be
 * readable, so the brand's brighter colours are used.
 * @param {Brand} brand @param {readonly Rgb[]} surfaces @param {boolean} isNight
 */
function readableHeading(brand, surfaces, isNight) {
  const asItStands = [brand.primary, ...(isNight ? [brand.accent, brand.secondary, brand.text] : [])]
  return (
    asItStands.find((color) => worstContrast(color, surfaces) >= TEXT_RATIO) ??
    legible(brand.primary, surfaces, TEXT_RATIO)
  )
}

/** @param {Brand} brand @param {Rgb} subtle @param {Rgb} text */
function flatHero(brand, subtle, text) {
  const cta = legible(brand.primary, [subtle], EDGE_RATIO)
  return {
    hero: subtle,
    'hero-end': subtle,
    'hero-glow': subtle,
    'on-hero': text,
    'hero-ornament': legible(brand.accent, [subtle], SPARK_RATIO),
    cta,
    'on-cta': readableOn([cta], [WHITE, text], TEXT_RATIO),
  }
}

/** @param {Brand} brand @param {Rgb} text */
function gradientHero(brand, text) {
  const hero = brand.primary
  const onHero = readableOn([hero], [brand.background, WHITE, text], TEXT_RATIO)
  const reads = (/** @type {Rgb} */ shade) => contrast(shade, onHero) >= TEXT_RATIO
  // The browser paints every colour between the stops. With dark text, the middle of two readable stops can be
  // darker than both. So the colours between every two stops are sampled.
  const wayReads = (/** @type {Rgb} */ from) => (/** @type {Rgb} */ to) =>
    [0.25, 0.5, 0.75, 1].every((share) => reads(mix(from, to, share)))
  const end = towards(hero, brand.primaryHover, wayReads(hero))
  const glow = towards(hero, brand.accent, (shade) => wayReads(hero)(shade) && wayReads(end)(shade))
  const spark = readableOn([hero, end], [brand.accent, brand.secondary, onHero], SPARK_RATIO)
  return {
    hero,
    'hero-end': end,
    'hero-glow': glow,
    'on-hero': onHero,
    'hero-ornament': spark,
    cta: spark,
    'on-cta': readableOn([spark], [text, hero, end, brand.background], TEXT_RATIO),
  }
}
