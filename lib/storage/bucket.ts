import process from 'node:process'
import { StorageClient } from '@supabase/storage-js'
import { decodeJwt } from 'jose'
import { Problem } from '../db/index.ts'

interface BucketOptions {
  /** As private.register_bucket() has it: the sweep removes files of it that no row knows. */
  name: string
  /** Whether anybody reads its files by their address. Otherwise people get links that end. */
  isPublic?: boolean
  types: readonly string[]
  /** How large a file may be. Storage refuses a larger one whoever uploads it. */
  maxBytes?: number
}

interface Link {
  url: string
  expires_at: Date
}

/** A bucket of Supabase Storage. Only the service writes to it, so whoever calls has asked for the permission. */
export interface Bucket {
  readonly name: string
  /** Stores a file. The same bytes may be stored again. 503 unavailable. */
  store(key: string, bytes: Uint8Array, type: string): Promise<void>
  /** A link that anybody may open for some seconds. With a name a browser saves the file. 503 unavailable. */
  link(key: string, seconds: number, name?: string): Promise<Link>
  /**
   * A link by which anybody may upload this file with PUT, once: nothing replaces a file that is there. Storage says when
   * it ends, which is after two hours on a hosted project. 503 unavailable.
   */
  uploadLink(key: string): Promise<Link>
  /** A file and the type that it was stored with; undefined if it is not there. 503 unavailable. */
  read(key: string): Promise<{ bytes: Uint8Array; type: string } | undefined>
  /** 503 unavailable. */
  remove(keys: string[]): Promise<void>
  /** Where anybody reads a file of a public bucket: a path of the project. */
  pathOf(key: string): string
}

/** The first file of a project makes the bucket. */
export function openBucket({ name, isPublic = false, types, maxBytes }: BucketOptions): Bucket {
  const files = () => storage().from(name)
  async function inBucket<Given extends Answer>(attempt: () => Promise<Given>): Promise<Found<Given>> {
    let answer = await attempt()
    if (answer.error && /bucket not found|related resource does not exist/i.test(answer.error.message)) {
      await storage().createBucket(name, {
        public: isPublic,
        allowedMimeTypes: [...types],
        ...(maxBytes !== undefined && { fileSizeLimit: maxBytes }),
      })
      answer = await attempt()
    }
    if (answer.error) throw unavailable(answer.error)
    return answer.data as Found<Given>
  }
  return {
    name,
    async store(key, bytes, type) {
      // A public file's key is made from its content, so it never changes.
      const cacheControl = isPublic ? '31536000' : '3600'
      await inBucket(() => files().upload(key, bytes, { contentType: type, upsert: true, cacheControl }))
    },
    async link(key, seconds, name) {
      const { data, error } = await files().createSignedUrl(key, seconds)
      if (error) throw unavailable(error)
      // storage-js would encode the name twice (supabase-js#2468).
      const url =
        name === undefined ? data.signedUrl : `${data.signedUrl}&download=${encodeURIComponent(name)}`
      return { url, expires_at: new Date(Date.now() + seconds * 1_000) }
    },
    async uploadLink(key) {
      const { signedUrl, token } = await inBucket(() => files().createSignedUploadUrl(key))
      return { url: signedUrl, expires_at: new Date((decodeJwt(token).exp ?? 0) * 1_000) }
    },
    async read(key) {
      const { data, error } = await files().download(key)
      if (data) return { bytes: new Uint8Array(await data.arrayBuffer()), type: data.type }
      if (isMissing(error)) return undefined
      throw unavailable(error)
    },
    async remove(keys) {
      if (keys.length === 0) return
      const { error } = await files().remove(keys)
      if (error) throw unavailable(error)
    },
    pathOf: (key) => `/storage/v1/object/public/${name}/${key}`,
  }
}

/** The whole address of what a brand names: a path of this project, or an address elsewhere. */
export function publicUrl(address: string): string {
  return address.startsWith('/') ? `${projectUrl()}${address}` : address
}

type Answer = { data: unknown; error: null } | { data: null; error: Error }
type Found<Given extends Answer> = Extract<Given, { error: null }>['data']

/** Storage says what is not there in its own way: 400, with the status 404 inside. */
function isMissing(error: Error & { status?: unknown; statusCode?: unknown }): boolean {
  return [error.status, error.statusCode].map(String).includes('404')
}

let client: StorageClient | undefined

/** As the service: no policy lets anybody else reach a bucket. */
function storage(): StorageClient {
  const key = secretKey()
  client ??= new StorageClient(`${projectUrl()}/storage/v1`, { apikey: key, authorization: `Bearer ${key}` })
  return client
}

const projectUrl = () => (process.env.SUPABASE_URL ?? '').replace(/\/+$/, '')

function secretKey(): string {
  const keys = JSON.parse(process.env.SUPABASE_SECRET_KEYS ?? '{}') as Record<string, string>
  const key = keys.default ?? Object.values(keys)[0]
  if (key) return key
  throw new Error('SUPABASE_SECRET_KEYS has no secret key.')
}

function unavailable(cause: Error): Problem {
  return new Problem('unavailable', 'The storage of files cannot be reached.', { cause })
}
