import { expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { answerWith, fetchConfig, LOOKUP, newVisitor, open, siteUrl, tenantUrl } from './site.ts'

const HOST = tenantUrl('leadingwithmeaning')

describeInBrowser('without a tenant', (browser) => {
  it('an unknown address gets a friendly page that reveals nothing', async () => {
    const { page, errors } = await newVisitor(browser())
    await open(page, tenantUrl('nobody-lives-here'))
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('There is nothing here yet')
    expect(await page.title()).toBe('There is nothing here yet')
    const text = await page.locator('#page').textContent()
    expect(text).not.toMatch(/nobody|tenant|slug|domain|archived|404/i)
    expect(errors).toEqual([])
  })

  it('every unknown address gets the same page', async () => {
    const pages = new Set<string>()
    for (const host of [
      'nobody-lives-here.localhost',
      'localhost',
      'x.localhost',
      'unclaimed.example.test',
    ]) {
      const { page } = await newVisitor(browser())
      await open(page, siteUrl(host))
      pages.add(await page.locator('#page').innerHTML())
    }
    expect(pages.size).toBe(1)
  })

  it('speaks the visitor’s language', async () => {
    const { page } = await newVisitor(browser(), { locale: 'fr-CH' })
    await open(page, tenantUrl('nobody-lives-here'))
    expect(await page.locator('html').getAttribute('lang')).toBe('fr')
    expect(await page.locator('h1').textContent()).toBe('Il n’y a encore rien ici')
  })
})

describeInBrowser('with the network cut', (browser) => {
  it('says so, and trying again brings the page', async () => {
    const { page, errors } = await newVisitor(browser())
    await page.route(LOOKUP, (route) => route.abort())
    await open(page, HOST)
    expect(await page.locator('h1').textContent()).toBe('We cannot reach this page right now')

    const retry = page.getByRole('button', { name: 'Try again' })
    await retry.click()
    await page.getByText('Still no luck').waitFor()
    expect(await retry.evaluate((button) => button === document.activeElement)).toBe(true)

    await page.unroute(LOOKUP)
    await retry.click()
    const { display_name } = await fetchConfig('leadingwithmeaning')
    await page.getByRole('heading', { level: 1, name: display_name }).waitFor()
    expect(await page.locator(':focus').getAttribute('id')).toBe('main')
    expect(errors).toEqual([])
  })

  it('comes back by itself when the device is online again', async () => {
    const { page } = await newVisitor(browser())
    await page.route(LOOKUP, (route) => route.abort())
    await open(page, HOST)
    await page.unroute(LOOKUP)
    await page.context().setOffline(true)
    await page.context().setOffline(false)
    await page.locator('.hero h1').waitFor()
  })

  it.each([500, 503, 429])('a server that answers %i can be asked again', async (status) => {
    const { page } = await newVisitor(browser())
    await answerWith(page, { code: 'internal_error' }, status)
    await open(page, HOST)
    expect(await page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(true)
  })
})
