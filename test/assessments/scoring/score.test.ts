import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ResolvedConfig } from '../../../lib/assessments/config/parts.ts'
import { type Answers, answerProblems, score } from '../../../lib/assessments/scoring/score.ts'

type Mode = ResolvedConfig['modes'][string]
const archetype = (name: string, position: number) => ({
  ...{ name, position, colour: '#000000', emoji: 'x', description: name, strengths: [], shadows: [] },
})

function configOf(change: Partial<ResolvedConfig['scoring']['engine']> = {}): ResolvedConfig {
  return {
    archetypes: { hero: archetype('Hero', 1), artist: archetype('Artist', 2), ruler: archetype('Ruler', 3) },
    scoring: {
      engine: {
        ...{ scale_min: 0, scale_max: 100, decimals: 1, missing: 'skip', tie_break: ['artist', 'hero'] },
        ...change,
      },
      severity_bands: {
        low: { label: 'Low', from: 0, to: 50 },
        high: { label: 'High', from: 50, to: 100 },
      },
      combinations: [{ primary: 'hero', secondary: 'artist', title: 'Both', description: 'Both at once.' }],
    },
    results: {
      ordering: 'score',
      depth_thresholds: { secondary: 0.5, combination: 0.8 },
      spider_chart_enabled: true,
    },
  } as unknown as ResolvedConfig
}
const scale: Mode = {
  ...{ is_enabled: true, kind: 'scale', title: 'x', intro: 'x', scale: { min: 1, max: 5, labels: {} } },
  items: {
    a: { position: 1, prompt: 'a', weights: { hero: 2, artist: 1 } },
    b: { position: 2, prompt: 'b', weights: { hero: 1, ruler: -1 } },
    c: { position: 3, prompt: 'c', weights: { artist: 3 } },
  },
}
const choice: Mode = {
  ...{ is_enabled: true, kind: 'choice', title: 'x', intro: 'x' },
  items: {
    q: {
      ...{ position: 1, prompt: 'q' },
      options: {
        x: { position: 1, label: 'x', weights: { hero: 2 } },
        y: { position: 2, label: 'y', weights: { artist: 1, hero: 1 } },
      },
    },
  },
}
const scoresOf = (result: ReturnType<typeof score>) =>
  Object.fromEntries(result.scores.map(({ id, score }) => [id, score]))

describe('worked examples', () => {
  it('a scale: hero has 2 x 1 + 1 x 0.5 = 2.5 of 0 to 3, so 83.3', () => {
    const result = score(configOf(), scale, { a: 5, b: 3, c: 2 })
    // artist: 1 x 1 + 3 x 0.25 = 1.75 of 0 to 4. ruler: -1 x 0.5 of -1 to 0.
    expect(scoresOf(result)).toEqual({ hero: 83.3, artist: 43.8, ruler: 50 })
    expect(result).toMatchObject({ primary_id: 'hero', secondary_id: 'ruler', combination: null })
    expect(result.scores.map(({ id, band }) => [id, band])).toEqual([
      ['hero', 'high'],
      ['ruler', 'high'],
      ['artist', 'low'],
    ])
  })
  it('a choice: y gives hero 1 of 1 to 2, and artist 1 of 0 to 1', () => {
    expect(scoresOf(score(configOf(), choice, { q: 'y' }))).toEqual({ hero: 0, artist: 100, ruler: 0 })
  })
  it('an item without an answer is not counted, or gives its middle', () => {
    expect(scoresOf(score(configOf(), scale, { a: 5 }))).toEqual({ hero: 100, artist: 100, ruler: 0 })
    // hero: 2 + 0.5 of 3; artist: 1 + 1.5 of 4; ruler: -0.5 of -1 to 0.
    expect(scoresOf(score(configOf({ missing: 'neutral' }), scale, { a: 5 }))).toEqual({
      ...{ hero: 83.3, artist: 62.5, ruler: 50 },
    })
  })
  it('of equal shares the one that is earlier in tie_break is first, and then the lower position', () => {
    const first = score(configOf(), scale, { a: 5 })
    expect([first.primary_id, first.secondary_id]).toEqual(['artist', 'hero'])
    const other = score(configOf({ tie_break: ['hero'] }), scale, { a: 5 })
    expect([other.primary_id, other.combination?.title]).toEqual(['hero', 'Both'])
    const none = score(configOf({ tie_break: [] }), scale, { a: 1 })
    expect(none.scores.map(({ id }) => id)).toEqual(['hero', 'artist', 'ruler'])
  })
  it('nothing answered: nobody leads', () => {
    expect(score(configOf(), scale, {})).toMatchObject({
      ...{ answered_count: 0, item_count: 3, primary_id: null, secondary_id: null },
    })
  })
  it('the highest score is in the band that ends there', () => {
    expect(score(configOf(), scale, { a: 5 }).scores[0]).toMatchObject({ score: 100, band: 'high' })
  })
})

