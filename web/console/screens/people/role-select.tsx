import type { Role } from '../../api/people.ts'
import { useWords } from '../../app/words/words.ts'
import styles from './people.module.css'

/** A tenant has one owner, and becoming it takes more than a choice in a list. */
const roles = ['admin', 'member', 'reviewer'] as const

interface Props {
  label: string
  value: Role
  isDisabled?: boolean
  onChange: (role: Role) => void
}

export function RoleSelect({ label, value, isDisabled, onChange }: Props) {
  const words = useWords()
  return (
    <select
      className={styles.select}
      aria-label={label}
      value={value}
      disabled={isDisabled}
      onChange={(event) => onChange(event.target.value as Role)}
    >
      {roles.map((role) => (
        <option key={role} value={role}>
          {words.role[role]}
        </option>
      ))}
    </select>
  )
}
