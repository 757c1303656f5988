import { withCommon } from '../../../../app/words/words.ts'

export const words = await withCommon({
  en: () => import('./en.ts'),
  de: () => import('./de.ts'),
  es: () => import('./es.ts'),
  fr: () => import('./fr.ts'),
  it: () => import('./it.ts'),
})
