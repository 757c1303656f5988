import { createHash, createHmac } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newDigits } from './numbers.ts'

export interface Media {
  id: string
  phone_number_id: string
  mime_type: string
  sha256: string
  file_size: number
}

/** How long the address of a file can be fetched, as at Meta. */
const linkSeconds = 300
export const mostMediaBytes = 16 * 1024 * 1024
const mostFiles = 200

/** The files that were sent. The oldest go when there are too many. */
export class MediaStore {
  readonly #folder: string | undefined
  readonly #kept = new Map<string, Media>()
  readonly #bytes = new Map<string, Uint8Array>()

  constructor(folder?: string, known: Media[] = []) {
    this.#folder = folder
    for (const media of known) this.#kept.set(media.id, media)
  }

  all(): Media[] {
    return [...this.#kept.values()]
  }

  find(id: string): Media | undefined {
    return this.#kept.get(id)
  }

  async add(phone_number_id: string, mime_type: string, bytes: Uint8Array): Promise<Media> {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const media = { id: newDigits(16), phone_number_id, mime_type, sha256, file_size: bytes.length }
    if (this.#folder) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(join(this.#folder, media.id), bytes, { mode: 0o600 })
    } else this.#bytes.set(media.id, bytes)
    this.#kept.set(media.id, media)
    for (const oldest of this.all().slice(0, -mostFiles)) await this.#remove(oldest.id)
    return media
  }

  /** The file, or nothing if it is gone. */
  async read(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#kept.has(id)) return undefined
    const bytes = this.#folder
      ? await readFile(join(this.#folder, id)).catch(() => undefined)
      : this.#bytes.get(id)
    return bytes && new Uint8Array(bytes)
  }

  async #remove(id: string): Promise<void> {
    this.#kept.delete(id)
    this.#bytes.delete(id)
    if (this.#folder) await rm(join(this.#folder, id), { force: true })
  }
}

/** The query of a file's address: which file, until when, and that it was made here. */
export function signLink(id: string, appSecret: string, now = Date.now()): URLSearchParams {
  const ext = String(Math.floor(now / 1000) + linkSeconds)
  return new URLSearchParams({ mid: id, ext, hash: hashOf(id, ext, appSecret) })
}

export function isLinkGood(query: URLSearchParams, appSecret: string): boolean {
  const [mid, ext, hash] = ['mid', 'ext', 'hash'].map((name) => query.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  return hash === hashOf(mid, ext, appSecret) && Number(ext) > Date.now() / 1000
}

const hashOf = (id: string, ext: string, appSecret: string) =>
  createHmac('sha256', appSecret).update(`${id} ${ext}`).digest('base64url')
