// @ts-check
// Texts that a language model writes. Each may take a while, and there may be none.
import { record } from '../../page/config.js'
import { ask } from './api.js'
import { languageOf } from './definition.js'
import { isPassing } from './sender.js'

/** @import { Written } from './model.d.ts' */

const PAUSE_MS = 3_000

/**
 * A text about the result, as long as it is wanted: a model is waited for, and after that somebody who has asked it and is gone.
 * @param {string} token @param {() => boolean} isWanted @returns {Promise<Written>} without a text if there is none
 */
export async function readReflection(token, isWanted) {
  for (let round = 0; round < 40 && isWanted(); round++) {
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const { status, body } = await ask('POST', '/sessions/current/reflection', { token })
    const found = record(record(body).reflection)
    if (status === 200 && found.status !== 'writing') return textOf(found)
    if (status !== 200 && !isPassing(status)) break
  }
  return textOf({})
}

/**
 * A remark on a saved answer. It is asked for once: what comes too late is about another question.
 * @param {string} token @param {string} item @returns {Promise<Written & { isOver: boolean }>} `isOver`: there are no more
 */
export async function readInsight(token, item) {
  const { status, body } = await ask('POST', '/sessions/current/insights', { token, body: { item } })
  const found = record(record(body).insight)
  const isOver = status !== 200 || found.reason === 'not_offered'
  return { ...textOf(status === 200 ? found : {}), isOver }
}

/** @param {Record<string, unknown>} found @returns {Written} */
const textOf = ({ text, language }) => ({
  text: typeof text === 'string' ? text : '',
  language: languageOf(language),
})
