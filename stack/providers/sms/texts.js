// @ts-check
// All SMS, the newest first. Everything is text: nothing that somebody wrote becomes markup.

/** @typedef {{sid: string, to: string, from: string, body: string, at: string}} Text */

const log = /** @type {HTMLElement} */ (document.getElementById('messages'))
const none = /** @type {HTMLElement} */ (document.getElementById('none'))
let newest = ''

async function look() {
  if (document.hidden) return
  /** @type {{texts: Text[]}} */
  const { texts } = await (await fetch('/api/texts')).json()
  none.hidden = texts.length > 0
  if (texts[0]?.sid === newest) return
  newest = texts[0]?.sid ?? ''
  log.replaceChildren(...texts.map(bubble))
}

/** @param {Text} text */
function bubble({ to, from, body, at }) {
  const item = document.createElement('div')
  item.className = 'business'
  const about = document.createElement('span')
  about.className = 'small ticks'
  about.textContent = `To ${to}, from ${from}, ${new Date(at).toLocaleTimeString()}`
  item.append(body, about)
  return item
}

setInterval(() => look().catch(() => {}), 1000)
look().catch(() => {})
