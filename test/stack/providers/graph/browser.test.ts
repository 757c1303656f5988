import type { Browser, Page } from 'playwright-core'
import { beforeEach, expect, inject, it, onTestFinished } from 'vitest'
import type { WhatsappNumber } from '../../../../stack/providers/graph/numbers.ts'
import { violationsOn } from '../../../kit/axe.ts'
import { describeInBrowser } from '../../../kit/browser.ts'
import { eventually } from '../../../kit/eventually.ts'
import { makeNumber, phoneOf, setCallback } from '../../../kit/whatsapp.ts'
import { startCallback, verifyToken } from './callback-server.ts'
import { ada } from './scene.ts'

const stack = inject('stack')
const markup = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script>'

let number: WhatsappNumber
beforeEach(async () => {
  number = await makeNumber({ verified_name: `Shop ${crypto.randomUUID()}` })
})

const send = async (body: object) => {
  const answer = await fetch(`${stack.whatsapp_url}/v24.0/${number.phone_number_id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${number.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: ada.phone, ...body }),
  })
  expect(answer.status, await answer.clone().text()).toBe(200)
}
const buttons = (body: string, ...titles: string[]) => ({
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: body },
    action: { buttons: titles.map((title) => ({ type: 'reply', reply: { id: `id ${title}`, title } })) },
  },
})

/** A phone's width, and what went wrong in the page. */
async function visit(browser: Browser): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(stack.phone_url)
  await page.getByLabel('Writes to').selectOption(number.phone_number_id)
  await page.getByRole('option', { name: `+${ada.phone}` }).waitFor({ state: 'attached' })
  return { page, errors }
}

describeInBrowser('the phone in a browser', (browser) => {
  it('connects a callback, writes, shows answers as they come, and presses a button', async () => {
    const callback = await startCallback()
    onTestFinished(() => callback.stop())
    const { page, errors } = await visit(browser())
    await page.getByText('About this number').click()
    await page.getByText(number.token).waitFor()
    await page.getByLabel('Callback').fill(callback.url)
    await page.getByLabel('Verify token').fill('wrong')
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('The callback answers 403 to the handshake, and not 200.').waitFor()
    await page.getByLabel('Verify token').fill(verifyToken)
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('Connected: the callback answered the handshake.').waitFor()
    await page.getByText('About this number').click()

    await page.getByLabel('Message', { exact: true }).fill('¿Abierto?')
    await page.keyboard.press('Enter')
    await page.locator('#messages .phone', { hasText: '¿Abierto?' }).waitFor()
    await eventually(() => expect(callback.messages()).toMatchObject([{ text: { body: '¿Abierto?' } }]))
    await page.locator('.phone', { hasText: 'delivered' }).waitFor()
    const message_id = callback.messages()[0].id
    await send({ status: 'read', message_id, typing_indicator: { type: 'text' }, to: undefined })
    await page.getByText('The bot is typing …').waitFor()
    await page.locator('.phone', { hasText: 'read' }).waitFor()

    await send(buttons('When?', 'Monday', 'Tuesday'))
    await page.getByRole('button', { name: 'Tuesday' }).click()
    await page.locator('#messages .phone', { hasText: 'Tuesday' }).waitFor()
    await eventually(() =>
      expect(callback.messages()[1]?.interactive.button_reply).toEqual({
        id: 'id Tuesday',
        title: 'Tuesday',
      }),
    )
    // Whoever has the page open has read it.
    await eventually(() => expect(callback.statuses().map(({ status }) => status)).toContain('read'))
    await page.locator('.business', { hasText: 'read' }).waitFor()
    expect(errors).toEqual([])
  })

  it('is used by keyboard: another contact, a location and a picture', async () => {
    const callback = await startCallback()
    onTestFinished(() => callback.stop())
    await setCallback(number, callback.url, verifyToken)
    const { page, errors } = await visit(browser())
    await page.getByRole('button', { name: 'New contact' }).press('Enter')
    await page.getByLabel('Name', { exact: true }).fill('Grace')
    await page.getByLabel('Number, with its country').fill('+1 202 555 0177')
    await page.getByLabel('Has a user name').press('Space')
    await page.keyboard.press('Enter')
    await eventually(async () => expect(await page.locator('#contact').inputValue()).toBe('12025550177'))
    await page.getByRole('button', { name: 'Location' }).press('Enter')
    await page.getByLabel('Latitude').fill('46.2')
    await page.getByLabel('Longitude').fill('6.1')
    await page.keyboard.press('Enter')
    await page.getByText('Location, 46.2, 6.1').waitFor()
    await eventually(() => expect(callback.messages()).toHaveLength(1))
    expect(callback.messages()[0]).toMatchObject({ location: { latitude: 46.2, longitude: 6.1 } })
    expect(callback.messages()[0]).not.toHaveProperty('from')
    const pixel = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64')
    await page
      .getByLabel('Picture or file')
      .setInputFiles({ name: 'a.gif', mimeType: 'image/gif', buffer: pixel })
    const picture = page.getByRole('img', { name: 'A picture' })
    await picture.waitFor()
    await eventually(async () =>
      expect(await picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1),
    )
    // A dialog that is left sends nothing.
    await page.getByRole('button', { name: 'Location' }).press('Enter')
    await page.keyboard.press('Escape')
    expect(await page.locator('#messages > div').count()).toBe(2)
    expect(errors).toEqual([])
  })

  it('shows what is hostile as text', async () => {
    const phone = await phoneOf(number, { ...ada, name: markup.slice(0, 100) })
    await phone.text(markup)
    await phone.sendFile(new File([`<script>top.owned=1</script>`], `${markup}.html`, { type: 'text/html' }))
    await send({ type: 'text', text: { body: markup } })
    await send(buttons(markup, '<b>x</b>'))
    const { page, errors } = await visit(browser())
    await page.getByRole('button', { name: '<b>x</b>' }).waitFor()
    expect(await page.locator('#messages > div').count()).toBe(4)
    expect(await page.evaluate(() => 'owned' in window)).toBe(false)
    expect(await page.locator('#messages b, #messages script').count()).toBe(0)
    expect(errors).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'axe finds nothing, and nothing is too wide for a phone: %s',
    async (colorScheme) => {
      const phone = await phoneOf(number, ada)
      await phone.text('x'.repeat(300))
      const rows = [{ id: '1', title: 'A cut', description: 'Half an hour' }]
      const action = { button: 'Choose', sections: [{ rows }] }
      await send({ type: 'interactive', interactive: { type: 'list', body: { text: 'What?' }, action } })
      await send(buttons('When?', 'Monday'))
      const { page } = await visit(browser())
      await page.emulateMedia({ colorScheme })
      await page.getByText('Choose').click()
      const check = async () => {
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
        expect(await violationsOn(page)).toEqual([])
      }
      await check()
      await page.getByText('About this number').click()
      await check()
      await page.getByRole('button', { name: 'New contact' }).click()
      await check()
    },
  )
})
