import { isDeepStrictEqual } from 'node:util'
import { columns, type Overrides } from './parts.ts'
import { isObject } from './resolve.ts'

/** What a change does at one place: the new value, or its removal. A list is one value, as it is when overrides are merged. */
interface Step {
  path: string[]
  value?: unknown
}

/**
 * Where two changes of one version meet: the places, as JSON Pointers, that both of them change. None if each could be
 * made after the other.
 */
export function conflictsOf(base: Overrides, theirs: Overrides, mine: Overrides): string[] {
  const yours = stepsBetween(base, mine).map(({ path }) => pointerOf(path))
  const meets = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
  return stepsBetween(base, theirs)
    .map(({ path }) => pointerOf(path))
    .filter((pointer) => yours.some((other) => meets(pointer, other)))
}

/** What `mine` changes of `base`, made to `theirs`. Only for changes that do not meet. No argument is changed. */
export function rebase(base: Overrides, theirs: Overrides, mine: Overrides): Overrides {
  const rebased: Record<string, unknown> = structuredClone(theirs)
  for (const { path, ...step } of stepsBetween(base, mine)) {
    const last = path.at(-1)!
    let place = rebased
    for (const name of path.slice(0, -1)) {
      place[name] ??= {}
      place = place[name] as Record<string, unknown>
    }
    if ('value' in step) place[last] = structuredClone(step.value)
    else delete place[last]
  }
  return rebased as Overrides
}

function stepsBetween(from: Overrides, to: Overrides): Step[] {
  return columns.flatMap((column) => steps([column], from[column], to[column]))
}

function steps(path: string[], from: unknown, to: unknown): Step[] {
  if (isDeepStrictEqual(from, to)) return []
  if (!isObject(from) || !isObject(to)) return [{ path, value: to }]
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((name) => {
    const inner = [...path, name]
    if (!Object.hasOwn(to, name)) return [{ path: inner }]
    if (Object.hasOwn(from, name)) return steps(inner, from[name], to[name])
    // What is inside a new object is new, each for itself: two may add different fields to one archetype.
    const fields = steps(inner, {}, to[name])
    return fields.length > 0 ? fields : [{ path: inner, value: to[name] }]
  })
}

const pointerOf = (path: string[]) =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
