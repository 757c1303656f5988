import styles from './copy.module.css'

/** Text of programs, as it is. A long one scrolls, so the keyboard has to reach it. */
export function Code({ children }: { children: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <pre className={styles.block} tabIndex={0}>
      {children}
    </pre>
  )
}
