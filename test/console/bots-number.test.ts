import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { makeShop, type Shop } from '../bots/bots-scene.ts'
import { connect, read, settingsOf, shake, verify } from '../bots/number/number-scene.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { changeNumber, makeNumber } from '../kit/whatsapp.ts'
import { look, openConsole, phone } from './visit.ts'

let shop: Shop
beforeEach(async () => {
  shop = await makeShop()
})

const state = (page: Page) => page.getByRole('region', { name: 'State of the number' })
const atMeta = (page: Page) => page.getByRole('region', { name: 'What Meta is told' })
const press = (within: ReturnType<typeof state>, name: string) =>
  within.getByRole('button', { name, exact: true }).click()

describeInBrowser('the number of a bot in the console', (browser) => {
  const opened = (person = shop.owner, options = {}) =>
    openConsole(browser(), `/t/${shop.tenant.slug}/bots/${shop.bot.ref_id}/number`, person, options)

  it('is connected, verified once its secrets are right, and removed, and no secret comes back', async () => {
    const number = await makeNumber()
    const settings = settingsOf(number)
    const page = await opened()
    await page.getByText('Without one it answers nobody.').waitFor()
    const form = page.getByRole('form', { name: 'Connect a number' })
    await form.getByLabel('Phone number ID').fill(settings.whatsapp_phone_number_id)
    await form.getByLabel('Account ID').fill(settings.whatsapp_business_account_id)
    await form.getByLabel('Access token').fill('EAAnone')
    await form.getByLabel('App secret').fill(settings.app_secret)
    await form.getByText('The same with curl').click()
    expect(await form.getByText(/^curl -X PUT/).textContent()).not.toContain(settings.app_secret)
    await press(form, 'Save')
    const shown = page.getByRole('dialog', { name: 'Verify token' })
    const first = await shown.getByLabel('Verify token').inputValue()
    expect((await shake(shop.bot.ref_id, first)).status).toBe(200)
    await press(shown, 'I have kept it')
    await state(page).getByText('The number is not verified yet.').waitFor()
    await press(state(page), 'Verify')
    await state(page).getByText('Meta does not accept the access token. Make a new one').waitFor()

    const changing = page.getByRole('form', { name: 'Change the number' })
    expect(await changing.getByLabel('App secret').inputValue()).toBe('')
    await changing.getByLabel('Access token').fill(settings.access_token)
    await press(changing, 'Save')
    await changing.getByText('Saved.').waitFor()
    await press(state(page), 'Verify')
    await state(page).getByText('Meta knows the number, and the bot may answer.').waitFor()
    await state(page).getByText(number.display_phone_number).waitFor()
    expect(await read(shop)).toMatchObject({ is_verified: true, last_problem: null })
    await atMeta(page).getByText(`/functions/v1/bots/whatsapp/${shop.bot.ref_id}`).waitFor()

    await press(atMeta(page), 'Make a new verify token')
    await press(page.getByRole('dialog'), 'Make a new verify token')
    const second = await shown.getByLabel('Verify token').inputValue()
    expect(second).not.toBe(first)
    await press(shown, 'I have kept it')
    await atMeta(page).getByText('counts until').waitFor()
    expect(await page.content()).not.toContain(second)
    await press(atMeta(page), 'Show the verify token')
    expect(await shown.getByLabel('Verify token').inputValue()).toBe(second)
    await press(shown, 'I have kept it')
    for (const secret of [settings.access_token, settings.app_secret])
      expect(await page.content()).not.toContain(secret)

    await press(state(page), 'Remove the number')
    await press(page.getByRole('dialog', { name: 'Remove the number?' }), 'Remove the number')
    await form.waitFor()
    expect((await shop.ask(shop.owner, 'GET', `/${shop.bot.ref_id}/number`)).status).toBe(404)
  })

  it('tells why it is paused, is verified again with other ids, and is accessible', async () => {
    const number = await makeNumber()
    await connect(shop, number)
    await verify(shop)
    await changeNumber(number, { token: `${number.token}x` })
    await admin.query(`select private.pause_bot($1, private.ulid_to_uuid($2), 'token_invalid')`, [
      shop.tenant.id,
      shop.bot.ref_id,
    ])
    const page = await opened()
    await state(page)
      .getByText(/The bot sends nothing since .*: Meta does not accept the access token any more/)
      .waitFor()
    await look(page)
    const changing = page.getByRole('form', { name: 'Change the number' })
    // The token of one number opens no other, so the browser asks for it.
    await changing.getByLabel('Phone number ID').fill('123456')
    expect(await changing.getByLabel('Access token').getAttribute('required')).not.toBeNull()
    await changing.getByLabel('Phone number ID').fill('a number')
    await changing.getByLabel('Access token').fill(`${number.token}x`)
    await press(changing, 'Save')
    await expect.poll(() => changing.getByLabel('Phone number ID').getAttribute('aria-invalid')).toBe('true')
    await changing.getByLabel('Phone number ID').fill(number.phone_number_id)
    await press(changing, 'Save')
    await changing.getByText('Saved.').waitFor()
    await press(state(page), 'Verify')
    await state(page)
      .getByText(/The bot sends nothing/)
      .waitFor({ state: 'detached' })
    expect(await read(shop)).toMatchObject({ paused_at: null, is_verified: true })

    const small = await opened(shop.owner, phone)
    await state(small).getByText(number.display_phone_number).waitFor()
    await look(small)
  })

  it('a member does not see it', async () => {
    await connect(shop, await makeNumber())
    const page = await opened(shop.member)
    await page.getByText('Admins and owners see the number of a bot.').waitFor()
    expect(await page.getByRole('form').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Number', exact: true }).count()).toBe(0)
  })
})
