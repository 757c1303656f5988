// @ts-check
import { html } from '../html.js'
import { button, focusStart } from './notices.js'
/** @import { Choice, QuestionParts, Spoken } from '../model.d.ts' */

/** @param {QuestionParts} parts */
export function question(parts) {
  const { mode, index, answer, words, spoken, note, lastWord, insight, aloud, footer, choose, next, back } =
    parts
  const item = mode.items[index]
  if (!item) return null
  const all = mode.items.length
  const isAnswered = item.choices.some(({ value }) => value === answer)
  const isLast = index === all - 1
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    next()
  }
  // The button goes with the answer, and the focus must not go with it.
  const takeBack = () => {
    choose(null)
    focusStart()
  }
  return html`
    <form class="panel question" key=${item.id} onSubmit=${submit}>
      <p class="progress"><label for="progress">${words.progress(index + 1, all)}</label>
        <progress id="progress" max=${all} value=${index + 1}></progress></p>
      <fieldset class=${mode.kind === 'scale' ? 'points' : 'options'} role="radiogroup" tabindex="-1" data-focus
        aria-labelledby="prompt" aria-describedby="hint" onKeyDown=${byKey(item.choices, parts)}>
        <h1 id="prompt" ...${spoken}>${item.prompt}</h1>
        ${note && html`<p class="note" role="alert">${note}</p>`}
        <div class="choices" ...${spoken}>${item.choices.map((choice) => option(choice, parts))}</div>
        ${mode.kind === 'scale' && ends(item.choices, spoken)}
      </fieldset>
      ${
        aloud &&
        html`<p><button type="button" class="button quiet" aria-pressed=${aloud.isReading} onClick=${aloud.toggle}>
        ${aloud.isReading ? words.stopReading : words.readAloud}</button></p>`
      }
      <p id="hint" class="muted hint">${mode.kind === 'scale' ? words.scaleHint : words.choiceHint}</p>
      <div class="steps">
        <button class="button">${isLast ? lastWord : isAnswered ? words.next : words.leaveOut}</button>
        ${back && button(words.back, back, 'quiet')}
        ${isAnswered && button(words.clear, takeBack, 'bare')}
      </div>
      ${
        insight &&
        html`<aside class="remark" aria-label=${words.remark}>
        <p class="lines" ...${insight.spoken}>${insight.text}</p><p class="muted">${words.byModel}</p></aside>`
      }
      ${footer}
    </form>
  `
}

/** @param {Choice} choice @param {QuestionParts} parts */
function option({ value, key, label }, { mode, answer, choose, leadOn }) {
  /**
   * The arrow keys choose too, and must not lead away while somebody looks for an answer. They reach the input alone,
   * while a finger or a mouse meets what is drawn in its place.
   * @param {MouseEvent} event
   */
  const click = (event) => {
    if (event.target instanceof HTMLInputElement) return
    choose(value)
    leadOn()
  }
  return html`
    <label class="option" key=${value} onClick=${click}>
      <input type="radio" name="answer" value=${value} checked=${value === answer} onChange=${() => choose(value)}
        aria-label=${mode.kind === 'scale' && label ? `${value}, ${label}` : null} />
      <span class="face">${
        mode.kind === 'scale'
          ? value
          : html`<kbd aria-hidden="true">${key.toUpperCase()}</kbd> <span>${label}</span>`
      }</span>
    </label>
  `
}

/** The words of the points stand below the row, where they have room. @param {Choice[]} choices @param {Spoken} spoken */
const ends = (choices, spoken) => html`
  <p class="ends" aria-hidden="true" ...${spoken}>
    ${choices.filter(({ label }) => label).map(({ value, label }) => html`<span key=${value}>${value} = ${label}</span>`)}
  </p>
`

/** Keys count only while the question has the focus, so that they take nothing from screen readers or dictation. */
/** @param {Choice[]} choices @param {QuestionParts} parts */
const byKey =
  (choices, { choose, leadOn, next }) =>
  /** @param {KeyboardEvent} event */
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    // As in the fields of a form. The question itself is none, and has the focus first.
    if (event.key === 'Enter' && event.target === event.currentTarget) return next()
    const chosen = choices.find(({ key }) => key !== '' && key === event.key.toLowerCase())
    if (!chosen) return
    event.preventDefault()
    choose(chosen.value)
    leadOn()
  }
