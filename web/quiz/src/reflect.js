// @ts-check
// The text that a language model writes about a result. It may take a while, and there may be none.
import { record } from '../../page/config.js'
import { ask } from './api.js'
import { isPassing } from './sender.js'

const PAUSE_MS = 3_000
/** A model is waited for, and after that somebody who has asked it and is gone. */
const ROUNDS = 40

/** @param {string} token @param {() => boolean} isWanted @returns {Promise<string>} empty if there is none */
export async function readReflection(token, isWanted) {
  for (let round = 0; round < ROUNDS && isWanted(); round++) {
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const { status, body } = await ask('POST', '/sessions/current/reflection', { token })
    const found = record(record(body).reflection)
    if (status === 200 && found.status !== 'writing') return typeof found.text === 'string' ? found.text : ''
    if (status !== 200 && !isPassing(status)) return ''
  }
  return ''
}
