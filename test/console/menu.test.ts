import { beforeEach, expect, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { consoleUrl, openConsole, phone } from './visit.ts'

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

  it('says how much is not read, once the screen is there, and anew when it was read or one comes back', async () => {
    const other = await makeTenant({ owner })
    const tell = (limit: string, { id } = tenant) =>
      admin.query(`select private.notify($1, 'limit.near', array[$2], $3)`, [
        ...[id, owner.id],
        { limit, percent: 80, most: 10 },
      ])
    await tell('first')
    await tell('second')
    const page = await openConsole(browser(), '/', owner)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // What was asked for, in this order.
    const asked: string[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (request.method() === 'GET' && pathname.startsWith('/functions/')) asked.push(pathname)
    })
    await page.goto(consoleUrl(`/t/${tenant.slug}/people`))
    const menu = page.getByRole('navigation', { name: 'Main' })
    await menu.getByRole('link', { name: 'Notifications 2 unread', exact: true }).waitFor()
    expect(asked.length).toBeGreaterThan(2)
    expect(asked.filter((path) => path.endsWith('/unread-count'))).toEqual([asked.at(-1)])
    expect(await violationsOn(page)).toEqual([])

    await tell('third')
    // As the browser says it when somebody comes back to the window.
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`)
    await menu.getByRole('link', { name: 'Notifications 3 unread', exact: true }).waitFor()

    await menu.getByRole('link', { name: 'Notifications' }).click()
    await page.getByRole('button', { name: 'Mark as read' }).first().click()
    await menu.getByRole('link', { name: 'Notifications 2 unread', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await menu.getByRole('link', { name: 'Notifications', exact: true }).waitFor()
    // Of one tenant nothing is counted in another.
    await tell('fourth', other)
    await page.goto(consoleUrl(`/t/${other.slug}`))
    await menu.getByRole('link', { name: 'Notifications 1 unread', exact: true }).waitFor()
    // On a phone the list is closed.
    await page.setViewportSize(phone.viewport)
    await menu.getByRole('button', { name: 'Menu 1 unread', exact: true }).waitFor()
    expect(await violationsOn(page)).toEqual([])
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
