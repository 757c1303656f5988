import type { LiHTMLAttributes, ReactNode } from 'react'
import { words } from '../app/words/words.ts'
import { Button } from './button.tsx'
import styles from './list.module.css'
import { Failure } from './notice.tsx'

/** Things of one kind, each in a row that wraps on a phone. */
export function List({ label, children }: { label?: string; children: ReactNode }) {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  )
}

interface RowProps extends LiHTMLAttributes<HTMLLIElement> {
  /** What the row is of, for screen readers. */
  label: string
  /** What it is, in lines. The rest stands beside it. */
  main: ReactNode
}

export function Row({ label, main, children, className, ...rest }: RowProps) {
  return (
    <li {...rest} aria-label={label} className={[styles.row, className].join(' ')}>
      <div className={styles.main}>{main}</div>
      {children}
    </li>
  )
}

/** What is said beside the main thing. */
export function Quiet({ children }: { children: ReactNode }) {
  return <span className={styles.quiet}>{children}</span>
}

interface Pages {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  isFetchNextPageError: boolean
  error: unknown
  fetchNextPage: () => unknown
}

/** The next page of a long list. If it cannot be had, that is said, and the button asks again. */
export function More({ pages }: { pages: Pages }) {
  if (!pages.hasNextPage) return null
  return (
    <>
      {pages.isFetchNextPageError && !pages.isFetchingNextPage && <Failure error={pages.error} />}
      <Button
        look="quiet"
        className={styles.more}
        disabled={pages.isFetchingNextPage}
        onClick={() => void pages.fetchNextPage()}
      >
        {pages.isFetchingNextPage ? words.loading : words.showMore}
      </Button>
    </>
  )
}
