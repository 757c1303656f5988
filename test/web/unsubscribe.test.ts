import type { Page } from 'playwright-core'
import { beforeEach, expect, inject, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { mailTo } from '../kit/mailbox.ts'
import type { Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { makeReader, settledJobs, tell } from '../notifications/dispatch/world.ts'
import { newVisitor } from './site.ts'

const stack = inject('stack')
const phone = { viewport: { width: 360, height: 740 } }

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makeReader()
  tenant = await makeTenant({ owner })
  await admin.query(
    `update public.tenant_brands set display_name = 'Ada <b>& Co', brand = '{"colors": {"primary": "#0b6e4f"}}' where tenant_id = $1`,
    [tenant.id],
  )
})

const heading = (page: Page, name: string) => page.getByRole('heading', { name }).waitFor()
/** The link at the end of a mail, and the one of its header. */
async function links(): Promise<{ page: string; header: string }> {
  await tell(tenant)
  await settledJobs(tenant)
  const [mail] = await mailTo(owner.email)
  const header = mail!.headers.find(({ name }) => name.toLowerCase() === 'list-unsubscribe')!.value
  return { page: mail!.links.find((url) => url.includes('/unsubscribe/#'))!, header: header.slice(1, -1) }
}
const isSuppressed = async () =>
  (
    await admin.query(`select private.is_suppressed($1, 'email', $2, false) as found`, [
      tenant.id,
      owner.email,
    ])
  ).rows[0].found

describeInBrowser('the link at the end of a mail', (browser) => {
  it('ends the mails of the tenant, once somebody presses the button and not before', async () => {
    const link = (await links()).page
    const { page, errors, requests } = await newVisitor(browser(), phone)
    await page.goto(link)
    await heading(page, 'Unsubscribe')
    expect(await page.locator('#tenant').textContent()).toBe('Ada <b>& Co')
    expect(await page.evaluate(`getComputedStyle(document.body).borderTopColor`)).toBe('rgb(11, 110, 79)')
    expect(await isSuppressed()).toBe(false)
    await page.getByRole('button', { name: 'Send no more mails' }).press('Enter')
    await heading(page, 'You are unsubscribed')
    expect(await isSuppressed()).toBe(true)
    expect(errors).toEqual([])
    expect(requests.filter((url) => !url.startsWith(new URL(link).origin))).toEqual([])
  })

  it('is where a browser is led that opens the link of the header', async () => {
    const { header } = await links()
    const { page } = await newVisitor(browser(), { ...phone, locale: 'de-CH' })
    await page.goto(header)
    await heading(page, 'Abbestellen')
    expect(await isSuppressed()).toBe(false)
  })

  it('that is cut short, or older than its mail, says so', async () => {
    const { page } = await newVisitor(browser(), phone)
    for (const rest of ['', '#', '#<script>', '#6f1c5b1e-6d0e-4c0a-9d5e-0c6f1f0a2b3c'])
      await page
        .goto('about:blank')
        .then(() => page.goto(`${stack.api_url}/unsubscribe/${rest}`))
        .then(() => heading(page, 'This link is not whole'))
  })

  it('opens a page without barriers', async () => {
    const link = (await links()).page
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await newVisitor(browser(), { ...phone, colorScheme })
      await page.goto(link)
      await heading(page, 'Unsubscribe')
      expect(await violationsOn(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    }
  })
})
