import { LRUCache } from 'lru-cache'
import { admin, type Db, named, Problem, sql } from '../../db/index.ts'
import { invalidApiKey, type VerifiedKey } from './verifier.ts'

/** How many requests an isolate may still let through in this minute before it asks the database again. */
interface Lease {
  left: number
  /** The database has no more for this minute. */
  isLast: boolean
  endsAt: number
}

interface Options {
  db?: Pick<Db, 'query'>
  now?: () => number
}

/**
 * Counts a request against its key, or refuses it with 429 rate_limited and Retry-After. All isolates share one
 * row in the database for each clock minute. An isolate takes a fiftieth of the limit from it at a time and counts
 * that down by itself. So a key never gets more than its limit in a clock minute, however many isolates serve it. It
 * may get less, by at most a fiftieth for each isolate, if an isolate does not use what it took. Limits up to 50 are
 * counted one by one, exactly.
 */
export function apiKeyAllowance({
  db = admin,
  now = () => performance.now(),
}: Options = {}): (key: VerifiedKey) => Promise<void> {
  const leases = new LRUCache<string, Lease>({ max: 10_000 })
  const asking = new Map<string, Promise<Lease>>()

  async function ask({ id, tenant, rateLimitPerMinute }: VerifiedKey): Promise<Lease> {
    const wanted = Math.ceil(rateLimitPerMinute / 50)
    const start = now()
    const [row] = await db.query<{ granted: number; seconds_left: number }>(
      named(
        'lease_api_key_requests',
        sql`select granted, seconds_left from private.lease_api_key_requests(${tenant.id}, ${id}, ${wanted})`,
      ),
    )
    if (!row) throw invalidApiKey()
    // Read before the query, so that a lease never ends later here than in the database.
    const endsAt = start + row.seconds_left * 1_000
    const lease = { left: row.granted, isLast: row.granted < wanted, endsAt }
    leases.set(id, lease)
    return lease
  }

  return async (key) => {
    for (;;) {
      const lease = leases.get(key.id)
      const restMs = lease ? lease.endsAt - now() : 0
      if (lease && restMs > 0) {
        if (lease.left > 0) {
          lease.left--
          return
        }
        if (lease.isLast) throw rateLimited(restMs)
      }
      let question = asking.get(key.id)
      if (!question) {
        question = ask(key).finally(() => asking.delete(key.id))
        asking.set(key.id, question)
      }
      await question
    }
  }
}

function rateLimited(restMs: number): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(restMs / 1_000))
  return new Problem('rate_limited', 'This API key has used up its requests of the current minute.', {
    retryAfterSeconds,
  })
}
