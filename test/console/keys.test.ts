import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const brandWith = async (key: string) => (await call('/branding/brand', { token: key })).status

/** Makes a key that reads the brand. Gives it as the console shows it. */
async function makeKey(page: Page, name: string): Promise<string> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel(/^brand:read/).check()
  await page.getByRole('button', { name: 'Make the key' }).click()
  return keepSecret(page, name)
}

async function keepSecret(page: Page, name: string): Promise<string> {
  const dialog = page.getByRole('dialog', { name: 'Your new key' })
  const key = await dialog.getByLabel(name).inputValue()
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  await dialog.waitFor({ state: 'hidden' })
  return key
}

describeInBrowser('API keys in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/keys`, person, options)

  it('a key is shown once, works, is replaced, and works no more when it is revoked', async () => {
    const page = await opened()
    const key = await makeKey(page, 'Website')
    expect(key).toMatch(/^tk_live_/)
    expect(await brandWith(key)).toBe(200)
    const row = page.getByRole('listitem', { name: 'Website' })
    await row.first().waitFor()
    expect(await page.content()).not.toContain(key)

    await row.getByRole('button', { name: 'Replace' }).click()
    const next = await keepSecret(page, 'Website')
    expect([next === key, await brandWith(next), await brandWith(key)]).toEqual([false, 200, 200])

    await row
      .filter({ hasText: next.slice(0, 16) })
      .getByRole('button', { name: 'Revoke' })
      .click()
    const dialog = page.getByRole('dialog', { name: 'Revoke Website?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await brandWith(next)).toBe(200)
    await row
      .filter({ hasText: next.slice(0, 16) })
      .getByRole('button', { name: 'Revoke' })
      .click()
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await row.filter({ hasText: 'Revoked' }).waitFor()
    await expect.poll(() => brandWith(next)).toBe(401)
  })

  it('a plan that has no keys is told in a sentence, and nothing is made', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened()
    await page.getByLabel('Name').fill('Website')
    await page.getByLabel(/^brand:read/).check()
    await page.getByRole('button', { name: 'Make the key' }).click()
    await page.getByRole('alert').getByText(/plan/).waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('Website')
    const listed = await call(`/registry/tenants/${tenant.slug}/api-keys`, { token: owner.token })
    expect(await listed.json()).toMatchObject({ api_keys: [] })
  })

  it('a member sees that others have them', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    const page = await opened(member)
    await page.getByText('Only admins and owners see the API keys.').waitFor()
    expect(await page.getByRole('button', { name: 'Make the key' }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    for (const options of [{}, phone]) {
      tenant = await makeTenant({ owner })
      const page = await opened(owner, options)
      await page.getByLabel('Name').fill('Website')
      await page.getByLabel(/^brand:read/).check()
      await look(page)
      await page.getByRole('button', { name: 'Make the key' }).click()
      await page.getByRole('dialog', { name: 'Your new key' }).waitFor()
      await look(page)
    }
  })
})

describeInBrowser('the overview in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}`, person, options)

  it('says that nothing needs doing, and what does, with the way there', async () => {
    const page = await opened()
    await page.getByText('Nothing needs doing.').waitFor()
    const brand = await call('/branding/brand', { token: owner.token, tenant: tenant.slug })
    await call('/branding/brand', {
      ...{ method: 'PATCH', token: owner.token, tenant: tenant.slug },
      headers: { 'if-match': brand.headers.get('etag') ?? '' },
      body: { brand: { fonts: { heading: 'Papyrus' } } },
    })
    await page.reload()
    await page.getByText('When you have time').waitFor()
    await page.getByRole('link', { name: 'Go there' }).click()
    await page.getByText(/"Papyrus" is not one of the fonts that are served/).waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    tenant = await makeTenant({ owner, status: 'trial' })
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByText('Urgent').first().waitFor()
      await look(page)
    }
  })
})
