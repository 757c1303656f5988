import { words } from '../app/words/words.ts'
import styles from './diff.module.css'

export interface Change {
  field: string
  /** Left out where there was nothing before, or is nothing any more. */
  before?: unknown
  after?: unknown
  /** It changed, and nobody is told from what to what. */
  isHidden?: boolean
}

/** What changed, field by field. */
export function Diff({ label, changes }: { label: string; changes: readonly Change[] }) {
  return (
    <ul className={styles.diff} aria-label={label}>
      {changes.map((change) => (
        <li key={change.field}>
          <code>{change.field}</code>
          {change.isHidden && <span>{words.hidden}</span>}
          {'before' in change && (
            <span>
              <small>{words.before}</small> <del>{textOf(change.before)}</del>
            </span>
          )}
          {'after' in change && (
            <span>
              <small>{words.after}</small> <ins>{textOf(change.after)}</ins>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
