import { expect, it } from 'vitest'
import { resolve } from '../../lib/assessments/config/resolve.ts'
import type { Columns, Config, Draft } from '../../web/console/api/framework-parts.ts'
import type { Read } from '../../web/console/api/frameworks.ts'
import {
  build,
  changeFor,
  differences,
  flatten,
  placesSet,
  rebased,
  without,
} from '../../web/console/screens/questionnaires/flat.ts'
import { scan } from '../../web/console/screens/questionnaires/json-lines.ts'
import { moved } from '../../web/console/screens/questionnaires/order.ts'

// What the editor of questionnaires makes of a draft, without a browser. The server's own merge says what it amounts to.

const item = (position: number, prompt: string, weights = {}) => ({ position, prompt, weights })
const base = {
  archetypes: { hero: { position: 1, name: 'Hero', strengths: ['a', 'b'] } },
  modes: { likert: { title: 'Quiz', items: { q1: item(1, 'One', { hero: 2 }), q2: item(2, 'Two') } } },
  landing: { headline: 'Supplied', personas: [] },
  providers: { voice: {} },
}
const none = {
  ...{ archetype_overrides: {}, voice_overrides: {}, scoring_overrides: {}, mode_overrides: {} },
  ...{ landing_overrides: {}, communications: {}, results_display: {}, providers: {}, test_clients: [] },
} as unknown as Columns
const resolved = (columns: Partial<Columns>) => resolve(base, { ...none, ...columns }) as Config
const readOf = (columns: Partial<Columns>): Read => {
  const published = resolved(columns)
  return {
    ...{ version: 1, columns: { ...none, ...columns } as Columns, published, draft: null },
    ...{ drafted: published, etag: '"0"' },
  }
}
/** As it is once a draft of these values is published. */
const afterwards = (read: Read, wanted: ReturnType<typeof flatten>) =>
  resolve(base, { ...read.columns, ...changeFor(read, wanted) })

it('a configuration is its values, and they are the configuration', () => {
  const value = { a: {}, b: { c: [{}], 'd/e~f': '', n: 0 }, t: [], f: false }
  expect(build(flatten(value))).toEqual(value)
  const strange = JSON.parse('{"a": {"__proto__": {"b": 1}}}')
  expect(JSON.stringify(build(flatten(strange)))).toBe('{"a":{"__proto__":{"b":1}}}')
  expect(build(flatten({ a: { gone: null } }))).toEqual({ a: {} })
})

it.each<[string, object, (from: ReturnType<typeof flatten>) => object]>([
  ['a word', {}, () => ({ '/landing/headline': '"Ours"' })],
  ['nothing at all', { landing_overrides: { headline: 'Ours' } }, () => ({})],
  ['a question that goes', {}, (from) => without(from, '/modes/likert/items/q1')],
  ['the last points of a question', {}, () => ({ '/modes/likert/items/q1/weights/hero': null })],
  [
    'a question that comes',
    { mode_overrides: { likert: { items: { q1: null } } } },
    () => flatten(item(3, 'Three'), '/modes/likert/items/q3'),
  ],
  ['a list', {}, () => ({ '/archetypes/hero/strengths': '["c"]' })],
  ['a part that was empty', {}, () => ({ '/providers/voice/is_enabled': 'true' })],
  [
    'what the tenant had removed',
    { mode_overrides: { likert: { items: { q2: null } } } },
    () => flatten(item(2, 'Two again'), '/modes/likert/items/q2'),
  ],
])('the draft changes %s as it was wanted, and nothing else', (_, columns, change) => {
  const read = readOf(columns)
  const from = flatten(read.published)
  const wanted = { ...from, ...change(from) }
  expect(differences(wanted, flatten(afterwards(read, wanted)))).toEqual({})
})

