// @ts-check
// What this device remembers of one campaign: whose session it is, the answers, and what the server does not have yet.
import { record as object } from '../../page/config.js'
import { parseAnswers } from './definition.js'
import { emptyOutbox } from './outbox.js'
/** @import { Answer, Landing, Outbox, Session, Taking } from './model.d.ts' */

/** @param {string} token @param {string} mode @param {string} locale @param {Landing | null} [landing] @returns {Taking} */
export const begin = (token, mode, locale, landing = null) => ({
  token,
  mode,
  answers: {},
  place: { at: 'question', index: 0 },
  hasContact: false,
  isCompleted: false,
  outbox: { ...emptyOutbox(), start: { mode, locale, ...(landing && { landing_variant: landing }) } },
})

/** A session as the server knows it, on a device that does not know it. @param {string} token @param {Session} session @returns {Taking} */
export const adopt = (token, session) => ({
  token,
  mode: session.mode,
  answers: session.answers,
  place: { at: 'question', index: 0 },
  hasContact: session.email !== '',
  isCompleted: session.isCompleted,
  outbox: emptyOutbox(),
})

/** What other devices did meanwhile. What is still to be sent from here is newer. @param {Taking} taking @param {Session} session @returns {Taking} */
export function reconcile(taking, session) {
  const answers = { ...session.answers }
  for (const [item, answer] of Object.entries(taking.outbox.answers))
    if (answer === null) delete answers[item]
    else answers[item] = answer
  return {
    ...taking,
    answers,
    mode: session.mode || taking.mode,
    hasContact: taking.hasContact || session.email !== '',
    isCompleted: taking.isCompleted || session.isCompleted,
  }
}

/** @param {Taking} taking @param {string} item @param {Answer | null} answer null takes it back @returns {Taking} */
export function answerItem(taking, item, answer) {
  const answers = { ...taking.answers }
  if (answer === null) delete answers[item]
  else answers[item] = answer
  const outbox = { ...taking.outbox, answers: { ...taking.outbox.answers, [item]: answer } }
  return { ...taking, answers, outbox }
}

/**
 * Where the browser lets no page remember anything, this lives as long as the page does.
 * @param {string} name @param {() => Storage} storage
 */
export function openMemory(name, storage) {
  /** @type {Taking | null} */
  let current = null
  /** @type {number | null} */
  let drawn = null
  try {
    const stored = object(JSON.parse(storage().getItem(name) ?? 'null'))
    current = parseTaking(stored)
    drawn = typeof stored.drawn === 'number' ? stored.drawn : null
  } catch {}
  /** @returns {boolean} whether it outlives the page */
  function keep() {
    try {
      if (current || drawn !== null) storage().setItem(name, JSON.stringify({ ...current, drawn }))
      else storage().removeItem(name)
      return true
    } catch {
      return false
    }
  }
  return {
    read: () => current,
    /** @param {Taking | null} taking */
    write(taking) {
      current = taking
      return keep()
    },
    /** A number from 0 to 1 that this device keeps: whoever comes back sees what was there before. */
    draw() {
      if (drawn === null) {
        drawn = Math.random()
        keep()
      }
      return drawn
    },
    /** Nothing of it stays on this device. */
    forget() {
      current = null
      try {
        storage().removeItem(name)
      } catch {}
    },
  }
}

/** @param {Record<string, unknown>} stored @returns {Taking | null} null if it is not what this page wrote */
function parseTaking(stored) {
  const { token, mode, answers, place, hasContact, isCompleted, outbox } = stored
  if (typeof token !== 'string' || typeof mode !== 'string') return null
  const { at, index } = object(place)
  const waiting = /** @type {Outbox} */ (/** @type {unknown} */ ({ ...emptyOutbox(), ...object(outbox) }))
  return {
    token,
    mode,
    answers: parseAnswers(answers),
    place: at === 'check' || at === 'contact' ? { at } : { at: 'question', index: Number(index) || 0 },
    hasContact: hasContact === true,
    isCompleted: isCompleted === true,
    outbox: { ...waiting, answers: /** @type {Outbox['answers']} */ (object(waiting.answers)) },
  }
}
