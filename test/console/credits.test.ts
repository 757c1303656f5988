import { beforeEach, expect, inject, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})

const as = () => ({ token: owner.token, tenant: tenant.slug })

/** As the platform does, by hand. */
async function adjust(credits: number, key: string): Promise<void> {
  const adjusted = await call('/usage/credits/adjustments', {
    apikey: inject('stack').secret_key,
    tenant: tenant.slug,
    body: { credits, idempotency_key: key, actor: 'support:ada', note: `${hostile} ${key}` },
  })
  expect(adjusted.status).toBe(200)
}

describeInBrowser('credits in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/credits`, person, options)

  it('a bundle is ordered and paid, and its credits are there', async () => {
    const page = await opened()
    await page.getByRole('region', { name: '500 credits free' }).waitFor()
    await page
      .getByRole('list', { name: 'Buy credits' })
      .getByRole('listitem', { name: '2,000 credits' })
      .getByRole('button', { name: 'Order' })
      .click()
    const dialog = page.getByRole('dialog', { name: /2,000 credits/ })
    await dialog.getByRole('button', { name: 'Order and go on to pay' }).click()
    const payUrl = await dialog.getByRole('link', { name: 'Pay at Stripe' }).getAttribute('href')
    await fetch(payUrl!, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }) })
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('region', { name: '2,500 credits free' }).waitFor()
    const ledger = page.getByRole('region', { name: 'Every change' })
    await ledger.getByRole('listitem', { name: 'Bought' }).getByText('+2,000', { exact: true }).waitFor()
    await page.getByText('What happened', { exact: true }).click()
    await page.getByRole('list', { name: 'What happened' }).getByRole('listitem', { name: 'Paid' }).waitFor()
    const month = page.getByRole('table', { name: 'By month' })
    expect(await month.getByRole('cell').allTextContents()).toContain('2,000')
  })

  it('what was granted by hand, reserved and used is told entry by entry, and the older ones on demand', async () => {
    for (let n = 1; n <= 31; n++) await adjust(n, `ticket-${n}`)
    const reserved = await call('/usage/credits/reservations', {
      ...as(),
      body: { credits: 20, idempotency_key: 'run' },
    })
    const { reservation } = (await reserved.json()) as { reservation: string }
    const page = await opened()
    const ledger = page.getByRole('region', { name: 'Every change' })
    await ledger.getByText('+20 held').waitFor()
    await ledger.getByText(`${hostile} ticket-31`).waitFor()
    expect(await ledger.getByText(`${hostile} ticket-1`, { exact: true }).count()).toBe(0)
    await ledger.getByRole('button', { name: 'Show more' }).click()
    await ledger.getByText(`${hostile} ticket-1`, { exact: true }).waitFor()
    await call(`/usage/credits/reservations/${reservation}/consume`, {
      ...as(),
      body: { credits: 12, idempotency_key: 'done' },
    })
    await page.reload()
    await ledger.getByRole('listitem', { name: 'Used' }).getByText('-12', { exact: true }).waitFor()
  })

  it('a frozen practice cannot buy, and a member sees no orders', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member, status: 'frozen' })
    const asOwner = await opened()
    await asOwner.getByText(/cannot buy credits/).waitFor()
    expect(await asOwner.getByRole('button', { name: 'Order' }).count()).toBe(0)
    const asMember = await opened(member)
    await asMember.getByRole('heading', { name: 'Every change' }).waitFor()
    expect(await asMember.getByRole('heading', { name: 'Buy credits' }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await adjust(5, 'ticket')
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await page.getByRole('listitem', { name: 'Corrected by hand' }).waitFor()
      await page.getByRole('button', { name: 'Order' }).first().waitFor()
      await look(page)
      await page.getByRole('button', { name: 'Order' }).first().click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
