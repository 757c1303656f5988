import { changedPlaces, meetingPlaces, rebase as rebaseValues } from '../../runtime/index.ts'
import { columns, type Overrides } from './parts.ts'

/**
 * Where two changes of one version meet: the places, as JSON Pointers, that both of them change. None if each could be
 * made after the other.
 */
export function conflictsOf(base: Overrides, theirs: Overrides, mine: Overrides): string[] {
  const from = partsOf(base)
  return meetingPlaces(changedPlaces(from, partsOf(theirs)), changedPlaces(from, partsOf(mine)))
}

/** What `mine` changes of `base`, made to `theirs`. Only for changes that do not meet. No argument is changed. */
export function rebase(base: Overrides, theirs: Overrides, mine: Overrides): Overrides {
  return rebaseValues(partsOf(base), theirs, partsOf(mine))
}

const partsOf = (of: Overrides) =>
  Object.fromEntries(columns.map((column) => [column, of[column]])) as Overrides
