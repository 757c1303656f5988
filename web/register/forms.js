// @ts-check
// A page of one form after the other. Of its sections one is shown, and its data-title is the heading.
import { meta, Refused, signedIn } from './api.js'
import { clearErrors, markErrors, valuesOf } from './fields.js'

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function part(id, kind) {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`)
  return found
}
/** @param {string} id */
export const form = (id) => part(id, HTMLFormElement)
export const status = part('status', HTMLElement)

/** Shows this section and no other, and says its heading. @param {string} id */
export function show(id) {
  for (const section of document.querySelectorAll('main > form, main > section'))
    if (section instanceof HTMLElement) section.hidden = section.id !== id
  const title = part('title', HTMLElement)
  title.textContent = part(id, HTMLElement).dataset.title ?? ''
  document.title = title.textContent
  status.textContent = ''
  title.focus()
}

/** What a form does when it is sent. @param {string} id @param {(values: Record<string, string>) => Promise<void>} act */
export function handle(id, act) {
  const element = form(id)
  element.onsubmit = async (event) => {
    event.preventDefault()
    const button = element.querySelector('button')
    if (!button || button.disabled) return
    button.disabled = true
    status.textContent = 'One moment …'
    clearErrors(element)
    try {
      await act(valuesOf(element))
      if (status.textContent === 'One moment …') status.textContent = ''
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const shown = document.querySelector('main > form:not([hidden])')
      const said = shown instanceof HTMLFormElement ? markErrors(shown, error.errors) : ''
      status.textContent = said || error.message
    } finally {
      button.disabled = false
    }
  }
}

/** Hands the session over to the application as the links of Auth do, which supabase-js understands. */
export function finish() {
  const session = signedIn()
  const address = new URL(meta('tenantry-app') || '/', location.href)
  const handed = Object.entries({ ...session, type: 'signup' }).filter(
    ([, value]) => typeof value !== 'object',
  )
  if (session)
    address.hash = new URLSearchParams(handed.map(([name, value]) => [name, String(value)])).toString()
  show('done')
  const next = part('next', HTMLAnchorElement)
  next.href = address.href
  next.focus()
}
