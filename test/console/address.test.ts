import { beforeEach, expect, it } from 'vitest'
import { domainsOf, freshHost, pageOf, record, rest } from '../branding/domains/world.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { freshSlug, makeTenant, type Tenant } from '../kit/tenants.ts'
import { consoleUrl, look, openConsole, phone } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

describeInBrowser('the address in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/address`, person, options)

  it('the page is at its address, also after the handle was changed, and the old one leads there', async () => {
    const page = await opened()
    const next = freshSlug()
    const link = page.getByRole('link', { name: `${tenant.slug}.localhost` })
    expect(await link.getAttribute('href')).toMatch(new RegExp(`^http://${tenant.slug}\\.localhost:\\d+/$`))
    const form = page.getByRole('form', { name: 'Handle' })
    await form.getByLabel('Handle of this practice').fill('console')
    await form.getByRole('button', { name: 'Change the handle' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Change the handle' }).click()
    await form
      .getByText(/reserved/)
      .first()
      .waitFor()
    await form.getByLabel('Handle of this practice').fill(next)
    await form.getByRole('button', { name: 'Change the handle' }).click()
    await dialog.getByRole('button', { name: 'Change the handle' }).click()
    await page.waitForURL(consoleUrl(`/t/${next}/address`))
    await page.getByRole('link', { name: `${next}.localhost` }).waitFor()
    const old = await call(`/branding/by-slug/${tenant.slug}`)
    expect([old.status, old.headers.get('location')]).toEqual([308, expect.stringContaining(next)])
  })

  it('a domain is added, checked until its record is there, made primary, and removed', async () => {
    const domains = domainsOf(owner, tenant)
    const page = await opened()
    const host = freshHost()
    const form = page.getByRole('form', { name: 'New domain' })
    await form.getByLabel('Domain', { exact: true }).fill('<b>x</b>')
    await form.getByRole('button', { name: 'Add the domain' }).click()
    await form.getByText('is not a domain name').waitFor()
    await form.getByLabel('Domain', { exact: true }).fill(host)
    await form.getByRole('button', { name: 'Add the domain' }).click()

    const row = page.getByRole('listitem', { name: host })
    await row.getByText('Waits for its record').waitFor()
    const [domain] = await domains.list()
    await row.getByText(`_tenantry.${host}`).waitFor()
    await row.getByText(domain!.record.value).waitFor()
    await row.getByText('pages.localhost').waitFor()
    await record(host, { rcode: 3 })
    await row.getByRole('button', { name: 'Check now' }).click()
    await row.getByText(/Nothing exists at/).waitFor()

    await record(host, { txt: [domain!.record.value] })
    await rest(domain!)
    await row.getByRole('button', { name: 'Check now' }).click()
    await row.getByText('Verified · primary').waitFor()
    // No name under .test has an address, and a check says so.
    await row.getByText(/has no address yet/).waitFor()
    expect(await pageOf(host)).toBe(tenant.slug)
    await page.getByRole('link', { name: `https://${host}/` }).waitFor()

    await row.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: `Remove ${host}?` })
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await row.waitFor({ state: 'detached' })
    await expect.poll(() => pageOf(host)).toBe(404)
  })

  it('a plan without domains is told in a sentence', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened()
    await page.getByLabel('Domain', { exact: true }).fill(freshHost())
    await page.getByRole('button', { name: 'Add the domain' }).click()
    await page.getByRole('alert').getByText(/plan/).waitFor()
  })

  it.each(['frozen', 'member'] as const)('%s: it can be read and not changed', async (who) => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member, ...(who === 'frozen' && { status: 'frozen' }) })
    const page = await opened(who === 'frozen' ? owner : member)
    await page.getByRole('heading', { name: 'Domains of your own' }).waitFor()
    for (const name of ['Add the domain', 'Change the handle'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await domainsOf(owner, tenant).add(`${'long-'.repeat(8)}name.${freshHost()}`)
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByText('Waits for its record').waitFor()
      await look(page)
      await page.getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
