/**
 * A telephone number as M-Pesa has it: 254, then nine digits that begin with 7 or 1. Whoever writes it in Kenya begins with 07, 01, +254 or
 * 254. Undefined for any other: no M-Pesa is behind it.
 */
export function mpesaNumber(written: string): string | undefined {
  const digits = written.replace(/[\s().-]/g, '')
  const local = /^(?:\+?254|0)?([17]\d{8})$/.exec(digits)?.[1]
  return local && `254${local}`
}
