import type { Meter, Reading } from '../../api/meters.ts'
import { dollarsOf } from '../../parts/money.ts'
import { words } from './words/words.ts'

/** What it counts, in a line. */
export const measuredBy = ({ aggregation, value_property, event_type }: Meter) =>
  [
    words.aggregations[aggregation] + (value_property === null ? '' : `: ${value_property}`),
    event_type ?? words.allTypes,
  ].join(' · ')

const exact = new Intl.NumberFormat(words.language, { maximumFractionDigits: 20 })
const isMoney = ({ aggregation, value_property }: Meter) =>
  value_property === 'cost_micros' && aggregation !== 'unique'
/** Where nothing happened there is none of it. The largest or the latest of nothing is no number. */
export const isZeroWithout = ({ aggregation }: Meter) => aggregation !== 'max' && aggregation !== 'latest'

/** A value is a decimal number of any length, as text. */
export function figureOf(meter: Meter, value: string | null): string {
  if (value === null) return words.noFigure
  return isMoney(meter) ? dollarsOf(Number(value)) : exact.format(value as `${number}`)
}

/** For a chart, in which millionths would be read as dollars. */
export const heightOf = (meter: Meter, value: string | null) =>
  Number(value ?? 0) / (isMoney(meter) ? 1_000_000 : 1)

/** Of a month that has no reading too. `newest` may be of the month before. */
export function thisMonth(meter: Meter, newest: Reading | null, timeZone: string): string {
  const month = new Intl.DateTimeFormat('en', { month: 'numeric', year: 'numeric', timeZone })
  const isThis = newest !== null && month.format(new Date(newest.starts_at)) === month.format(new Date())
  if (isThis) return figureOf(meter, newest.value)
  return figureOf(meter, isZeroWithout(meter) ? '0' : null)
}
