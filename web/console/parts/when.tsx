import { words } from '../app/words/words.ts'

const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium' })
const moment = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium', timeStyle: 'medium' })
const number = new Intl.NumberFormat(words.language)

/** A day, or a moment, as people of this language write it, in the time zone of the browser. */
export const dayOf = (at: string) => day.format(new Date(at))
export const momentOf = (at: string) => moment.format(new Date(at))
export const numberOf = (count: number) => number.format(count)

export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{momentOf(at)}</time>
}
