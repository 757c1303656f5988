import type { Conversation } from '../../../api/bot-conversations.ts'
import { words as bots } from '../words/words.ts'
import { words } from './words/words.ts'

/** What somebody is called: by name, or else by number. */
export const nameOf = ({ full_name, wa_id }: Pick<Conversation, 'full_name' | 'wa_id'>): string =>
  full_name ?? (wa_id === null ? words.nameless : numberOf(wa_id))

export const numberOf = (waId: string) => `+${waId}`

const reasons: Record<string, string> = { ...bots.reasons, ...words.reasons }

/** Which rule led to something. A new one has no sentence yet. */
export const reasonOf = (reason: string): string =>
  Object.hasOwn(reasons, reason) ? (reasons[reason] ?? reason) : reason
