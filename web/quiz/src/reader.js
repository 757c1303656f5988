// @ts-check
// Reads questions aloud with the voices that this browser has. The page itself sends nothing for it.

/** @import { Choice, Item, Reader } from './model.d.ts' */

/**
 * Null where the browser has no such thing. `changed` is called when there is a voice, and when reading begins or ends.
 * @param {{ synthesis: SpeechSynthesis | undefined, language: string, preferred: string | null, changed: () => void }} parts
 *   `language` is that of the questions, `preferred` the name of a voice
 * @returns {Reader | null}
 */
export function createReader({ synthesis, language, preferred, changed }) {
  if (!synthesis) return null
  let voice = voiceFor(synthesis.getVoices(), language, preferred)
  let place = ''
  // Kept as long as they are spoken: Chromium and WebKit lose the events of one that nobody holds.
  /** @type {SpeechSynthesisUtterance[]} */
  let spoken = []

  function silence() {
    if (spoken.length === 0) return
    spoken = []
    synthesis?.cancel()
  }
  function stop() {
    silence()
    changed()
  }

  /** @param {string[]} sentences */
  function start(sentences) {
    // What was left by a page before this one. Without need it is not called: Chromium may drop what is spoken right after it.
    if (synthesis?.speaking || synthesis?.pending) synthesis.cancel()
    const utterances = sentences.map((sentence) => {
      const utterance = new SpeechSynthesisUtterance(sentence)
      utterance.lang = language
      utterance.voice = voice
      return utterance
    })
    const end = () => {
      if (spoken !== utterances) return
      spoken = []
      changed()
    }
    for (const over of ['end', 'error']) utterances.at(-1)?.addEventListener(over, end)
    spoken = utterances
    for (const utterance of utterances) synthesis?.speak(utterance)
    changed()
  }

  // Most browsers look for their voices only when they are asked, and not all can be listened to.
  synthesis.addEventListener?.('voiceschanged', () => {
    voice = voiceFor(synthesis.getVoices(), language, preferred)
    changed()
  })

  return {
    hasVoice: () => voice !== null,
    isReading: () => spoken.length > 0,
    toggle: (sentences) => (spoken.length > 0 ? stop() : start(sentences)),
    stop,
    stayAt(now) {
      if (now !== place) silence()
      place = now
    },
  }
}

/**
 * The preferred voice if it speaks the language, or else one for exactly this language, and rather one that is on the device: the
 * others send the text to their maker, and some fall silent after a quarter of a minute.
 * @template {Pick<SpeechSynthesisVoice, 'name' | 'lang' | 'localService'>} Voice
 * @param {readonly Voice[]} voices @param {string} language @param {string | null} preferred @returns {Voice | null}
 */
export function voiceFor(voices, language, preferred) {
  const rank = (/** @type {Voice} */ { name, lang, localService }) =>
    (name === preferred ? 4 : 0) + (tagOf(lang) === tagOf(language) ? 2 : 0) + (localService ? 1 : 0)
  const fitting = voices.filter(({ lang }) => baseOf(lang) === baseOf(language))
  return fitting.sort((a, b) => rank(b) - rank(a))[0] ?? null
}

/** The question and its choices as they are heard, each by itself. @param {Item} item @param {boolean} isScale @returns {string[]} */
export const sentencesOf = ({ prompt, choices }, isScale) => [
  prompt,
  ...choices.map((choice) => (isScale ? pointOf(choice) : `${choice.key.toUpperCase()}: ${choice.label}`)),
]

/** @param {Choice} choice */
const pointOf = ({ value, label }) => (label ? `${value}: ${label}` : String(value))

/** Android writes de_CH. @param {string} tag */
const tagOf = (tag) => tag.toLowerCase().replaceAll('_', '-')
/** @param {string} tag */
const baseOf = (tag) => tagOf(tag).split('-')[0]
