import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EmailDriver, EmailMessage } from '@supabase/lite'

/** How many e-mails are kept. */
const most = 100

/**
 * Where Auth's e-mails go: <data>/mail.jsonl, a line for each, the newest last. Nothing is sent, because the addresses
 * of a local stack belong to nobody, or to somebody who should get no mail from it.
 */
export class Mailbox implements EmailDriver {
  readonly #path: string
  #written: Promise<unknown> = Promise.resolve()

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'mail.jsonl')
  }

  send({ to, subject, text }: EmailMessage): Promise<void> {
    const line = JSON.stringify({ to, subject, text, sent_at: new Date().toISOString() })
    // One after the other: each rewrites the file.
    const writing = this.#written.then(async () => {
      const lines = (await readFile(this.#path, 'utf8').catch(() => '')).split('\n').filter(Boolean)
      await writeFile(this.#path, `${[...lines, line].slice(-most).join('\n')}\n`, { mode: 0o600 })
    })
    this.#written = writing.catch(() => {})
    return writing
  }
}
