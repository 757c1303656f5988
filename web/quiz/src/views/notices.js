// @ts-check
// Screens that say something and lead on.
import { html } from '../html.js'

/** @param {{ title: string, text?: string, busy?: boolean, children?: unknown }} parts */
export const notice = ({ title, text = '', busy = false, children = null }) => html`
  <section class="panel" aria-busy=${busy ? 'true' : null}>
    <h1 tabindex="-1" data-focus>${title}</h1>
    ${text && html`<p>${text}</p>`}
    ${children}
  </section>
`

/**
 * Without a tenant there is no brand around it.
 * @param {{ title: string, text: string, say?: string, action?: { word: string, act: () => void } }} parts
 */
export const plain = ({ title, text, say = '', action }) => html`
  <main id="main" class="plain" tabindex="-1">
    <h1 tabindex="-1" data-focus>${title}</h1>
    <p>${text}</p>
    ${action && button(action.word, action.act)}
    <p class="muted" role="status">${say}</p>
  </main>
`

/** To the first words of the screen. */
export function focusStart() {
  const start = document.querySelector('[data-focus]')
  if (start instanceof HTMLElement) start.focus()
}

/** @param {string} word @param {() => void} act @param {string} [look] */
export const button = (word, act, look = '') =>
  html`<button type="button" class="button ${look}" onClick=${act}>${word}</button>`
