// @ts-check
// Reads what the API answers. The page stays whole whatever it gets: what it cannot show is left out.
import { isColor } from '../../page/colors.js'
import { linkUrl, list, record, text } from '../../page/config.js'
/** @import { Answer, Choice, Definition, Mode, Part, Result, Session } from './model.d.ts' */

/** @param {unknown} answer @returns {Definition | null} null when there is nothing to take */
export function parseDefinition(answer) {
  const { campaign, framework, landing, modes, has_insights, reads_aloud, voice_name, booking_url } =
    record(answer)
  const { name, is_open, opens_at, results_disclosure } = record(campaign)
  const { headline, intro, capture_gate, personas, traffic_split } = record(landing)
  const usable = list(modes).flatMap(parseMode)
  const title = text(name, 300) ?? text(record(framework).name, 300) ?? ''
  if (usable.length === 0) return null
  return {
    name: title,
    language: languageOf(record(framework).language),
    isOpen: is_open === true,
    opensAt: moment(opens_at),
    showsResult: results_disclosure !== 'none',
    hasInsights: has_insights === true,
    readsAloud: reads_aloud === true,
    voiceName: text(voice_name, 200),
    headline: text(headline, 300) ?? title,
    intro: text(intro, 4000) ?? '',
    personas: list(personas).flatMap((each) => {
      const persona = record(each)
      const named = text(persona.name, 200)
      return named ? [{ name: named, description: text(persona.description, 2000) ?? '' }] : []
    }),
    personaShare: typeof traffic_split === 'number' ? traffic_split : 1,
    captureGate: capture_gate === 'hard' || capture_gate === 'soft' ? capture_gate : 'none',
    modes: usable,
    bookingUrl: linkUrl(booking_url),
  }
}

/** @param {unknown} value @returns {Mode[]} the mode, or nothing if it has no questions */
function parseMode(value) {
  const { id, kind, title, intro, scale, items } = record(value)
  const points = kind === 'scale' ? scalePoints(record(scale)) : []
  const usable = list(items).flatMap((each) => {
    const item = record(each)
    const choices = kind === 'scale' ? points : optionsOf(item)
    const prompt = text(item.prompt, 2000)
    return typeof item.id === 'string' && prompt && choices.length > 0
      ? [{ id: item.id, prompt, choices }]
      : []
  })
  if (typeof id !== 'string' || usable.length === 0) return []
  return [
    {
      id,
      kind: kind === 'scale' ? 'scale' : 'choice',
      title: text(title, 300) ?? id,
      intro: text(intro, 4000) ?? '',
      items: usable,
    },
  ]
}

/** @param {Record<string, unknown>} scale @returns {Choice[]} */
function scalePoints({ min, max, labels }) {
  if (!Number.isInteger(min) || !Number.isInteger(max)) return []
  const [from, to] = [Number(min), Number(max)]
  if (from < 0 || to > 10 || to <= from) return []
  const names = record(labels)
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const value = from + at
    return { value, key: value < 10 ? String(value) : '', label: text(names[value], 200) ?? '' }
  })
}

/** @param {Record<string, unknown>} item @returns {Choice[]} */
function optionsOf({ options }) {
  return list(options).flatMap((each, at) => {
    const { id, label } = record(each)
    const said = text(label, 1000)
    return typeof id === 'string' && said
      ? [{ value: id, key: at < 26 ? String.fromCharCode(97 + at) : '', label: said }]
      : []
  })
}

/** @param {unknown} value */
export const languageOf = (value) =>
  typeof value === 'string' && /^[a-z]{2,3}(-\w{2,8})*$/i.test(value) ? value : null
/** @param {unknown} value */
const moment = (value) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null)

/** @param {unknown} answer @returns {Session} */
export function parseSession(answer) {
  const { campaign, mode, answers, email, has_consented, completed_at } = record(record(answer).session)
  return {
    campaign: String(record(campaign).ref_id ?? ''),
    mode: String(mode ?? ''),
    answers: parseAnswers(answers),
    // Of somebody who was invited the address is known, and nobody has agreed yet that it is used.
    email: has_consented === false ? '' : (text(email, 320) ?? ''),
    isCompleted: typeof completed_at === 'string',
  }
}

/** @param {unknown} value @returns {Record<string, Answer>} */
export function parseAnswers(value) {
  const kept = Object.entries(record(value)).filter(([, answer]) => isAnswer(answer))
  return /** @type {Record<string, Answer>} */ (Object.fromEntries(kept))
}

/** @param {unknown} value */
const isAnswer = (value) => typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))

/** @param {unknown} answer @returns {Result} */
export function parseResult(answer) {
  const { primary, secondary, combination, scores, scale, chart, has_reflection, booking_url } = record(
    record(answer).result,
  )
  const { min, max } = record(scale)
  const [low, high] = [Number(min ?? 0), Number(max ?? 100)]
  const { title, description } = record(combination)
  const named = text(title, 300)
  return {
    primary: parsePart(primary),
    secondary: parsePart(secondary),
    combination: named ? { title: named, description: text(description, 4000) ?? '' } : null,
    scores: list(scores).flatMap((each) => {
      const { name, colour, score, band } = record(each)
      const label = text(name, 200)
      if (!label || typeof score !== 'number') return []
      const share = high > low ? Math.min(1, Math.max(0, (score - low) / (high - low))) : 0
      return [{ name: label, color: color(colour), score, share, band: text(record(band).label, 200) ?? '' }]
    }),
    hasChart: chart === true,
    hasReflection: has_reflection === true,
    bookingUrl: linkUrl(booking_url),
  }
}

/** @param {unknown} value @returns {Part | null} */
function parsePart(value) {
  const part = record(value)
  const name = text(part.name, 200)
  if (!name) return null
  return {
    name,
    emoji: text(part.emoji, 16) ?? '',
    color: color(part.colour),
    description: text(part.description, 4000) ?? '',
    strengths: sentences(part.strengths),
    shadows: sentences(part.shadows),
  }
}

/** @param {unknown} value */
const color = (value) => (isColor(value) ? /** @type {string} */ (value) : null)
/** @param {unknown} value @returns {string[]} */
const sentences = (value) => list(value).flatMap((each) => text(each, 400) ?? [])
