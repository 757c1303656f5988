import { beforeEach, expect, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { openConsole, phone } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

describeInBrowser('the menu of the console', (browser) => {
  const opened = (options = {}) => openConsole(browser(), `/t/${tenant.slug}`, owner, options)

  it('stands beside the content, and says where one is', async () => {
    const page = await opened()
    const menu = page.getByRole('navigation', { name: 'Main' })
    await menu.getByRole('link', { name: 'Overview' }).waitFor()
    await menu.getByRole('link', { name: 'People' }).click()
    await page.getByRole('heading', { name: 'People', level: 1 }).waitFor()
    expect(await menu.locator('[aria-current=page]').allInnerTexts()).toEqual(['People'])
    expect(await menu.getByRole('button', { name: 'Menu' }).isVisible()).toBe(false)
  })

  it('is behind a button on a phone, opened by the keyboard, and closed when a room was chosen', async () => {
    const page = await opened(phone)
    const menu = page.getByRole('navigation', { name: 'Main' })
    const button = menu.getByRole('button', { name: 'Menu' })
    await button.focus()
    expect(await button.getAttribute('aria-expanded')).toBe('false')
    expect(await menu.getByRole('link').count()).toBe(0)
    await page.keyboard.press('Enter')
    expect(await button.getAttribute('aria-expanded')).toBe('true')
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await violationsOn(page)).toEqual([])
    await menu.getByRole('link', { name: 'API keys' }).click()
    await page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor()
    expect(await menu.getByRole('link').count()).toBe(0)
  })

  it('leads from a change to its entry in the audit log', async () => {
    const admin = await makePerson()
    tenant = await makeTenant({ owner, admin })
    const page = await openConsole(browser(), `/t/${tenant.slug}/settings`, admin)
    const link = page.getByRole('link', { name: 'Your last change in the audit log' })
    const form = page.getByRole('form', { name: 'General' })
    await form.getByLabel('Name').fill('Renamed')
    expect(await link.count()).toBe(0)
    await form.getByRole('button', { name: 'Save' }).click()
    await link.click()
    await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor()
    const entries = page.getByRole('main').getByRole('listitem')
    await entries.first().waitFor()
    expect(await entries.count()).toBe(1)
    expect(await entries.textContent()).toContain('tenants.updated')
  })

  it('speaks the language of the browser, in every room', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened({ locale: 'de-CH' })
    await page.getByRole('navigation').getByRole('link', { name: 'API-Schlüssel' }).click()
    await page.getByRole('heading', { name: 'API-Schlüssel', level: 1 }).waitFor()
    await page.getByRole('heading', { name: 'Neuer Schlüssel' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    // What the server refuses, too.
    await page.getByLabel('Name').fill('Website')
    await page.getByLabel(/^brand:read/).check()
    await page.getByRole('button', { name: 'Schlüssel erstellen' }).click()
    await page.getByText('Ihr Tarif enthält das nicht.').waitFor()
  })
})
