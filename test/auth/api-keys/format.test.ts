import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksum, generateApiKey, parseApiKey } from '../../../lib/auth/api-keys/format.ts'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const keys = fc.constant(null).map(() => generateApiKey().key)
const places = fc.nat({ max: 64 })

function replaced(key: string, at: number, by: string): string {
  return key.slice(0, at) + by + key.slice(at + 1)
}

describe('a key', () => {
  it('is tk_live_, 8 characters to know it by, 43 of secret and 6 of checksum', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(key).toMatch(/^tk_live_[0-9A-Za-z]{57}$/)
        expect(parseApiKey(key)).toEqual({ prefix: key.slice(8, 16) })
      }),
    )
  })

  it('holds 256 bits: 43 digits of base 62 are just enough, 42 are not', () => {
    expect(62n ** 43n).toBeGreaterThan(2n ** 256n)
    expect(62n ** 42n).toBeLessThan(2n ** 256n)
    // The highest digit of a 256-bit number; a key made from fewer bits would start lower.
    const highest = base62[Number((2n ** 256n - 1n) / 62n ** 42n)]!
    const firsts = Array.from({ length: 4_000 }, () => generateApiKey().key[16]!)
    expect(firsts.every((first) => first <= highest)).toBe(true)
    expect(new Set(firsts).size).toBe(base62.indexOf(highest) + 1)
  })

  it('is like no other in any of its random characters', () => {
    const many = Array.from({ length: 2_000 }, () => generateApiKey())
    expect(new Set(many.map(({ prefix }) => prefix)).size).toBe(2_000)
    for (let at = 8; at < 16; at++) expect(new Set(many.map(({ key }) => key[at])).size).toBe(62)
    for (let at = 17; at < 65 - 6; at++) expect(new Set(many.map(({ key }) => key[at])).size).toBe(62)
  })

  it('has the checksum that everybody calls CRC-32', () => {
    const inBase62 = (number: number): string =>
      number < 62 ? base62[number]! : inBase62(Math.floor(number / 62)) + base62[number % 62]!
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(checksum(text)).toBe(inBase62(crc32(text)).padStart(6, '0'))
      }),
    )
  })
})

describe('what is refused without asking anybody', () => {
  it('a key with any one character changed, wherever and to whatever', () => {
    fc.assert(
      fc.property(keys, places, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (key, at, by) => {
        fc.pre(by !== key[at])
        expect(parseApiKey(replaced(key, at, by))).toBeNull()
      }),
      { numRuns: 2_000 },
    )
    const { key } = generateApiKey()
    for (let at = 0; at < key.length; at++) {
      for (const by of base62) {
        if (by !== key[at]) expect(parseApiKey(replaced(key, at, by)), `${at} ${by}`).toBeNull()
      }
    }
  })

  it('a key with any two characters swapped', () => {
    fc.assert(
      fc.property(keys, places, places, (key, one, other) => {
        fc.pre(key[one] !== key[other])
        const swapped = replaced(replaced(key, one, key[other]!), other, key[one]!)
        expect(parseApiKey(swapped)).toBeNull()
      }),
      { numRuns: 2_000 },
    )
  })

  it('a key with a character too few or too many, or in other letters', () => {
    fc.assert(
      fc.property(keys, places, fc.constantFrom(...base62), (key, at, extra) => {
        for (const wrong of [
          key.slice(0, at) + key.slice(at + 1),
          key.slice(0, at) + extra + key.slice(at),
          key.slice(0, at),
          ` ${key}`,
          `${key}\n`,
          key.toLowerCase(),
          key.toUpperCase(),
        ]) {
          if (wrong !== key) expect(parseApiKey(wrong)).toBeNull()
        }
      }),
    )
  })

  it('any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(parseApiKey(text)).toBeNull()
        expect(parseApiKey(`tk_live_${text}`)).toBeNull()
      }),
    )
  })
})
