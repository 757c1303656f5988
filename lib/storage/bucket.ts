import process from 'node:process'
import { StorageClient } from '@supabase/storage-js'
import { Problem } from '../db/index.ts'

interface BucketOptions {
  /** As private.register_bucket() has it: the sweep removes files of it that no row knows. */
  name: string
  /** Whether anybody reads its files by their address. Otherwise people get links that end. */
  isPublic?: boolean
  types: readonly string[]
}

/** A bucket of Supabase Storage. Only the service writes to it, so whoever calls has asked for the permission. */
export interface Bucket {
  readonly name: string
  /** Stores a file. The same bytes may be stored again. 503 unavailable. */
  store(key: string, bytes: Uint8Array, type: string): Promise<void>
  /** A link that anybody may open for some seconds. 503 unavailable. */
  link(key: string, seconds: number): Promise<{ url: string; expires_at: Date }>
  /** 503 unavailable. */
  remove(keys: string[]): Promise<void>
  /** Where anybody reads a file of a public bucket: a path of the project. */
  pathOf(key: string): string
}

/** The first file of a project makes the bucket. */
export function openBucket({ name, isPublic = false, types }: BucketOptions): Bucket {
  const files = () => storage().from(name)
  return {
    name,
    async store(key, bytes, type) {
      // A public file's key is made from its content, so it never changes.
      const cacheControl = isPublic ? '31536000' : '3600'
      const store = () => files().upload(key, bytes, { contentType: type, upsert: true, cacheControl })
      let { error } = await store()
      if (error && /bucket not found/i.test(error.message)) {
        await storage().createBucket(name, { public: isPublic, allowedMimeTypes: [...types] })
        error = (await store()).error
      }
      if (error) throw unavailable(error)
    },
    async link(key, seconds) {
      const { data, error } = await files().createSignedUrl(key, seconds)
      if (error) throw unavailable(error)
      return { url: data.signedUrl, expires_at: new Date(Date.now() + seconds * 1_000) }
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
