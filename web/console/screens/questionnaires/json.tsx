import { partOf } from '../../api/framework-parts.ts'
import { Select } from '../../parts/choice.tsx'
import { Field } from '../../parts/field.tsx'
import { numberOf } from '../../parts/when.tsx'
import { reasonAt } from './draft.ts'
import type { Edit } from './edit.tsx'
import { build, differences, type Flat, flatten, isTree, isWithin, valueAt } from './flat.ts'
import { type Scanned, scan } from './json-lines.ts'
import styles from './questionnaires.module.css'
import { words } from './words/words.ts'

const parts = Object.values(partOf)

/** What somebody typed, and the values of which it is the text. */
interface Typed {
  text: string
  of: string
}
/** By place. */
export type TypedJson = Readonly<Record<string, Typed>>

const within = (now: Flat, place: string): Flat =>
  Object.fromEntries(
    Object.entries(now).filter(
      ([pointer, value]) =>
        value !== null && pointer !== reasonAt && (place === '' || isWithin(pointer, place)),
    ),
  )
/** The same for the same values, in whatever order they stand. */
const known = (flat: Flat) => JSON.stringify(Object.entries(flat).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What is wrong with a text before the server sees it. */
function wrongOf(place: string, { fault, value }: Scanned): string | undefined {
  if (fault !== undefined) return words.jsonWrong(numberOf(fault))
  if (place !== '') return undefined
  if (!isTree(value)) return words.jsonNoObject
  const stranger = Object.keys(value).find((name) => !parts.some((part) => part === name))
  return stranger === undefined ? undefined : words.jsonNoPart(stranger)
}

/** Whether a text that is no JSON stands somewhere. It is no part of the draft. */
export const isWrong = (typed: TypedJson) =>
  Object.entries(typed).some(([place, { text }]) => wrongOf(place, scan(text)) !== undefined)

interface Props {
  edit: Edit
  part: string | undefined
  onPart: (part: string) => void
  typed: TypedJson
  onTyped: (typed: TypedJson) => void
}

/** A part of the assessment, or all of it, as text. What is typed is in the draft at once if it is JSON. */
export function Json({ edit, part, onPart, typed, onTyped }: Props) {
  const chosen = parts.find((each) => each === part) ?? ''
  const place = chosen && `/${chosen}`
  const values = within(edit.now, place)
  const mine = typed[place]
  // What is no JSON stays until it is, or until it is undone.
  const isMine = mine && (mine.of === known(values) || wrongOf(place, scan(mine.text)) !== undefined)
  const text = isMine ? mine.text : JSON.stringify(valueAt(build(values), place) ?? null, null, 2)
  const scanned = scan(text)
  const wrong = wrongOf(place, scanned)
  const told = edit.errors
    .filter(({ pointer }) => isWithin(pointer, place))
    .map((error) => sayIn(error, place, scanned))

  const take = (next: string) => {
    const read = scan(next)
    if (wrongOf(place, read) !== undefined) {
      onTyped({ ...typed, [place]: { text: next, of: known(values) } })
      return
    }
    const to = flatten(read.value, place)
    onTyped({ ...typed, [place]: { text: next, of: known(to) } })
    edit.setAll(differences(values, to))
  }
  return (
    <>
      <Select
        label={words.jsonPart}
        value={chosen}
        options={[['', words.part.json], ...parts.map((each) => [each, words.part[each]] as const)]}
        onValue={onPart}
      />
      <div className={styles.json}>
        <Field
          key={place}
          name={place}
          label={words.json}
          hint={words.jsonHint}
          lines={24}
          spellCheck={false}
          disabled={edit.isDisabled}
          value={text}
          onValue={take}
          error={wrong ?? (told.join('\n') || undefined)}
        />
      </div>
    </>
  )
}

/** In the text, a place that is missing is where the nearest one around it begins. */
function sayIn({ pointer, detail }: { pointer: string; detail: string }, place: string, { lines }: Scanned) {
  let at = pointer.slice(place.length)
  while (!lines.has(at) && at !== '') at = at.slice(0, at.lastIndexOf('/'))
  return `${words.inLine(numberOf(lines.get(at) ?? 1))}: ${pointer} ${detail}`
}
