// @ts-check
import { html } from '../html.js'
import { button } from './notices.js'
/** @import { Definition, Spoken, Words } from '../model.d.ts' */

/** @param {{ definition: Definition, words: Words, spoken: Spoken, note: string, start: (mode: string) => void }} parts */
export function intro({ definition, words, spoken, note, start }) {
  const [first, ...others] = definition.modes
  const { personas } = definition
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const chosen = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('mode')
    start(typeof chosen === 'string' ? chosen : (first?.id ?? ''))
  }
  return html`
    <form class="panel" onSubmit=${submit}>
      <h1 tabindex="-1" data-focus ...${spoken}>${definition.headline}</h1>
      ${note && html`<p class="note">${note}</p>`}
      ${definition.intro && html`<p class="lines" ...${spoken}>${definition.intro}</p>`}
      ${personas.length > 0 && html`<ul ...${spoken}>${personas.map(persona)}</ul>`}
      ${
        others.length > 0
          ? choice(definition, words, spoken)
          : html`
            ${!definition.intro && html`<p class="lines" ...${spoken}>${first?.intro}</p>`}
            <p class="muted">${words.questions(first?.items.length ?? 0)}</p>`
      }
      <p class="muted">${words.introHint}</p>
      <p><button class="button">${words.start}</button></p>
    </form>
  `
}

/** For whom it is. @param {Definition['personas'][number]} persona */
const persona = ({ name, description }) => html`<li><strong>${name}</strong> ${description}</li>`

/** @param {Definition} definition @param {Words} words @param {Spoken} spoken */
const choice = ({ modes }, words, spoken) => html`
  <fieldset class="options">
    <legend>${words.chooseMode}</legend>
    ${modes.map(
      ({ id, title, intro: text, items }, at) => html`
        <label class="option" key=${id}>
          <input type="radio" name="mode" value=${id} defaultChecked=${at === 0} />
          <span class="face"><strong ...${spoken}>${title}</strong> <span class="muted">${words.questions(items.length)}</span>
            <span class="lines" ...${spoken}>${text}</span></span>
        </label>`,
    )}
  </fieldset>
`

/** A session whose link was opened: of another device, or of an invitation. Nobody goes on in it without saying so. */
/** @param {{ definition: Definition, words: Words, spoken: Spoken, isCompleted: boolean, done: number, all: number, accept: () => void, refuse: () => void }} parts */
export const offer = ({ definition, words, spoken, isCompleted, done, all, accept, refuse }) => {
  const isNew = done === 0 && !isCompleted
  return html`
  <section class="panel">
    ${
      isNew
        ? html`<h1 tabindex="-1" data-focus ...${spoken}>${definition.headline}</h1>
          ${definition.intro && html`<p class="lines" ...${spoken}>${definition.intro}</p>`}
          <p class="muted">${words.questions(all)}</p><p class="muted">${words.introHint}</p>`
        : html`<h1 tabindex="-1" data-focus>${words.offerTitle}</h1>
          <p>${isCompleted ? words.offerDone : words.offerText(done, all)}</p>`
    }
    <div class="steps">${button(isNew ? words.start : words.goOn, accept)} ${button(words.notMine, refuse, 'quiet')}</div>
  </section>
`
}
