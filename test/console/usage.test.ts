import { readFile } from 'node:fs/promises'
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

const read = async (path: string) =>
  (await call(path, { token: owner.token, tenant: tenant.slug })).json() as Promise<Record<string, unknown>>

async function log(...events: object[]): Promise<void> {
  const logged = await call('/usage/events', { token: owner.token, tenant: tenant.slug, body: { events } })
  expect(logged.status).toBe(200)
}

describeInBrowser('plan and usage in the console', (browser) => {
  const opened = (person = owner, options = {}, search = '') =>
    openConsole(browser(), `/t/${tenant.slug}/usage${search}`, person, options)

  it('what was used is shown by day and type, and comes as a file; text stays text', async () => {
    const model = '<img src=x onerror="document.title=1">'
    await log(
      { event_type: 'llm.call', model_used: model, tokens_used: 1200, cost_micros: 2_500_000 },
      { event_type: 'llm.call', tokens_used: 34 },
      { event_type: 'report.done' },
    )
    const page = await opened()
    const used = page.getByRole('region', { name: 'Use' })
    await used.getByText('3 in all').waitFor()
    const row = used.getByRole('row', { name: /^llm\.call/ })
    expect(await row.getByRole('cell').allTextContents()).toEqual(['2', '1,234', '$2.50'])
    await used.getByLabel('By').selectOption('model_used')
    await used.getByRole('row', { name: model }).waitFor()
    await used.getByLabel('What').selectOption('tokens_used')
    await used.getByText('1,234 in all').waitFor()
    // Each choice is a part of the address, so it outlives a reload.
    await page.reload()
    await used.getByText('1,234 in all').waitFor()

    const begins = page.waitForEvent('download')
    await used.getByRole('button', { name: 'Download CSV' }).click()
    const download = await begins
    expect(download.suggestedFilename()).toBe(`usage-${tenant.slug}.csv`)
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
    expect([lines.length, lines[0]]).toEqual([4, expect.stringContaining('event_type,model_used')])
  })

  it('a plan is ordered, paid at the provider, and cancelled; the limits are those of the plan', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened()
    await page.getByRole('region', { name: 'Plan: Starter' }).getByText('1 of 3 used').waitFor()
    const plans = page.getByRole('list', { name: 'Choose a plan' })
    await plans.getByRole('listitem', { name: 'Professional' }).getByRole('button', { name: 'Order' }).click()
    const dialog = page.getByRole('dialog', { name: /Professional/ })
    await dialog.getByRole('button', { name: 'Order and go on to pay' }).click()
    const link = dialog.getByRole('link', { name: 'Pay at Stripe' })
    const payUrl = await link.getAttribute('href')
    expect(await read('/usage/payments/orders')).toMatchObject({ orders: [{ status: 'created' }] })
    const paid = await fetch(payUrl!, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }) })
    expect(paid.status).toBe(200)
    await dialog.getByRole('button', { name: 'Close' }).click()
    // The screen asks again by itself while it waits for a payment.
    await page.getByRole('region', { name: 'Plan: Professional' }).getByText('1 of 10 used').waitFor()
    await page.getByRole('list', { name: 'Orders' }).getByText('Paid', { exact: true }).waitFor()

    await page.getByText('What happened', { exact: true }).click()
    const happened = page.getByRole('list', { name: 'What happened' })
    await happened.getByRole('listitem', { name: 'The subscription began' }).waitFor()
    await happened.getByRole('listitem', { name: 'Paid' }).getByText('CHF').waitFor()

    await page.getByRole('button', { name: 'Cancel the subscription' }).click()
    const cancel = page.getByRole('dialog', { name: 'Cancel Professional?' })
    await cancel.getByRole('button', { name: 'Cancel the subscription' }).click()
    await page.getByText('Cancelled', { exact: true }).waitFor()
    await happened.getByRole('listitem', { name: 'The subscription was cancelled' }).waitFor()
    expect(await read('/usage/subscriptions')).toMatchObject({ subscriptions: [{ status: 'cancelled' }] })
  })

  it('the owner sets the cap of models, and takes it away', async () => {
    const page = await opened()
    const form = page.getByRole('form', { name: 'Models this month' })
    const field = form.getByLabel('Cap of each month, in US dollars')
    await field.fill('many')
    await form.getByText('must be a number, or empty').waitFor()
    await field.fill('12.50')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('$12.50').first().waitFor()
    expect(await read('/usage/spend')).toMatchObject({ cap_micros: 12_500_000 })
    await field.fill('')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('none', { exact: true }).waitFor()
    expect(await read('/usage/spend')).toMatchObject({ cap_micros: null })
  })

  it('an admin sees who sets the cap, and a member nothing of money', async () => {
    const [admin, member] = [await makePerson(), await makePerson()]
    tenant = await makeTenant({ owner, admin, member, status: 'frozen' })
    const asAdmin = await opened(admin)
    await asAdmin.getByText('Only the owner sets the cap.').waitFor()
    const asMember = await opened(member)
    await asMember.getByText('Nothing was used in this time.').waitFor()
    expect(await asMember.getByRole('heading', { name: 'Subscription' }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await log({ event_type: `${'long.'.repeat(20)}name`, tokens_used: 9_000_000_000 })
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByRole('region', { name: 'Use' }).getByText('1 in all').waitFor()
      await page.getByText('As a table').click()
      await look(page)
      await page.getByRole('button', { name: 'Order' }).first().click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
