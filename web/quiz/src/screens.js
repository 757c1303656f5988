// @ts-check
// Which screen is shown, and which one comes before and after it.
/** @import { Definition, Landing, Mode, Place, Screen, Situation, Taking } from './model.d.ts' */

/**
 * Whether the first page has the personas. A share of 0 has nobody see them, 1 has all.
 * @param {Definition} definition @param {() => number} draw 0 to 1 @returns {Landing | null} null where there are none to show
 */
export const landingFor = ({ personas, personaShare }, draw) =>
  personas.length === 0 ? null : draw() < personaShare ? 'personas' : 'plain'

/** @param {Situation} situation @returns {Screen} */
export function screenOf({ definition, taking, offered, result, ending, now }) {
  if (offered) return 'offer'
  if (result) return 'result'
  if (ending === 'expired') return 'expired'
  if (ending === 'closed') return isEarly(definition, now) ? 'early' : 'ended'
  if (!taking) return definition.isOpen ? 'intro' : isEarly(definition, now) ? 'early' : 'ended'
  if (taking.isCompleted || taking.outbox.isFinishing) return 'finishing'
  return taking.place.at
}

/** @param {Definition} definition @param {number} now */
const isEarly = ({ opensAt }, now) => opensAt !== null && Date.parse(opensAt) > now

/** The mode that is taken. One that the tenant has switched off meanwhile is not there. @param {Definition} definition @param {Taking} taking */
export const modeOf = (definition, taking) => definition.modes.find(({ id }) => id === taking.mode) ?? null

/** @param {Mode} mode @param {Taking} taking @returns {number[]} the places of the questions without an answer */
export const unanswered = (mode, taking) =>
  mode.items.flatMap(({ id }, index) => (id in taking.answers ? [] : [index]))

/** @param {Mode} mode @param {Taking} taking @returns {Place} where somebody goes on who comes back */
export const resumeAt = (mode, taking) => ({
  at: 'question',
  index: unanswered(mode, taking)[0] ?? mode.items.length - 1,
})

/** @param {Definition} definition @param {Mode} mode @param {Taking} taking @returns {Place | 'finish'} */
export function placeAfter(definition, mode, taking) {
  const { place } = taking
  if (place.at === 'question' && place.index < mode.items.length - 1)
    return { at: 'question', index: place.index + 1 }
  if (place.at === 'question' && unanswered(mode, taking).length > 0) return { at: 'check' }
  const asks = definition.captureGate !== 'none' && !taking.hasContact
  return place.at !== 'contact' && asks ? { at: 'contact' } : 'finish'
}

/** @param {Mode} mode @param {Place} place @returns {Place | null} */
export function placeBefore(mode, place) {
  if (place.at !== 'question') return { at: 'question', index: mode.items.length - 1 }
  return place.index > 0 ? { at: 'question', index: place.index - 1 } : null
}
