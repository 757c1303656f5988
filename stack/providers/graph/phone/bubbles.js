// @ts-check
// What stands in the chat for each message. Everything is text: nothing that somebody wrote becomes markup.

/** @typedef {{id: string, from: 'phone' | 'business', at: string, status: string, message: any, failed_with?: number, template_text?: string}} ChatMessage */
/** @typedef {(message: object, replyTo: string) => void} Press */

/** @type {Record<string, string>} */
const words = {
  waiting: '… not taken by the bot yet',
  accepted: '… on its way',
  sent: '✓ sent',
  delivered: '✓✓ delivered',
  read: '✓✓ read',
}

/** @param {ChatMessage} message @param {Press} press */
export function bubble(message, press) {
  const item = element('div', { className: message.from })
  item.append(
    element('span', { className: 'unseen', textContent: message.from === 'phone' ? 'You: ' : 'Bot: ' }),
  )
  item.append(...content(message, press))
  item.append(element('span', { className: 'small ticks' }))
  showStatus(item, message)
  return item
}

/** @param {Element} item @param {ChatMessage} message */
export function showStatus(item, { status, failed_with, at }) {
  const ticks = item.querySelector('.ticks')
  const word = status === 'failed' ? `✗ failed with ${failed_with}` : (words[status] ?? status)
  const text = `${new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })} ${word}`
  if (!ticks || ticks.textContent === text) return
  ticks.textContent = text
  ticks.className = `small ticks ${status}`
}

/** @param {ChatMessage} message @param {Press} press @returns {Node[]} */
function content({ id, message, template_text }, press) {
  const { type } = message
  const inner = message[type] ?? {}
  if (type === 'text') return [paragraph(inner.body)]
  if (type === 'template') return [paragraph(template_text ?? inner.name)]
  if (type === 'reaction') return [paragraph(`Reacted with ${inner.emoji || 'nothing any more'}`)]
  if (type === 'location') return [place(inner)]
  if (type === 'button') return [paragraph(inner.text)]
  if (type === 'interactive') return interactive(id, inner, press)
  if (type === 'image' || type === 'sticker') return [picture(inner), ...caption(inner)]
  if (['document', 'audio', 'video'].includes(type)) return [file(type, inner), ...caption(inner)]
  return [paragraph(`A message of the kind ${type}`)]
}

/** @param {string} id @param {any} inner @param {Press} press */
function interactive(id, inner, press) {
  const reply = inner.button_reply ?? inner.list_reply
  if (reply) return [paragraph(reply.title)]
  const lines = [inner.header?.text, inner.body?.text].filter(Boolean).map((line) => paragraph(line))
  if (inner.footer?.text) lines.push(paragraph(inner.footer.text, 'small'))
  /** @param {'button_reply' | 'list_reply'} kind @param {any} chosen */
  const answer = (kind, chosen) =>
    press({ type: 'interactive', interactive: { type: kind, [kind]: chosen } }, id)
  if (inner.type === 'button') {
    const buttons = inner.action.buttons.map((/** @type {any} */ { reply: { id: key, title } }) =>
      button(title, () => answer('button_reply', { id: key, title })),
    )
    return [...lines, group(buttons)]
  }
  if (inner.type === 'list') {
    const list = element('details')
    list.append(element('summary', { textContent: inner.action.button }))
    for (const { title, rows } of inner.action.sections) {
      if (title) list.append(paragraph(title, 'small'))
      list.append(
        group(
          rows.map((/** @type {any} */ row) =>
            button([row.title, row.description].filter(Boolean).join(': '), () => answer('list_reply', row)),
          ),
        ),
      )
    }
    return [...lines, list]
  }
  const { display_text, url } = inner.action?.parameters ?? {}
  return [...lines, paragraph(`${display_text}: ${url}`)]
}

/** @param {any} place */
function place({ latitude, longitude, name, address }) {
  return paragraph(['Location', name, address, `${latitude}, ${longitude}`].filter(Boolean).join(', '))
}

/** @param {any} media */
function picture({ id, caption: said }) {
  return element('img', { src: `/api/files/${encodeURIComponent(id)}`, alt: said || 'A picture' })
}

/** @param {string} type @param {any} media */
function file(type, { id, filename }) {
  const name = filename || `A file of the kind ${type}`
  return element('a', {
    href: `/api/files/${encodeURIComponent(id)}`,
    textContent: name,
    download: filename ?? '',
  })
}

/** @param {any} media */
const caption = ({ caption: said }) => (said ? [paragraph(said)] : [])

/** @param {string} textContent @param {string} [className] */
const paragraph = (textContent, className = '') => element('p', { textContent, className })

/** @param {string} textContent @param {() => void} press */
function button(textContent, press) {
  const made = element('button', { type: 'button', textContent })
  made.addEventListener('click', press)
  return made
}

/** @param {Node[]} children */
function group(children) {
  const made = element('div', { className: 'choices' })
  made.append(...children)
  return made
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name @param {Partial<HTMLElementTagNameMap[T]>} [values] @returns {HTMLElementTagNameMap[T]}
 */
export function element(name, values = {}) {
  return Object.assign(document.createElement(name), values)
}
