import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { violationsOn } from '../../kit/axe.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { call } from '../../kit/call.ts'
import { anonClient } from '../../kit/clients.ts'
import { admin } from '../../kit/db.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { newVisitor } from '../../web/site.ts'

const stack = inject('stack')
const phone = { viewport: { width: 360, height: 740 } }
const url = `${stack.api_url}/register/`
const password = randomUUID()

/** In the form that is shown: the others have fields of the same names. */
const field = (page: Page, label: string | RegExp) =>
  page.locator('main > form:not([hidden])').getByLabel(label)
const heading = (page: Page, name: string) => page.getByRole('heading', { name }).waitFor()
const next = (page: Page) => page.getByRole('button', { name: 'Next' }).click()

/** From the page's first form to the one after the code of the mail. */
async function signUp(page: Page, email: string): Promise<void> {
  await page.goto(url)
  await heading(page, 'Choose a plan')
  await field(page, /Starter/).check()
  await next(page)
  await field(page, 'Country').selectOption('IN')
  await field(page, 'First name').fill('Asha')
  await field(page, 'Last name').fill('Rao')
  await field(page, 'E-mail address').fill(email)
  await field(page, 'Telephone').fill('098765 43210')
  await field(page, 'Password').fill(password)
  await next(page)
  await heading(page, 'Read your mail')
  await field(page, 'The code').fill((await mailTo(email))[0]!.codes[0]!)
  await next(page)
  await heading(page, 'Your company')
}

async function fillIn(page: Page, brand: string): Promise<void> {
  await field(page, 'Legal name').fill('नीम वृक्ष Private Limited')
  await field(page, 'Brand name').fill(brand)
  await field(page, /^PAN/).fill('AAPFU0939F')
  await next(page)
  await heading(page, 'Where is it?')
  await field(page, 'State or province').fill('Maharashtra')
  await field(page, /^GSTIN/).fill('27AAPFU0939F1ZV')
  await next(page)
  await heading(page, 'Where do invoices go?')
  await field(page, 'Address').fill('12 Hill Road')
  await field(page, 'City').fill('Mumbai')
  await field(page, 'Postal code').fill('400050')
  await field(page, 'State or province').fill('Maharashtra')
  await field(page, 'Country').selectOption('IN')
  await page.getByRole('button', { name: 'To the payment' }).click()
  await heading(page, 'Pay the first month')
}

/** Pays at the local provider. Answers the page on which later months are charged. */
async function pay(page: Page): Promise<string> {
  const opened = page.waitForEvent('popup')
  await page.getByRole('link', { name: /^Pay CHF/ }).click()
  const tab = await opened
  await tab.getByRole('button', { name: 'Pay' }).click()
  await tab.getByText('is paid').waitFor()
  const { href } = new URL(tab.url())
  await tab.close()
  return href
}

async function readSubscription(brand: string) {
  const { rows } = await admin.query<{ status: string; charges: number; days: number }>(
    `select s.status, extract(epoch from s.paid_until_at)::int / 86400 as days,
       (select count(*)::int from public.payments as p where p.tenant_id = s.tenant_id and p.settled_at is not null) as charges
     from public.tenants as t join public.subscriptions as s on s.tenant_id = t.id where t.name = $1`,
    [brand],
  )
  return rows[0]!
}

describeInBrowser('a stranger', (browser) => {
  it('becomes the owner of a tenant with an accepted contract, on a phone', {
    timeout: 120_000,
  }, async () => {
    const email = `${randomUUID()}@example.com`
    const brand = `Neem ${randomUUID().slice(0, 8)}`
    const { page, errors } = await newVisitor(browser(), phone)
    await signUp(page, email)
    await fillIn(page, brand)
    const payPage = await pay(page)
    await heading(page, 'Your contract')
    expect(await page.getByRole('link', { name: /Read the contract/ }).getAttribute('href')).toContain(
      'token=',
    )
    await field(page, /I have read/).check()
    await page.getByRole('button', { name: 'Accept the contract' }).click()
    await heading(page, 'Welcome')
    const handed = new URLSearchParams(
      new URL((await page.getByRole('link', { name: 'Continue' }).getAttribute('href'))!).hash.slice(1),
    )
    const tenants = await call('/registry/tenants', { token: handed.get('access_token')! })
    expect(await tenants.json()).toMatchObject({ tenants: [{ name: brand, role: 'owner', plan: 'starter' }] })
    // A month later nobody does anything, and the provider charges again.
    await page.goto(payPage)
    const paidUntil = await readSubscription(brand)
    await page.getByRole('button', { name: 'A month later: charge again' }).click()
    await page.getByText('is paid').waitFor()
    const renewed = await readSubscription(brand)
    expect(renewed).toMatchObject({ status: 'active', charges: 2 })
    expect(renewed.days - paidUntil.days).toBeGreaterThanOrEqual(28)
    // And later, from anywhere else.
    expect((await anonClient().auth.signInWithPassword({ email, password })).error).toBeNull()
    expect(errors).toEqual([])
  })

  it('goes on where the same browser was, and signs in for the contract', { timeout: 120_000 }, async () => {
    const email = `${randomUUID()}@example.com`
    const { page } = await newVisitor(browser(), phone)
    await signUp(page, email)
    await page.reload()
    await heading(page, 'Your company')
    await fillIn(page, `Neem ${randomUUID().slice(0, 8)}`)
    await pay(page)
    await heading(page, 'Sign in')
    await field(page, 'E-mail address').fill(email)
    await field(page, 'Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await heading(page, 'Your contract')
    const other = await newVisitor(browser(), phone)
    await other.page.goto(url)
    await heading(other.page, 'Choose a plan')
  })

  it('needs a keyboard alone', async () => {
    const { page } = await newVisitor(browser(), phone)
    await page.goto(url)
    await heading(page, 'Choose a plan')
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
    await press('Tab', 'ArrowUp', 'Enter')
    await heading(page, 'Who are you?')
    // The heading has the focus, and the first field comes next.
    await press('Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('country')
    await page.keyboard.type('India')
    for (const text of ['Ms.', 'Asha', 'Rao', `${randomUUID()}@example.com`, '12', password]) {
      await press('Tab')
      await page.keyboard.type(text)
    }
    await press('Enter')
    await heading(page, 'Read your mail')
  })

  it('hears which field is wrong', async () => {
    const { page } = await newVisitor(browser(), phone)
    await signUp(page, `${randomUUID()}@example.com`)
    await field(page, 'Legal name').fill('Neem')
    await field(page, 'Brand name').fill('Neem')
    await field(page, /^PAN/).fill('AAPFU0939')
    await next(page)
    await page.getByRole('status').getByText('is not a PAN').waitFor()
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('pan_number')
    expect(await field(page, /^PAN/).getAttribute('aria-invalid')).toBe('true')
  })

  it('meets no barrier, and nothing from elsewhere', async () => {
    const { page, requests } = await newVisitor(browser(), phone)
    await page.goto(url)
    await heading(page, 'Choose a plan')
    for (const id of ['plan', 'contact', 'company', 'location', 'billing', 'contract', 'signin']) {
      await page.evaluate((shown) => {
        for (const part of document.querySelectorAll<HTMLElement>('main > form'))
          part.hidden = part.id !== shown
      }, id)
      expect(await violationsOn(page)).toEqual([])
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      expect(wider, id).toBe(false)
    }
    expect(requests.filter((each) => !each.startsWith(stack.api_url) && !each.startsWith('data:'))).toEqual(
      [],
    )
  })

  it('is not shown in a frame of another site', async () => {
    const { headers } = await fetch(url)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })
})
