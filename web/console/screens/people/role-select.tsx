import type { Role } from '../../api/people.ts'
import { Select } from '../../parts/choice.tsx'
import { words } from './words/words.ts'

/** A tenant has one owner, and becoming it takes more than a choice in a list. */
const roles = ['admin', 'member', 'reviewer'] as const

interface Props {
  label: string
  value: Role
  isBare?: boolean
  isDisabled?: boolean
  onValue: (role: Role) => void
}

export function RoleSelect(props: Props) {
  return <Select {...props} options={roles.map((role) => [role, words.role[role] ?? role] as const)} />
}
