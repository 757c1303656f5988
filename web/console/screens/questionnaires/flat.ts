import { type Column, type Columns, columns, type Operation, partOf } from '../../api/framework-parts.ts'
import type { Read } from '../../api/frameworks.ts'
import type { Conflict, Value } from '../../parts/conflict.tsx'

/**
 * A configuration as its values by JSON Pointer, each as JSON. A list is one value. An object has an entry of its own, so
 * that one without anything in it is there, and one that is taken away is not. What is null is not there.
 */
export type Flat = Record<string, Value>

type Tree = Record<string, unknown>
const object = '{}'

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const step = (name: string) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
export const stepsOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
export const pointerOf = (...names: string[]) => names.map(step).join('')
/** Whether it is this place, or one within it. */
export const isWithin = (pointer: string, place: string) =>
  pointer === place || pointer.startsWith(`${place}/`)

/** The objects in which a value stands, the outermost first, and the value itself. */
export const wholesOf = (pointer: string) => {
  const steps = stepsOf(pointer)
  return steps.map((_, at) => pointerOf(...steps.slice(0, at + 1)))
}

/** The values within a value that stands at a place. */
export function flatten(value: unknown, at = ''): Flat {
  const found: Flat = {}
  const walk = (inner: unknown, pointer: string) => {
    if (inner === null || inner === undefined) return
    found[pointer] = isTree(inner) ? object : JSON.stringify(inner)
    if (isTree(inner)) for (const [name, each] of Object.entries(inner)) walk(each, pointer + step(name))
  }
  walk(value, at)
  return found
}

type Node = Map<string, Node | string>

/** And back. */
export function build(flat: Flat): unknown {
  const root: Node = new Map([['', object]])
  for (const [pointer, value] of Object.entries(flat)) {
    if (typeof value !== 'string') continue
    const steps = ['', ...stepsOf(pointer)]
    const last = steps.pop() ?? ''
    let node = root
    for (const name of steps) {
      const inner = node.get(name)
      const next: Node = inner instanceof Map ? inner : new Map()
      node.set(name, next)
      node = next
    }
    if (!(value === object && node.get(last) instanceof Map)) node.set(last, value)
  }
  // Any name may be in it, so none is assigned: __proto__ would be something else.
  const grown = (node: Node | string): unknown =>
    typeof node === 'string'
      ? JSON.parse(node)
      : Object.fromEntries([...node].map(([name, inner]) => [name, grown(inner)]))
  return grown(root.get('') ?? object)
}

/** What has to be set in one so that it is the other. */
export const differences = (from: Flat, to: Flat): Flat =>
  Object.fromEntries(
    [...new Set([...Object.keys(from), ...Object.keys(to)])]
      .filter((pointer) => (from[pointer] ?? null) !== (to[pointer] ?? null))
      .map((pointer) => [pointer, to[pointer] ?? null]),
  )

/** All that stands at a place, to be set to nothing. */
export const without = (flat: Flat, place: string): Flat =>
  Object.fromEntries(
    Object.keys(flat)
      .filter((pointer) => isWithin(pointer, place))
      .map((pointer) => [pointer, null]),
  )

/** The merge patch (RFC 7396) that leads from one to the other. */
function patchOf(from: unknown, to: unknown): unknown {
  if (!isTree(from) || !isTree(to)) return to
  const changed = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter(
    (name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]),
  )
  return Object.fromEntries(
    changed.map((name) => [name, Object.hasOwn(to, name) ? patchOf(from[name], to[name]) : null]),
  )
}

/** One merge patch after the other, as one. A null stays: it takes something away from what the product supplies. */
function composed(first: unknown, second: unknown): unknown {
  if (!isTree(first) || !isTree(second)) return second
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.hasOwn(second, name) ? composed(first[name], second[name]) : first[name],
    ]),
  )
}

