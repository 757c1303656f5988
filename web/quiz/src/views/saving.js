// @ts-check
import { html } from '../html.js'
/** @import { Saving, Words } from '../model.d.ts' */

/** Below a question: whether the answers have arrived, and the link for another device. */
/** @param {{ words: Words, saving: Saving, isKept: boolean, link: string, isCopied: boolean, copy: () => void }} parts */
export function savingLine({ words, saving, isKept, link, isCopied, copy }) {
  return html`
    <div class="footing">
      <p class="saving ${saving}">${savingWord(words, saving, isKept)}</p>
      <details>
        <summary>${words.elsewhere}</summary>
        <p id="elsewhere" class="muted">${words.elsewhereText}</p>
        <p class="link"><input readonly value=${link} aria-label=${words.elsewhere} aria-describedby="elsewhere"
            onFocus=${(/** @type {FocusEvent} */ { target }) => target instanceof HTMLInputElement && target.select()} />
          <button type="button" class="button quiet" onClick=${copy}>${isCopied ? words.copied : words.copy}</button></p>
      </details>
    </div>
  `
}

/** @param {Words} words @param {Saving} saving @param {boolean} isKept */
export const savingWord = (words, saving, isKept) =>
  saving !== 'waiting' ? words[saving] : isKept ? words.waiting : words.waitingUnkept
