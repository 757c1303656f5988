import { createHash } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { Problem } from '../db/index.ts'
import './problems.ts'
import type { AuthSettings } from './settings.ts'

/** The claims that reach the database and the handlers. All other claims of a token are dropped. */
const UserClaims = z.object({
  sub: z.guid(),
  role: z.literal('authenticated'),
  email: z.string().optional(),
  session_id: z.string().optional(),
  aal: z.string().optional(),
})
export type UserClaims = z.infer<typeof UserClaims>

const asymmetric = ['ES256', 'RS256', 'EdDSA']
/** How far the two clocks may differ. */
const clockToleranceSeconds = 5
/** Far more than Auth ever issues; spares the parser. */
const maxTokenLength = 8_192
/** How long an isolate trusts a token that it verified. It may still accept a withdrawn signing key for this long. */
const trustedForMs = 10_000
/** Verified tokens that are remembered. A wrong one never is, so a flood of them evicts nothing. */
const maxRemembered = 5_000

/**
 * A verifier for one project's user tokens. The header's algorithm chooses the kind of key, and each kind
 * of key accepts only its own algorithms. So a public key can never serve as an HMAC secret, and `none` is in
 * no list.
 */
export function jwtVerifier(settings: AuthSettings): (token: string) => Promise<UserClaims> {
  const issuer = `${settings.supabaseUrl}/auth/v1`
  const rules: JWTVerifyOptions = {
    issuer,
    audience: 'authenticated',
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', 'sub'],
  }
  const publicKey = publicKeys(settings, issuer)
  const secret = settings.jwtSecret ? new TextEncoder().encode(settings.jwtSecret) : undefined

  async function verify(token: string): Promise<JWTPayload> {
    const { alg } = decodeProtectedHeader(token)
    if (alg && asymmetric.includes(alg)) {
      return (await jwtVerify(token, publicKey, { ...rules, algorithms: asymmetric })).payload
    }
    if (alg === 'HS256' && secret) {
      return (await jwtVerify(token, secret, { ...rules, algorithms: ['HS256'] })).payload
    }
    throw new errors.JOSEAlgNotAllowed('algorithm not accepted')
  }

  // A page sends the same token many times a second. The cache does not hold the token itself.
  const remembered = new LRUCache<string, Verified>({ max: maxRemembered, ttl: trustedForMs })

  return async (token) => {
    try {
      if (token.length > maxTokenLength) throw new errors.JWTInvalid('too long')
      const digest = createHash('sha256').update(token).digest('base64')
      const known = remembered.get(digest)
      if (known && Date.now() < known.trustedUntil) return known.claims
      const payload = await verify(token)
      const claims = UserClaims.parse(payload)
      remembered.set(digest, { claims, trustedUntil: ((payload.exp ?? 0) + clockToleranceSeconds) * 1_000 })
      return claims
    } catch (thrown) {
      throw refusal(thrown)
    }
  }
}

interface Verified {
  claims: UserClaims
  /** When it expires, in milliseconds since 1970. After that it is verified again, which says so. */
  trustedUntil: number
}

/** Looks in the configured set first, then fetches a key that is not in it, because keys rotate while isolates live. */
function publicKeys(settings: AuthSettings, issuer: string): JWTVerifyGetKey {
  const local = createLocalJWKSet(settings.jwks)
  const remote = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    timeoutDuration: 3_000,
    // Tokens with invented key ids must not cause a request to Auth each.
    cooldownDuration: 30_000,
  })
  return async (header, token) => {
    try {
      return await local(header, token)
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown
    }
    try {
      return await remote(header, token)
    } catch (thrown) {
      if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys)
        throw thrown
      const detail = 'The signing keys cannot be fetched right now. Try again in a moment.'
      throw new Problem('unavailable', detail, { retryAfterSeconds: 2, cause: thrown })
    }
  }
}

function refusal(thrown: unknown): unknown {
  if (thrown instanceof errors.JWTExpired) {
    return unauthenticated(
      'token_expired',
      'The access token has expired. Refresh the session and try again.',
      thrown,
    )
  }
  // jose and decodeProtectedHeader throw a TypeError for text that is not a token.
  if (thrown instanceof errors.JOSEError || thrown instanceof z.ZodError || thrown instanceof TypeError) {
    return unauthenticated(
      'unauthenticated',
      'The access token is not valid for this project. Sign in again.',
      thrown,
    )
  }
  return thrown
}

export function unauthenticated(
  code: 'unauthenticated' | 'token_expired',
  detail: string,
  cause?: unknown,
): Problem {
  const challenge =
    cause === undefined ? 'Bearer realm="tenantry"' : 'Bearer realm="tenantry", error="invalid_token"'
  return new Problem(code, detail, { headers: { 'www-authenticate': challenge }, cause })
}
