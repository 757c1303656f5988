import { useState } from 'react'
import { words } from '../app/words/words.ts'
import { Button } from './button.tsx'
import styles from './conflict.module.css'
import { Dialog } from './dialog.tsx'

/** What two people changed to different things. */
export interface Conflict {
  pointer: string
  mine: Value
  theirs: Value
}

export type Value = string | boolean | null

interface Props {
  title: string
  conflicts: Conflict[]
  /** How a person knows what stands at a pointer. */
  labelOf: (pointer: string) => string
  /** What a value says, where that is not the value itself. */
  textOf?: (value: Value) => string
  /** The pointers at which the person's own value stays. */
  onDecided: (kept: ReadonlySet<string>) => void
}

/** Both values of everything that two people changed. Nothing is chosen for anybody. */
export function ConflictDialog({ title, conflicts, labelOf, textOf = String, onDecided }: Props) {
  const [choices, setChoices] = useState<ReadonlyMap<string, 'mine' | 'theirs'>>(new Map())
  const isDecided = conflicts.every(({ pointer }) => choices.has(pointer))
  const show = (value: Value) => (value === null || value === '' ? words.nothing : textOf(value))
  return (
    <Dialog title={title} lead={words.conflictLead} isOpen={conflicts.length > 0}>
      {conflicts.map(({ pointer, mine, theirs }) => (
        <fieldset key={pointer} className={styles.conflict}>
          <legend>{labelOf(pointer)}</legend>
          {(
            [
              ['mine', words.keepMine, mine],
              ['theirs', words.takeTheirs, theirs],
            ] as const
          ).map(([whose, label, value]) => (
            <label key={whose}>
              <input
                type="radio"
                name={pointer}
                checked={choices.get(pointer) === whose}
                onChange={() => setChoices((before) => new Map(before).set(pointer, whose))}
              />
              <span>
                {label}: <strong>{show(value)}</strong>
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      <Button
        disabled={!isDecided}
        onClick={() => {
          onDecided(new Set([...choices].filter(([, whose]) => whose === 'mine').map(([pointer]) => pointer)))
          setChoices(new Map())
        }}
      >
        {words.next}
      </Button>
    </Dialog>
  )
}
