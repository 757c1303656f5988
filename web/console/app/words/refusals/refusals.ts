import { load } from '../words.ts'
import type de from './de.ts'

/** A sentence for each code that somebody of a tenant may meet. A language that lacks one does not compile. */
export type Refusals = typeof de

/** What a refusal says in the person's language, by its code. In English the server says it, with the particulars. */
export const refusals = await load<Partial<Refusals>>({
  en: async () => ({ default: {} }),
  de: () => import('./de.ts'),
  es: () => import('./es.ts'),
  fr: () => import('./fr.ts'),
  it: () => import('./it.ts'),
})
