import { isDeepStrictEqual } from 'node:util'

type Values = Record<string, unknown>

/** What a change does at one place: the new value, or its removal. A list is one value, as it is when values are merged. */
interface Step {
  path: string[]
  value?: unknown
}

/** Where two changes meet: the places of `theirs`, as JSON Pointers, that are one of `mine`, hold one of them or lie in one. */
export function meetingPlaces(theirs: string[], mine: string[]): string[] {
  const meets = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
  return theirs.filter((pointer) => mine.some((other) => meets(pointer, other)))
}

/** The places that differ, as JSON Pointers. What is inside a new object is new, each for itself. */
export function changedPlaces(from: Values, to: Values): string[] {
  return steps([], from, to).map(({ path }) => pointerOf(path))
}

/** What `mine` changes of `base`, made to `theirs`. Only for changes that do not meet. No argument is changed. */
export function rebase<Of extends object>(base: Of, theirs: Of, mine: Of): Of {
  const rebased = structuredClone(theirs) as Values
  for (const { path, ...step } of steps([], base, mine)) {
    const last = path.at(-1)!
    let place = rebased
    for (const name of path.slice(0, -1)) {
      place[name] ??= {}
      place = place[name] as Values
    }
    if ('value' in step) place[last] = structuredClone(step.value)
    else delete place[last]
  }
  return rebased as Of
}

function steps(path: string[], from: unknown, to: unknown): Step[] {
  if (isDeepStrictEqual(from, to)) return []
  if (!isObject(from) || !isObject(to)) return [{ path, value: to }]
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((name) => {
    const inner = [...path, name]
    if (!Object.hasOwn(to, name)) return [{ path: inner }]
    if (Object.hasOwn(from, name)) return steps(inner, from[name], to[name])
    // Two may add different fields to one object that is not there yet.
    const fields = steps(inner, {}, to[name])
    return fields.length > 0 ? fields : [{ path: inner, value: to[name] }]
  })
}

const pointerOf = (path: string[]) =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
