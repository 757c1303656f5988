// @ts-check
// What an answer of the server changes on the page.

import { list, record } from '../../page/config.js'
import { newToken } from './address.js'
import { parseResult, parseSession } from './definition.js'
import { confirm, refuse } from './outbox.js'
import { reconcile } from './record.js'
import { modeOf } from './screens.js'
/** @import { Definition, Refusal, Reply, Sending, State, Taking } from './model.d.ts' */

/** @param {State} state @param {Taking} taking @param {Sending} sent @param {Reply} reply @param {Definition} definition @returns {Partial<State>} */
export function settle(state, taking, sent, { status, body }, definition) {
  if (status >= 200 && status < 300) return accepted(taking, sent, body)
  const refusal = readRefusal(status, body)
  const { outbox, verdict, dropped } = refuse(taking.outbox, sent, refusal)
  const left = { ...taking, outbox }
  if (verdict === 'expired') return { ending: 'expired' }
  if (verdict === 'closed') return { ending: 'closed' }
  if (verdict === 'taken') return { taking: { ...left, token: newToken() } }
  if (verdict === 'restart') return { taking: null, note: 'changed' }
  if (verdict === 'completed') return { taking: { ...left, isCompleted: true } }
  if (verdict === 'unanswered') return { taking: { ...left, place: { at: 'check' } } }
  if (verdict === 'failed') return { taking: { ...left, isCompleted: false }, note: 'failed' }
  if (verdict === 'contact') {
    const isAboutConsent = refusal.pointers.includes('/has_consented')
    const wrong = sent.kind === 'complete' ? {} : isAboutConsent ? { consent: true } : { email: true }
    return { taking: { ...left, hasContact: false, place: { at: 'contact' } }, wrong }
  }
  return withoutAnswers(state, taking, left, dropped, definition)
}

/** @param {Taking} taking @param {Sending} sent @param {unknown} body @returns {Partial<State>} */
function accepted(taking, sent, body) {
  const left = { ...taking, outbox: confirm(taking.outbox, sent) }
  if (sent.kind === 'start') return { taking: reconcile(left, parseSession(body)) }
  if (sent.kind === 'complete') return { taking: { ...left, isCompleted: true }, result: parseResult(body) }
  return { taking: left }
}

/**
 * Who is at another question stays there, and finds these open again at the end.
 * @param {State} state @param {Taking} taking before @param {Taking} left @param {string[]} dropped @param {Definition} definition
 * @returns {Partial<State>}
 */
function withoutAnswers(state, taking, left, dropped, definition) {
  const mode = modeOf(definition, taking)
  const answers = Object.fromEntries(
    Object.entries(left.answers).filter(([id]) => !dropped.includes(id) || id in left.outbox.answers),
  )
  const index = mode?.items.findIndex(({ id }) => dropped.includes(id)) ?? -1
  const isAtQuestion = taking.place.at === 'question' && !taking.outbox.isFinishing
  const place = isAtQuestion || index < 0 ? left.place : /** @type {const} */ ({ at: 'question', index })
  return { taking: { ...left, answers, place }, dropped: [...state.dropped, ...dropped] }
}

/** @param {number} status @param {unknown} body @returns {Refusal} */
function readRefusal(status, body) {
  const { code, errors } = record(body)
  return {
    status,
    code: String(code ?? ''),
    pointers: list(errors).map((each) => String(record(each).pointer ?? '')),
  }
}
