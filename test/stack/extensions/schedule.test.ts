import { describe, expect, test } from 'vitest'
import {
  advanceClock,
  type CalendarSchedule,
  isDue,
  startClock,
} from '../../../stack/extensions/cron/schedule.ts'

const at = (text: string) => Date.parse(`${text}Z`)
const every = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i)
const schedule = (fields: Partial<CalendarSchedule>): CalendarSchedule => ({
  minutes: every(0, 59),
  hours: every(0, 23),
  days: every(1, 31),
  months: every(1, 12),
  weekdays: every(0, 7),
  lastDay: false,
  eitherDay: false,
  wild: true,
  ...fields,
})

describe('a schedule is due', () => {
  test('by UTC, at its minute, hour and month', () => {
    const job = schedule({ minutes: [30], hours: [4], months: [2] })
    expect(isDue(job, at('2026-02-10T04:30'))).toBe(true)
    for (const other of ['2026-02-10T04:31', '2026-02-10T05:30', '2026-03-10T04:30']) {
      expect(isDue(job, at(other))).toBe(false)
    }
  })

  test('on Sunday, written 0 or 7', () => {
    for (const weekdays of [[0], [7]]) {
      expect(isDue(schedule({ weekdays }), at('2026-02-08T00:00'))).toBe(true)
      expect(isDue(schedule({ weekdays }), at('2026-02-09T00:00'))).toBe(false)
    }
  })

  test('on the last day of the month, in leap years too', () => {
    const job = schedule({ days: [], lastDay: true })
    for (const last of ['2026-02-28', '2028-02-29', '2026-04-30', '2026-12-31']) {
      expect(isDue(job, at(`${last}T23:59`))).toBe(true)
    }
    for (const other of ['2028-02-28', '2026-12-30', '2026-05-01']) {
      expect(isDue(job, at(`${other}T00:00`))).toBe(false)
    }
  })

  test('on either day when both day fields are restricted, on both otherwise', () => {
    const fields = { days: [13], weekdays: [5] }
    expect(isDue(schedule({ ...fields, eitherDay: true }), at('2026-03-06T00:00'))).toBe(true)
    expect(isDue(schedule({ ...fields, eitherDay: false }), at('2026-03-06T00:00'))).toBe(false)
    expect(isDue(schedule({ ...fields, eitherDay: false }), at('2026-03-13T00:00'))).toBe(true)
  })
})

describe('the clock', () => {
  const start = '2026-01-01T12:00:30'
  const advance = (...times: string[]) => {
    const clock = startClock(at(start))
    return times.map((time) => advanceClock(clock, at(time)))
  }
  const both = (time: string) => ({ at: at(time), wild: true, fixed: true })

  test('gives each minute once', () => {
    expect(advance('2026-01-01T12:00:59', '2026-01-01T12:01:00', '2026-01-01T12:01:59')).toEqual([
      [],
      [both('2026-01-01T12:01')],
      [],
    ])
  })

  test('makes up for a few minutes missed', () => {
    expect(advance('2026-01-01T12:03:10')).toEqual([
      [both('2026-01-01T12:01'), both('2026-01-01T12:02'), both('2026-01-01T12:03')],
    ])
  })

  test('makes up for fixed times only, when it jumps an hour ahead', () => {
    const [minutes] = advance('2026-01-01T13:00:10')
    expect(minutes).toHaveLength(60)
    expect(minutes?.filter((minute) => minute.wild)).toEqual([both('2026-01-01T13:00')])
    expect(minutes?.every((minute) => minute.fixed)).toBe(true)
  })

  test('does not repeat fixed times when it jumps an hour back', () => {
    const wildOnly = (time: string) => [{ at: at(time), wild: true, fixed: false }]
    expect(advance('2026-01-01T11:00:10', '2026-01-01T11:00:40', '2026-01-01T11:01:00')).toEqual([
      wildOnly('2026-01-01T11:00'),
      [],
      wildOnly('2026-01-01T11:01'),
    ])
  })

  test.each(['2026-01-03T08:15:10', '2025-12-01T08:15:10'])(
    'simply goes on after a jump of days, to %s',
    (time) => {
      const minute = time.slice(0, 16)
      const next = `${time.slice(0, 14)}16:00`
      expect(advance(time, next)).toEqual([[both(minute)], [both(next.slice(0, 16))]])
    },
  )
})
