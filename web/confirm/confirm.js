// @ts-check
// Opening this page uses nothing up, so a scanner may open it. A person presses the button.
import { meta, Refused, savePassword, verify } from './auth.js'
import { choosePassword, code, firstOfTwo, kinds, working } from './words.js'

/** @typedef {import('./words.js').LinkType} LinkType */
/** @typedef {import('./auth.js').Session} Session */

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function part(id, kind) {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`)
  return found
}

const status = part('status', HTMLElement)
const link = readLink()
if (link) askForPress(link)
else askForCode()

/** @returns {{ type: LinkType, tokenHash: string } | null} */
function readLink() {
  // Behind the # it reaches no server's log. Some mail programs move it before.
  const values = new URLSearchParams(location.hash.slice(1) || location.search)
  const type = values.get('type') ?? ''
  const tokenHash = values.get('token_hash') ?? ''
  if (!Object.hasOwn(kinds, type) || !/^[\w-]{16,200}$/.test(tokenHash)) return null
  return { type: /** @type {LinkType} */ (type), tokenHash }
}

/** @param {{ type: LinkType, tokenHash: string }} link */
function askForPress({ type, tokenHash }) {
  const { title, lead, button, done } = kinds[type]
  say(title, lead)
  const form = show('confirm')
  part('confirm', HTMLFormElement).querySelector('button')?.replaceChildren(button)
  onSubmit(form, async () => {
    const session = await verify({ type, token_hash: tokenHash })
    // It is used up: neither a reload nor the history should show it.
    history.replaceState(null, '', location.pathname)
    form.hidden = true
    if (!session) status.textContent = firstOfTwo
    else if (type === 'recovery' || type === 'invite') askForPassword(session, done)
    else finish(session, done)
  })
}

function askForCode() {
  say(code.title, code.lead)
  const form = show('code')
  onSubmit(form, async (values) => {
    const session = await verify({
      type: 'email',
      email: values('email').trim(),
      token: values('code').trim(),
    })
    form.hidden = true
    if (session) finish(session, code.done)
  })
}

/** @param {Session} session @param {string} done */
function askForPassword(session, done) {
  const form = show('password')
  status.textContent = choosePassword
  form.querySelector('input')?.focus()
  onSubmit(form, async (values) => {
    await savePassword(session, values('password'))
    form.hidden = true
    finish(session, done)
  })
}

/** Hands the session over to the application as the links of Auth do, which supabase-js understands. @param {Session} session @param {string} done */
function finish(session, done) {
  status.textContent = done
  const next = part('next', HTMLElement)
  const anchor = next.querySelector('a')
  if (!anchor) return
  const { access_token, refresh_token, expires_in, expires_at, token_type } = session
  const handed = {
    access_token,
    refresh_token,
    expires_in,
    expires_at,
    token_type,
    type: link?.type ?? 'signup',
  }
  const address = new URL(meta('tenantry-app') || '/', location.href)
  address.hash = new URLSearchParams(
    Object.entries(handed).map(([name, value]) => [name, String(value)]),
  ).toString()
  anchor.href = address.href
  next.hidden = false
  anchor.focus()
}

/** @param {string} title @param {string} lead */
function say(title, lead) {
  document.title = title
  part('title', HTMLElement).textContent = title
  part('lead', HTMLElement).textContent = lead
}

/** @param {string} id */
function show(id) {
  const form = part(id, HTMLFormElement)
  form.hidden = false
  return form
}

/** @param {HTMLFormElement} form @param {(value: (name: string) => string) => Promise<void>} act */
function onSubmit(form, act) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    if (!button || button.disabled) return
    button.disabled = true
    status.textContent = working
    const values = new FormData(form)
    try {
      await act((name) => String(values.get(name) ?? ''))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      status.textContent = error.message
    } finally {
      button.disabled = false
    }
  })
}
