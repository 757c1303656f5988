import { LRUCache } from 'lru-cache'
import { renderThemeCss, type Theme } from '../brand/theme-css.ts'

/** What the database says about a page. */
export interface Page {
  /** The public config, as the exact JSON text that is served. */
  config: string
  etag: string
  /** The tenant's current slug. */
  slug: string
  /** Whether it was asked for by a slug that the tenant no longer has. */
  isRetired: boolean
}

/** A page with everything its answers need put together once. */
export interface CachedPage extends Page {
  theme(): { css: string; etag: string }
}

type Entry = { page: CachedPage | null }

/** The oldest answer a cache may give; the public Cache-Control lets browsers keep one for longer. */
const maxAgeMs = 5_000
/**
 * Some thousand pages, far less than the 256 MB of an isolate: what is kept for seconds and then dropped
 * is what a generational collector does worst, and with 32 MB it took a third of the time of a miss.
 */
const maxBytes = 4 * 1_048_576
const maxEntries = 10_000

/**
 * Pages by what they are asked for, bounded in number, size and age. What does not exist is remembered
 * too, within the same bounds. Many who ask for one page at once wait for one query.
 */
export class PageCache {
  readonly #entries: LRUCache<string, Entry>
  /** Counts own writes: what was read before one must not be kept after it. */
  #writes = 0

  readonly #load: (key: string) => Promise<Page | null>
  readonly #pending = new Map<string, Promise<CachedPage | null>>()

  constructor(load: (key: string) => Promise<Page | null>) {
    this.#load = load
    this.#entries = new LRUCache({
      ttl: maxAgeMs,
      // How often it looks at the clock: each millisecond, its default, costs a lookup a tenth of its time.
      ttlResolution: 100,
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ page }, key) => 200 + key.length + (page ? page.config.length : 0),
    })
  }

  find(key: string): CachedPage | null | Promise<CachedPage | null> {
    const known = this.#entries.get(key)
    if (known) return known.page
    let reading = this.#pending.get(key)
    if (!reading) {
      // Not the cache's own fetch(): what it sets up a call costs as much as the query.
      reading = this.#read(key)
      this.#pending.set(key, reading)
    }
    return reading
  }

  get size(): number {
    return this.#entries.size
  }

  /** Drops every way in to the page of the tenant with this slug. */
  forget(slug: string): void {
    this.#writes++
    for (const [key, { page }] of this.#entries.entries()) {
      if (page?.slug === slug) this.#entries.delete(key)
    }
  }

  /** Drops one way in, also where it led nowhere. */
  forgetKey(key: string): void {
    this.#writes++
    this.#entries.delete(key)
  }

  async #read(key: string): Promise<CachedPage | null> {
    try {
      for (;;) {
        const before = this.#writes
        const found = await this.#load(key)
        if (before !== this.#writes) continue
        const page = found && prepare(found)
        this.#entries.set(key, { page })
        return page
      }
    } finally {
      this.#pending.delete(key)
    }
  }
}

/** Grows with the way themes are written, so that a new way is a new version of each. */
const themeFormat = 1

function prepare(page: Page): CachedPage {
  let theme: { css: string; etag: string } | undefined
  return {
    ...page,
    theme() {
      theme ??= {
        css: renderThemeCss((JSON.parse(page.config) as { brand: Theme }).brand),
        etag: `${page.etag.slice(0, -1)}-theme${themeFormat}"`,
      }
      return theme
    },
  }
}
