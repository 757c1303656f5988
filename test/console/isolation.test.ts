import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

let member: Person
let mine: Tenant
let others: Tenant
beforeEach(async () => {
  member = await makePerson()
  mine = await makeTenant({ member })
  others = await makeTenant()
})

describeInBrowser('the isolation that somebody sees for themselves', (browser) => {
  const opened = (options = {}) => openConsole(browser(), `/t/${mine.slug}/isolation`, member, options)

  it('asks every relation of the API and every route that reads a tenant, and finds nothing', async () => {
    const page = await opened()
    await page.getByLabel('Handle of another practice').fill(others.slug)
    await page.getByRole('button', { name: 'Ask now' }).click()
    await page.getByText(/^\d+ were asked, and none gave anything of anybody else\.$/).waitFor()
    const rows = page.getByRole('list', { name: 'What was asked' }).getByRole('listitem')
    const asked = await rows.evaluateAll((items) => items.map((item) => item.getAttribute('aria-label')))
    const { rows: relations } = await superuser.query(
      `select table_name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id'`,
    )
    expect(asked).toEqual(
      expect.arrayContaining([...relations.map(({ table_name }) => table_name), 'tenants']),
    )
    for (const route of ['/branding/brand', '/registry/tenants/{ref}/members', '/webhooks/endpoints'])
      expect(asked).toContain(route)
    expect(await rows.getByText(/others|tells something/).count()).toBe(0)
  })

  it('says so where something is found', async () => {
    // Somebody who belongs to both, while the list of their own lacks one.
    const both = await makePerson()
    mine = await makeTenant({ member: both })
    const second = await makeTenant({ member: both })
    const page = await openConsole(browser(), `/t/${mine.slug}/isolation`, both)
    const { tenants, ...rest } = await (await call('/registry/tenants', { token: both.token })).json()
    const own = tenants.filter(({ slug }: Tenant) => slug === mine.slug)
    await page.route(/registry\/tenants(\?|$)/, (route) => route.fulfill({ json: { ...rest, tenants: own } }))
    await page.getByLabel('Handle of another practice').fill(second.slug)
    await page.getByRole('button', { name: 'Ask now' }).click()
    await page.getByText(/gave something that is not yours\. Tell the platform/).waitFor()
    const list = page.getByRole('list', { name: 'What was asked' })
    for (const [name, outcome] of [
      ['tenants', 'has rows of others'],
      ['tenant_members', 'has rows of others'],
      ['/branding/brand', 'tells something'],
    ] as const)
      await list.getByRole('listitem', { name, exact: true }).getByText(outcome).waitFor()
  })

  it('is accessible in light and dark, on a phone', async () => {
    const page = await opened(phone)
    await page.getByRole('button', { name: 'Ask now' }).click()
    await page.getByRole('list', { name: 'What was asked' }).waitFor()
    await look(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})
