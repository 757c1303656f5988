// @ts-check
// The phone: which chat is open, what is written in it, and what is new.
import { bubble, element, showStatus } from './bubbles.js'
import { askFor, showNumber } from './dialogs.js'

/** @typedef {import('./bubbles.js').ChatMessage} ChatMessage */
/** @typedef {{contact: {phone: string, name: string, hides_number?: boolean}, typing_until: string | null, last_wrote_at: string | null, is_window_open: boolean, messages: ChatMessage[]}} Chat */

const newsMs = 1000
const firstContact = { phone: '12025550142', name: 'Ada Example' }

/** @template {HTMLElement} T @param {string} id @returns {T} */
const find = (id) => /** @type {T} */ (document.getElementById(id))
const numbers = /** @type {HTMLSelectElement} */ (find('number'))
const contacts = /** @type {HTMLSelectElement} */ (find('contact'))
const log = find('messages')
const text = /** @type {HTMLTextAreaElement} */ (find('text'))
const file = /** @type {HTMLInputElement} */ (find('file'))
const state = find('state')

/** @param {string} path @param {{method?: string, body?: object}} [options] */
async function ask(path, { method = 'GET', body } = {}) {
  const isForm = body instanceof FormData
  const answer = await fetch(`/api${path}`, {
    method,
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
    ...(body && !isForm && { headers: { 'content-type': 'application/json' } }),
  })
  const said = answer.status === 204 ? null : await answer.json()
  if (!answer.ok) throw new Error(said.message)
  return said
}
const chatPath = () => `/numbers/${numbers.value}/chats/${contacts.value}`

/** Does something that somebody asked for, and says why if it fails. @param {() => Promise<unknown>} run */
async function attempt(run) {
  try {
    state.textContent = ''
    await run()
    await show()
  } catch (error) {
    state.textContent = error instanceof Error ? error.message : String(error)
  }
}

let shownChat = ''
let revision = -1

async function show() {
  const known = (await ask('/numbers')).numbers
  fill(
    numbers,
    known.map((/** @type {any} */ each) => [
      each.phone_number_id,
      `${each.verified_name}, ${each.display_phone_number}`,
    ]),
  )
  const number = known.find((/** @type {any} */ each) => each.phone_number_id === numbers.value)
  if (!number) return
  showNumber(number)
  /** @type {Chat[]} */
  let chats = (await ask(`/numbers/${numbers.value}/chats`)).chats
  if (chats.length === 0) {
    const { phone, name } = firstContact
    chats = [await ask(`/numbers/${numbers.value}/chats/${phone}`, { method: 'PUT', body: { name } })]
  }
  fill(
    contacts,
    chats.map(({ contact }) => [contact.phone, `${contact.name}, +${contact.phone}`]),
  )
  const chat = chats.find(({ contact }) => contact.phone === contacts.value)
  if (chat) await showChat(chat)
}

/** @param {Chat} chat */
async function showChat(chat) {
  if (shownChat !== chatPath()) log.replaceChildren()
  shownChat = chatPath()
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80
  let isNew = false
  for (const message of chat.messages) {
    const item = log.querySelector(`[data-id="${message.id}"]`)
    if (item) showStatus(item, message)
    else {
      const made = bubble(message, (answer, replyTo) => attempt(() => write(answer, replyTo)))
      made.dataset.id = message.id
      log.append(made)
      isNew = true
    }
  }
  const isTyping = chat.typing_until !== null && Date.parse(chat.typing_until) > Date.now()
  if (isTyping || state.textContent === typing) state.textContent = isTyping ? typing : ''
  find('window').textContent = chat.is_window_open
    ? `The bot may write freely until ${new Date(Date.parse(chat.last_wrote_at ?? '') + 86_400_000).toLocaleString()}.`
    : 'This phone has not written for a day: the bot may only send templates.'
  // Last, because what stands above may have become higher.
  if (isNew && wasAtEnd) log.scrollTop = log.scrollHeight
  const isUnread = chat.messages.some(({ from, status }) => from === 'business' && status === 'delivered')
  if (isUnread && !document.hidden) await ask(`${chatPath()}/read`, { method: 'POST' })
}
const typing = 'The bot is typing …'

/** Keeps the choice, if it is still there. @param {HTMLSelectElement} select @param {[string, string][]} options */
function fill(select, options) {
  const shown = [...select.options].map(({ value, textContent }) => `${value} ${textContent}`).join()
  if (shown === options.map(([value, name]) => `${value} ${name}`).join()) return
  const before = select.value
  select.replaceChildren(...options.map(([value, textContent]) => element('option', { value, textContent })))
  if (options.some(([value]) => value === before)) select.value = before
}

/** @param {object} message @param {string} [replyTo] */
const write = (message, replyTo) =>
  ask(`${chatPath()}/messages`, { method: 'POST', body: { message, ...(replyTo && { reply_to: replyTo }) } })

const composer = /** @type {HTMLFormElement} */ (find('composer'))
composer.addEventListener('submit', (event) => {
  event.preventDefault()
  const body = text.value.trim()
  if (body === '') return
  text.value = ''
  attempt(() => write({ type: 'text', text: { body } }))
})
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  composer.requestSubmit()
})
file.addEventListener('change', () => {
  const body = new FormData()
  const [chosen] = file.files ?? []
  if (!chosen) return
  body.set('file', chosen)
  body.set('caption', text.value.trim())
  text.value = ''
  file.value = ''
  attempt(() => ask(`${chatPath()}/files`, { method: 'POST', body }))
})
find('add-place').addEventListener('click', async () => {
  const place = await askFor('place-dialog')
  if (!place) return
  const { latitude, longitude, name } = place
  const location = { latitude: Number(latitude), longitude: Number(longitude), ...(name && { name }) }
  attempt(() => write({ type: 'location', location }))
})
find('add-contact').addEventListener('click', async () => {
  const contact = await askFor('contact-dialog')
  if (!contact) return
  const phone = contact.phone?.replace(/\D/g, '')
  attempt(async () => {
    const body = { name: contact.name, hides_number: contact.hides_number === 'on' }
    await ask(`/numbers/${numbers.value}/chats/${phone}`, { method: 'PUT', body })
    await show()
    contacts.value = phone ?? ''
  })
})
find('add-number').addEventListener('click', () =>
  attempt(async () => {
    const { phone_number_id } = await ask('/numbers', { method: 'POST', body: {} })
    await show()
    numbers.value = phone_number_id
  }),
)
find('callback').addEventListener('submit', (event) => {
  event.preventDefault()
  const body = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)))
  const said = find('callback-state')
  ask(`/numbers/${numbers.value}/callback`, { method: 'PUT', body })
    .then(() => {
      said.textContent = 'Connected: the callback answered the handshake.'
    })
    .catch((error) => {
      said.textContent = error.message
    })
})
for (const select of [numbers, contacts]) select.addEventListener('change', () => attempt(async () => {}))

/** Shows what is new. Whoever does not look is shown nothing, and has read nothing. */
async function look() {
  if (document.hidden) return
  const now = (await ask('/revision')).revision
  if (now === revision) return
  revision = now
  await show()
}
setInterval(() => look().catch(() => {}), newsMs)
attempt(look)
