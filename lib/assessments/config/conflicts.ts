import { createPatch } from 'rfc6902'
import type { Overrides } from './parts.ts'

/**
 * Where two changes of one version meet: the places, as JSON Pointers, that both of them change. None if each could be
 * made after the other.
 */
export function conflictsOf(base: Overrides, theirs: Overrides, mine: Overrides): string[] {
  const changed = (to: Overrides) => createPatch(base, to).map(({ path }) => path)
  const yours = changed(mine)
  const meets = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
  return changed(theirs).filter((path) => yours.some((other) => meets(path, other)))
}