const weights = fc.dictionary(
  fc.constantFrom('hero', 'artist', 'ruler'),
  fc.integer({ min: -4, max: 4 }).map((n) => n / 2),
)
const modes = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), weights, { minKeys: 1 }).map(
  (items): Mode => ({
    ...scale,
    items: Object.fromEntries(
      Object.entries(items).map(([id, weights]) => [id, { position: 1, prompt: id, weights }]),
    ),
  }),
)
const answered = modes.chain((mode) =>
  fc.tuple(
    fc.constant(mode),
    fc.record(Object.fromEntries(Object.keys(mode.items).map((id) => [id, fc.integer({ min: 1, max: 5 })])), {
      requiredKeys: [],
    }) as fc.Arbitrary<Record<string, number>>,
  ),
)
const engines = fc.record({
  missing: fc.constantFrom('skip' as const, 'neutral' as const),
  decimals: fc.integer({ min: 0, max: 3 }),
  scale_min: fc.constantFrom(0, 10),
  scale_max: fc.constantFrom(20, 100),
})

describe('whatever the weights and answers', () => {
  it('the order of the answers changes nothing', () => {
    fc.assert(
      fc.property(answered, engines, ([mode, answers], engine) => {
        const reversed = Object.fromEntries(Object.entries(answers).reverse())
        expect(score(configOf(engine), mode, reversed)).toEqual(score(configOf(engine), mode, answers))
      }),
    )
  })
  it('scores stay within the scale, are sorted, and the first one leads', () => {
    fc.assert(
      fc.property(answered, engines, ([mode, answers], engine) => {
        const result = score(configOf(engine), mode, answers)
        const scores = result.scores.map(({ score }) => score)
        expect(scores).toHaveLength(3)
        for (const each of scores) {
          expect(each).toBeGreaterThanOrEqual(engine.scale_min)
          expect(each).toBeLessThanOrEqual(engine.scale_max)
        }
        expect(scores).toEqual(scores.toSorted((a, b) => b - a))
        expect(result.primary_id).toBe(Object.keys(answers).length > 0 ? result.scores[0]!.id : null)
        expect(result.secondary_id === null || result.secondary_id === result.scores[1]!.id).toBe(true)
      }),
    )
  })
  it('agreeing more with a sentence never lowers the archetype that it speaks for', () => {
    fc.assert(
      fc.property(
        answered,
        engines,
        fc.constantFrom('hero', 'artist', 'ruler'),
        ([mode, answers], engine, id) => {
          const item = Object.keys(answers).find(
            (one) => (mode.items[one]!.weights?.[id] ?? 0) > 0 && answers[one]! < 5,
          )
          fc.pre(item !== undefined)
          const more = { ...answers, [item!]: answers[item!]! + 1 }
          const of = (given: Answers) => scoresOf(score(configOf(engine), mode, given))[id]!
          expect(of(more)).toBeGreaterThanOrEqual(of(answers))
        },
      ),
    )
  })
  it('all weights twice as heavy say the same', () => {
    fc.assert(
      fc.property(answered, engines, ([mode, answers], engine) => {
        const doubled: Mode = {
          ...mode,
          items: Object.fromEntries(
            Object.entries(mode.items).map(([id, item]) => [
              id,
              {
                ...item,
                weights: Object.fromEntries(
                  Object.entries(item.weights!).map(([name, weight]) => [name, weight * 2]),
                ),
              },
            ]),
          ),
        }
        expect(score(configOf(engine), doubled, answers)).toEqual(score(configOf(engine), mode, answers))
      }),
    )
  })
})

describe('answers that do not fit', () => {
  it.each<[string, Mode, Answers, string[]]>([
    ['an item that is not asked', scale, { z: 1 }, ['/answers/z']],
    ['out of the scale', scale, { a: 0, b: 6 }, ['/answers/a', '/answers/b']],
    ['between two points', scale, { a: 1.5 }, ['/answers/a']],
    ['an option on a scale', scale, { a: 'x' }, ['/answers/a']],
    ['a point for a choice', choice, { q: 1 }, ['/answers/q']],
    ['an option that is not there', choice, { q: 'z' }, ['/answers/q']],
    [
      'a name that every object has',
      choice,
      { q: 'toString', constructor: 'x' },
      ['/answers/q', '/answers/constructor'],
    ],
    ['not a number', scale, { a: Number.NaN }, ['/answers/a']],
  ])('%s', (_what, mode, answers, pointers) => {
    expect(answerProblems(mode, answers).map(({ pointer }) => pointer)).toEqual(pointers)
  })
})
