import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../failure.ts'
import type { Chat } from './chats.ts'
import type { Media } from './media.ts'
import type { WhatsappNumber } from './numbers.ts'
import type { Template } from './templates.ts'
import type { Delivery } from './webhooks/deliveries.ts'

/** What a run leaves to the next one. */
export interface Kept {
  numbers: WhatsappNumber[]
  chats: Chat[]
  templates: Template[]
  media: Media[]
  /** Webhooks that nobody has taken yet. */
  deliveries: Delivery[]
}

const soonMs = 300
/** A write of much takes long. It is done less often then, so that it takes a twentieth of the time at most. */
const pauseFactor = 20

/**
 * Keeps everything in <folder>/state.json, and writes it shortly after it changes: many messages in a row cost one write. A
 * kill may lose the last moments.
 */
export class Keeper {
  readonly #folder: string
  #timer: NodeJS.Timeout | undefined
  #lastWriteMs = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  read(): Kept | null {
    try {
      return JSON.parse(readFileSync(this.#path(), 'utf8')) as Kept
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  saveSoon(state: () => Kept): void {
    const wait = Math.max(soonMs, this.#lastWriteMs * pauseFactor)
    this.#timer ??= setTimeout(() => this.saveNow(state), wait).unref()
  }

  saveNow(state: () => Kept): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const began = Date.now()
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    // Tokens and secrets of apps are in it.
    writeFileSync(`${this.#path()}.new`, JSON.stringify(state()), { mode: 0o600 })
    renameSync(`${this.#path()}.new`, this.#path())
    this.#lastWriteMs = Date.now() - began
  }

  #path(): string {
    return join(this.#folder, 'state.json')
  }
}
