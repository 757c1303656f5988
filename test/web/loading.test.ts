import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { LOOKUP, newVisitor, sampleConfig, tenantUrl } from './site.ts'

const HOST = tenantUrl('leadingwithmeaning')
const LOGO = 'https://logo.example.com/wide.svg'
const withLogo = {
  ...sampleConfig,
  brand: { ...sampleConfig.brand, logo: { url: LOGO, alt: 'Sample Practice', width: 180 } },
  coach: { name: 'Sample Coach', title: null, photo: LOGO },
}

/** Holds an answer back until it is let go. */
async function hold(page: Page, url: string, answer: { contentType: string; body: string }) {
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route(url, async (route) => {
    await held
    await route.fulfill(answer)
  })
  return letGo
}

describeInBrowser('while the page loads', (browser) => {
  it.each([
    { colorScheme: 'light', width: 360 },
    { colorScheme: 'dark', width: 360 },
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 1280 },
  ] as const)('nothing jumps ($colorScheme, $width px)', async ({ colorScheme, width }) => {
    const { page } = await newVisitor(browser(), { colorScheme, viewport: { width, height: 740 } })
    await page.addInitScript(() => {
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const before = Number(document.documentElement.dataset.shift ?? 0)
          document.documentElement.dataset.shift = String(before + Reflect.get(entry, 'value'))
        }
      }).observe({ type: 'layout-shift', buffered: true })
    })
    const showBrand = await hold(page, LOOKUP, {
      contentType: 'application/json',
      body: JSON.stringify(withLogo),
    })
    const showLogo = await hold(page, LOGO, {
      contentType: 'image/svg+xml',
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><rect width="900" height="300"/></svg>',
    })
    // Elements that are exchanged do not count as shifted, so the place of the hero is compared as well.
    const heroTop = () => page.locator('.hero').evaluate((hero) => hero.getBoundingClientRect().top)

    await page.goto(HOST)
    expect(await page.locator('#page').getAttribute('aria-busy')).toBe('true')
    const before = await heroTop()
    showBrand()
    await page.locator('.hero h1').waitFor()
    expect(await heroTop()).toBe(before)
    showLogo()
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('.logo img')?.naturalWidth === 900,
    )
    expect(await heroTop()).toBe(before)
    expect(await page.evaluate(() => Number(document.documentElement.dataset.shift ?? 0))).toBeLessThan(0.01)
  })

  it('says that it is loading', async () => {
    const { page } = await newVisitor(browser())
    await hold(page, LOOKUP, { contentType: 'application/json', body: '{}' })
    await page.goto(HOST)
    expect(await page.title()).toBe('Loading …')
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Loading …')
  })

  it('asks for nothing twice', async () => {
    const { page, requests } = await newVisitor(browser())
    await page.goto(HOST)
    await page.locator('.hero h1').waitFor()
    const own = requests.filter((url) => url.startsWith(HOST))
    expect(new Set(own).size).toBe(own.length)
    expect(own.filter((url) => url.includes('/functions/'))).toEqual([`${HOST}functions/v1/branding/resolve`])
  })
})
