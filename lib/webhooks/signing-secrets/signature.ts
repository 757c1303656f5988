import { Buffer } from 'node:buffer'
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Problem } from '../../db/index.ts'

export type SigningSecretKind = 'hmac' | 'ed25519'

/** A validated secret, with its key ready for use. */
export interface SigningSecret {
  kind: SigningSecretKind
  key: KeyObject
}

/** The bytes of PKCS #8 and SPKI before the 32 bytes of an ed25519 key (RFC 8410). */
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefixLength = 12

/** A cache: reading a key pair costs more than a signature, and an endpoint uses the same pair all day. */
const parsed = new LRUCache<string, SigningSecret>({ max: 2_000 })

/**
 * The value of `webhook-signature` (Standard Webhooks): one signature per secret, in their order. During
 * a rotation the old and the new secret both sign, and a receiver may use either. A text body is signed as the
 * UTF-8 that is sent. Throws a RangeError for values that no receiver could verify.
 */
export function signWebhook(
  secrets: string[],
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  if (secrets.length === 0) throw new RangeError('A webhook is signed with at least one secret.')
  // Dots separate the signed parts, so an id with a dot could be read as another id and timestamp.
  if (!/^[\w-]+$/.test(id)) throw new RangeError('The id of a webhook has letters, digits, _ and - only.')
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0)
    throw new RangeError('The timestamp of a webhook is in whole seconds.')
  const prefix = `${id}.${timestampSeconds}.`
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return secrets.map((secret) => signOnce(secret, prefix, bytes)).join(' ')
}

function signOnce(secret: string, prefix: string, body: Uint8Array): string {
  let known = parsed.get(secret)
  if (!known) {
    known = parseSigningSecret(secret)
    parsed.set(secret, known)
  }
  const { kind, key } = known
  if (kind === 'hmac') return `v1,${createHmac('sha256', key).update(prefix).update(body).digest('base64')}`
  return `v1a,${sign(null, Buffer.concat([Buffer.from(prefix), body]), key).toString('base64')}`
}

/** A new secret: `whsec_` and 32 random bytes, or `whsk_` and an ed25519 seed with its public key. */
export function makeSigningSecret(kind: SigningSecretKind): string {
  if (kind === 'hmac') return `whsec_${randomBytes(32).toString('base64')}`
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(seedPrefix.length)
  return `whsk_${Buffer.concat([seed, publicBytes(privateKey)]).toString('base64')}`
}

/** The public key that verifies `v1a` signatures, as `whpk_…`. 422 invalid_value for anything but a `whsk_…`. */
export function publicKeyOf(whsk: string): string {
  const { kind, key } = parseSigningSecret(whsk)
  if (kind !== 'ed25519') throw unusable('must start with whsk_: only a key pair has a public key')
  return `whpk_${publicBytes(key).toString('base64')}`
}

/** Reads a given secret. 422 invalid_value with the pointer `/secret`; the error never repeats the secret. */
export function parseSigningSecret(text: string): SigningSecret {
  if (text.startsWith('whsec_')) {
    const bytes = decode(text.slice('whsec_'.length))
    if (bytes.length < 24 || bytes.length > 64) throw unusable('must hold 24 to 64 bytes after whsec_')
    return { kind: 'hmac', key: createSecretKey(bytes) }
  }
  if (!text.startsWith('whsk_')) throw unusable('must start with whsec_ or whsk_')
  const bytes = decode(text.slice('whsk_'.length))
  if (bytes.length !== 64) throw unusable('must hold 64 bytes after whsk_: the seed, then the public key')
  const der = Buffer.concat([seedPrefix, bytes.subarray(0, 32)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  // If the two halves do not belong together, receivers would refuse every delivery.
  if (!publicBytes(key).equals(bytes.subarray(32)))
    throw unusable('must hold a public key that belongs to its seed')
  return { kind: 'ed25519', key }
}

function publicBytes(privateKey: KeyObject): Buffer {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return spki.subarray(publicPrefixLength)
}

/** Node skips characters that are not base64. Receivers do not, and would use another key. */
function decode(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64)
    throw unusable('must be base64, with its padding, after the prefix')
  return bytes
}

function unusable(detail: string): Problem {
  return new Problem('invalid_value', 'The signing secret cannot be used.', {
    errors: [{ pointer: '/secret', detail }],
  })
}
