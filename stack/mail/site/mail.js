// @ts-check
// The pages work without this: it copies with one press, and says when new mail has come.

for (const button of document.querySelectorAll('button[data-copies]')) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue
  const field = document.getElementById(button.dataset.copies ?? '')
  if (!(field instanceof HTMLInputElement)) continue
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(field.value)
    const word = button.firstChild
    if (!word) return
    word.textContent = 'Copied'
    setTimeout(() => {
      word.textContent = 'Copy'
    }, 2000)
  })
}

for (const field of document.querySelectorAll('input[readonly]')) {
  if (field instanceof HTMLInputElement) field.addEventListener('focus', () => field.select())
}

const news = document.getElementById('news')
if (news) setInterval(() => lookForNews(news).catch(() => {}), 3000)

/** @param {HTMLElement} news */
async function lookForNews(news) {
  if (document.hidden || news.hasChildNodes()) return
  const { newest = '', to = '' } = news.dataset
  const answer = await fetch(`/api/messages?limit=1${to ? `&to=${encodeURIComponent(to)}` : ''}`)
  const { messages } = await answer.json()
  if (!messages[0] || messages[0].id === newest) return
  const link = document.createElement('a')
  link.href = location.href
  link.textContent = 'New mail has come. Show it.'
  news.append(link)
}
