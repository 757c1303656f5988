// @ts-check
// What somebody does on the page. Each change is remembered on this device first, and then sent.
import { newToken } from './address.js'
import { ask } from './api.js'
import { parseSession } from './definition.js'
import { emptyOutbox, nextSending } from './outbox.js'
import { adopt, answerItem, begin, reconcile } from './record.js'
import { modeOf, placeAfter, placeBefore, resumeAt } from './screens.js'
import { createSender } from './sender.js'
import { settle } from './settle.js'
import { readInsight, readReflection } from './written.js'

/** @import { Answer, Contact, Definition, Landing, Memory, Place, Session, State, Taking } from './model.d.ts' */

/** So long a choice is seen before the next question comes. */
const GLANCE_MS = 250

const paths = { start: '', answers: '/current/answers', contact: '/current', complete: '/current/complete' }

/**
 * @param {{ definition: Definition, landing: Landing | null, start: string, locale: string, memory: Memory, show: (state: State) => void }} parts
 *   `start` is the path where sessions of this campaign begin
 */
export function createTaking({ definition, landing, start, locale, memory, show }) {
  /** @type {State} */
  let state = {
    taking: memory.read(),
    offered: null,
    result: null,
    reflection: null,
    insight: null,
    ending: '',
    saving: 'saved',
    isKept: true,
    isCopied: false,
    note: '',
    dropped: [],
    wrong: {},
  }

  /** @param {Partial<State>} difference */
  function change(difference) {
    state = { ...state, ...difference }
    if ('taking' in difference) state.isKept = memory.write(state.taking)
    show(state)
  }
  /** @param {Partial<Taking>} step @param {Partial<State>} [besides] */
  function move(step, besides = {}) {
    if (state.taking) change({ note: '', ...besides, taking: { ...state.taking, ...step } })
  }

  const sender = createSender({
    outbox: () => (state.ending || state.offered ? null : (state.taking?.outbox ?? null)),
    async send(sending) {
      const token = state.taking?.token ?? ''
      const isSeen = sending.kind === 'complete' && state.taking?.isCompleted
      const reply =
        sending.kind === 'start'
          ? await ask('POST', start, { body: { token, ...sending.body } })
          : sending.kind === 'complete'
            ? await ask(isSeen ? 'GET' : 'POST', `/sessions${isSeen ? '/current/result' : paths.complete}`, {
                token,
              })
            : await ask('PATCH', `/sessions${paths[sending.kind]}`, { token, body: sending.body })
      // Somebody has begun anew meanwhile, and this is not about the new session.
      return state.taking?.token === token ? reply : { ...reply, status: GONE }
    },
    settle(sending, reply) {
      if (reply.status !== GONE && state.taking)
        change(settle(state, state.taking, sending, reply, definition))
      if (state.result?.hasReflection && !state.reflection) reflect()
      if (sending.kind === 'answers' && reply.status === 200) remark(sending.body.answers)
    },
    say: (saving) => change({ saving }),
    wait: pause,
  })
  /** @param {Partial<Taking>} step @param {Partial<State>} [besides] */
  function moveAndSend(step, besides) {
    move(step, besides)
    sender.start()
  }

  /** The result is there without it, and stays as it is if there is none. */
  async function reflect() {
    const { token } = state.taking ?? {}
    if (!token) return
    const isWanted = () => state.taking?.token === token && state.result !== null
    change({ reflection: { isWriting: true, text: '', language: null } })
    const written = await readReflection(token, isWanted)
    if (isWanted()) change({ reflection: { isWriting: false, ...written } })
  }

  let hasRemarks = definition.hasInsights
  /** Beside everything else: nobody waits for it. @param {Record<string, Answer | null>} answers that are saved */
  async function remark(answers) {
    const { token } = state.taking ?? {}
    const item = Object.keys(answers).findLast((id) => answers[id] !== null)
    if (!token || !item || !hasRemarks) return
    const { text, language, isOver } = await readInsight(token, item)
    if (isOver) hasRemarks = false
    if (text && state.taking?.token === token) change({ insight: { text, language } })
  }

  /** What other devices did. A session that was not started yet is nobody's. */
  async function refresh() {
    const { taking } = state
    if (!taking || taking.isCompleted || taking.outbox.start || state.ending) return
    const reply = await ask('GET', '/sessions/current', { token: taking.token })
    const now = state.taking
    if (now?.token !== taking.token) return
    if (reply.status === 401 || reply.status === 404) change({ ending: 'expired' })
    // What was chosen or confirmed while it was under way, it does not know.
    const isNewest = now.answers === taking.answers && now.outbox === taking.outbox
    if (reply.status === 200 && isNewest) take(reconcile(now, parseSession(reply.body)))
  }
  /** @param {Taking} taking */
  function take(taking) {
    const outbox = taking.isCompleted ? { ...emptyOutbox(), isFinishing: true } : taking.outbox
    change({ taking: { ...taking, outbox } })
    sender.start()
  }
  /** @param {Taking} taking */
  function resume(taking) {
    const mode = modeOf(definition, taking)
    if (!mode && !taking.isCompleted) return change({ taking: null, note: 'changed' })
    take(mode ? { ...taking, place: resumeAt(mode, taking) } : taking)
  }

  const actions = {
    /** Goes on with what this device remembers. @param {{ token: string, session: Session } | null} offered @param {boolean} isLost */
    open(offered, isLost) {
      const { taking } = state
      if (offered && offered.token !== taking?.token) return change({ offered })
      change({ note: isLost && !taking ? 'lostLink' : '' })
      const mode = taking && modeOf(definition, taking)
      // The tenant may have switched the format off, or taken questions out of it.
      if (taking && (!mode || (taking.place.at === 'question' && !mode.items[taking.place.index])))
        resume(taking)
      else if (taking) take(taking)
      refresh()
    },
    acceptOffer() {
      const { offered } = state
      if (!offered) return
      change({ offered: null, result: null, reflection: null, ending: '' })
      resume(adopt(offered.token, offered.session))
    },
    refuseOffer() {
      change({ offered: null })
      actions.open(null, false)
    },
    /** @param {string} mode */
    start(mode) {
      hasRemarks = definition.hasInsights
      change({ taking: begin(newToken(), mode, locale, landing), note: '', insight: null })
      sender.start()
    },
    /** After a session has expired: a new one, with the answers of this device. */
    startAgain() {
      const { taking } = state
      if (!taking) return change({ ending: '' })
      const fresh = begin(newToken(), taking.mode, locale, landing)
      change({ ending: '' })
      resume({ ...fresh, answers: taking.answers, outbox: { ...fresh.outbox, answers: taking.answers } })
    },
    /** @param {string} item @param {Answer | null} answer */
    choose(item, answer) {
      if (!state.taking || state.taking.answers[item] === (answer ?? undefined)) return
      change({
        taking: answerItem(state.taking, item, answer),
        note: '',
        dropped: state.dropped.filter((id) => id !== item),
      })
      sender.start()
    },
    /** To the next question, once the choice was seen. From the last one somebody goes on purpose. */
    leadOn() {
      const { place } = state.taking ?? {}
      setTimeout(() => {
        const { taking } = state
        const mode = taking && modeOf(definition, taking)
        if (!mode || taking.place !== place || place?.at !== 'question') return
        if (place.index < mode.items.length - 1) actions.next()
      }, GLANCE_MS)
    },
    next() {
      const { taking } = state
      const mode = taking && modeOf(definition, taking)
      if (!mode) return
      const place = placeAfter(definition, mode, taking)
      if (place === 'finish') actions.finish()
      else move({ place })
    },
    back() {
      const { taking } = state
      const mode = taking && modeOf(definition, taking)
      const place = mode && placeBefore(mode, taking.place)
      if (place) move({ place })
    },
    /** @param {Place} place */
    goTo: (place) => move({ place }),
    /** @param {Contact} contact */
    sendContact(contact) {
      if (!state.taking) return
      const outbox = { ...state.taking.outbox, contact, isFinishing: true }
      moveAndSend({ hasContact: true, outbox }, { wrong: {} })
    },
    /** @param {State['wrong']} wrong */
    markContact: (wrong) => change({ wrong }),
    finish() {
      if (state.taking) moveAndSend({ outbox: { ...state.taking.outbox, isFinishing: true } })
    },
    forget() {
      change({
        taking: null,
        result: null,
        reflection: null,
        insight: null,
        ending: '',
        saving: 'saved',
        dropped: [],
        wrong: {},
      })
      memory.forget()
    },
    copied: () => change({ isCopied: true }),
    online() {
      sender.hurry()
      refresh()
    },
    /** Whether closing the page now would lose something. */
    wouldLose: () => !state.isKept && state.taking !== null && nextSending(state.taking.outbox) !== null,
  }
  return actions
}

const GONE = -1

/** Ends when the time is over, or before. @param {number} seconds */
function pause(seconds) {
  let end = () => {}
  /** @type {Promise<void>} */
  const over = new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000)
    end = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  return { over, end }
}
