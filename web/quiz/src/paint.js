// @ts-check
// From the state to what is seen. A new screen gets the focus, so that its first words are read.

import { render } from 'preact'
import { resumeLink } from './address.js'
import { html } from './html.js'
import { sentencesOf } from './reader.js'
import { modeOf, resumeAt, screenOf, unanswered } from './screens.js'
import { contact } from './views/contact.js'
import { frame } from './views/frame.js'
import { intro, offer } from './views/intro.js'
import { button, focusStart, notice } from './views/notices.js'
import { question } from './views/question.js'
import { result } from './views/result.js'
import { savingLine, savingWord } from './views/saving.js'
/** @import { Actions, Around, Mode, Screen, State, Taking, Words } from './model.d.ts' */

/** @param {Around} around @param {State} state @param {Actions} actions */
export function paint(around, state, actions) {
  const { config, definition, words, reader } = around
  const { taking } = state
  const screen = screenOf({ ...state, offered: state.offered?.session ?? null, definition, now: Date.now() })
  const index = screen === 'question' && taking?.place.at === 'question' ? taking.place.index : null
  const mode = taking && modeOf(definition, taking)
  const progress = index !== null && mode ? `${words.progress(index + 1, mode.items.length)} – ` : ''
  const place = `${screen} ${index ?? ''}`
  reader?.stayAt(place)
  mount(
    frame({ config, words, say: announcement(state, words), screen: view(screen, around, state, actions) }),
    place,
    `${progress}${definition.headline} – ${config.displayName}`,
  )
}

let shown = ''

/** @param {unknown} tree @param {string} place the focus moves when it changes @param {string} title */
export function mount(tree, place, title) {
  const page = document.getElementById('page')
  if (!page) return
  if (!shown) page.replaceChildren()
  render(/** @type {import('preact').ComponentChild} */ (tree), page)
  page.removeAttribute('aria-busy')
  document.title = title
  const isNew = shown !== '' && shown !== place
  shown = place
  if (!isNew) return
  window.scrollTo(0, 0)
  focusStart()
}

let heard = ''

/** Heard once when the network goes and once when it is back, and not after each answer. @param {State} state @param {Words} words */
function announcement({ saving, isKept, dropped }, words) {
  const wasWaiting = heard !== '' && heard !== words.saved
  if (saving === 'waiting') heard = savingWord(words, saving, isKept)
  else if (saving === 'saved' && wasWaiting) heard = words.saved
  return dropped.length > 0 && saving === 'saved' ? words.dropped : heard
}

/** @param {Screen} screen @param {Around} around @param {State} state @param {Actions} actions */
function view(screen, around, state, actions) {
  const { config, definition, words, locale, spoken, spokenIn } = around
  const { taking, offered, note } = state
  const noteText = note && words[note]
  if (screen === 'intro') return intro({ definition, words, spoken, note: noteText, start: actions.start })
  if (screen === 'offer' && offered) {
    const mode = definition.modes.find(({ id }) => id === offered.session.mode)
    return offer({
      definition,
      words,
      spoken,
      isCompleted: offered.session.isCompleted,
      done: Object.keys(offered.session.answers).length,
      all: mode?.items.length ?? 0,
      accept: actions.acceptOffer,
      refuse: actions.refuseOffer,
    })
  }
  if (screen === 'result' && state.result) {
    const booking = state.result.bookingUrl ?? definition.bookingUrl ?? config.links.booking
    const { completion } = config
    return result({
      result: state.result,
      reflection: state.reflection && { ...state.reflection, spoken: spokenIn(state.reflection.language) },
      words,
      spoken,
      locale,
      completion,
      booking,
      forget: actions.forget,
    })
  }
  if (screen === 'finishing') {
    const text = state.saving === 'waiting' ? words.finishingOffline : words.finishingText
    return notice({ title: words.finishingTitle, text, busy: state.saving !== 'waiting' })
  }
  if (screen === 'early') {
    const opens = new Date(definition.opensAt ?? '')
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(opens)
    return notice({ title: words.earlyTitle, text: words.earlyText(when) })
  }
  if (screen === 'ended') return notice({ title: words.endedTitle, text: words.endedText })
  const mode = taking && modeOf(definition, taking)
  if (screen === 'expired' || !mode)
    return notice({
      title: words.expiredTitle,
      text: words.expiredText,
      children: button(words.startAgain, actions.startAgain),
    })
  return step(screen, mode, taking, around, state, actions)
}

/** The screens of a session that goes on. @param {string} screen @param {Mode} mode @param {Taking} taking @param {Around} around @param {State} state @param {Actions} actions */
function step(screen, mode, taking, { config, definition, words, spoken, spokenIn, reader }, state, actions) {
  const { saving, isKept, isCopied } = state
  const link = resumeLink(location, taking.token)
  const copy = () => navigator.clipboard?.writeText(link).then(actions.copied, () => {})
  const footer = savingLine({ words, saving, isKept, link, isCopied, copy })
  const lastWord = definition.showsResult ? words.finish : words.send
  const asks = definition.captureGate !== 'none' && !taking.hasContact
  if (screen === 'contact')
    return contact({
      words,
      tenant: config.displayName,
      isNeeded: definition.captureGate === 'hard',
      lastWord,
      errors: {
        ...(state.wrong.email && { email: words.emailInvalid }),
        ...(state.wrong.consent && { consent: words.consentMissing }),
      },
      footer,
      send: actions.sendContact,
      fail: ({ email, consent }) => actions.markContact({ email: !!email, consent: !!consent }),
      skip: actions.finish,
      back: actions.back,
    })
  const open = unanswered(mode, taking)
  if (screen === 'check') {
    const isEmpty = open.length === mode.items.length
    return notice({
      title: words.checkTitle,
      text: isEmpty ? words.nothingText : words.checkText(open.length),
      children: html`<div class="steps">
        ${button(words.answerThem, () => actions.goTo(resumeAt(mode, taking)))}
        ${!isEmpty && button(words.finishAnyway, actions.next, 'quiet')}</div>`,
    })
  }
  const index = taking.place.at === 'question' ? taking.place.index : 0
  const item = mode.items[index]
  const wasDropped = item && state.dropped.includes(item.id)
  return question({
    mode,
    index,
    answer: item && taking.answers[item.id],
    words,
    spoken,
    note: wasDropped ? words.dropped : state.note && words[state.note],
    lastWord: open.length > 0 || asks ? words.next : lastWord,
    insight: state.insight && { text: state.insight.text, spoken: spokenIn(state.insight.language) },
    aloud:
      item && reader?.hasVoice()
        ? {
            isReading: reader.isReading(),
            toggle: () => reader.toggle(sentencesOf(item, mode.kind === 'scale')),
          }
        : null,
    footer,
    choose: (answer) => item && actions.choose(item.id, answer),
    leadOn: actions.leadOn,
    next: actions.next,
    back: index > 0 ? actions.back : null,
  })
}
