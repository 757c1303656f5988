import type { ReactNode } from 'react'
import styles from './tabs.module.css'

/** The screens of one room: links, because each is an address of its own. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {children}
    </nav>
  )
}
