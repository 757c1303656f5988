// @ts-check
// The page's own words. A tenant's text is never translated. Each language is a file, and a visitor loads the one needed.
import english from '../words/en.js'

/** @import { Words } from './model.d.ts' */

const others = ['de', 'fr', 'es', 'it']

/** @param {readonly string[]} wanted BCP 47 tags, best first @returns {Promise<{ language: string, words: Words }>} */
export async function wordsFor(wanted) {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    if (language === 'en') break
    if (!others.includes(language)) continue
    // Relative to the bundle, which has only English in it.
    const path = `./words/${language}.js`
    try {
      return { language, words: (await import(path)).default }
    } catch {
      break
    }
  }
  return { language: 'en', words: english }
}
