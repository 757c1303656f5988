// @ts-check
// What the server has not confirmed yet. Each request may be repeated, so an answer that is sent twice is saved once.
/** @import { Answer, Outbox, Refusal, Sending, Verdict } from './model.d.ts' */

/** @returns {Outbox} */
export const emptyOutbox = () => ({ start: null, answers: {}, contact: null, isFinishing: false })

/** @param {Outbox} outbox @returns {Sending | null} what goes next: the session before its answers, and the end last */
export function nextSending(outbox) {
  if (outbox.start) return { kind: 'start', body: outbox.start }
  if (Object.keys(outbox.answers).length > 0)
    return { kind: 'answers', body: { answers: { ...outbox.answers } } }
  if (outbox.contact) return { kind: 'contact', body: outbox.contact }
  return outbox.isFinishing ? { kind: 'complete' } : null
}

/** The server took it. What was changed while it was under way stays. @param {Outbox} outbox @param {Sending} sent */
export function confirm(outbox, sent) {
  if (sent.kind === 'start') return { ...outbox, start: null }
  if (sent.kind === 'contact')
    return { ...outbox, contact: outbox.contact === sent.body ? null : outbox.contact }
  if (sent.kind === 'complete') return { ...outbox, isFinishing: false }
  return { ...outbox, answers: without(outbox.answers, sent.body.answers) }
}

/**
 * The server refused it, and would refuse it again.
 * @param {Outbox} outbox @param {Sending} sent @param {Refusal} refusal
 * @returns {{ outbox: Outbox, verdict: Verdict, dropped: string[] }}
 */
export function refuse(outbox, sent, { status, code, pointers }) {
  /** @param {Verdict} verdict @param {Partial<Outbox>} [change] */
  const is = (verdict, change = {}) => ({ outbox: { ...outbox, ...change }, verdict, dropped: [] })
  if (status === 401 || (status === 404 && sent.kind !== 'start')) return is('expired')
  if (code === 'session_completed' && sent.kind !== 'complete')
    return is('completed', { ...emptyOutbox(), isFinishing: true })
  if (code === 'campaign_not_open' || status === 402 || status === 403) return is('closed')
  if (sent.kind === 'start') {
    if (code === 'token_taken') return is('taken')
    return is(status === 404 ? 'closed' : 'restart')
  }
  if (sent.kind === 'contact') return is('contact', { contact: null, isFinishing: false })
  if (sent.kind === 'complete') {
    const verdict =
      code === 'contact_required' ? 'contact' : code === 'nothing_answered' ? 'unanswered' : 'failed'
    return is(verdict, { isFinishing: false })
  }
  // The answers that the refusal names go, and the others are sent again. If it names none, all of this request go.
  const named = pointers.map(itemAt).filter((id) => Object.hasOwn(sent.body.answers, id))
  const dropped = named.length > 0 ? [...new Set(named)] : Object.keys(sent.body.answers)
  const gone = Object.fromEntries(dropped.map((id) => [id, sent.body.answers[id] ?? null]))
  return {
    outbox: { ...outbox, answers: without(outbox.answers, gone), isFinishing: false },
    verdict: 'dropped',
    dropped,
  }
}

/** `/answers/q01` names q01. @param {string} pointer */
const itemAt = (pointer) => (pointer.split('/')[2] ?? '').replaceAll('~1', '/').replaceAll('~0', '~')

/**
 * Those that are not among the gone, or say something else by now.
 * @param {Record<string, Answer | null>} answers @param {Record<string, Answer | null>} gone
 */
const without = (answers, gone) =>
  Object.fromEntries(Object.entries(answers).filter(([id, answer]) => !(id in gone) || gone[id] !== answer))
