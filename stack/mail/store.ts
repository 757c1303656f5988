import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../failure.ts'
import { readSubject } from './message.ts'

/** What the list shows of a message. The addresses are those of the SMTP envelope, not of its headers. */
export interface MailSummary {
  id: string
  from: string
  to: string[]
  subject: string
  received_at: string
  size: number
}

export interface Envelope {
  from: string
  to: string[]
}

interface Limits {
  messages: number
  bytes: number
}

const usualLimits: Limits = { messages: 500, bytes: 64 * 1024 * 1024 }

const summaryBytes = 256 * 1024
const fileName = /^([0-9a-z]{25})\.mail$/

/**
 * The messages of the local mailbox, each in a file of <data>/mail: a line of JSON, then the message exactly as it was
 * sent. A file gets its name when all of it is on the disk, so a killed stack leaves no half message. The oldest are
 * removed when there are too many, or too large ones.
 */
export class MailStore {
  readonly #folder: string
  readonly #limits: Limits
  /** The oldest first. */
  #kept: MailSummary[] = []
  #lastMoment = 0

  private constructor(folder: string, limits: Limits) {
    this.#folder = folder
    this.#limits = limits
  }

  static async open(dataDir: string, limits: Partial<Limits> = {}): Promise<MailStore> {
    const store = new MailStore(join(dataDir, 'mail'), { ...usualLimits, ...limits })
    for (const name of (await namesIn(store.#folder)).sort()) {
      if (name.endsWith('.part')) await rm(join(store.#folder, name), { force: true })
      const id = name.match(fileName)?.[1]
      const summary = id && (await readSummary(store.#path(id), id))
      if (summary) store.#kept.push(summary)
    }
    await store.#makeRoom()
    return store
  }

  /** The newest first; those to one address if it is given. */
  list(to?: string): MailSummary[] {
    const wanted = to?.toLowerCase()
    const found = wanted
      ? this.#kept.filter((mail) => mail.to.some((address) => address.toLowerCase() === wanted))
      : this.#kept
    return found.toReversed()
  }

  find(id: string): MailSummary | null {
    return this.#kept.find((mail) => mail.id === id) ?? null
  }

  /** When this resolves, the message survives a kill of the stack and of the machine. */
  async add({ from, to }: Envelope, raw: Buffer): Promise<MailSummary> {
    const subject = (await readSubject(raw)).slice(0, 1000)
    const id = this.#newId()
    const summary = { id, from, to, subject, received_at: new Date().toISOString(), size: raw.length }
    const part = join(this.#folder, `${id}.part`)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    try {
      const handle = await open(part, 'wx', 0o600)
      try {
        await handle.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(summary)}\n`), raw]))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(part, this.#path(id))
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
    this.#kept.push(summary)
    // Two that arrived together may have been written in another order.
    this.#kept.sort((a, b) => (a.id < b.id ? -1 : 1))
    await this.#makeRoom()
    return summary
  }

  /** The message as it was sent, or null. */
  async read(id: string): Promise<Buffer | null> {
    if (!this.find(id)) return null
    const bytes = await readFile(this.#path(id)).catch((error) => {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    })
    return bytes?.subarray(bytes.indexOf(10) + 1) ?? null
  }

  async delete(id: string): Promise<boolean> {
    if (!this.find(id)) return false
    this.#kept = this.#kept.filter((mail) => mail.id !== id)
    await rm(this.#path(id), { force: true })
    return true
  }

  async deleteAll(): Promise<void> {
    for (const { id } of this.list()) await this.delete(id)
  }

  async #makeRoom(): Promise<void> {
    const { messages, bytes } = this.#limits
    let held = this.#kept.reduce((sum, { size }) => sum + size, 0)
    // The newest stays whatever its size: its sender was told that it arrived.
    while (this.#kept.length > 1 && (this.#kept.length > messages || held > bytes)) {
      const oldest = this.#kept[0]!
      held -= oldest.size
      await this.delete(oldest.id)
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.mail`)
  }

  /** Sorts as time does, also within a millisecond. */
  #newId(): string {
    this.#lastMoment = Math.max(this.#lastMoment + 1, Date.now())
    return this.#lastMoment.toString(36).padStart(9, '0') + randomBytes(8).toString('hex')
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
}

/** The first line of a message's file, or null if it is none of ours. */
async function readSummary(path: string, id: string): Promise<MailSummary | null> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(summaryBytes), 0, summaryBytes, 0)
    const summary = JSON.parse(buffer.subarray(0, bytesRead).toString('utf8').split('\n', 1)[0]!)
    return summary.id === id ? summary : null
  } catch {
    return null
  } finally {
    await handle.close()
  }
}
