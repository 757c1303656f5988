import type { ReactNode } from 'react'
import styles from './figures.module.css'

/** A few numbers beside each other, each with what it counts. */
export function Figures({ of }: { of: readonly (readonly [label: ReactNode, figure: string])[] }) {
  return (
    <dl className={styles.figures}>
      {of.map(([label, figure], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they stay in their order
        <div key={at}>
          <dt>{label}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  )
}
