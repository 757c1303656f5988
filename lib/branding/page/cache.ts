import { LRUCache } from 'lru-cache'
import { renderThemeCss, type Theme } from '../brand/theme-css.ts'

/** What the database says about a page. */
export interface Page {
  /** The public config, as the exact JSON text that is served. */
  config: string
  etag: string
  /** The tenant's current slug. */
  slug: string
  /** Whether the lookup used a slug that the tenant has given up. */
  isRetired: boolean
  /** How long ago it may have ceased to be true. A read replica is a little behind. */
  ageMs?: number
}

/** A page with everything that its answers need, prepared once. */
export interface CachedPage extends Page {
  theme(): { css: string; etag: string }
}

type Entry = { page: CachedPage | null }

/** How old a cached answer may be. The public Cache-Control allows browsers to keep one longer. */
const maxAgeMs = 5_000
/**
 * Room for some thousand pages, far less than the 256 MB of an isolate. Objects that live for seconds are the worst
 * case of a generational garbage collector: with 32 MB, collecting took a third of the time of a miss.
 */
const maxBytes = 4 * 1_048_576
const maxEntries = 10_000

/**
 * A cache of pages by slug and by host, bounded in number, size and age. It also remembers, within the same bounds,
 * that a page does not exist. Concurrent requests for one page wait for one query.
 */
export class PageCache {
  readonly #entries: LRUCache<string, Entry>
  /** Counts this isolate's own writes. A page that was read before a write must not be cached after it. */
  #writes = 0

  readonly #load: (key: string) => Promise<Page | null>
  readonly #pending = new Map<string, Promise<CachedPage | null>>()

  constructor(load: (key: string) => Promise<Page | null>) {
    this.#load = load
    this.#entries = new LRUCache({
      ttl: maxAgeMs,
      // How often it reads the clock, in milliseconds. With its default, 1, a lookup takes a tenth longer.
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
      // Not the cache's own fetch(): its set-up for each call costs as much as the query.
      reading = this.#read(key)
      this.#pending.set(key, reading)
    }
    return reading
  }

  get size(): number {
    return this.#entries.size
  }

  /** Drops every entry that leads to the page of the tenant with this slug. */
  forget(slug: string): void {
    this.#writes++
    for (const [key, { page }] of this.#entries.entries()) {
      if (page?.slug === slug) this.#entries.delete(key)
    }
  }

  /** Drops one entry, also one that says there is no page. */
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
        // A redirect is true only when it is read: the tenant may take its old slug back, and two redirects that
        // were kept would lead to each other. Where it leads to is known now.
        if (page?.isRetired)
          this.#entries.set(`slug:${page.slug}`, { page: prepare({ ...page, isRetired: false }) })
        // What was not quite new when it was read is kept for less long.
        else this.#entries.set(key, { page }, { ttl: maxAgeMs - (found?.ageMs ?? 0) })
        return page
      }
    } finally {
      this.#pending.delete(key)
    }
  }
}

/** Part of a theme's ETag. Raise it when themes are written in another way. */
const themeFormat = 2

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
