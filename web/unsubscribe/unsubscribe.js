// @ts-check
// Opening this page ends nothing, so a scanner of mails may open it. A person presses the button.
import { wordsFor } from './words.js'

const PATIENCE_MS = 15_000
const token = location.hash.slice(1)
const path = `/functions/v1/notifications/unsubscribe/${token}`
const { language, words } = wordsFor(navigator.languages)

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function part(id, kind) {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`)
  return found
}
const title = part('title', HTMLElement)
const lead = part('lead', HTMLElement)
const button = part('button', HTMLButtonElement)
const status = part('status', HTMLElement)

/** @param {string} heading @param {string} text @param {string} [action] */
function show(heading, text, action) {
  title.textContent = heading
  document.title = heading
  lead.textContent = text
  button.hidden = action === undefined
  button.textContent = action ?? ''
  status.textContent = ''
  title.focus()
}

/** @param {'GET' | 'POST'} method */
const ask = (method) =>
  fetch(path, {
    method,
    credentials: 'omit',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })

async function open() {
  const answer = await ask('GET')
  if (answer.status === 404 || answer.status === 422) return show(words.lostTitle, words.lost)
  if (!answer.ok) throw new Error(`The link answered ${answer.status}.`)
  const { tenant_name, address_hint, color } = await answer.json()
  part('tenant', HTMLElement).textContent = tenant_name
  if (/^#[0-9a-f]{3,8}$/i.test(color ?? ''))
    document.documentElement.style.setProperty('--tenant-color', color)
  show(words.title, words.lead(tenant_name, address_hint), words.button)
}

button.onclick = async () => {
  button.disabled = true
  try {
    const answer = await ask('POST')
    if (answer.status === 404) show(words.lostTitle, words.lost)
    else if (answer.ok) show(words.doneTitle, words.done)
    else status.textContent = words.failed
  } catch {
    status.textContent = words.failed
  }
  button.disabled = false
}

document.documentElement.lang = language
if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(token)) {
  open().catch(() => show(words.title, words.failed))
} else show(words.lostTitle, words.lost)
