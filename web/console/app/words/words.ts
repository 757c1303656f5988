import type en from './en.ts'

/** Every text that the frame and the parts say. A language that lacks one does not compile. */
export type Words = typeof en

/** One set of texts in all languages of the console. Only the one that is spoken is loaded. */
interface Languages<Texts> {
  en: () => Promise<{ default: Texts }>
  de: () => Promise<{ default: Texts }>
  es: () => Promise<{ default: Texts }>
  fr: () => Promise<{ default: Texts }>
  it: () => Promise<{ default: Texts }>
}

/** The texts of one set in the language that is spoken. */
export async function load<Texts>(languages: Languages<Texts>): Promise<Texts> {
  // The first of the browser's languages that the console speaks.
  for (const wanted of navigator.languages) {
    const name = wanted.toLowerCase().split('-')[0] ?? ''
    if (Object.hasOwn(languages, name)) return (await languages[name as keyof typeof languages]()).default
  }
  return (await languages.en()).default
}

export const words: Words = await load({
  en: () => import('./en.ts'),
  de: () => import('./de.ts'),
  es: () => import('./es.ts'),
  fr: () => import('./fr.ts'),
  it: () => import('./it.ts'),
})

/** A room names its texts otherwise than the frame does: one would hide the other. */
type NoneOf<Other> = Record<string, unknown> & { [Word in keyof Other]?: never }

/** The texts of a room, and with them those of the frame. They are there before the room's first screen is shown. */
export async function withCommon<Texts extends NoneOf<Words>>(
  room: Languages<Texts>,
): Promise<Words & Texts> {
  return { ...words, ...(await load(room)) }
}
