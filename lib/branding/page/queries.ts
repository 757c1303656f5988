import { admin, named, sql } from '../../db/index.ts'
import { baseDomains } from '../domains/base-domains.ts'
import { normaliseHost } from '../domains/normalise-host.ts'
import { type CachedPage, type Page, PageCache } from './cache.ts'

interface PageRow {
  config: string
  etag: string
  current_slug: string
  is_retired: boolean
}

const slugPattern = /^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$/

interface Waiting {
  slug: string
  resolve(page: Page | null): void
  reject(reason: unknown): void
}

const maxBatch = 100
const waiting: Waiting[] = []
let isReading = false

/** What is asked for while one query is under way shares the next: many misses at once are one round trip. */
function readBySlug(slug: string): Promise<Page | null> {
  return new Promise((resolve, reject) => {
    waiting.push({ slug, resolve, reject })
    if (!isReading) void readWaiting()
  })
}

// The admin connection: nobody is signed in, and the two finders read nothing but public pages. One
// prepared statement on a pooled connection and no transaction, because this is the hottest path.
async function readWaiting(): Promise<void> {
  isReading = true
  while (waiting.length > 0) {
    const asked = waiting.splice(0, maxBatch)
    try {
      const rows = await admin.query<PageRow & { n: number }>(
        named(
          'find_pages_by_slug',
          sql`
          select n, config, etag, current_slug, is_retired from private.find_tenant_pages_by_slug(${asked.map((each) => each.slug)})`,
        ),
      )
      const found = new Map(rows.map((row) => [row.n, pageOf(row)]))
      for (const [index, { resolve }] of asked.entries()) resolve(found.get(index + 1) ?? null)
    } catch (thrown) {
      for (const { reject } of asked) reject(thrown)
    }
  }
  isReading = false
}

async function readByHost(host: string): Promise<Page | null> {
  const [row] = await admin.query<PageRow>(
    named(
      'find_page_by_host',
      sql`
      select config, etag, current_slug, false as is_retired from private.find_tenant_page_by_host(${host})`,
    ),
  )
  return row ? pageOf(row) : null
}

function pageOf(row: PageRow): Page {
  return { config: row.config, etag: row.etag, slug: row.current_slug, isRetired: row.is_retired }
}

const pages = new PageCache((key) => {
  const name = key.slice(key.indexOf(':') + 1)
  return key.startsWith('slug:') ? readBySlug(name) : readByHost(name)
})

/** A page, now or soon; null where there is none. Not a promise when it is at hand: most calls are. */
type Found = CachedPage | null | Promise<CachedPage | null>

/** The public page behind a slug, current or retired at most 90 days ago. */
export function findPageBySlug(slug: string): Found {
  const lower = slug.toLowerCase()
  return slugPattern.test(lower) ? pages.find(`slug:${lower}`) : null
}

/** The public page behind a verified custom domain, however the host is spelled. */
export function findPageByDomain(host: string): Found {
  const name = normaliseHost(host)
  return name === null ? null : pages.find(`host:${name}`)
}

/** The page a visitor of this host is meant to see: `<slug>.<base domain>`, or a custom domain. */
export function findPageByHost(host: string): Found {
  const name = normaliseHost(host)
  if (name === null) return null
  for (const base of baseDomains()) {
    if (name === base) return null
    if (name.endsWith(`.${base}`)) return findPageBySlug(name.slice(0, -base.length - 1))
  }
  return pages.find(`host:${name}`)
}

/** Forgets a tenant's page at once, in this isolate; others follow within the cache's age. */
export function forgetPage(currentSlug: string): void {
  pages.forget(currentSlug)
}

/** Forgets what a custom domain leads to, or that it leads nowhere, as forgetPage does. */
export function forgetHost(host: string): void {
  pages.forgetKey(`host:${host}`)
}
