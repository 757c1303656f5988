import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
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

/**
 * Keeps everything in <folder>/state.json, and writes it shortly after it changes: many messages in a row cost one write. A
 * kill may lose the last moment.
 */
export class Keeper {
  readonly #folder: string
  #timer: NodeJS.Timeout | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<Keeper> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return new Keeper(folder)
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
    this.#timer ??= setTimeout(() => this.saveNow(state), soonMs).unref()
  }

  saveNow(state: () => Kept): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Tokens and secrets of apps are in it.
    writeFileSync(`${this.#path()}.new`, JSON.stringify(state()), { mode: 0o600 })
    renameSync(`${this.#path()}.new`, this.#path())
  }

  #path(): string {
    return join(this.#folder, 'state.json')
  }
}
