import { beforeEach, expect, it } from 'vitest'
import { makeShop, okay, type Shop } from '../bots/bots-scene.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { openConsole } from './visit.ts'

let shop: Shop
beforeEach(async () => {
  shop = await makeShop()
})
const read = async (path: string) => okay(await shop.ask(shop.owner, 'GET', `/${shop.bot.ref_id}${path}`))

describeInBrowser('plans and subscriptions in the console', (browser) => {
  const opened = (person = shop.owner) =>
    openConsole(browser(), `/t/${shop.tenant.slug}/bots/${shop.bot.ref_id}/subscriptions`, person)

  it('a plan is made and offered no more, and an account is set whose secrets do not come back', async () => {
    const page = await opened()
    const making = page.getByRole('form', { name: 'New plan' })
    await making.getByLabel('Name of the plan').fill('Music club')
    await making.getByLabel('Price in Kenyan shillings').fill('500')
    await making.getByRole('button', { name: 'Create the plan' }).click()
    await page.getByRole('button', { name: 'Offer it no more: Music club' }).click()
    await page.getByText('Not offered').waitFor()
    expect(await read('/plans')).toMatchObject({
      plans: [
        { plan_name: 'Music club', amount_minor: 50_000, level: 1, plan_type: 'monthly', is_active: false },
      ],
    })
    const account = page.getByRole('form', { name: 'M-Pesa account' })
    await account.getByLabel('Shortcode (Pay Bill)').fill('174379')
    for (const label of ['Consumer key', 'Consumer secret', 'Passkey'])
      await account.getByLabel(label).fill('very-secret')
    await account.getByRole('button', { name: 'Save' }).click()
    await account.getByText('Contacts pay to this account.').waitFor()
    expect(await page.content()).not.toContain('very-secret')
    expect(await account.getByLabel('Passkey').inputValue()).toBe('')
    expect(await read('/mpesa')).toMatchObject({ shortcode: '174379', till_number: null })
  })

  it('a reviewer sees plans and who subscribed, and neither forms nor the account', async () => {
    const page = await opened(shop.reviewer)
    await page.getByText('There is no plan yet.').waitFor()
    await page.getByText('Nobody has subscribed yet.').waitFor()
    expect(await page.getByRole('form').count()).toBe(0)
  })
})
