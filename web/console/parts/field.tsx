import { Field as Base } from '@base-ui/react/field'
import type { InputHTMLAttributes, ReactNode } from 'react'
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

/** A labelled text field. Its error is told to screen readers together with the field. */
export function Field({ name, label, hint, error, value, onValue, lines, ...rest }: Props) {
  return (
    <Base.Root name={name} className={styles.field}>
      <Base.Label className={styles.label}>{label}</Base.Label>
      {hint && <Base.Description className={styles.hint}>{hint}</Base.Description>}
      <Base.Control
        {...rest}
        // Told here and not to the root: a form with an invalid field cannot be sent, and the server judges again.
        {...(error !== undefined && { 'aria-invalid': true, 'data-invalid': '' })}
        className={styles.control}
        value={value}
        onValueChange={onValue}
        {...(lines && { render: <textarea rows={lines} /> })}
      />
      <Base.Error match={error !== undefined} className={styles.error}>
        {error}
      </Base.Error>
    </Base.Root>
  )
}