it('a draft that meets what was published since keeps what is chosen, and what others changed elsewhere', () => {
  const change = {
    landing_overrides: { headline: 'Mine' },
    mode_overrides: { likert: { title: 'My quiz', items: { q1: null } } },
  }
  const theirs = {
    landing_overrides: { headline: 'Theirs' },
    mode_overrides: { likert: { items: { q1: { prompt: 'Their one' }, q2: { prompt: 'Their two' } } } },
  }
  const met = '/modes/likert/items/q1/prompt'
  const read: Read = {
    ...readOf(theirs as Partial<Columns>),
    drafted: resolved(change as unknown as Partial<Columns>),
    draft: {
      change,
      conflicts: ['/landing_overrides/headline', '/mode_overrides/likert/items/q1/prompt'],
    } as unknown as Draft,
  }
  const decided = (...kept: string[]) =>
    build(rebased(read, none, new Set(kept))) as {
      landing: { headline: string }
      modes: { likert: { title: string; items: Record<string, { prompt: string; position: number }> } }
    }
  const mine = decided('/landing/headline', met)
  expect(mine.landing.headline).toBe('Mine')
  expect(mine.modes.likert.title).toBe('My quiz')
  expect(Object.keys(mine.modes.likert.items)).toEqual(['q2'])
  expect(mine.modes.likert.items.q2?.prompt).toBe('Their two')
  const given = decided()
  expect(given.landing.headline).toBe('Theirs')
  expect(given.modes.likert.title).toBe('My quiz')
  expect(given.modes.likert.items.q1).toMatchObject({ prompt: 'Their one', position: 1 })
})

it('a change of columns is told by its places', () => {
  const from = { landing_overrides: { headline: 'One' } } as Partial<Columns>
  const to = { landing_overrides: { headline: 'Two', capture_gate: null } } as unknown as Partial<Columns>
  expect(placesSet(from, to)).toEqual([
    { place: '/landing/headline', value: 'Two' },
    { place: '/landing/capture_gate', value: null },
  ])
})

it('a question moves by the positions that there are, and by new ones where two are the same', () => {
  const things = { a: { position: 5 }, b: { position: 10 }, c: { position: 10 } }
  expect(moved('/x', things, 'a', -1)).toEqual({})
  expect(moved('/x', { a: { position: 5 }, b: { position: 10 } }, 'b', -1)).toEqual({
    '/x/b/position': '5',
    '/x/a/position': '10',
  })
  expect(moved('/x', things, 'c', -1)).toEqual({
    '/x/a/position': '1',
    '/x/c/position': '2',
    '/x/b/position': '3',
  })
})

it('each value of a text of JSON has its line', () => {
  const { lines, value } = scan('{\n  "a": [1,\r\n 2],\n  "b\\/c": {"d": null}\n}')
  expect(value).toEqual({ a: [1, 2], 'b/c': { d: null } })
  expect(Object.fromEntries(lines)).toEqual({
    ...{ '': 1, '/a': 2, '/a/0': 2, '/a/1': 3, '/b~1c': 4, '/b~1c/d': 4 },
  })
})

it.each<[string, number]>([
  ['', 1],
  ['{\n  "a": 1,\n}', 3],
  ['{\n  "a": 1\n  "b": 2\n}', 3],
  ['[1,\n2', 2],
  ['{"a": "x\ny"}', 1],
  ['{\n"a": tru\n}', 2],
  ['{}\n{}', 2],
  ['{\n"a": 01}', 2],
  ["{\n'a': 1}", 2],
  ['{\n"a": "\\x"}', 2],
])('%j is no JSON from its line on', (text, line) => {
  expect(() => JSON.parse(text)).toThrow()
  expect(scan(text).fault).toBe(line)
})

it('reads whatever JSON.parse reads', () => {
  for (const value of [0, -1.5e-7, 'é\u0085\u2028"\\\n', [], {}, [[], {}], { '': [null, true, false] }, 1e21])
    for (const space of [undefined, 2, '\t'])
      expect(scan(JSON.stringify(value, null, space)).value).toEqual(value)
  const long = JSON.stringify({ html: 'x'.repeat(200_000) })
  expect(scan(long).fault).toBeUndefined()
})
