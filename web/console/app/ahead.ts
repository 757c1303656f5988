import { storageKey } from '../api/storage-key.ts'
import { fileAt } from './files.ts'

/**
 * The page begins here: what it is going to need is asked for at once. Each file asks for the next only when it runs, and on
 * a slow network that is a wait each. Whoever waits for one of these files learns of it if it cannot be had.
 */
function load(file: Promise<unknown>): void {
  file.catch(() => {})
}

function isSignedIn(): boolean {
  try {
    return localStorage.getItem(storageKey) !== null
  } catch {
    return false
  }
}

load(import('./words/words.ts'))
if (isSignedIn()) {
  load(import('./console.tsx'))
  load(import('./words/refusals/refusals.ts'))
  const screen = fileAt(location.pathname)
  if (screen) load(screen())
} else load(import('../screens/sign-in/sign-in.tsx'))
void import('./main.tsx')
