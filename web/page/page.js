// @ts-check
import { loadConfig } from './load-config.js'
import { applyTheme } from './theme.js'
import { showBrand, showStillTrouble, showTrouble, showUnknown } from './view.js'

let isAsking = false
let isInTrouble = false

async function show() {
  if (isAsking) return
  isAsking = true
  const outcome = await loadConfig()
  isAsking = false
  const isRetry = isInTrouble
  isInTrouble = outcome.kind === 'unreachable'

  if (outcome.kind === 'found') {
    applyTheme(outcome.config)
    showBrand(outcome.config)
  } else if (outcome.kind === 'unknown') showUnknown()
  else if (isRetry) showStillTrouble()
  else showTrouble(show)

  // The button with the focus was removed. A keyboard user must not be sent back to the top.
  if (isRetry && !isInTrouble) document.getElementById('main')?.focus()
}

window.addEventListener('online', () => {
  if (isInTrouble) show()
})

show()
