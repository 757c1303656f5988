import type { ButtonHTMLAttributes } from 'react'
import styles from './button.module.css'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'main' | 'quiet' | 'link'
}

/** A button that sends nothing unless it says so. */
export function Button({ look = 'main', type = 'button', className, ...rest }: Props) {
  return <button {...rest} type={type} className={[styles.button, styles[look], className].join(' ')} />
}
