// @ts-check
// The lookup's answer was validated when it was written, and it is validated once more here. The page must stay
// harmless whatever it gets, because it is the last place before a visitor's screen.
import { isColor } from './colors.js'

/** @typedef {Partial<Record<'primary' | 'primary_hover' | 'secondary' | 'accent' | 'background'
 *   | 'background_subtle' | 'text' | 'text_muted' | 'border', string>>} BrandColors */
/** @typedef {typeof FALLBACKS[number]} Fallback */
/** @typedef {{ heading: string | null, body: string | null, served: string[],
 *   fallbacks: { heading: Fallback | null, body: Fallback | null } }} Fonts */
/** @typedef {{ url: string, alt: string, width: number | null }} Logo */
/** @typedef {{ name: string, title: string | null, photo: string | null }} Coach */
/** @typedef {{
 *   slug: string | null, displayName: string, tenantType: string | null, locale: string,
 *   colors: BrandColors, fonts: Fonts,
 *   logo: Logo | null, inheritsTheme: boolean, tagline: string | null, welcome: string | null, completion: string | null,
 *   showsPoweredBy: boolean, coach: Coach | null,
 *   links: { site: string | null, booking: string | null, quiz: string | null },
 *   assessments: string[],
 * }} PageConfig */

export const COLOR_NAMES = /** @type {const} */ ([
  'primary',
  'primary_hover',
  'secondary',
  'accent',
  'background',
  'background_subtle',
  'text',
  'text_muted',
  'border',
])

const FALLBACKS = /** @type {const} */ (['serif', 'sans-serif', 'cursive', 'monospace'])

/** A font in the path of its style sheet. */
const FONT_ID = /^[a-z0-9]+(?:-[a-z0-9]+){0,9}$/

/** A family name without any character that could end a CSS string or value. */
const FONT_NAME = /^[\p{L}\p{N}][\p{L}\p{N} _-]{0,63}$/u

/**
 * A single bad field becomes empty. An answer that is no config at all is refused.
 * @param {unknown} answer the lookup's JSON
 * @param {string} [origin] the site the page is on, from which it may show pictures
 * @param {string} [api] where the project is, which has the uploaded ones
 * @returns {PageConfig | null} null when this is no tenant's config
 */
export function parseConfig(answer, origin = location.origin, api = origin) {
  const config = record(answer)
  const displayName = text(config.display_name, 255)
  if (!displayName) return null
  const brand = record(config.brand)
  const coach = record(config.coach)
  const coachName = text(coach.name, 255)
  const links = record(config.links)
  return {
    slug: text(config.slug, 40),
    displayName,
    tenantType: text(config.tenant_type, 40),
    locale: locale(config.locale),
    colors: colors(brand.colors),
    fonts: fonts(brand.fonts),
    logo: logo(brand.logo, displayName, origin, api),
    inheritsTheme: brand.theme_mode === 'inherit',
    tagline: text(brand.tagline, 300),
    welcome: text(record(brand.messages).welcome, 4000),
    completion: text(record(brand.messages).completion, 4000),
    showsPoweredBy: brand.show_powered_by === true,
    coach: coachName
      ? { name: coachName, title: text(coach.title, 255), photo: imageUrl(coach.photo, origin, api) }
      : null,
    links: { site: linkUrl(links.site), booking: linkUrl(links.booking), quiz: linkUrl(links.quiz) },
    assessments: list(config.enabled_assessments)
      .map((name) => text(name, 80))
      .filter((name) => name !== null)
      .slice(0, 50),
  }
}

/** @param {unknown} value @returns {Record<string, unknown>} */
export const record = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? /** @type {Record<string, unknown>} */ (value)
    : {}

/** @param {unknown} value @returns {unknown[]} */
export const list = (value) => (Array.isArray(value) ? value : [])

/** @param {unknown} value @param {number} limit characters @returns {string | null} */
export function text(value, limit) {
  const trimmed = typeof value === 'string' ? value.trim() : ''
  return trimmed === '' ? null : [...trimmed].slice(0, limit).join('')
}

/** @param {unknown} value @returns {BrandColors} */
function colors(value) {
  const given = record(value)
  return Object.fromEntries(
    COLOR_NAMES.map((name) => [name, given[name]]).filter(([, color]) => isColor(color)),
  )
}

/** @param {unknown} value @returns {Fonts} */
function fonts(value) {
  const { heading, body, fallbacks, served } = record(value)
  const looks = record(fallbacks)
  return {
    heading: fontName(heading),
    body: fontName(body),
    fallbacks: { heading: fallback(looks.heading), body: fallback(looks.body) },
    served: list(served)
      .filter((font) => typeof font === 'string' && font.length <= 64 && FONT_ID.test(font))
      .map(String)
      .slice(0, 2),
  }
}

/** @param {unknown} value */
const fallback = (value) => FALLBACKS.find((known) => known === value) ?? null

/** @param {unknown} value */
const fontName = (value) => (typeof value === 'string' && FONT_NAME.test(value) ? value : null)

/** @param {unknown} value */
function locale(value) {
  try {
    return Intl.getCanonicalLocales(String(value ?? 'en').replace('_', '-'))[0] ?? 'en'
  } catch {
    return 'en'
  }
}

/** @param {unknown} value @param {string} displayName @param {string} origin @param {string} api @returns {Logo | null} */
function logo(value, displayName, origin, api) {
  const { url, alt, width } = record(value)
  const safe = imageUrl(url, origin, api)
  if (!safe) return null
  const pixels = typeof width === 'number' && width >= 16 && width <= 640 ? Math.round(width) : null
  return { url: safe, alt: text(alt, 300) ?? displayName, width: pixels }
}

/** @param {unknown} value @param {string} [base] @returns {URL | null} */
function parseUrl(value, base) {
  if (typeof value !== 'string' || value.length > 2048) return null
  try {
    const url = new URL(value, base)
    // A name before the @ makes https://bank.example@elsewhere.example look like the bank's own page.
    return url.username || url.password ? null : url
  } catch {
    return null
  }
}

/** @param {unknown} value */
export function linkUrl(value) {
  const url = parseUrl(value)
  return url && (url.protocol === 'https:' || url.protocol === 'mailto:') ? url.href : null
}

/** Where the project serves what was uploaded to it. */
const UPLOADED = '/storage/v1/object/public/'

/**
 * Pictures must come over https, or from this site itself (a path such as /logos/a.svg).
 * @param {unknown} value @param {string} origin @param {string} api
 */
function imageUrl(value, origin, api) {
  if (typeof value !== 'string' || value === '') return null
  const url = parseUrl(value, value.startsWith(UPLOADED) ? api : origin)
  return url && (url.protocol === 'https:' || url.origin === origin) ? url.href : null
}
