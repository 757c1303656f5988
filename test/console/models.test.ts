import type { Locator } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { callsOf, ownLlm, useModel } from '../usage/models/model-scene.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
const llm = ownLlm()
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const read = async () =>
  (await call('/usage/llm-provider', { token: owner.token, tenant: tenant.slug })).json()

describeInBrowser('a language model of one’s own in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/usage/model`, person, options)

  it('is set, its key is gone from the page, and it writes once a test went well', async () => {
    const page = await opened()
    const form = page.getByRole('form', { name: 'A model of your own' })
    await form.getByText('There is none.').waitFor()
    await page.getByText(/one for each US cent/).waitFor()
    await form.getByLabel('Address').fill('https://127.0.0.1/v1?key=1')
    await form.getByLabel('Model', { exact: true }).fill('refuse-key')
    await form.getByLabel('API key').fill('sk-of-ada')
    await form.getByText('The same with curl').click()
    expect(await form.getByText(/^curl -X PUT/).textContent()).not.toContain('sk-of-ada')
    await form.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => form.getByLabel('Address').getAttribute('aria-invalid')).toBe('true')
    await form.getByLabel('Address').fill(llm.server().url)
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Not used yet.').waitFor()
    expect(await form.getByLabel('API key').inputValue()).toBe('')
    expect(await page.content()).not.toContain('sk-of-ada')

    await form.getByRole('button', { name: 'Test' }).click()
    await form.getByText(/^Not used\. The test failed: .*does not accept the key \(401\)/).waitFor()
    await form.getByLabel('Model', { exact: true }).fill('sample-1')
    // What is tested is what was saved.
    expect(await form.getByRole('button', { name: 'Test' }).isDisabled()).toBe(true)
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Not used yet.').waitFor()
    await form.getByRole('button', { name: 'Test' }).click()
    await form.getByText(/^Used\. The test went well/).waitFor()
    await page.getByText('Your own model writes.').waitFor()
    // The key was kept over a change.
    expect(llm.server().asked.at(-1)?.key).toBe('sk-of-ada')
    expect(await read()).toMatchObject({ in_use: 'own', llm_provider: { default_model: 'sample-1' } })
    expect(await callsOf(tenant)).toMatchObject([{ status: 'error' }, { status: 'ok' }])

    await form.getByLabel('Use it').uncheck()
    await form.getByRole('button', { name: 'Save' }).click()
    await expect.poll(async () => ((await read()) as { in_use: string }).in_use).not.toBe('own')
    await form.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove sample-1?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await read()).toMatchObject({ llm_provider: { default_model: 'sample-1' } })
    await form.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await form.getByText('There is none.').waitFor()
    expect(await read()).toMatchObject({ llm_provider: null })
  })

  it('saving and testing leave the focus where it was, for those who work with keys', async () => {
    await useModel(tenant, llm.server(), { model: 'sample-1', key: 'sk-of-ada' })
    const page = await opened()
    const form = page.getByRole('form', { name: 'A model of your own' })
    const model = form.getByLabel('Model', { exact: true })
    const isFocused = async (of: Locator) => (await of.and(page.locator(':focus')).count()) === 1
    await form.getByText(/^Used\. The test went well/).waitFor()
    await form.getByLabel('API key').fill('sk-of-bo')
    await model.fill('sample-2')
    await model.press('Enter')
    await form.getByText('Not used yet.').waitFor()
    await expect.poll(() => form.getByLabel('API key').inputValue()).toBe('')
    expect(await isFocused(model)).toBe(true)
    expect(await read()).toMatchObject({ llm_provider: { default_model: 'sample-2' } })

    const test = form.getByRole('button', { name: 'Test' })
    await test.focus()
    await page.keyboard.press('Space')
    await form.getByText(/^Used\. The test went well/).waitFor()
    await expect.poll(() => test.isEnabled()).toBe(true)
    expect(await isFocused(test)).toBe(true)
    expect(llm.server().asked.at(-1)?.key).toBe('sk-of-bo')
  })

  it('a key is asked for again where it would go elsewhere, and a test that cannot be paid is refused', async () => {
    await useModel(tenant, llm.server(), { model: hostile, key: 'sk-of-ada' })
    await admin.query(
      'update public.tenant_billing set monthly_spend_cap_usd_micros = 0 where tenant_id = $1',
      [tenant.id],
    )
    const page = await opened()
    const form = page.getByRole('form', { name: 'A model of your own' })
    await form.getByRole('button', { name: 'Test' }).click()
    await form.getByRole('alert').getByText(/cap/).waitFor()
    await form.getByLabel('It speaks like').selectOption('Anthropic')
    await form.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => form.getByLabel('API key').getAttribute('aria-invalid')).toBe('true')
    expect(await read()).toMatchObject({ llm_provider: { provider_type: 'openai', default_model: hostile } })
    expect(await page.title()).not.toBe('1')
  })

  it('one that refuses its key is told on the overview, with the way there', async () => {
    await useModel(tenant, llm.server(), { model: 'refuse-key' })
    await call('/usage/llm-provider/test', { token: owner.token, tenant: tenant.slug, method: 'POST' })
    const page = await openConsole(browser(), `/t/${tenant.slug}`, owner)
    await page
      .getByRole('listitem', { name: 'llm_provider_refusing' })
      .getByRole('link', { name: 'Go there' })
      .click()
    await page.getByText(/^Not used\. The test failed/).waitFor()
  })

  it('a member is told who sets it, and in a frozen practice an owner only sees it', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    await useModel(tenant, llm.server(), { model: 'sample-1' })
    const page = await opened(member)
    await page.getByText('Admins and owners set the language model.').waitFor()
    expect(await page.getByText('sample-1').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Language model' }).count()).toBe(0)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened()
    await frozen.getByText('sample-1').waitFor()
    expect(await frozen.getByRole('button', { name: /Save|Test|Remove/ }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await useModel(tenant, llm.server(), { model: 'm'.repeat(255) })
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByText(/^Used\. The test went well/).waitFor()
      await look(page)
      await page.getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
