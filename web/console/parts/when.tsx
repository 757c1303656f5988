import { words } from '../app/words/words.ts'

const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium' })
const moment = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium', timeStyle: 'medium' })
const number = new Intl.NumberFormat(words.language)
const percent = new Intl.NumberFormat(words.language, { style: 'percent' })

/** A day, or a moment, as people of this language write it, in the time zone of the browser. */
export const dayOf = (at: string) => day.format(new Date(at))
export const momentOf = (at: string) => moment.format(new Date(at))
export const numberOf = (count: number) => number.format(count)
/** A share from 0 to 1. */
export const shareOf = (share: number) => percent.format(share)

export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{momentOf(at)}</time>
}
