import { admin, forgetMarks, named, queryRecent, type Sql, sql } from '../../db/index.ts'
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

/** Slugs that arrive while a query is under way share the next one, so many misses at once cost one round trip. */
function readBySlug(slug: string): Promise<Page | null> {
  return new Promise((resolve, reject) => {
    waiting.push({ slug, resolve, reject })
    if (!isReading) void readWaiting()
  })
}

// The service's connection, because nobody is signed in and the two finders read only public pages. One prepared
// statement on a pooled connection and no transaction, because this is the hottest path.
async function readWaiting(): Promise<void> {
  isReading = true
  while (waiting.length > 0) {
    const asked = waiting.splice(0, maxBatch)
    try {
      const { rows, ageMs } = await queryRecent<Numbered>(pagesOf(asked))
      const found = new Map(rows.map((row) => [row.n, pageOf(row, ageMs)]))
      const unsure: Waiting[] = []
      for (const [index, each] of asked.entries()) {
        const page = found.get(index + 1) ?? null
        if (ageMs === 0 || isSure(page)) each.resolve(page)
        else unsure.push(each)
      }
      if (unsure.length > 0) await readForSure(unsure)
    } catch (thrown) {
      for (const { reject } of asked) reject(thrown)
    }
  }
  isReading = false
}

interface Numbered extends PageRow {
  n: number
}

const pagesOf = (asked: Waiting[]): Sql =>
  named(
    'find_pages_by_slug',
    sql`
    select n, config, etag, current_slug, is_retired from private.find_tenant_pages_by_slug(${asked.map((each) => each.slug)})`,
  )

/**
 * Whether a replica may say so. A tenant that was just made would be missing there, and two redirects of different ages could lead to
 * each other. So the primary says what is not there, and where a redirect leads.
 */
const isSure = (page: Page | null) => page !== null && !page.isRetired

async function readForSure(asked: Waiting[]): Promise<void> {
  const rows = await admin.query<Numbered>(pagesOf(asked))
  const found = new Map(rows.map((row) => [row.n, pageOf(row, 0)]))
  for (const [index, { resolve }] of asked.entries()) resolve(found.get(index + 1) ?? null)
}

async function readByHost(host: string): Promise<Page | null> {
  const statement = named(
    'find_page_by_host',
    sql`
    select config, etag, current_slug, false as is_retired from private.find_tenant_page_by_host(${host})`,
  )
  const { rows, ageMs } = await queryRecent<PageRow>(statement)
  const [row] = rows.length > 0 || ageMs === 0 ? rows : await admin.query<PageRow>(statement)
  return row ? pageOf(row, ageMs) : null
}

function pageOf(row: PageRow, ageMs: number): Page {
  return { config: row.config, etag: row.etag, slug: row.current_slug, isRetired: row.is_retired, ageMs }
}

const pages = new PageCache((key) => {
  const name = key.slice(key.indexOf(':') + 1)
  return key.startsWith('slug:') ? readBySlug(name) : readByHost(name)
})

/** A page, or null if there is none. It is a promise only if the page is not in the cache. */
type Found = CachedPage | null | Promise<CachedPage | null>

/** The public page of a slug, which is current or was given up at most 90 days ago. */
export function findPageBySlug(slug: string): Found {
  const lower = slug.toLowerCase()
  return slugPattern.test(lower) ? pages.find(`slug:${lower}`) : null
}

/** The public page of a verified custom domain. The host may have any spelling. */
export function findPageByDomain(host: string): Found {
  const name = normaliseHost(host)
  return name === null ? null : pages.find(`host:${name}`)
}

/** The public page of a host that is `<slug>.<base domain>` or a custom domain. */
export function findPageByHost(host: string): Found {
  const name = normaliseHost(host)
  if (name === null) return null
  for (const base of baseDomains()) {
    if (name === base) return null
    if (name.endsWith(`.${base}`)) return findPageBySlug(name.slice(0, -base.length - 1))
  }
  return pages.find(`host:${name}`)
}

/** Drops a tenant's page from this isolate's cache. Other isolates read it again when their entry is too old. */
export function forgetPage(currentSlug: string): void {
  forgetMarks()
  pages.forget(currentSlug)
}

/** Drops a custom domain's entry from this isolate's cache, as forgetPage does for a slug. */
export function forgetHost(host: string): void {
  forgetMarks()
  pages.forgetKey(`host:${host}`)
}
