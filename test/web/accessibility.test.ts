import { expect, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { answerWith, LOOKUP, newVisitor, open, sampleConfig, seededSlugs, tenantUrl } from './site.ts'

const HOST = tenantUrl('leadingwithmeaning')

describeInBrowser('for everyone', (browser) => {
  it.each(['light', 'dark'] as const)(
    'axe finds nothing on a tenant’s page when it is %s',
    async (colorScheme) => {
      const { page } = await newVisitor(browser(), { colorScheme })
      for (const slug of seededSlugs()) {
        await open(page, tenantUrl(slug))
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 })
          expect(await violationsOn(page), `${slug} at ${width} px`).toEqual([])
        }
      }
    },
  )

  it.each(['light', 'dark'] as const)(
    'axe finds nothing on the pages without a tenant when it is %s',
    async (colorScheme) => {
      const unknown = await newVisitor(browser(), { colorScheme })
      await open(unknown.page, tenantUrl('nobody-lives-here'))
      expect(await violationsOn(unknown.page)).toEqual([])

      const trouble = await newVisitor(browser(), { colorScheme })
      await answerWith(trouble.page, 'no', 503)
      await open(trouble.page, HOST)
      expect(await violationsOn(trouble.page)).toEqual([])
    },
  )

  it.each(['light', 'dark'] as const)(
    'axe finds nothing on a brand nobody could read when it is %s',
    async (colorScheme) => {
      const { page } = await newVisitor(browser(), { colorScheme })
      const colors = { primary: '#ffe14d', background: '#ffffff', text: '#fff7c2', text_muted: '#fefefe' }
      await answerWith(page, { ...sampleConfig, brand: { ...sampleConfig.brand, colors } })
      await open(page, HOST)
      expect(await violationsOn(page)).toEqual([])
    },
  )

  it('the keyboard goes through the page in reading order, and is seen doing so', async () => {
    const { page } = await newVisitor(browser())
    await answerWith(page, sampleConfig)
    await open(page, HOST)
    const stops: string[] = []
    for (let stop = 0; stop < 4; stop++) {
      await page.keyboard.press('Tab')
      const focused = page.locator(':focus')
      stops.push((await focused.textContent()) ?? '')
      expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid')
    }
    expect(stops).toEqual([
      'Skip to content',
      'Take the assessment',
      'Book a conversation',
      'Visit our website',
    ])
  })

  it('the skip link leads to the content', async () => {
    const { page } = await newVisitor(browser())
    await open(page, HOST)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator(':focus').getAttribute('id')).toBe('main')
  })

  it('has one main, one first heading and no skipped level', async () => {
    const { page } = await newVisitor(browser())
    await answerWith(page, sampleConfig)
    await open(page, HOST)
    expect(await page.getByRole('main').count()).toBe(1)
    expect(await page.getByRole('banner').count()).toBe(1)
    expect(await page.getByRole('contentinfo').count()).toBe(1)
    const levels = await page.locator(':is(h1, h2, h3)').evaluateAll((all) => all.map((h) => h.tagName))
    expect(levels).toEqual(['H1', 'H2', 'H2', 'H2'])
  })

  it('speaks the tenant’s language, and marks its own words where it cannot', async () => {
    const german = await newVisitor(browser())
    await answerWith(german.page, { ...sampleConfig, locale: 'de-CH' })
    await open(german.page, HOST)
    expect(await german.page.locator('html').getAttribute('lang')).toBe('de-CH')
    expect(await german.page.locator('.actions a').first().textContent()).toBe('Zum Assessment')

    const hebrew = await newVisitor(browser())
    await answerWith(hebrew.page, { ...sampleConfig, locale: 'he' })
    await open(hebrew.page, HOST)
    expect(await hebrew.page.locator('html').getAttribute('dir')).toBe('rtl')
    expect(await hebrew.page.locator('.actions a').first().getAttribute('lang')).toBe('en')
  })

  it('moves nothing for those who asked for less motion', async () => {
    const { page } = await newVisitor(browser(), { reducedMotion: 'reduce' })
    await page.route(LOOKUP, () => undefined)
    await page.goto(HOST)
    const running = await page.evaluate(() => document.getAnimations().length)
    expect(running).toBe(0)
  })
})
