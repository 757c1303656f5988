import { gzipSync } from 'node:zlib'
import { beforeEach, expect, it } from 'vitest'
import { type Campaign, makeCampaign } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { newVisitor, siteUrl, tenantUrl } from '../site.ts'
import { addressOf, expectNoBarriers, heading, phone } from './visit.ts'

let tenant: Tenant
let campaign: Campaign
beforeEach(async () => {
  tenant = await makeTenant()
  campaign = await makeCampaign(tenant)
})

describeInBrowser('the page of a campaign', (browser) => {
  it('is found by the tenant’s name on an address that is nobody’s, and only there', async () => {
    const { page } = await newVisitor(browser(), phone)
    const query = `quiz/?campaign=${campaign.ref_id}&tenant=${tenant.slug}`
    await page.goto(siteUrl('127.0.0.1') + query)
    await heading(page, 'Which money archetype leads you?')
    await page.goto(tenantUrl('leadingwithmeaning') + query)
    await heading(page, 'There is nothing here')
  })

  it('says why it cannot be taken', async () => {
    const { page } = await newVisitor(browser(), phone)
    const see = async (url: string, title: string) => {
      await page.goto('about:blank')
      await page.goto(url)
      await heading(page, title)
    }
    const early = await makeCampaign(tenant, { opens_at: '2099-01-01T09:00:00Z' })
    const late = await makeCampaign(tenant, { closes_at: '2020-01-01T09:00:00Z' })
    await see(addressOf(early), 'This assessment has not begun yet')
    await page.getByText('It opens on 1 January 2099').or(page.getByText('January 1, 2099')).waitFor()
    await expectNoBarriers(page)
    await see(addressOf(late), 'This assessment is closed')
    for (const search of ['', '?campaign=x', `?campaign=${tenant.ref_id}`])
      await see(`${tenantUrl(tenant.slug)}quiz/${search}`, 'There is nothing here')
    await expectNoBarriers(page)
    await see(`${addressOf(campaign)}#t=${'x'.repeat(43)}`, 'Which money archetype leads you?')
    await page.getByText('This link to continue does not work any more.').waitFor()

    // Closed while somebody is at the first page.
    await admin.query(`update public.campaigns set status = 'closed' where tenant_id = $1`, [tenant.id])
    await page.getByRole('button', { name: 'Start' }).click()
    await heading(page, 'This assessment is closed')
  })

  it('comes back by itself when the API does', async () => {
    const { page } = await newVisitor(browser(), phone)
    await page.route('**/take/**', (route) => route.abort())
    await page.goto(addressOf(campaign))
    await heading(page, 'We cannot reach this page right now')
    await page.unroute('**/take/**')
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await heading(page, 'Which money archetype leads you?')
  })

  it('loads at most 45 KB, in the language of the tenant', async () => {
    await admin.query(`update public.tenants set locale = 'de-CH' where id = $1`, [tenant.id])
    const { page } = await newVisitor(browser(), phone)
    const sizes: Record<string, number> = {}
    const reading: Promise<void>[] = []
    page.on('response', (response) => {
      const { pathname } = new URL(response.url())
      if (pathname.startsWith('/functions/')) return
      reading.push(
        response.body().then((body) => {
          sizes[pathname] = gzipSync(body).length
        }),
      )
    })
    await page.goto(addressOf(campaign))
    await page.getByRole('button', { name: 'Beginnen' }).waitFor()
    await Promise.all(reading)
    expect(await page.locator('html').getAttribute('lang')).toBe('de-CH')
    expect(Object.keys(sizes).sort()).toEqual([
      '/quiz/',
      '/quiz/quiz.css',
      '/quiz/quiz.js',
      '/quiz/words/de.js',
    ])
    expect(Object.values(sizes).reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(45 * 1024)
  })
})