/** The columns of a draft by which the assessment is as wanted. */
export function changeFor(
  { published, columns: have }: Pick<Read, 'published' | 'columns'>,
  wanted: Flat,
): Partial<Columns> {
  const to = build(wanted) as Tree
  const isOther = (part: (typeof partOf)[Column]) =>
    Object.keys(differences(flatten(published[part]), flatten(to[part]))).length > 0
  const changed = columns.filter((column) => isOther(partOf[column]))
  // A draft names a column at least. One that is as it was changes nothing.
  return Object.fromEntries(
    (changed.length > 0 ? changed : columns.slice(0, 1)).map((column) => {
      const part = partOf[column]
      const patch = to[part] === undefined ? null : patchOf(published[part], to[part])
      return [column, composed(have[column], patch)]
    }),
  ) as Partial<Columns>
}

/** A place in the columns, as one in the assessment. */
export function placeOf(pointer: string): string {
  const [column = '', ...rest] = stepsOf(pointer)
  return Object.hasOwn(partOf, column) ? pointerOf(partOf[column as Column], ...rest) : pointer
}

/** The places of the assessment in which two states of the columns differ. Undefined: the second one says nothing of it. */
export function placesSet(from: Partial<Columns>, to: Partial<Columns>): { place: string; value: unknown }[] {
  const found: { place: string; value: unknown }[] = []
  const walk = (before: unknown, after: unknown, names: string[]) => {
    if (JSON.stringify(before) === JSON.stringify(after)) return
    const inner = isTree(after) ? { ...(isTree(before) && before), ...after } : {}
    if (Object.keys(inner).length === 0) found.push({ place: pointerOf(...names), value: after })
    for (const name of Object.keys(inner))
      walk(isTree(before) ? before[name] : undefined, (after as Tree)[name], [...names, name])
  }
  for (const column of columns) if (to[column] !== undefined) walk(from[column], to[column], [partOf[column]])
  return found
}

/**
 * A draft that meets what was published after it was begun: what is published, with what the draft changes elsewhere and
 * with what is kept of the places that both changed.
 */
export function rebased(
  { published, drafted, draft }: Read,
  begunFrom: Partial<Columns>,
  kept: ReadonlySet<string>,
): Flat {
  const [theirs, mine] = [flatten(published), flatten(drafted)]
  const met = meetings({ published, drafted, draft }).map(({ pointer }) => pointer)
  const wanted: Flat = { ...theirs }
  for (const { place } of placesSet(begunFrom, { ...begunFrom, ...draft?.change })) {
    const here = met.filter((pointer) => isWithin(pointer, place) || isWithin(place, pointer))
    const isMine = here.every((pointer) => kept.has(pointer))
    const set = isMine ? [place] : here.filter((pointer) => kept.has(pointer))
    for (const at of set)
      Object.assign(
        wanted,
        without(wanted, at),
        Object.fromEntries(Object.entries(mine).filter(([pointer]) => isWithin(pointer, at))),
      )
  }
  return wanted
}

/** The values that a draft and what was published after it both changed. */
export function meetings({
  published,
  drafted,
  draft,
}: Pick<Read, 'published' | 'drafted' | 'draft'>): Conflict[] {
  const places = (draft?.conflicts ?? []).map(placeOf)
  const [theirs, mine] = [flatten(published), flatten(drafted)]
  return Object.keys(differences(theirs, mine))
    .filter((pointer) => places.some((place) => isWithin(pointer, place)))
    .map((pointer) => ({ pointer, mine: mine[pointer] ?? null, theirs: theirs[pointer] ?? null }))
}

/** The value at a place of columns or of anything else. */
export const valueAt = (within: unknown, pointer: string): unknown =>
  stepsOf(pointer).reduce<unknown>(
    (value, name) => (value as Tree | undefined | null)?.[name as keyof typeof value],
    within,
  )

/** A patch (RFC 6902) as what stood there and what stands there then. */
export const changesOf = (operations: readonly Operation[], before: unknown) =>
  operations.map((operation) => ({
    field: placeOf(operation.path),
    before: valueAt(before, operation.path),
    after: operation.op === 'remove' ? null : operation.value,
  }))
