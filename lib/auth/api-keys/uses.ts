import { LRUCache } from 'lru-cache'
import { admin, type Db, sql } from '../../db/index.ts'
import { inBackground } from '../../runtime/index.ts'
import type { VerifiedKey } from './verifier.ts'

/** How often one isolate writes that a key was used. */
const oncePerMs = 60_000
/** How long a use waits, so that the uses of several keys are written together. */
const gatherMs = 1_000

interface Options {
  db?: Pick<Db, 'query'>
  now?: () => number
  gather?: () => Promise<unknown>
}

/**
 * Writes when keys were last used: after the answer, for all keys in one statement, and for each key at most once
 * a minute. So `last_used_at` may be a minute late, and a busy key costs one write a minute.
 */
export function apiKeyUses({
  db = admin,
  now = Date.now,
  gather = () => new Promise((resolve) => setTimeout(resolve, gatherMs)),
}: Options = {}): (key: VerifiedKey) => void {
  const noted = new LRUCache<string, number>({ max: 10_000 })
  let waiting: { tenant: string; key: string; at: Date }[] = []

  async function write(): Promise<void> {
    await gather()
    const uses = waiting
    waiting = []
    await db.query(sql`
      select private.touch_api_keys(${uses.map((use) => use.tenant)}, ${uses.map((use) => use.key)}, ${uses.map((use) => use.at)})`)
  }

  return ({ id, tenant }) => {
    const at = now()
    if (at - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < oncePerMs) return
    noted.set(id, at)
    waiting.push({ tenant: tenant.id, key: id, at: new Date(at) })
    if (waiting.length === 1) inBackground('note when API keys were used', write)
  }
}
