import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findJsonError } from '../../lib/http/input/json-error.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the place where a text stops being JSON', () => {
  it.each([
    ['hello', 0],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['{"a":01}', 6],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['[1,]', 3],
    ['true false', 5],
    ['{"a": tru}', 6],
    ['{"a":"x\ty"}', 7],
    ['["\\x"]', 2],
    ["{'a':1}", 1],
    ['{"a":1', 6],
    ['["abc', 5],
    ['', 0],
  ])('%j: %i', (text, at) => {
    expect(isJson(text)).toBe(false)
    expect(findJsonError(text)).toBe(at)
  })

  it('is the end, for JSON cut short inside an object or a list', () => {
    const container = fc.oneof(
      fc.array(fc.jsonValue({ maxDepth: 3 })),
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
    )
    fc.assert(
      fc.property(container, fc.nat(), (value, cut) => {
        const text = JSON.stringify(value)
        const half = text.slice(0, cut % text.length)
        // Half a word is a character too many as well: "tr" where a value should stand.
        fc.pre(!/[\w.+\\-]$/.test(half))
        expect(findJsonError(half)).toBe(half.length)
      }),
    )
  })

  it('is past the end exactly when the text is JSON, as the engine sees it', () => {
    const almost = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.string({ maxLength: 2 }))
      .map(([text, at, extra]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + extra + text.slice(place + extra.length)
      })
    fc.assert(
      fc.property(almost, (text) => {
        if (isJson(text)) expect(findJsonError(text)).toBe(text.length)
        else expect(findJsonError(text)).toBeLessThanOrEqual(text.length)
      }),
      { numRuns: 500 },
    )
  })
})
