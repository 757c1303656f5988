import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { answerWith, newVisitor, open, sampleConfig, styleOf, tenantUrl } from './site.ts'

// What the database would refuse is put into the answer on its way to the browser: the page has to hold alone.
const HOST = tenantUrl('leadingwithmeaning')
const MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'
const CSS = '</style><style>body{display:none}</style>;}body{background:url(https://evil.example.com/a)}'

const wasOwned = (page: Page) => page.evaluate(() => 'owned' in window)

describeInBrowser('a hostile brand', (browser) => {
  it('with markup in its texts shows the markup as text', async () => {
    const { page, errors } = await newVisitor(browser())
    await answerWith(page, {
      ...sampleConfig,
      display_name: MARKUP,
      brand: { ...sampleConfig.brand, tagline: CSS, messages: { welcome: `${MARKUP}\n${CSS}` } },
      coach: { name: MARKUP, title: CSS, photo: null },
      enabled_assessments: [MARKUP, CSS],
    })
    await open(page, HOST)

    expect(await page.locator('h1').textContent()).toBe(MARKUP)
    expect(await page.title()).toBe(`${MARKUP} – ${CSS}`)
    expect(await page.locator('.tagline').textContent()).toBe(CSS)
    expect(await page.locator('.coach h2').textContent()).toBe(MARKUP)
    expect(await page.locator('#page :is(img, script, style)').count()).toBe(0)
    expect(await page.locator('body').isVisible()).toBe(true)
    expect(await wasOwned(page)).toBe(false)
    expect(errors).toEqual([])
  })

  it('with CSS in its colours and fonts is drawn in the neutral look', async () => {
    const { page, requests } = await newVisitor(browser(), { colorScheme: 'light' })
    const injection = '#1b4332;}body{display:none}a{b:url(https://evil.example.com/b)'
    await answerWith(page, {
      ...sampleConfig,
      brand: {
        ...sampleConfig.brand,
        colors: {
          primary: injection,
          accent: 'url(https://evil.example.com/c)',
          background: 'red',
          text: 'var(--page-background)',
          '--page-text': '#ffffff',
          __proto__: { border: '#ff0000' },
        },
        fonts: { heading: 'Lato"; } body { display: none; } /*', body: 'x, url(https://evil.example.com/d)' },
      },
    })
    await open(page, HOST)

    expect(await styleOf(page, 'body', 'display')).toBe('block')
    expect(await styleOf(page, 'body', 'background-color')).toBe('rgb(255, 255, 255)')
    expect(await styleOf(page, 'h1', 'font-family')).not.toContain('Lato')
    expect(await page.locator('html').getAttribute('style')).not.toMatch(/evil|url|var|red|tenant/)
    expect(requests.filter((url) => url.includes('evil'))).toEqual([])
  })

  it('with dangerous addresses gets no link and no picture', async () => {
    const { page, requests } = await newVisitor(browser())
    await answerWith(page, {
      ...sampleConfig,
      brand: { ...sampleConfig.brand, logo: { url: 'data:image/svg+xml,<svg onload=owned=1>', alt: MARKUP } },
      coach: { name: 'Sample Coach', title: null, photo: 'http://evil.example.com/photo.png' },
      links: {
        site: 'javascript:window.owned=1',
        booking: ' data:text/html,<script>owned=1</script>',
        quiz: 'https://sample.example.com@evil.example.com/',
      },
    })
    await open(page, HOST)

    const links = await page.locator('a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    expect(links).toEqual(['#main'])
    expect(await page.locator('img').count()).toBe(0)
    expect(requests.filter((url) => url.includes('evil'))).toEqual([])
    expect(await wasOwned(page)).toBe(false)
  })

  it.each([
    ['a list', []],
    ['nothing', null],
    ['markup', '<html><script>window.owned=1</script>'],
    ['an empty answer', ''],
    [
      'fields of the wrong types',
      { ...sampleConfig, display_name: { a: 1 }, brand: 'x', coach: [], links: 3 },
    ],
  ])('of %s is a page that cannot be shown right now', async (_, body) => {
    const { page, errors } = await newVisitor(browser())
    await answerWith(page, body)
    await open(page, HOST)
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true)
    expect(errors).toEqual([])
  })

  it('survives fields of the wrong types inside', async () => {
    const { page, errors } = await newVisitor(browser())
    await answerWith(page, {
      display_name: 'Sample Practice',
      locale: ['"><script>'],
      brand: { colors: 'red', fonts: 7, logo: 'x', tagline: {}, messages: [], show_powered_by: 'yes' },
      coach: 'x',
      links: null,
      enabled_assessments: [null, 7, { a: 1 }, 'industry4', '__proto__'],
    })
    await open(page, HOST)
    expect(await page.locator('h1').textContent()).toBe('Sample Practice')
    expect(await page.locator('.assessments li').allTextContents()).toEqual(['Industry 4', 'Proto'])
    expect(errors).toEqual([])
  })

  it('could not run a script even if it got one into the page', async () => {
    const { page } = await newVisitor(browser())
    await answerWith(page, sampleConfig)
    await open(page, HOST)
    const refusal = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<img src=x onerror="window.owned=1">'
        return 'accepted'
      } catch (error) {
        return String(error)
      }
    })
    expect(refusal).toContain('TrustedHTML')
    await page.evaluate(() => {
      const image = document.createElement('img')
      image.setAttribute('src', 'x')
      try {
        image.setAttribute('onerror', 'window.owned=1')
      } catch {
        // Newer browsers already refuse the attribute.
      }
      document.body.append(image)
    })
    await page.waitForTimeout(100)
    expect(await wasOwned(page)).toBe(false)
  })
})
