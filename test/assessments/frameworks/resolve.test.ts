import fc from 'fast-check'
import { applyPatch, createPatch } from 'rfc6902'
import { describe, expect, it } from 'vitest'
import { conflictsOf, rebase } from '../../../lib/assessments/config/conflicts.ts'
import { columns, type Overrides } from '../../../lib/assessments/config/parts.ts'
import { resolve, type Sources } from '../../../lib/assessments/config/resolve.ts'

const nothing = Object.fromEntries(
  columns.map((column) => [column, column === 'test_clients' ? [] : {}]),
) as Overrides
const name = fc.constantFrom('hero', 'artist', 'name', 'items', 'x', 'a/b', 'm~n')
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: -9, max: 9 }),
    fc.constantFrom('text', '', null, true),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value
const part = fc.dictionary(name, value, { maxKeys: 4 })
const overrides = fc.record(
  Object.fromEntries(columns.map((column) => [column, column === 'test_clients' ? fc.array(part) : part])),
) as fc.Arbitrary<Overrides>
const bases = fc.record({ archetypes: part, voice: part, modes: part, scoring: part })

describe('resolving', () => {
  it('merges objects, replaces lists, and removes what is null, as the page says', () => {
    const base = {
      archetypes: { hero: { name: 'Hero', strengths: ['a', 'b'] }, artist: { name: 'Artist' } },
      voice: { system_prompt: 'Be kind.', language: 'en' },
    }
    const sources: Sources = {}
    const config = resolve(
      base,
      {
        ...nothing,
        archetype_overrides: { hero: { strengths: ['c'], emoji: '🛡️' } },
        voice_overrides: { language: null },
      },
      sources,
    )
    expect(config).toMatchObject({
      archetypes: {
        hero: { name: 'Hero', strengths: ['c'], emoji: '🛡️' },
        artist: { name: 'Artist' },
      },
      voice: { system_prompt: 'Be kind.' },
    })
    expect(config.voice).not.toHaveProperty('language')
    expect(sources).toEqual({
      '/archetypes/hero/name': 'framework',
      '/archetypes/hero/strengths': 'tenant',
      '/archetypes/hero/emoji': 'tenant',
      '/archetypes/artist/name': 'framework',
      '/voice/system_prompt': 'framework',
      '/voice/language': 'removed',
      '/test_clients': 'tenant',
    })
  })

  it('changes neither the base nor the overrides, and nothing gives the base', () => {
    fc.assert(
      fc.property(bases, overrides, (base, over) => {
        const before = JSON.stringify([base, over])
        resolve(base, over, {})
        expect(JSON.stringify([base, over])).toBe(before)
        const plain = resolve(base, nothing) as unknown as Record<string, unknown>
        for (const [part, value] of Object.entries(base)) expect(plain[part]).toEqual(value)
      }),
    )
  })

  it('answers the same twice: what is merged in already changes nothing', () => {
    fc.assert(
      fc.property(bases, overrides, (base, over) => {
        const once = resolve(base, over)
        expect(resolve(once as unknown as Record<string, unknown>, over)).toEqual(once)
      }),
    )
  })

  it('leaves no null that an override names, and names a source for each value', () => {
    fc.assert(
      fc.property(bases, overrides, (base, over) => {
        const sources: Sources = {}
        resolve(base, over, sources)
        for (const [pointer, source] of Object.entries(sources))
          expect(['framework', 'tenant', 'removed'], pointer).toContain(source)
      }),
    )
  })
})

describe('versions', () => {
  it('apply(diff(a, b), a) = b, whatever two versions hold', () => {
    fc.assert(
      fc.property(overrides, overrides, (a, b) => {
        const target = structuredClone(a)
        const failed = applyPatch(target, createPatch(a, b)).filter((error) => error !== null)
        expect(failed).toEqual([])
        expect(target).toEqual(b)
      }),
      { numRuns: 500 },
    )
  })
})

