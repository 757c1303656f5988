import { expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import {
  answerWith,
  brandedTenants,
  fetchConfig,
  newVisitor,
  open,
  rgb,
  sampleConfig,
  seededSlugs,
  styleOf,
  tenantUrl,
} from './site.ts'

describeInBrowser('the branded page', (browser) => {
  it('wears what its tenant configured', async () => {
    const config = await fetchConfig('leadingwithmeaning')
    const { colors, fonts } = config.brand
    const { page, errors } = await newVisitor(browser(), { colorScheme: 'light' })
    await open(page, tenantUrl('leadingwithmeaning'))

    expect(await styleOf(page, 'body', 'background-color')).toBe(rgb(colors.background))
    expect(await styleOf(page, 'body', 'color')).toBe(rgb(colors.text))
    expect(await styleOf(page, '.hero', 'background-color')).toBe(rgb(colors.primary))
    expect(await styleOf(page, 'body', 'font-family')).toMatch(new RegExp(`^"?${fonts.body}"?,`))
    expect(await styleOf(page, 'h1', 'font-family')).toMatch(new RegExp(`^"?${fonts.heading}"?,`))
    expect(await styleOf(page, 'html', '--tenant-color-primary')).toBe(colors.primary)
    expect(errors).toEqual([])
  })

  it('is set in the fonts of its brand, and takes no file of them that it does not show', async () => {
    const { page, requests } = await newVisitor(browser())
    await open(page, tenantUrl('leadingwithmeaning'))
    await page.evaluate(() => document.fonts.ready)
    const loaded = () =>
      page.evaluate(() =>
        [...document.fonts]
          .filter(({ status }) => status === 'loaded')
          .map(({ family, weight }) => `${family.replaceAll('"', '')} ${weight}`)
          .sort(),
      )
    await expect.poll(loaded).toEqual(['Lato 400', 'Lato 700', 'Playfair Display 700'])
    const files = requests
      .filter((url) => url.includes('/fonts/'))
      .map((url) => url.replace(/.*\/fonts\//, ''))
    expect(files.map((path) => path.replace(/-\d+\.\d+\.\d+/, '')).toSorted()).toEqual([
      'lato.css',
      'lato/latin-400.woff2',
      'lato/latin-700.woff2',
      'playfair-display.css',
      'playfair-display/latin-700.woff2',
    ])
  })

  it('is readable where the files of its fonts are not there, and in a font that nobody serves', async () => {
    const { page, errors } = await newVisitor(browser())
    await page.route('**/fonts/**', (route) => route.fulfill({ status: 404, body: 'Not Found' }))
    await open(page, tenantUrl('leadingwithmeaning'))
    expect(await styleOf(page, 'h1', 'font-family')).toMatch(/^"Playfair Display", .*Georgia.*, serif$/)
    const fonts = {
      heading: 'Made For Us',
      body: null,
      fallbacks: { heading: 'serif', body: null },
      served: [],
    }
    await answerWith(page, { ...sampleConfig, brand: { ...sampleConfig.brand, fonts } })
    await open(page, tenantUrl('leadingwithmeaning'))
    expect(await styleOf(page, 'h1', 'font-family')).toMatch(/^"Made For Us", .*, serif$/)
    expect(errors).toEqual([])
  })

  it('says what its tenant wants said', async () => {
    const config = await fetchConfig('leadingwithmeaning')
    const { page } = await newVisitor(browser())
    await open(page, tenantUrl('leadingwithmeaning'))

    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(config.display_name)
    expect(await page.title()).toContain(config.display_name)
    expect(await page.locator('html').getAttribute('lang')).toBe(config.locale)
    const text = await page.locator('#page').textContent()
    expect(text).toContain(config.brand.tagline)
    expect(text?.replace(/\s+/g, ' ')).toContain(config.brand.messages.welcome?.replace(/\s+/g, ' '))
    expect(text).toContain(config.coach?.name)
    expect(text?.includes('Powered by Tenantry')).toBe(config.brand.show_powered_by)
    expect(await page.locator('.assessments li').count()).toBe(config.enabled_assessments.length)
    const links = await page
      .locator('.actions a')
      .evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    const { quiz, booking, site } = config.links
    const addresses = [quiz, booking, site].filter((url) => url !== null).map((url) => new URL(url).href)
    expect(links).toEqual(addresses)
  })

  it('looks different for two tenants', async () => {
    const tenants = await brandedTenants()
    expect(tenants.length).toBeGreaterThanOrEqual(2)
    const looks = new Set<string>()
    for (const { slug } of tenants.slice(0, 2)) {
      const { page } = await newVisitor(browser(), { colorScheme: 'light' })
      await open(page, tenantUrl(slug))
      const hero = await styleOf(page, '.hero', 'background-color')
      const font = await styleOf(page, 'h1', 'font-family')
      const name = await page.locator('h1').textContent()
      looks
        .add(hero)
        .add(font)
        .add(name ?? '')
    }
    expect(looks.size).toBe(6)
  })

  it('has a night version', async () => {
    const { colors } = (await fetchConfig('leadingwithmeaning')).brand
    const { page } = await newVisitor(browser(), { colorScheme: 'dark' })
    await open(page, tenantUrl('leadingwithmeaning'))
    const night = await styleOf(page, 'body', 'background-color')
    expect(night).not.toBe(rgb(colors.background))
    expect(await styleOf(page, 'html', 'color-scheme')).toBe('dark')

    await page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(() => styleOf(page, 'body', 'background-color')).toBe(rgb(colors.background))
  })

  it('fits a 360 px phone without scrolling sideways', async () => {
    const { page } = await newVisitor(browser(), { viewport: { width: 360, height: 740 } })
    for (const slug of seededSlugs()) {
      await open(page, tenantUrl(slug))
      expect(await page.evaluate(() => document.documentElement.scrollWidth), slug).toBeLessThanOrEqual(360)
    }
  })

  it('fits a phone even when a name is one endless word', async () => {
    const word = 'W'.repeat(255)
    const { page } = await newVisitor(browser(), { viewport: { width: 360, height: 740 } })
    await answerWith(page, {
      ...sampleConfig,
      display_name: word,
      brand: { ...sampleConfig.brand, tagline: word, messages: { welcome: word, completion: null } },
      coach: { name: word, title: word, photo: null },
      enabled_assessments: [word.slice(0, 64).toLowerCase()],
    })
    await open(page, tenantUrl('leadingwithmeaning'))
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })

  it('asks nobody but this site, and the hosts of the logo and the photo', async () => {
    const config = await fetchConfig('leadingwithmeaning')
    const { page, requests } = await newVisitor(browser())
    await open(page, tenantUrl('leadingwithmeaning'))
    await page.waitForLoadState('networkidle')

    const own = new URL(tenantUrl('leadingwithmeaning')).origin
    const pictures = [config.brand.logo?.url, config.coach?.photo].filter((url) => typeof url === 'string')
    const allowed = new Set([own, ...pictures.map((url) => new URL(url, own).origin)])
    const asked = requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin)
    expect(asked.filter((origin) => !allowed.has(origin))).toEqual([])
  })

  it('shows initials where a logo or a photo does not load', async () => {
    const { page } = await newVisitor(browser())
    await page.route(/\.(?:svg|png|jpe?g|webp|avif)(?:\?|$)/, (route) => route.abort())
    await open(page, tenantUrl('leadingwithmeaning'))
    await page.locator('.logo.monogram').waitFor()
    expect(await page.locator('.logo').textContent()).toBe('LM')
    expect(await page.locator('main img').count()).toBe(0)
  })
})
