import { LRUCache } from 'lru-cache'

/** Whether this is a name of the IANA list. A distance such as +02:00 is none: it knows no summer time. */
export function isTimeZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && minutesOf(name) !== undefined
}

const monthMs = 30 * 86_400_000
const hourMs = 3_600_000

/**
 * Where the hours of a time zone begin in a range: with the hours of UTC, or, in some of it, a quarter or half an hour
 * later. Anything else is undefined: no zone of today has it, and totals are not kept for it. A zone moves for months at a
 * time, so both ends and each month between them tell.
 */
export function hoursBegin(name: string, since: Date, until: Date): 'with UTC' | 'later' | undefined {
  const format = minutesOf(name)
  if (!format) return undefined
  const minutes = new Set<number>([minuteAt(format, until.getTime())])
  for (let at = since.getTime(); at < until.getTime(); at += monthMs) minutes.add(minuteAt(format, at))
  if ([...minutes].some((minute) => ![0, 30, 45].includes(minute))) return undefined
  return minutes.size === 1 && minutes.has(0) ? 'with UTC' : 'later'
}

/** What its clocks show after the hour when an hour of UTC begins. 45 means that its own hour begins 15 minutes later. */
function minuteAt(format: Intl.DateTimeFormat, at: number): number {
  return Number(format.format(new Date(Math.floor(at / hourMs) * hourMs)))
}

/** Making one takes as long as reading a few days. A name may be written in many ways, so not all of them are kept. */
const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: 500 })

/** Formats the minutes of a moment in this time zone. Undefined if there is no such zone. */
function minutesOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en', { minute: 'numeric', timeZone })
    formats.set(timeZone, format)
    return format
  } catch {
    return undefined
  }
}
