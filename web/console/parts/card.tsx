import type { ReactNode } from 'react'
import styles from './field.module.css'

/**
 * A form on a card of its own. `onSubmit` is not asked while an earlier one is under way. The browser asks for what is
 * required. Base UI's form would send nothing more while a field still shows what the server said of it.
 */
export function CardForm({
  title,
  isPending,
  onSubmit,
  children,
}: {
  title?: string
  isPending: boolean
  onSubmit: () => void
  children: ReactNode
}) {
  return (
    <form
      className={styles.card}
      {...(title && { 'aria-label': title })}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isPending) onSubmit()
      }}
    >
      {title && <h2>{title}</h2>}
      {children}
    </form>
  )
}

/** A part of a screen with a title of its own. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.card} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** Buttons beside each other. */
export function Buttons({ children }: { children: ReactNode }) {
  return <div className={styles.bar}>{children}</div>
}
