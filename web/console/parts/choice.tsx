import { type ReactNode, useId } from 'react'
import styles from './field.module.css'

interface SelectProps<Value extends string> {
  label: string
  /** The values with what they are called, in this order. */
  options: readonly (readonly [value: Value, name: string])[]
  value: Value
  isDisabled?: boolean
  /** In a row of a list the label is for screen readers alone. */
  isBare?: boolean
  onValue: (value: Value) => void
}

/** One of a few. */
export function Select<Value extends string>({
  label,
  options,
  value,
  isDisabled,
  isBare,
  onValue,
}: SelectProps<Value>) {
  const id = useId()
  const select = (
    <select
      id={id}
      className={styles.select}
      {...(isBare && { 'aria-label': label })}
      value={value}
      disabled={isDisabled}
      onChange={(event) => onValue(event.target.value as Value)}
    >
      {options.map(([each, name]) => (
        <option key={each} value={each}>
          {name}
        </option>
      ))}
    </select>
  )
  if (isBare) return select
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {select}
    </div>
  )
}

interface CheckProps {
  label: ReactNode
  isChecked: boolean
  isDisabled?: boolean
  onChecked: (isChecked: boolean) => void
}

export function Check({ label, isChecked, isDisabled, onChecked }: CheckProps) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        onChange={(event) => onChecked(event.target.checked)}
      />
      <span>{label}</span>
    </label>
  )
}

/** The set with this value in it, or without it. */
export function toggled<Value>(set: ReadonlySet<Value>, value: Value, isIn: boolean): ReadonlySet<Value> {
  const next = new Set(set)
  if (isIn) next.add(value)
  else next.delete(value)
  return next
}
