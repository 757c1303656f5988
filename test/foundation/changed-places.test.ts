import fc from 'fast-check'
import { expect, it } from 'vitest'
import { changedPlaces } from '../../lib/runtime/index.ts'
import { admin } from '../kit/db.ts'

const inSql = async (from: object, to: object) => {
  const { rows } = await admin.query<{ places: string[] }>(
    'select private.changed_places($1, $2) as places',
    [JSON.stringify(from), JSON.stringify(to)],
  )
  return rows[0]!.places.sort()
}

it.each([
  [{}, {}, []],
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2, b: null }, ['/a', '/b']],
  [{ a: [1, 2] }, { a: [1] }, ['/a']],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, ['/a/c']],
  [{ a: { b: 1 } }, {}, ['/a']],
  [{}, { a: { b: 1, c: { d: 2 } } }, ['/a/b', '/a/c/d']],
  [{}, { a: {} }, ['/a']],
  [{ a: 1 }, { a: { b: 1 } }, ['/a']],
  [{ 'x/y': { '~': 1 } }, { 'x/y': { '~': 2 } }, ['/x~1y/~0']],
])('between %j and %j the places %j differ', async (from, to, places) => {
  expect(await inSql(from, to)).toEqual(places)
})

const json = fc.object({
  key: fc.constantFrom('a', 'b', '/', '~'),
  values: [fc.integer(), fc.constant(null), fc.string({ unit: fc.constantFrom('x', 'ü', '"') })],
  maxDepth: 3,
})
it('SQL and TypeScript name the same places', async () => {
  await fc.assert(
    fc.asyncProperty(json, json, async (from, to) => {
      // What JSON does not hold, such as -0, is not compared.
      const [a, b] = JSON.parse(JSON.stringify([from, to]))
      expect(await inSql(a, b)).toEqual(changedPlaces(a, b).sort())
    }),
    { numRuns: 200 },
  )
})
