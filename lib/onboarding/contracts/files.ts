import process from 'node:process'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { Problem } from '../../db/index.ts'

/** Where the PDFs are. */
export const bucket = 'contracts'
const linkSeconds = 60

let client: SupabaseClient | undefined

/** Supabase Storage, as the service. Nobody else reaches the bucket: people get links that end after a minute. */
function storage() {
  client ??= createClient(process.env.SUPABASE_URL ?? '', secretKey(), {
    auth: { persistSession: false, autoRefreshToken: false },
  })
  return client.storage
}

function secretKey(): string {
  const keys = JSON.parse(process.env.SUPABASE_SECRET_KEYS ?? '{}') as Record<string, string>
  const key = keys.default ?? Object.values(keys)[0]
  if (key) return key
  throw new Error('SUPABASE_SECRET_KEYS has no secret key.')
}

/** Stores a PDF. The same bytes may be stored again. 503 unavailable. */
export async function storePdf(key: string, bytes: Uint8Array): Promise<void> {
  const store = () =>
    storage().from(bucket).upload(key, bytes, { contentType: 'application/pdf', upsert: true })
  let { error } = await store()
  if (error && isWithoutBucket(error)) {
    await storage().createBucket(bucket, { public: false, allowedMimeTypes: ['application/pdf'] })
    error = (await store()).error
  }
  if (error) throw unavailable(error)
}

/** A link to a PDF, which anybody may open for a minute. 503 unavailable. */
export async function linkToPdf(key: string): Promise<{ url: string; expires_at: Date }> {
  const { data, error } = await storage().from(bucket).createSignedUrl(key, linkSeconds)
  if (error) throw unavailable(error)
  return { url: data.signedUrl, expires_at: new Date(Date.now() + linkSeconds * 1_000) }
}

/** Removes files. 503 unavailable. */
export async function removeFiles(keys: string[]): Promise<void> {
  if (keys.length === 0) return
  const { error } = await storage().from(bucket).remove(keys)
  if (error) throw unavailable(error)
}

/** The first contract of a project makes the bucket. */
const isWithoutBucket = (error: Error) => /bucket not found/i.test(error.message)

function unavailable(cause: Error): Problem {
  return new Problem('unavailable', 'The storage of contracts cannot be reached.', { cause })
}
