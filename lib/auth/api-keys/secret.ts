import { createHmac, randomBytes } from 'node:crypto'
import { argon2id, argon2Verify } from 'hash-wasm'
import { authSettings } from '../settings.ts'
import { generateApiKey } from './format.ts'

/** What is stored of a key: enough to find and verify the key, not enough to use it. */
export interface StoredKey {
  prefix: string
  /** argon2id, encoded. */
  hash: string
  /** HMAC-SHA256 of the key under the pepper. */
  lookup: Buffer
}

/** A new key. `key` is shown once, to the person who asked for it. The other fields may be stored. */
export async function makeApiKey(): Promise<StoredKey & { key: string }> {
  const { key, prefix } = generateApiKey()
  return { key, prefix, hash: await hashKey(key), lookup: lookupOf(key, requirePepper(authSettings())) }
}

export function lookupOf(key: string, pepper: string): Buffer {
  return createHmac('sha256', pepper).update(key).digest()
}

/** Cheap on purpose: the 256 random bits make a key strong, and a request has to wait for this. */
function hashKey(key: string): Promise<string> {
  return argon2id({
    password: key,
    salt: randomBytes(16),
    memorySize: 1024,
    iterations: 1,
    parallelism: 1,
    hashLength: 32,
    outputType: 'encoded',
  })
}

export function provesKey(key: string, hash: string): Promise<boolean> {
  return argon2Verify({ password: key, hash })
}

export function requirePepper({ keyPepper }: { keyPepper?: string | undefined }): string {
  if (keyPepper) return keyPepper
  throw new Error('TENANTRY_KEY_PEPPER is not set: API keys can be neither made nor verified without it.')
}
