import { describe, expect, it } from 'vitest'
import { type Page, PageCache } from '../../../lib/branding/page/cache.ts'
import { eventually } from '../../kit/eventually.ts'

const page = (slug: string, version = 1): Page => ({
  config: JSON.stringify({ slug, version, brand: { colors: { primary: '#111111' } } }),
  etag: `"${slug}-${version}"`,
  slug,
  isRetired: false,
})

/** A cache over a table that counts how often it is asked. */
function over(rows: Map<string, Page>, delay = async () => {}) {
  const asked: string[] = []
  const cache = new PageCache(async (key) => {
    asked.push(key)
    const found = rows.get(key) ?? null
    await delay()
    return found
  })
  return { cache, asked }
}

describe('the page cache', () => {
  it('asks once, also for what does not exist', async () => {
    const { cache, asked } = over(new Map([['slug:a', page('a')]]))
    for (let n = 0; n < 3; n++) {
      expect((await cache.find('slug:a'))?.etag).toBe('"a-1"')
      expect(await cache.find('slug:none')).toBeNull()
    }
    expect(asked).toEqual(['slug:a', 'slug:none'])
  })

  it('answers without a promise once it knows', async () => {
    const { cache } = over(new Map([['slug:a', page('a')]]))
    await cache.find('slug:a')
    expect(cache.find('slug:a')).toHaveProperty('slug', 'a')
  })

  it('asks once for a stampede', async () => {
    const { cache, asked } = over(
      new Map([['slug:a', page('a')]]),
      () => new Promise((resolve) => setTimeout(resolve, 20)),
    )
    const found = await Promise.all(Array.from({ length: 100 }, () => cache.find('slug:a')))
    expect(found.every((each) => each?.slug === 'a')).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('is never older than 5 seconds', async () => {
    const rows = new Map([['slug:a', page('a')]])
    const { cache } = over(rows)
    await cache.find('slug:a')
    rows.set('slug:a', page('a', 2))
    expect((await cache.find('slug:a'))?.etag).toBe('"a-1"')
    await new Promise((resolve) => setTimeout(resolve, 5_010))
    expect((await cache.find('slug:a'))?.etag).toBe('"a-2"')
  })

  it('forgets a page by every way in to it, and no other', async () => {
    const rows = new Map([
      ['slug:a', page('a')],
      ['host:a.example', page('a')],
      ['slug:b', page('b')],
    ])
    const { cache, asked } = over(rows)
    for (const key of rows.keys()) await cache.find(key)
    rows.set('slug:a', page('a', 2)).set('host:a.example', page('a', 2)).set('slug:b', page('b', 2))
    cache.forget('a')
    expect((await cache.find('slug:a'))?.etag).toBe('"a-2"')
    expect((await cache.find('host:a.example'))?.etag).toBe('"a-2"')
    expect((await cache.find('slug:b'))?.etag).toBe('"b-1"')
    expect(asked).toHaveLength(5)
  })

  it('does not keep what a write overtook', async () => {
    const rows = new Map([['slug:a', page('a')]])
    let release = () => {}
    const { cache } = over(
      rows,
      () =>
        new Promise<void>((resolve) => {
          release = resolve
        }),
    )
    const early = cache.find('slug:a')
    await eventually(() => expect(release).not.toBe(undefined))
    // The old row has been read; now it changes, and this isolate says so.
    rows.set('slug:a', page('a', 2))
    cache.forget('a')
    release()
    await new Promise((resolve) => setTimeout(resolve, 5))
    release()
    expect((await early)?.etag).toBe('"a-2"')
  })

  it('does not remember a failure', async () => {
    let isDown = true
    const cache = new PageCache(async () => {
      if (isDown) throw new Error('down')
      return page('a')
    })
    await expect(cache.find('slug:a')).rejects.toThrow('down')
    isDown = false
    expect(await cache.find('slug:a')).toHaveProperty('slug', 'a')
  })

  it('stays within its bounds under invented names', async () => {
    const { cache, asked } = over(new Map())
    for (let n = 0; n < 25_000; n++) await cache.find(`slug:${n}`)
    expect(cache.size).toBeLessThanOrEqual(20_000)
    await cache.find('slug:24999')
    expect(asked).toHaveLength(25_000)
  })

  it('stays within its bounds under large pages', async () => {
    const config = 'x'.repeat(1_048_576)
    const cache = new PageCache(async (key) => ({ ...page(key), config }))
    for (let n = 0; n < 40; n++) await cache.find(`slug:${n}`)
    expect(cache.size).toBeLessThanOrEqual(16)
  })
})
