import { words } from '../app/words/words.ts'

/** An amount in the smallest unit of its currency, as people of this language write it. */
export function moneyOf(minor: number, currency: string): string {
  const format = new Intl.NumberFormat(words.language, { style: 'currency', currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

const dollars = new Intl.NumberFormat(words.language, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
})

/** Millionths of a US dollar. */
export const dollarsOf = (micros: number) => dollars.format(micros / 1_000_000)

const exactDollars = new Intl.NumberFormat(words.language, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 6,
})

/** To the last millionth: a call of a model costs little. */
export const exactDollarsOf = (micros: number) => exactDollars.format(micros / 1_000_000)
