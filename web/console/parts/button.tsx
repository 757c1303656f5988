import type { ButtonHTMLAttributes } from 'react'
import styles from './button.module.css'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'main' | 'quiet' | 'link'
  /** Whether pressing it does nothing now. Unlike `disabled` it leaves the focus where it is, for those who work with keys. */
  isIdle?: boolean
}

/** A button that sends nothing unless it says so. */
export function Button({ look = 'main', type = 'button', isIdle, className, onClick, ...rest }: Props) {
  return (
    <button
      {...rest}
      {...(isIdle && { 'aria-disabled': true })}
      // A press of Enter in a field comes here too, before the form is sent.
      onClick={isIdle ? (event) => event.preventDefault() : onClick}
      type={type}
      className={[styles.button, styles[look], className].join(' ')}
    />
  )
}
