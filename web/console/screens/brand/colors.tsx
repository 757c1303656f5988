import { Button } from '../../parts/button.tsx'
import type { Value } from '../../parts/conflict.tsx'
import { Field } from '../../parts/field.tsx'
import styles from './brand.module.css'
import { colorPointer } from './fields.ts'
import { words } from './words/words.ts'

interface Props {
  current: (pointer: string) => Value
  set: (pointer: string, value: Value) => void
  errorAt: (pointer: string) => string | undefined
  isDisabled: boolean
}

/** Each colour as text, which everybody can type, and beside it the browser's own picker. */
export function Colors({ current, set, errorAt, isDisabled }: Props) {
  return (
    <section className={styles.section} aria-label={words.colors}>
      <h2>{words.colors}</h2>
      {Object.entries(words.color).map(([name, label]) => {
        const pointer = colorPointer(name)
        const value = String(current(pointer) ?? '')
        return (
          <div key={name} className={styles.color}>
            <input
              type="color"
              aria-label={words.pick(label)}
              disabled={isDisabled}
              // It knows six digits only.
              value={/^#[0-9a-f]{6}/i.exec(value)?.[0] ?? '#ffffff'}
              onChange={(event) => set(pointer, event.target.value)}
            />
            <Field
              name={pointer}
              label={label}
              placeholder={words.noColor}
              maxLength={9}
              spellCheck={false}
              disabled={isDisabled}
              value={value}
              onValue={(given) => set(pointer, given === '' ? null : given)}
              error={errorAt(pointer)}
            />
            <Button
              look="quiet"
              aria-label={words.clear(label)}
              disabled={isDisabled || value === ''}
              onClick={() => set(pointer, null)}
            >
              ×
            </Button>
          </div>
        )
      })}
    </section>
  )
}
