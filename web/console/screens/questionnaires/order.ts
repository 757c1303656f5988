import { type Flat, pointerOf } from './flat.ts'

export type Things = Record<string, Record<string, unknown>>

const positionOf = (thing: Record<string, unknown> | undefined) => Number(thing?.position ?? 0)

/** By their positions, as participants meet them. */
export const inOrder = (things: Things): string[] =>
  Object.keys(things).sort((a, b) => positionOf(things[a]) - positionOf(things[b]) || (a < b ? -1 : 1))

export const nextPosition = (things: Things) => Math.max(0, ...Object.values(things).map(positionOf)) + 1

/** What has to be set so that one stands a place further up or down. */
export function moved(at: string, things: Things, id: string, by: -1 | 1): Flat {
  const ids = inOrder(things)
  const from = ids.indexOf(id)
  const other = ids[from + by]
  if (other === undefined) return {}
  ids[from] = other
  ids[from + by] = id
  const had = ids.map((each) => positionOf(things[each])).sort((a, b) => a - b)
  const isDistinct = new Set(had).size === had.length
  return Object.fromEntries(
    ids.map((each, n) => [
      `${at}${pointerOf(each, 'position')}`,
      JSON.stringify(isDistinct ? had[n] : n + 1),
    ]),
  )
}

/** An id that nobody else makes at the same time. */
export function freshId(kind: string): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `${kind}_${random.toString(36)}`
}
