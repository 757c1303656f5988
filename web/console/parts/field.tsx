import { Field as Base } from '@base-ui/react/field'
import { type InputHTMLAttributes, type ReactNode, useState } from 'react'
import styles from './field.module.css'

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value' | 'defaultValue'> {
  /** Of the value in the form's errors. */
  name: string
  label: string
  hint?: ReactNode
  /** What the server said of it. */
  error?: string | undefined
  value: string
  onValue: (value: string) => void
  lines?: number
}

/**
 * A labelled text field. Its error is told to screen readers together with the field. It goes once the value is changed: it
 * was about the old one.
 */
export function Field({ name, label, hint, error: told, value, onValue, lines, ...rest }: Props) {
  const [corrected, setCorrected] = useState<string>()
  if (told === undefined && corrected !== undefined) setCorrected(undefined)
  const error = told === corrected ? undefined : told
  return (
    <Base.Root name={name} invalid={error !== undefined} className={styles.field}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      {hint && <Base.Description className={styles.hint}>{hint}</Base.Description>}
      <Base.Control
        {...rest}
        className={styles.control}
        value={value}
        onValueChange={(next) => {
          setCorrected(told)
          onValue(next)
        }}
        {...(lines && { render: <textarea rows={lines} /> })}
      />
      {/* The server speaks English. */}
      <Base.Error lang="en" match={error !== undefined} className={styles.error}>
        {error}
      </Base.Error>
    </Base.Root>
  )
}
