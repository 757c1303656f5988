import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { describeInBrowser } from '../../kit/browser.ts'
import { call } from '../../kit/call.ts'
import { eventually } from '../../kit/eventually.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { newVisitor } from '../../web/site.ts'
import { Browser } from '../registrations/browser.ts'
import { company, contact } from '../registrations/filled-in.ts'

const phone = { viewport: { width: 360, height: 740 } }
const heading = (page: Page, name: string) => page.getByRole('heading', { name }).waitFor()

/** Registers and pays without ever signing in. Answers the address of the first step, and the brand. */
async function register(): Promise<{ email: string; brand: string }> {
  const [first, chosen] = [contact(), company()]
  const browser = await new Browser().fill(4, { first, company: chosen })
  const order = await browser.ask('POST', '/current/checkout', { provider: 'razorpay' })
  const { pay_url } = (await order.json()) as { pay_url: string }
  const paid = await fetch(pay_url, {
    method: 'POST',
    body: new URLSearchParams({ outcome: 'pay' }),
    redirect: 'manual',
  })
  expect(paid.status).toBe(303)
  return { email: first.email, brand: chosen.brand_name }
}

/** The one mail that a paid registration sends to an address that has no account. */
async function welcomeTo(address: string) {
  return eventually(async () => {
    const [mail, ...others] = await mailTo(address)
    if (!mail) throw new Error('Nobody was welcomed.')
    expect(others).toEqual([])
    return mail
  })
}

describeInBrowser('the welcome of a registration without an account', (browser) => {
  it('leads to an account that owns the tenant and has accepted its contract', {
    timeout: 120_000,
  }, async () => {
    const { email, brand } = await register()
    const { subject, text, links } = await welcomeTo(email)
    expect([subject, text.includes('Hello Asha,')]).toEqual([`Welcome to ${brand}`, true])
    const link = links.find((url) => url.includes('/join#tinv_'))!

    const { page, errors, requests } = await newVisitor(browser(), phone)
    await page.goto(link)
    await heading(page, 'You are invited')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill(randomUUID())
    await page.getByRole('button', { name: 'Accept the invitation' }).click()
    await heading(page, 'Read your mail')
    const code = (await mailTo(email)).flatMap(({ codes, links: all }) =>
      all.some((url) => url.includes('/confirm/')) ? codes : [],
    )[0]!
    await page.getByLabel('The code').fill(code)
    await page.getByRole('button', { name: 'Accept the invitation' }).click()
    await heading(page, 'Your contract')
    await page.getByLabel(/I have read/).check()
    await page.getByRole('button', { name: 'Accept the contract' }).click()
    await heading(page, 'Welcome')
    const handed = new URLSearchParams(
      new URL((await page.getByRole('link', { name: 'Continue' }).getAttribute('href'))!).hash.slice(1),
    )
    const tenants = await call('/registry/tenants', { token: handed.get('access_token')! })
    expect(await tenants.json()).toMatchObject({ tenants: [{ name: brand, role: 'owner' }] })
    expect(requests.filter((url) => url.includes('tinv_'))).toEqual([])
    expect(errors).toEqual([])
  })
})
