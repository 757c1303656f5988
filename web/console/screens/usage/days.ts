import type { Range } from '../../api/usage.ts'
import { words } from './words/words.ts'

/** What the days of a range are called, in its time zone. A day without an entry has a name too. */
export function daysIn({ since, until, time_zone: timeZone }: Range) {
  const day = new Intl.DateTimeFormat(words.language, { dateStyle: 'medium', timeZone })
  // A day has 23 hours at least, so a step of 12 leaves none out.
  const names = new Set<string>()
  for (let at = Date.parse(since); at < Date.parse(until); at += 43_200_000)
    names.add(day.format(new Date(at)))
  return { names, nameOf: (at: string) => day.format(new Date(at)) }
}
