import type { AuditEvent } from '../../api/audit.ts'
import { words } from './words/words.ts'

/** Who it was, as a person would say it. */
export function actorOf({ actor_name: name, actor_id: id, actor_type: type }: AuditEvent): string {
  const kind = words.actorType[type]
  return type === 'user' ? (name ?? id ?? kind) : [kind, name ?? id].filter(Boolean).join(' ')
}
