/** A mail as it is sent. Addresses and names are one line each. */
export interface EmailMessage {
  /** The same for each attempt, so that a receiver that got it twice shows it once. */
  message_id: string
  from: { name: string; address: string }
  reply_to: string | null
  to: string
  subject: string
  html: string
  text: string
  /** Where one click ends such mails (RFC 8058). */
  unsubscribe_url: string | null
  /** What the provider's callbacks name it by. A test has none. */
  reference: string | null
}

/** A short message to a telephone. */
export interface PhoneMessage {
  /** As E.164 has it: +447700900123. */
  to: string
  text: string
  locale: string
  /** Where the provider says what became of it, and what it names it by. A test has none. */
  callback: { url: string; reference: string } | null
}

/** What became of an attempt to send. */
export interface Verdict {
  /**
   * - sent: the provider took it.
   * - retry: it did not, and may later.
   * - failed: it never will.
   * - credentials: it knows neither the user nor the key.
   * - ambiguous: nobody knows, because the answer did not come.
   */
  outcome: 'sent' | 'retry' | 'failed' | 'credentials' | 'ambiguous'
  /** The provider's own id of the message, for its callbacks. */
  provider_id: string | null
  /** What the provider said, or what stood in the way. At most 1,000 letters. */
  detail: string
  /** When the provider wants to be asked again. */
  retry_after_seconds: number | null
  /** Whether it cannot be reached, or says that it is at fault itself: then no other message goes out by it either. */
  is_down: boolean
}

export function verdict(outcome: Verdict['outcome'], detail: string, more: Partial<Verdict> = {}): Verdict {
  return {
    ...{ outcome, provider_id: null, retry_after_seconds: null, is_down: false, ...more },
    detail: detail.slice(0, 1_000),
  }
}

/** The headers that let a mail program offer one click to its reader. */
export function unsubscribeHeaders({ unsubscribe_url: url }: EmailMessage): Record<string, string> {
  if (url === null) return {}
  return { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
}

/** Without U+0000 and halves of surrogate pairs, which a server may say and the database does not store. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '')
}
