import { createHash, timingSafeEqual } from 'node:crypto'
import type { Claims } from '../db/index.ts'
import { apiKeyAllowance } from './api-keys/allowance.ts'
import { keyMark } from './api-keys/format.ts'
import { requirePepper } from './api-keys/secret.ts'
import { apiKeyUses } from './api-keys/uses.ts'
import { apiKeyVerifier, type KeyVerifier } from './api-keys/verifier.ts'
import { isPortalToken, type PortalToken, readPortalToken } from './portal-tokens.ts'
import { type AuthSettings, authSettings } from './settings.ts'
import type { ChosenTenant } from './tenant-choice.ts'
import { jwtVerifier, unauthenticated } from './verify-jwt.ts'

/** A person who is signed in. */
export interface User {
  kind: 'user'
  id: string
  email: string | undefined
  claims: Claims & { sub: string }
}

/** A tenant's own server, holding an API key of that tenant. */
export interface ApiKey {
  kind: 'api_key'
  id: string
  tenant: ChosenTenant
  /** The only product the key is for, if any. */
  product: string | null
  scopes: string[]
}

/** The platform's own servers, holding a secret key. */
export interface Service {
  kind: 'service'
  claims: Claims & { role: 'service_role' }
}

export type Caller = User | ApiKey | PortalToken | Service

const service: Service = { kind: 'service', claims: { role: 'service_role' } }

/** Finds out from a request's headers who sent it. Null if the request has no credential. */
export function callerReader(settings: AuthSettings): (headers: Headers) => Promise<Caller | null> {
  const verify = jwtVerifier(settings)
  const secrets = settings.secretKeys.map(digest)
  const readKey = keyReader(settings)

  return async (headers) => {
    const apikey = headers.get('apikey') ?? undefined
    const bearer = bearerToken(headers.get('authorization'))
    // An API key counts as the bearer token, whatever the other header holds.
    if (bearer?.startsWith(keyMark)) return readKey(bearer)
    if (bearer !== undefined && isPortalToken(bearer)) return readPortalToken(bearer)
    if (bearer === undefined && apikey?.startsWith(keyMark)) {
      const detail = 'A tenant\'s API key is sent as "Authorization: Bearer tk_live_…".'
      throw unauthenticated('unauthenticated', detail, 'api key in the header apikey')
    }
    // supabase-js sends its project key in both headers, and hosted projects accept a project key as a
    // bearer token only then. A project key in Authorization alone is a mistake, and gets an error.
    if (bearer !== undefined && bearer !== apikey) {
      if (bearer.startsWith('sb_')) {
        const detail = 'An API key is not a token: send it in the header "apikey".'
        throw unauthenticated('unauthenticated', detail, 'api key as bearer')
      }
      const claims = await verify(bearer)
      return { kind: 'user', id: claims.sub, email: claims.email, claims }
    }
    if (apikey?.startsWith('sb_secret_')) {
      if (matchesAny(secrets, digest(apikey))) return service
      throw unauthenticated(
        'unauthenticated',
        'The secret key is not one of this project.',
        'unknown secret key',
      )
    }
    // A publishable key names the project, not the caller.
    return null
  }
}

/** Verifies a key, counts it against its limit, and notes its use. Created for the first key, because many functions never get one. */
function keyReader(settings: AuthSettings): (key: string) => Promise<ApiKey> {
  let verifier: KeyVerifier | undefined
  const count = apiKeyAllowance()
  const noteUse = apiKeyUses()
  return async (text) => {
    verifier ??= apiKeyVerifier({ pepper: requirePepper(settings) })
    const key = await verifier.verify(text)
    await count(key)
    noteUse(key)
    const { id, tenant, product, scopes } = key
    return { kind: 'api_key', id, tenant, product, scopes }
  }
}

let reader: ((headers: Headers) => Promise<Caller | null>) | undefined

/** The caller of a request to this function, or null. Refuses with 401 a credential that is not valid. */
export function readCaller(headers: Headers): Promise<Caller | null> {
  reader ??= callerReader(authSettings())
  return reader(headers)
}

function bearerToken(authorization: string | null): string | undefined {
  if (authorization === null || authorization === '') return undefined
  const token = /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1]
  if (token) return token
  throw unauthenticated(
    'unauthenticated',
    'The Authorization header must read "Bearer <access token>".',
    'malformed',
  )
}

// All digests have the same length, so the time of the comparison does not tell how much of a key was right.
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function matchesAny(secrets: Buffer[], candidate: Buffer): boolean {
  let isMatch = false
  for (const secret of secrets) isMatch = timingSafeEqual(secret, candidate) || isMatch
  return isMatch
}
