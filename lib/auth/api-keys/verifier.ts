import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { admin, type Db, named, Problem, sql } from '../../db/index.ts'
import '../problems.ts'
import type { ChosenTenant } from '../tenant-choice.ts'
import { parseApiKey } from './format.ts'
import { lookupOf, provesKey } from './secret.ts'

/** A key that was verified, and what it may do. */
export interface VerifiedKey {
  id: string
  tenant: ChosenTenant
  /** The only product it is for, if any. */
  product: string | null
  scopes: string[]
  rateLimitPerMinute: number
}

interface Row {
  tenant_id: string
  tenant_ref_id: string
  tenant_slug: string
  id: string
  product: string | null
  scopes: string[]
  expires_at: Date | null
  rate_limit_per_minute: number
  hash: string
}

interface Found extends VerifiedKey {
  expiresAt: number
}

/** How long an isolate trusts what it read. It may still accept a revoked key for this long. */
export const trustedForMs = 10_000
/** Keys that are remembered, and apart from them keys that are known to be none: a flood of wrong ones evicts no good one. */
const maxRemembered = 5_000

interface Options {
  pepper: string
  db?: Pick<Db, 'query'>
  proves?: typeof provesKey
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

export interface KeyVerifier {
  /** Refuses with 401 invalid_api_key, whatever the reason is. */
  verify(key: string): Promise<VerifiedKey>
  /** How many keys are in the cache. */
  size(): number
}

/**
 * A verifier for one isolate. It makes the cheap checks first, so that few keys reach the expensive ones: the
 * checksum (no query), the cache of the last ten seconds, one indexed read by HMAC, argon2id. A wrong key with a
 * good checksum costs the read. Only a key that is in the database is hashed.
 */
export function apiKeyVerifier({
  pepper,
  db = admin,
  proves = provesKey,
  now = () => performance.now(),
}: Options): KeyVerifier {
  const memory = { max: maxRemembered, ttl: trustedForMs, ttlResolution: 0, perf: { now } }
  const good = new LRUCache<string, Found>(memory)
  const bad = new LRUCache<string, true>(memory)
  // Bounded by the number of requests under way.
  const underWay = new Map<string, Promise<Found | null>>()

  async function look(key: string, digest: string): Promise<Found | null> {
    // Read before the query: a key that is revoked during the query must not be trusted for longer.
    const start = now()
    const found = await find(key)
    if (found) good.set(digest, found, { start })
    else bad.set(digest, true, { start })
    return found
  }

  async function find(key: string): Promise<Found | null> {
    const [row] = await db.query<Row>(
      named('find_api_key', sql`select * from private.find_api_key(${lookupOf(key, pepper)})`),
    )
    if (!row || !(await proves(key, row.hash))) return null
    return {
      id: row.id,
      tenant: { id: row.tenant_id, refId: row.tenant_ref_id, slug: row.tenant_slug },
      product: row.product,
      scopes: row.scopes,
      rateLimitPerMinute: row.rate_limit_per_minute,
      expiresAt: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
    }
  }

  return {
    async verify(key) {
      if (!parseApiKey(key)) throw invalidApiKey()
      // The cache does not hold the key itself either.
      const digest = createHash('sha256').update(key).digest('base64')
      let found: Found | null | undefined = good.get(digest) ?? (bad.has(digest) ? null : undefined)
      if (found === undefined) {
        let looking = underWay.get(digest)
        if (!looking) {
          looking = look(key, digest).finally(() => underWay.delete(digest))
          underWay.set(digest, looking)
        }
        found = await looking
      }
      if (!found || found.expiresAt <= Date.now()) throw invalidApiKey()
      return found
    },
    size: () => good.size + bad.size,
  }
}

/** One answer for every key that does not work: the reason would only help a guesser. SQL uses the same words. */
export function invalidApiKey(): Problem {
  const detail =
    'The API key is not valid. It is unknown, revoked, expired or switched off, or it was not copied completely.'
  return new Problem('invalid_api_key', detail)
}
