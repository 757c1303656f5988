/** Whether this is a name of the IANA list. A distance such as +02:00 is none: it knows no summer time. */
export function isTimeZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && minutesOf(name) !== undefined
}

const monthMs = 30 * 86_400_000

/**
 * Whether whole hours of UTC are whole hours in a time zone too, in all of a range. A zone moves for months at a time, so
 * both ends and each month between them tell.
 */
export function hasWholeHours(name: string, since: Date, until: Date): boolean {
  const format = minutesOf(name)
  if (!format) return false
  for (let at = since.getTime(); at < until.getTime(); at += monthMs)
    if (!isWholeHour(format, at)) return false
  return isWholeHour(format, until.getTime())
}

function isWholeHour(format: Intl.DateTimeFormat, at: number): boolean {
  const hour = new Date(Math.floor(at / 3_600_000) * 3_600_000)
  return Number(format.format(hour)) === 0
}

/** Formats the minutes of a moment in this time zone. Undefined if there is no such zone. */
function minutesOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en', { minute: 'numeric', timeZone })
  } catch {
    return undefined
  }
}
