/** A schedule as cron._parse_schedule in the database reads it. Only that function has the grammar. */
export type Schedule = { seconds: number } | { restart: true } | CalendarSchedule

export interface CalendarSchedule {
  minutes: number[]
  hours: number[]
  days: number[]
  months: number[]
  /** 0 and 7 are both Sunday. */
  weekdays: number[]
  /** `$`: the last day of the month. */
  lastDay: boolean
  /** Neither day field has a star. Then a day that matches one of the two is enough. */
  eitherDay: boolean
  /** The minute or the hour has a star: a job that runs at intervals and not at a fixed time. */
  wild: boolean
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Whether a job is due in the minute that begins at `minuteAt` (milliseconds, UTC). */
export function isDue(schedule: CalendarSchedule, minuteAt: number): boolean {
  const time = new Date(minuteAt)
  const isLastDay = new Date(minuteAt + DAY_MS).getUTCDate() === 1
  const fitsDay = schedule.days.includes(time.getUTCDate()) || (schedule.lastDay && isLastDay)
  const weekday = time.getUTCDay()
  const fitsWeekday = schedule.weekdays.includes(weekday) || (weekday === 0 && schedule.weekdays.includes(7))
  return (
    schedule.minutes.includes(time.getUTCMinutes()) &&
    schedule.hours.includes(time.getUTCHours()) &&
    schedule.months.includes(time.getUTCMonth() + 1) &&
    (schedule.eitherDay ? fitsDay || fitsWeekday : fitsDay && fitsWeekday)
  )
}

export interface MinuteClock {
  /** The minute up to which jobs at fixed times have been run. */
  fixedUntil: number
  /** The minute that the clock showed when it was last read. */
  seen: number
}

/** A minute to look up jobs for, and which kinds of job. */
export interface DueMinute {
  at: number
  wild: boolean
  fixed: boolean
}

export function startClock(now: number): MinuteClock {
  const minute = startOfMinute(now)
  return { fixedUntil: minute, seen: minute }
}

/**
 * The minutes to run since the clock was last read, by cron's rules for a clock that jumps. After a few minutes,
 * every missed minute is run. After a jump of up to three hours ahead, fixed times are run and other jobs run
 * once. After a jump of up to three hours back, fixed times are not repeated. After a longer jump it continues from
 * the new time.
 */
export function advanceClock(clock: MinuteClock, now: number): DueMinute[] {
  const minute = startOfMinute(now)
  if (minute === clock.seen) return []
  clock.seen = minute
  const passed = (minute - clock.fixedUntil) / MINUTE_MS
  if (passed <= 0 && passed > -180) return [{ at: minute, wild: true, fixed: false }]
  const since = clock.fixedUntil
  clock.fixedUntil = minute
  if (passed > 180 || passed <= 0) return [{ at: minute, wild: true, fixed: true }]
  const minutes = Array.from({ length: passed }, (_, i) => since + (i + 1) * MINUTE_MS)
  return minutes.map((at) => ({ at, wild: passed <= 5 || at === minute, fixed: true }))
}

function startOfMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS
}
