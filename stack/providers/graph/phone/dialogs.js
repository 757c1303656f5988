// @ts-check
// What is asked for in a dialog, and what is shown of the number.
import { element } from './bubbles.js'

/** Asks for the values of a dialog's form. Nothing if it is left. @param {string} id @returns {Promise<Record<string, string> | null>} */
export function askFor(id) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id))
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'))
  form.reset()
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    const answer = () => {
      const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)))
      resolve(dialog.returnValue === 'ok' ? values : null)
    }
    dialog.addEventListener('close', answer, { once: true })
  })
}

const shown = ['phone_number_id', 'waba_id', 'app_id', 'token', 'app_secret', 'callback_url']
let before = ''

/** @param {Record<string, string>} number */
export function showNumber(number) {
  const now = JSON.stringify(shown.map((name) => number[name]))
  if (now === before) return
  before = now
  const keys = document.getElementById('keys')
  keys?.replaceChildren(
    ...shown.flatMap((name) => [
      element('dt', { textContent: name.replaceAll('_', ' ') }),
      element('dd', { textContent: number[name] ?? 'none yet' }),
    ]),
  )
}
