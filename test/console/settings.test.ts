import { readFile } from 'node:fs/promises'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { linesOf } from '../registry/export/lines.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">&amp;'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const read = async (path = '') =>
  (await call(`/registry/tenants/${tenant.slug}${path}`, { token: owner.token })).json()

/** A product with projects, as the platform grants it. */
const grantProjects = () =>
  admin.query(
    `insert into public.tenant_products (tenant_id, product)
     select $1, p.product from public.products as p where p.supports_projects limit 1`,
    [tenant.id],
  )

describeInBrowser('settings in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/settings`, person, options)

  it('the name, the language and the time zone are changed, and text stays text', async () => {
    const page = await opened()
    const form = page.getByRole('form', { name: 'General' })
    await form.getByLabel('Name').fill(hostile)
    await form.getByLabel('Language').selectOption('de-CH')
    await form.getByLabel('Time zone').selectOption('America/New_York')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Saved.').waitFor()
    expect(await read()).toMatchObject({ name: hostile, locale: 'de-CH', time_zone: 'America/New_York' })
    expect(await page.title()).toBe(`Settings – ${hostile}`)
  })

  it('a project is made, renamed, archived and opened again', async () => {
    await grantProjects()
    const page = await opened()
    const form = page.getByRole('form', { name: 'New project' })
    await form.getByLabel('Name').fill('Spring')
    await form.getByLabel('Handle').fill('-')
    await form.getByRole('button', { name: 'Make the project' }).click()
    await form.getByText(/must be 2 to 40 characters/).waitFor()
    await form.getByLabel('Handle').fill('spring')
    await form.getByRole('button', { name: 'Make the project' }).click()
    const row = page.getByRole('listitem', { name: 'Spring' })
    await row.getByRole('button', { name: 'Rename' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rename Spring' })
    await dialog.getByLabel('Name').fill('Autumn')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'hidden' })
    const renamed = page.getByRole('listitem', { name: 'Autumn' })
    await renamed.getByRole('button', { name: 'Archive' }).click()
    await renamed.getByText('Archived').waitFor()
    expect(await read('/projects')).toMatchObject({ projects: [{ slug: 'spring', status: 'archived' }] })
    await renamed.getByRole('button', { name: 'Open again' }).click()
    await renamed.getByRole('button', { name: 'Archive' }).waitFor()
  })

  it('everything is downloaded as a file, and the link is of no use afterwards', async () => {
    const page = await opened()
    const begins = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download everything' }).click()
    const download = await begins
    expect(download.suggestedFilename()).toBe(`${tenant.slug}.ndjson`)
    const lines = linesOf(await readFile(await download.path(), 'utf8'))
    expect(lines.at(-1)).toHaveProperty('trailer')
    await page.getByText('The download has begun.').waitFor()
    const { pathname, search } = new URL(download.url())
    expect((await call(`${pathname}${search}`.replace('/functions/v1', ''))).status).toBe(404)
  })

  it('an owner cancels after typing the handle, and can then still export and nothing else', async () => {
    const page = await opened()
    await page.getByRole('button', { name: 'Cancel this practice' }).click()
    const dialog = page.getByRole('dialog', { name: `Cancel ${tenant.slug}?` })
    const act = dialog.getByRole('button', { name: 'Cancel this practice' })
    expect(await act.isDisabled()).toBe(true)
    await dialog.getByLabel(/^Why/).fill(hostile)
    await dialog.getByLabel(/^Type/).fill(tenant.slug)
    await act.click()
    await page.getByText(`Reason: ${hostile}`).waitFor()
    expect(await read('/lifecycle')).toMatchObject({ status: 'frozen', reason: hostile })
    await page.getByText(/It is archived on/).waitFor()
    for (const [name, count] of [
      ['Download everything', 1],
      ['Save', 0],
      ['Cancel this practice', 0],
    ] as const)
      expect(await page.getByRole('button', { name }).count()).toBe(count)
  })

  it('a member reads, and is told who changes and who exports', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    const page = await opened(member)
    await page.getByText('Only admins and owners change the settings.').waitFor()
    await page.getByRole('heading', { name: 'Products' }).waitFor()
    expect(await page.getByLabel('Name').isDisabled()).toBe(true)
    for (const name of ['Save', 'Download everything', 'Cancel this practice'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await grantProjects()
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByRole('form', { name: 'New project' }).waitFor()
      await page.getByLabel('Language').selectOption('it-CH')
      await look(page)
      await page.getByRole('button', { name: 'Cancel this practice' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