describe('conflicts', () => {
  const with_ = (column: keyof Overrides, value: unknown): Overrides => ({ ...nothing, [column]: value })
  it('are the places that both changes touch', () => {
    const base = with_('archetype_overrides', { hero: { name: 'A', emoji: 'a' } })
    const theirs = with_('archetype_overrides', { hero: { name: 'B', emoji: 'a' } })
    expect(
      conflictsOf(base, theirs, with_('archetype_overrides', { hero: { name: 'C', emoji: 'a' } })),
    ).toEqual(['/archetype_overrides/hero/name'])
    expect(
      conflictsOf(base, theirs, with_('archetype_overrides', { hero: { name: 'A', emoji: 'b' } })),
    ).toEqual([])
  })
  it('are also a place inside what the other removed', () => {
    const base = with_('archetype_overrides', { hero: { name: 'A' } })
    const mine = with_('archetype_overrides', { hero: { name: 'B' } })
    expect(conflictsOf(base, with_('archetype_overrides', {}), mine)).toEqual(['/archetype_overrides/hero'])
  })
  it('are two changes of one list, whichever of its entries they change', () => {
    const base = with_('test_clients', [{ id: 'a' }, { id: 'b' }])
    const shorter = with_('test_clients', [{ id: 'b' }])
    const renamed = with_('test_clients', [{ id: 'a' }, { id: 'b', name: 'B' }])
    expect(conflictsOf(base, shorter, renamed)).toEqual(['/test_clients'])
  })
  it('are named by JSON Pointers', () => {
    const [base, theirs, mine] = [0, 1, 2].map((n) => with_('voice_overrides', { 'a/b': { 'm~n': n } }))
    expect(conflictsOf(base!, theirs!, mine!)).toEqual(['/voice_overrides/a~1b/m~0n'])
  })
  it('are none if nobody else changed anything', () => {
    fc.assert(fc.property(overrides, overrides, (a, b) => conflictsOf(a, a, b).length === 0))
  })
})

describe('a change that is made to a newer version', () => {
  const conflictFree = (base: Overrides, theirs: Overrides, mine: Overrides) =>
    conflictsOf(base, theirs, mine).length === 0
  // Each part is left alone, or changed by one of the two. So most of them do not meet.
  const three = fc
    .tuple(
      overrides,
      overrides,
      overrides,
      fc.array(fc.constantFrom('base', 'theirs', 'mine', 'both'), { minLength: 9 }),
    )
    .map(([base, theirs, mine, who]) => {
      const pick = (name: string, other: Overrides) =>
        Object.fromEntries(
          columns.map((column, n) => [
            column,
            [name, 'both'].includes(who[n]!) ? other[column] : base[column],
          ]),
        ) as Overrides
      return { base, theirs: pick('theirs', theirs), mine: pick('mine', mine) }
    })

  it('is the change itself if nothing is newer', () => {
    fc.assert(
      fc.property(overrides, overrides, (base, mine) => {
        expect(rebase(base, base, mine)).toEqual(mine)
      }),
    )
  })
  it('has both changes, in either order, where they do not meet', () => {
    let merged = 0
    fc.assert(
      fc.property(three, ({ base, theirs, mine }) => {
        if (!conflictFree(base, theirs, mine)) return
        if (![theirs, mine].some((one) => JSON.stringify(one) === JSON.stringify(base))) merged++
        const before = JSON.stringify([base, theirs, mine])
        const both = rebase(base, theirs, mine)
        expect(both).toEqual(rebase(base, mine, theirs))
        expect(rebase(base, mine, both)).toEqual(both)
        expect(JSON.stringify([base, theirs, mine])).toBe(before)
      }),
      { numRuns: 500 },
    )
    expect(merged).toBeGreaterThan(10)
  })
  it('shares nothing with what it was made of', () => {
    const mine = { ...nothing, test_clients: [{ id: 'a' }] }
    const both = rebase(nothing, nothing, mine)
    ;(both.test_clients as { id: string }[])[0]!.id = 'b'
    expect(mine.test_clients).toEqual([{ id: 'a' }])
  })
})
