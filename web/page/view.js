// @ts-check
// Fills the templates of index.html. Text is set only by textContent, so markup in a brand value stays text.
import { speak } from './language.js'
import { initials } from './theme.js'
import { chooseWords } from './words.js'

/** @typedef {import('./config.js').PageConfig} PageConfig */
/** @typedef {import('./words.js').Words} Words */

/** @param {PageConfig} config */
export function showBrand(config) {
  const { language, words } = chooseWords([config.locale])
  const view = instantiate('brand-template', words)

  const spoken = speak(config.locale)
  // The tenant's text is in the tenant's language. If the page's own words are in another one, they are marked.
  if (language !== spoken) for (const own of view.querySelectorAll('[data-word]')) markLanguage(own, language)
  document.title = config.tagline ? `${config.displayName} – ${config.tagline}` : config.displayName

  fill(view, 'name', config.displayName)
  fill(view, 'tagline', config.tagline)
  fill(view, 'welcome', config.welcome)
  showLogo(view, config)
  showCoach(view, config, words)
  for (const name of /** @type {const} */ (['quiz', 'booking', 'site'])) link(view, name, config.links[name])
  const { quiz, booking, site } = config.links
  keep(view, 'actions', quiz !== null || booking !== null || site !== null)
  keep(view, 'welcome-card', config.welcome !== null)
  keep(view, 'intro', config.welcome !== null || config.coach !== null)
  showAssessments(view, config.assessments)
  keep(view, 'powered-by', config.showsPoweredBy)
  swapIn(view)
}

export function showUnknown() {
  showPlain('unknown-template', 'unknownTitle')
}

/** @param {() => void} retry */
export function showTrouble(retry) {
  const { words } = showPlain('trouble-template', 'troubleTitle')
  const button = document.querySelector('[data-action="retry"]')
  button?.addEventListener('click', () => {
    say(words.retrying)
    retry()
  })
}

/** For a retry that failed: the page stays, and screen readers announce why. */
export const showStillTrouble = () => say(chooseWords(navigator.languages).words.stillTrouble)

/** @param {string} template @param {keyof Words} title */
function showPlain(template, title) {
  const choice = chooseWords(navigator.languages)
  document.documentElement.lang = choice.language
  document.title = choice.words[title]
  swapIn(instantiate(template, choice.words))
  return choice
}

/** @param {string} message */
function say(message) {
  const status = document.querySelector('[role="status"]')
  if (status) status.textContent = message
}

/** @param {string} id @param {Words} words @returns {DocumentFragment} */
function instantiate(id, words) {
  const template = document.getElementById(id)
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`index.html lacks #${id}`)
  const view = document.importNode(template.content, true)
  for (const element of view.querySelectorAll('[data-word]')) translate(element, words)
  const skip = document.querySelector('.skip-link')
  if (skip) skip.textContent = words.skip
  return view
}

/** @param {Element} element @param {Words} words */
function translate(element, words) {
  const word = element.getAttribute('data-word') ?? ''
  if (Object.hasOwn(words, word)) element.textContent = words[/** @type {keyof Words} */ (word)]
}

/** @param {Element} element @param {string} language */
const markLanguage = (element, language) => element.setAttribute('lang', language)

/** @param {DocumentFragment} view */
function swapIn(view) {
  const page = document.getElementById('page')
  page?.replaceChildren(view)
  page?.removeAttribute('aria-busy')
}

/** @param {ParentNode} view @param {string} name @returns {HTMLElement | null} */
const slot = (view, name) => view.querySelector(`[data-slot="${name}"]`)

/** @param {ParentNode} view @param {string} name @param {boolean} isWanted */
const keep = (view, name, isWanted) => {
  if (!isWanted) slot(view, name)?.remove()
}

/** @param {ParentNode} view @param {string} name @param {string | null} value */
function fill(view, name, value) {
  const element = slot(view, name)
  if (value === null) element?.remove()
  else if (element) element.textContent = value
}

/** @param {ParentNode} view @param {string} name @param {string | null} href checked by parseConfig() */
function link(view, name, href) {
  const element = slot(view, name)
  if (href === null) element?.remove()
  else element?.setAttribute('href', href)
  // Booking pages cannot be framed, so a page inside a tenant's own site leaves the frame.
  if (window.top !== window.self) element?.setAttribute('target', '_top')
}

/** @param {DocumentFragment} view @param {PageConfig} config */
function showLogo(view, { logo, displayName }) {
  const place = slot(view, 'logo')
  if (!place) return
  const monogram = () => {
    place.classList.add('monogram')
    place.replaceChildren(initials(displayName))
    place.setAttribute('aria-hidden', 'true') // the heading below says the name
  }
  if (!logo) return monogram()
  const image = picture(logo.url, logo.alt, monogram)
  if (logo.width) image.style.setProperty('--logo-width', `${logo.width}px`)
  place.append(image)
}

/** @param {DocumentFragment} view @param {PageConfig} config @param {Words} words */
function showCoach(view, { coach, tenantType }, words) {
  if (!coach) return slot(view, 'coach')?.remove()
  fill(view, 'coach-name', coach.name)
  fill(view, 'coach-title', coach.title)
  if (tenantType && tenantType !== 'coach') fill(view, 'coach-role', words.contact)
  const place = slot(view, 'coach-photo')
  if (!place) return
  const monogram = () => place.replaceChildren(initials(coach.name))
  // The name is next to the photo, so the photo says nothing new to people who cannot see it.
  if (coach.photo) place.append(picture(coach.photo, '', monogram))
  else monogram()
}

/** @param {string} src @param {string} alt @param {() => void} onMissing */
function picture(src, alt, onMissing) {
  const image = document.createElement('img')
  image.alt = alt
  image.referrerPolicy = 'no-referrer'
  image.decoding = 'async'
  image.addEventListener('error', onMissing, { once: true })
  image.src = src
  return image
}

/** @param {DocumentFragment} view @param {string[]} assessments */
function showAssessments(view, assessments) {
  if (assessments.length === 0) return slot(view, 'assessments')?.remove()
  const items = assessments.map((name) => {
    const item = document.createElement('li')
    item.textContent = prettify(name)
    return item
  })
  slot(view, 'assessment-list')?.replaceChildren(...items)
}

/** `industry4` -> "Industry 4", `money_archetypes` -> "Money archetypes". @param {string} key */
export function prettify(key) {
  const spaced = key
    .replace(/[_-]+/g, ' ')
    .replace(/(\p{Ll})(\p{Lu})/gu, (_, end, start) => `${end} ${start.toLowerCase()}`)
    .replace(/(\p{L})(\d)/gu, '$1 $2')
    .trim()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
