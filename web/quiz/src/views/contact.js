// @ts-check
import { html } from '../html.js'
import { button } from './notices.js'
/** @import { Contact, Words } from '../model.d.ts' */

/** @typedef {{ email?: string, consent?: string }} Errors */

/** @param {{
 *   words: Words, tenant: string, isNeeded: boolean, lastWord: string, errors: Errors, footer: unknown,
 *   send: (contact: Contact) => void, fail: (errors: Errors) => void, skip: () => void, back: () => void,
 * }} parts */
export function contact({ words, tenant, isNeeded, lastWord, errors, footer, send, fail, skip, back }) {
  const hasErrors = errors.email || errors.consent
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const form = /** @type {HTMLFormElement} */ (event.currentTarget)
    const data = new FormData(form)
    const email = String(data.get('email') ?? '').trim()
    const name = String(data.get('name') ?? '').trim()
    /** @type {Errors} */
    const found = {
      ...(!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) && { email: words.emailInvalid }),
      ...(!data.has('consent') && { consent: words.consentMissing }),
    }
    if (Object.keys(found).length === 0)
      return send({ email, ...(name && { full_name: name }), has_consented: true })
    fail(found)
    const wrong = form.elements.namedItem(found.email ? 'email' : 'consent')
    if (wrong instanceof HTMLElement) wrong.focus()
  }
  return html`
    <form class="panel contact" noValidate onSubmit=${submit} onInput=${() => hasErrors && fail({})}>
      <h1 tabindex="-1" data-focus>${words.contactTitle}</h1>
      ${!isNeeded && html`<p>${words.contactSoft}</p>`}
      <label class="field">${words.name}
        <input name="name" autocomplete="name" maxlength="255" /></label>
      <label class="field">${words.email}
        <input type="email" name="email" autocomplete="email" maxlength="254" required
          aria-invalid=${errors.email ? 'true' : null} aria-describedby=${errors.email ? 'email-error' : null} /></label>
      ${errors.email && html`<p id="email-error" class="error">${errors.email}</p>`}
      <label class="tick"><input type="checkbox" name="consent" required
        aria-invalid=${errors.consent ? 'true' : null} aria-describedby=${errors.consent ? 'consent-error' : null} />
        <span>${words.consent(tenant)}</span></label>
      ${errors.consent && html`<p id="consent-error" class="error">${errors.consent}</p>`}
      <div class="steps">
        <button class="button">${lastWord}</button>
        ${!isNeeded && button(words.withoutContact, skip, 'quiet')}
        ${button(words.back, back, 'quiet')}
      </div>
      ${footer}
    </form>
  `
}
