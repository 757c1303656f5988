// @ts-check
import { speak } from '../../page/language.js'
import { applyTheme } from '../../page/theme.js'
import { readAddress } from './address.js'
import { load, loadOffer } from './load.js'
import { mount, paint } from './paint.js'
import { createReader } from './reader.js'
import { openMemory } from './record.js'
import { landingFor } from './screens.js'
import { createTaking } from './taking.js'
import { plain } from './views/notices.js'
import { wordsFor } from './words.js'

/** @import { Loaded, Session, State } from './model.d.ts' */

const address = readAddress(location)
// Whoever copies the address, or looks at the history of this browser, does not get the session with it.
if (location.hash) history.replaceState(null, '', `${location.pathname}${location.search}`)

let isAsking = false
let isInTrouble = false

async function open() {
  if (isAsking) return
  isAsking = true
  const loaded = await load(address)
  const offered =
    loaded.kind === 'found' && address.token && address.campaign
      ? await loadOffer(address.token, address.campaign)
      : null
  isAsking = false
  const wasInTrouble = isInTrouble
  isInTrouble = loaded.kind === 'unreachable' || offered === 'unreachable'
  if (loaded.kind === 'found' && offered !== 'unreachable') return take(loaded, offered)
  if (loaded.kind === 'unknown' && loaded.config) applyTheme(loaded.config)
  const own = loaded.kind === 'unknown' && loaded.config ? [loaded.config.locale] : navigator.languages
  const { language, words } = await wordsFor(own)
  speak(language)
  translateSkipLink(words.skip)
  if (isInTrouble) {
    const screen = {
      title: words.troubleTitle,
      text: words.troubleText,
      action: { word: words.retry, act: open },
      say: wasInTrouble ? words.failed : '',
    }
    mount(plain(screen), 'trouble', words.troubleTitle)
  } else mount(plain({ title: words.unknownTitle, text: words.unknownText }), 'unknown', words.unknownTitle)
}

/** @param {Extract<Loaded, { kind: 'found' }>} loaded @param {Session | 'lost' | null} offered */
async function take({ config, definition: offer, path }, offered) {
  const memory = openMemory(`tenantry-quiz ${path}`, () => localStorage)
  const landing = landingFor(offer, memory.draw)
  const definition = landing === 'plain' ? { ...offer, personas: [] } : offer
  applyTheme(config)
  const { locale } = config
  const { language, words } = await wordsFor([locale])
  // The document speaks as the page's own words do. The assessment's are marked if they are in another language.
  speak(baseOf(locale) === language ? locale : language)
  const asked = definition.language ?? locale
  /** @param {string | null} tag */
  const spokenIn = (tag) =>
    baseOf(tag ?? asked) === language ? {} : { lang: tag ?? asked, dir: /** @type {const} */ ('auto') }
  translateSkipLink(words.skip)
  /** @type {State | null} */
  let seen = null
  const reader = definition.readsAloud
    ? createReader({
        synthesis: window.speechSynthesis,
        language: asked,
        preferred: definition.voiceName,
        changed: () => seen && paint(around, seen, actions),
      })
    : null
  const around = { config, definition, words, locale, spoken: spokenIn(null), spokenIn, reader }
  const actions = createTaking({
    definition,
    landing,
    start: `${path}/sessions`,
    locale,
    memory,
    show: (state) => {
      seen = state
      paint(around, state, actions)
    },
  })
  const session = offered && offered !== 'lost' ? offered : null
  actions.open(session && address.token ? { token: address.token, session } : null, offered === 'lost')
  window.addEventListener('online', actions.online)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') actions.online()
  })
  // Chromium speaks on after a page is gone.
  window.addEventListener('pagehide', () => reader?.stop())
  window.addEventListener('beforeunload', (event) => {
    if (actions.wouldLose()) event.preventDefault()
  })
}

/** `de-CH` is `de`. @param {string} tag */
const baseOf = (tag) => tag.toLowerCase().split('-')[0]

/** @param {string} word */
function translateSkipLink(word) {
  const link = document.querySelector('.skip-link')
  if (link) link.textContent = word
}

window.addEventListener('online', () => {
  if (isInTrouble) open()
})

open()
