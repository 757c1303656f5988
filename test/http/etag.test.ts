import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ifNoneMatches } from '../../lib/http/etag.ts'
import { etagOf } from '../../lib/runtime/index.ts'

describe('If-None-Match', () => {
  it.each([
    ['"v1"', true],
    ['W/"v1"', true],
    ['*', true],
    [' * ', true],
    ['"v0", "v1"', true],
    ['"v0","v1","v2"', true],
    ['W/"v0",\tW/"v1"', true],
    ['"a,b", "v1"', true],
    ['"v2"', false],
    ['"V1"', false],
    ['""', false],
    ['', false],
  ])('%s holds "v1": %s', (header, expected) => {
    expect(ifNoneMatches(header, '"v1"')).toBe(expected)
  })

  it.each([
    'v1',
    '"v1',
    'v1"',
    '"v1" "v1"',
    'w/"v1"',
    '"v0";"v1"',
    "'v1'",
    '"v1", oops',
    '*, "v1"',
    '"v\n1"',
    'W/',
    '{"v1"}',
  ])('a broken one is ignored: %s', (header) => {
    expect(ifNoneMatches(header, '"v1"')).toBe(false)
  })

  it('absent, holds nothing', () => {
    expect(ifNoneMatches(null, '"v1"')).toBe(false)
  })

  it('holds a tag wherever it stands in a list of any length', () => {
    const tag = fc.stringMatching(/^[\x21\x23-\x7e]{0,20}$/)
    fc.assert(
      fc.property(fc.array(tag), tag, fc.array(tag), fc.boolean(), (before, mine, after, isWeak) => {
        const list = [...before, mine, ...after].map((each) => `${isWeak ? 'W/' : ''}"${each}"`).join(', ')
        expect(ifNoneMatches(list, `"${mine}"`)).toBe(true)
      }),
    )
  })

  it('answers any header at all, quickly', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 10_000 }),
        (header) => typeof ifNoneMatches(header, '"v1"') === 'boolean',
      ),
    )
    const start = performance.now()
    // What looks at each space again for each would take minutes.
    ifNoneMatches(`${'"a", '.repeat(2_000)}${' '.repeat(500_000)}x`, '"v1"')
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

it('an entity tag is one for these bytes only', () => {
  expect(etagOf('a')).toMatch(/^"[0-9a-f]{32}"$/)
  expect(etagOf('a')).toBe(etagOf('a'))
  expect(etagOf('a')).not.toBe(etagOf('b'))
})
