import { LRUCache } from 'lru-cache'
import { type Db, named, Problem, sql } from '../../db/index.ts'
import { type Head, readHead } from './head.ts'
import { resolvedAnswer } from './queries.ts'
import type { ResolvedAnswer } from './schema.ts'

/** A resolved configuration as it is answered. Whoever gets one must not change it. */
export interface CachedConfig {
  answer: ResolvedAnswer
  text: string
  /** Strong, over the versions of the framework and of the tenant's configuration. */
  etag: string
}

/** Which versions an answer is made of. */
type State = Pick<Head, 'framework_version'> & Pick<Head['config'], 'version' | 'updated_at'>

/** Part of the ETag. Raise it when the same versions are answered in another way. */
const format = 1
/** Far less than the 256 MB of an isolate. */
const maxBytes = 32 * 1_048_576

const entries = new LRUCache<string, CachedConfig>({
  maxSize: maxBytes,
  // The text, and about twice as much for the objects.
  sizeCalculation: ({ text }, key) => key.length + 3 * text.length,
})

/**
 * The framework as it is for the tenant, with the text and the ETag of the answer. Each call asks the database, as this
 * caller, which versions are current. So nobody gets a stale one, and a warm one costs one small read. 404
 * framework_not_found.
 */
export async function findResolved(db: Db, tenantId: string, framework: string): Promise<CachedConfig> {
  const [state] = await db.query<State>(
    named(
      'resolved_state',
      sql`
      select f.version as framework_version, coalesce(c.version, 0) as version, c.updated_at
      from public.frameworks as f
      left join public.framework_configs as c on c.tenant_id = ${tenantId} and c.framework_id = f.framework_id
      where f.framework_id = ${framework}`,
    ),
  )
  if (!state) throw new Problem('framework_not_found', 'There is no framework with this name.')
  const key = `${tenantId} ${framework}`
  const known = entries.get(key)
  if (known?.etag === tagOf(state)) return known
  const head = await readHead(db, tenantId, framework)
  const answer = resolvedAnswer(head, { explain: false })
  const etag = tagOf({ framework_version: head.framework_version, ...head.config })
  const entry = { answer, text: JSON.stringify(answer), etag }
  entries.set(key, entry)
  return entry
}

/** With the moment, because the reset of a demo goes back to an earlier version and counts on from there. */
function tagOf({ framework_version, version, updated_at }: State): string {
  const changedAt = updated_at === null ? 0 : new Date(updated_at).getTime()
  return `"${format}-${framework_version}-${version}-${changedAt.toString(36)}"`
}
