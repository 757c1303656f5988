import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { type Page, PageCache } from '../../../lib/branding/page/cache.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { call } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../../kit/tenants.ts'

const stack = inject('stack')

let owner: Person
let tenant: Tenant
let other: string
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  other = freshSlug()
})
const rename = async (from: string, to: string) => {
  const path = `/registry/tenants/${from}/slug`
  const answer = await call(path, { method: 'POST', token: owner.token, body: { slug: to } })
  expect(answer.status, await answer.text()).toBe(200)
}
const lookUp = (slug: string) => call(`/branding/by-slug/${slug}`)

describe('a redirect', () => {
  it('is kept by nobody', async () => {
    await rename(tenant.slug, other)
    const moved = await lookUp(tenant.slug)
    expect([moved.status, moved.headers.get('location'), moved.headers.get('cache-control')]).toEqual([
      ...[308, other, 'no-store'],
    ])
    const theme = await call(`/branding/by-slug/${tenant.slug}/theme.css`)
    expect([theme.status, theme.headers.get('cache-control')]).toEqual([308, 'no-store'])
  })

  it('ends at once when the slug comes back, and never leads in a circle', async () => {
    // Nobody has asked for either slug yet, so each answer below is read from the database or from a redirect's.
    for (let round = 0; round < 2; round++) {
      await rename(tenant.slug, other)
      expect((await lookUp(tenant.slug)).status).toBe(308)
      await rename(other, tenant.slug)
      const back = await lookUp(tenant.slug)
      expect([back.status, ((await back.json()) as { slug: string }).slug]).toEqual([200, tenant.slug])
      await sleep(5_100)
    }
  })
})

describe('the page cache', () => {
  const page = (slug: string, isRetired: boolean): Page => ({
    config: '{"brand":{}}',
    etag: '"1"',
    slug,
    isRetired,
  })
  it('keeps where a redirect leads, and not the redirect', async () => {
    const asked: string[] = []
    const cache = new PageCache(async (key) => {
      asked.push(key)
      return page('b', key === 'slug:a')
    })
    expect([(await cache.find('slug:a'))?.isRetired, (await cache.find('slug:a'))?.isRetired]).toEqual([
      true,
      true,
    ])
    expect((await cache.find('slug:b'))?.isRetired).toBe(false)
    expect(asked).toEqual(['slug:a', 'slug:a'])
  })
})

describeInBrowser('a browser that keeps what it may', (browser) => {
  it('follows a slug there and back', async () => {
    const visit = await browser().newPage()
    try {
      await visit.goto(`${stack.api_url}/functions/v1/branding/openapi.json`)
      const ask = (slug: string) =>
        visit.evaluate(async (url) => {
          const answer = await fetch(url)
          return [answer.status, answer.redirected, ((await answer.json()) as { slug: string }).slug]
        }, `${stack.api_url}/functions/v1/branding/by-slug/${slug}`)
      await rename(tenant.slug, other)
      expect(await ask(tenant.slug)).toEqual([200, true, other])
      await rename(other, tenant.slug)
      expect(await ask(tenant.slug)).toEqual([200, false, tenant.slug])
      await sleep(5_100)
      const third = freshSlug()
      await rename(tenant.slug, third)
      expect(await ask(third)).toEqual([200, false, third])
    } finally {
      await visit.close()
    }
  })
})
