import { readFile } from 'node:fs/promises'
import type { Locator } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { makeMeter } from '../usage/meters/meters.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const read = async (path = '') =>
  (await call(`/usage/meters${path}`, { token: owner.token, tenant: tenant.slug })).json()
async function log(...events: object[]): Promise<void> {
  const logged = await call('/usage/events', { token: owner.token, tenant: tenant.slug, body: { events } })
  expect(await logged.json()).toMatchObject({ accepted: events.length })
}

describeInBrowser('meters in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/usage/meters${path}`, person, options)

  it('one is made, shows what was logged, and an event that is sent as the page says is counted', async () => {
    const page = await opened()
    await page.getByText('There is no meter yet.').waitFor()
    const form = page.getByRole('form', { name: 'New meter' })
    await form.getByLabel('Name', { exact: true }).fill(`Rendered ${hostile}`)
    await form.getByLabel('Short name').fill('Wrong name')
    await form.getByLabel('Type of the events').fill('render.done')
    await form.getByLabel('What it counts').selectOption('Sum')
    await form.getByLabel('Value', { exact: true }).fill('data.seconds')
    await form.getByLabel('Can be split by').fill('data.region, model_used')
    await form.getByRole('button', { name: 'Make the meter' }).click()
    await form.getByText(/must be 2 to 64 characters/).waitFor()
    await form.getByLabel('Short name').fill('rendered')
    await form.getByRole('button', { name: 'Make the meter' }).click()
    const row = page.getByRole('listitem', { name: `Rendered ${hostile}` })
    await row.getByText('Sum: data.seconds · render.done').waitFor()
    await row.getByText('This month: 0').waitFor()
    expect(await read('/rendered')).toMatchObject({ group_by: ['data.region', 'model_used'] })

    await row.getByRole('link').click()
    await page.getByText('Nothing was counted in this time.').waitFor()
    await page.getByText('An event with curl').click()
    const command = await page
      .getByText(/^curl -X POST/)
      .first()
      .textContent()
    const [, sent] = /-d '(.*)'$/.exec(command ?? '') ?? []
    await log(JSON.parse(sent!), { event_type: 'render.done', event_data: { seconds: 0.5, region: hostile } })
    await log({ event_type: 'render.done' }, { event_type: 'other', event_data: { seconds: 99 } })
    await page.reload()
    const chart = page.getByRole('figure', { name: 'Sum per day' })
    await chart.getByText('12.5 in all. Events: 3').waitFor()
    await page.getByText(/not in the figure: 1$/).waitFor()
    await page.getByLabel('Split by', { exact: true }).selectOption('data.region')
    const split = page.getByRole('table', { name: 'data.region' })
    const region = split.getByRole('row', { name: hostile })
    await region.waitFor()
    expect(await region.getByRole('cell').allTextContents()).toEqual(['0.5', '1'])
    const begins = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download CSV' }).click()
    const file = await (await begins).path()
    expect((await readFile(file, 'utf8')).trim().split('\r\n')).toHaveLength(4)
    // The split is a part of the address.
    await page.reload()
    await region.waitFor()
    await page.getByRole('link', { name: 'All meters' }).click()
    await row.getByText('This month: 12.5').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('one is renamed, archived and opened again, and a short name is one meter’s', async () => {
    await makeMeter(tenant, { slug: 'renders', aggregation: 'count' })
    const page = await opened()
    const form = page.getByRole('form', { name: 'New meter' })
    await form.getByLabel('Name', { exact: true }).fill('Renders')
    await form.getByRole('button', { name: 'Make the meter' }).click()
    await expect.poll(() => form.getByLabel('Short name').getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('listitem', { name: 'renders' }).getByRole('link').click()
    const settings = page.getByRole('form', { name: 'Change the meter' })
    await settings.getByLabel('Name', { exact: true }).fill('All renders')
    await settings.getByLabel('Can be split by').fill('source')
    await settings.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'All renders' }).waitFor()
    expect(await read('/renders')).toMatchObject({ group_by: ['source'], archived_at: null })
    await settings.getByRole('button', { name: 'Archive' }).click()
    await page.getByText('This meter is archived. It can still be read.').waitFor()
    expect(await read('/renders')).toMatchObject({ archived_at: expect.any(String) })
    await settings.getByRole('button', { name: 'Open again' }).click()
    await settings.getByRole('button', { name: 'Archive' }).waitFor()
    expect(await read('/renders')).toMatchObject({ archived_at: null })
  })

  it('saving leaves the focus where it was, for those who work with keys', async () => {
    await makeMeter(tenant, { slug: 'renders', name: 'Renders', aggregation: 'count' })
    const page = await opened('/renders')
    const settings = page.getByRole('form', { name: 'Change the meter' })
    const name = settings.getByLabel('Name', { exact: true })
    const save = settings.getByRole('button', { name: 'Save' })
    const isFocused = async (of: Locator) => (await of.and(page.locator(':focus')).count()) === 1
    await name.fill('By Enter')
    await name.press('Enter')
    await page.getByRole('heading', { name: 'By Enter' }).waitFor()
    await expect.poll(() => save.isDisabled()).toBe(true)
    expect(await isFocused(name)).toBe(true)

    await name.fill('By the button')
    await save.focus()
    await page.keyboard.press('Space')
    await page.getByRole('heading', { name: 'By the button' }).waitFor()
    await expect.poll(() => save.textContent()).toBe('Save')
    expect(await isFocused(save)).toBe(true)
    // Nothing is left to save, so another press sends nothing.
    const before = await read('/renders')
    await page.keyboard.press('Space')
    await name.press('Enter')
    const archive = settings.getByRole('button', { name: 'Archive' })
    await archive.focus()
    await page.keyboard.press('Enter')
    await page.getByText('This meter is archived. It can still be read.').waitFor()
    expect(await isFocused(settings.getByRole('button', { name: 'Open again' }))).toBe(true)
    expect(before).toMatchObject({ name: 'By the button', archived_at: null })
  })

  it('a member reads them and is told who makes them, and in a frozen practice nobody does', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    await makeMeter(tenant, { slug: 'renders', aggregation: 'count' })
    const page = await opened('/renders', member)
    await page.getByText('Admins and owners define meters.').waitFor()
    await page.getByText('Nothing was counted in this time.').waitFor()
    expect(await page.getByRole('form').count()).toBe(0)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened()
    await frozen.getByText(/This practice is frozen/).waitFor()
    await frozen.getByText('This month: 0').waitFor()
    expect(await frozen.getByRole('form').count()).toBe(0)
  })

  it('values of any size are shown exactly, and those below zero are no bars', async () => {
    await makeMeter(tenant, { slug: 'big', aggregation: 'latest', value_property: 'data.value' })
    await log({ event_type: 'now', event_data: { value: 12 } })
    const page = await opened('/big')
    await page.getByText('12 in all. Events: 1').waitFor()
    expect(await page.locator('figure rect').count()).toBe(1)
    await log({ event_type: 'now', event_data: { value: -3 } })
    await page.reload()
    await page.getByText('-3 in all. Events: 2').waitFor()
    expect(await page.locator('figure rect').count()).toBe(0)
    await makeMeter(tenant, { slug: 'spent', aggregation: 'sum', value_property: 'cost_micros' })
    await makeMeter(tenant, { slug: 'tokens', aggregation: 'sum', value_property: 'tokens_used' })
    await log({ event_type: 'now', cost_micros: 1_250_000 })
    // More than a number of JavaScript holds.
    for (const _ of [1, 2, 3]) await log({ event_type: 'now', tokens_used: Number.MAX_SAFE_INTEGER })
    await page.getByRole('link', { name: 'All meters' }).click()
    await page.getByRole('listitem', { name: 'spent' }).getByText('This month: $1.25').waitFor()
    await page.getByRole('listitem', { name: 'tokens' }).getByText('27,021,597,764,222,973').waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    const long = `data.${'long'.repeat(16)}`
    await makeMeter(tenant, {
      ...{ slug: 'long'.repeat(16), aggregation: 'unique', value_property: long, group_by: [long] },
    })
    await log({ event_type: 'long', event_data: { [long.slice(5)]: 'x'.repeat(200) } })
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      await page.getByText('This month: 1').waitFor()
      await look(page)
      await page.getByRole('list', { name: 'Meters' }).getByRole('link').click()
      await page.getByRole('figure').waitFor()
      await page.getByLabel('Split by', { exact: true }).selectOption(long)
      await page.getByRole('table', { name: long }).waitFor()
      await page.getByText('As a table').click()
      await page.getByText('An event with curl').click()
      await look(page)
    }
  })
})
