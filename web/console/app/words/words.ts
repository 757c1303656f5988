import { createContext, use } from 'react'
import { en } from './en.ts'

/** Every text of the console. A language that lacks one does not compile. */
export type Words = typeof en

const others: Record<string, () => Promise<Words>> = {
  de: async () => (await import('./de.ts')).de,
  es: async () => (await import('./es.ts')).es,
  fr: async () => (await import('./fr.ts')).fr,
  it: async () => (await import('./it.ts')).it,
}

/** The first of these languages that the console speaks, or English. Only its words are loaded. */
export async function chooseWords(languages: readonly string[]): Promise<Words> {
  for (const language of languages) {
    const name = language.toLowerCase().split('-')[0] ?? ''
    if (name === 'en') return en
    const load = Object.hasOwn(others, name) ? others[name] : undefined
    if (load) return load()
  }
  return en
}

export const WordsContext = createContext<Words>(en)
export const useWords = () => use(WordsContext)
