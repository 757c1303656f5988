import { type ReactNode, useId, useState } from 'react'
import { words } from '../app/words/words.ts'
import fields from './field.module.css'
import styles from './filters.module.css'
import { isoOf, localOf } from './local-time.ts'

/** What narrows a list. Each stands in the address, so a list that was narrowed can be sent as a link. */
export function Filters({ children }: { children: ReactNode }) {
  return (
    <search className={styles.filters} aria-label={words.filters}>
      {children}
    </search>
  )
}

interface TextFilterProps {
  label: string
  value: string | undefined
  type?: 'search' | 'datetime-local'
  onValue: (value: string | undefined) => void
}

/** A text that is searched for once it is complete: by Enter, or when the field is left. */
export function TextFilter({ label, value = '', type = 'search', onValue }: TextFilterProps) {
  const id = useId()
  const [typed, setTyped] = useState({ text: value, of: value })
  // The address may change by a link too.
  const text = typed.of === value ? typed.text : value
  const take = () => {
    const taken = text.trim()
    if (taken === value) return
    // Whoever goes back finds what stood there, and not what was typed then.
    setTyped({ text: taken, of: taken })
    onValue(taken || undefined)
  }
  return (
    <div className={fields.field}>
      <label htmlFor={id} className={fields.label}>
        {label}
      </label>
      <input
        id={id}
        className={fields.control}
        type={type}
        maxLength={200}
        value={text}
        onChange={(event) => setTyped({ text: event.target.value, of: value })}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take()
        }}
      />
    </div>
  )
}

/** A moment, typed in the time zone of the browser. In the address it is in UTC. */
export function MomentFilter({ value, onValue, ...rest }: Omit<TextFilterProps, 'type'>) {
  return (
    <TextFilter
      {...rest}
      type="datetime-local"
      value={value && localOf(value)}
      onValue={(local) => onValue(local && isoOf(local))}
    />
  )
}
