import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { payloadOf } from '../../stack/providers/graph/webhooks/payload.ts'
import { okay, teach } from '../bots/bots-scene.ts'
import {
  type Counter,
  type Customer,
  conversationOf,
  conversationsOf,
  customer,
  messagesOf,
  openCounter,
  postWebhook,
} from '../bots/conversations/scene.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { misbehave } from '../kit/whatsapp.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let shop: Counter
beforeEach(async () => {
  shop = await openCounter()
})

const said = (page: Page) => page.getByRole('log', { name: 'What was said' }).getByRole('listitem')
const answering = (page: Page) => page.getByRole('region', { name: 'Who answers' })
const reply = (page: Page) => page.getByRole('form', { name: 'Answer' })
/** Lets a customer's last message be older than WhatsApp allows answers to. */
const age = (contact: string) =>
  admin.query(
    `update public.conversation_states set last_received_at = now() - interval '25 hours'
     where tenant_id = $1 and contact_id = private.ulid_to_uuid($2)`,
    [shop.tenant.id, contact],
  )
/** WhatsApp says how far the last message to a customer got. */
async function tellStatus({ wa_id, phone: of }: Customer, status: object): Promise<void> {
  const last = (await of.received()).at(-1)
  const told = {
    id: last?.id,
    timestamp: `${Math.floor(Date.now() / 1_000)}`,
    recipient_id: wa_id,
    ...status,
  }
  await okay(await postWebhook(shop, payloadOf(shop.number, [{ contacts: [], statuses: [told] }])))
}

describeInBrowser('conversations of a bot in the console', (browser) => {
  const opened = (path = '', person = shop.member, options = {}) =>
    openConsole(
      browser(),
      `/t/${shop.tenant.slug}/bots/${shop.bot.ref_id}/conversations${path}`,
      person,
      options,
    )

  it('an answer of the bot is shown with what led to it, and a person takes over, answers and hands back', async () => {
    const row = await teach(shop, { question: 'Do you sell ukuleles?', answer: 'Yes.' })
    const ada = await customer(shop, hostile)
    await ada.says('Do you sell ukuleles?')
    await expect.poll(ada.heard).toEqual(['Yes.'])
    const page = await opened()
    const list = page.getByRole('list', { name: 'Conversations' })
    await list.getByRole('listitem', { name: hostile }).getByText('Answered by the bot').waitFor()
    await list.getByRole('link', { name: hostile }).click()
    const [asked, answered] = [said(page).nth(0), said(page).nth(1)]
    await asked.getByText('Do you sell ukuleles?').waitFor()
    await answered.getByText('Training data fits well enough').waitFor()
    await answered.getByText('Delivered').waitFor()
    await tellStatus(ada, { status: 'read' })
    // What WhatsApp says of it comes by itself.
    await answered.getByText('Read', { exact: true }).waitFor()
    expect(await answered.getByRole('link').getAttribute('href')).toContain(`/training/${row.ref_id}`)

    // Nobody knows this: no template is there, so no model writes.
    await ada.says('Do you tune harps?')
    await said(page).getByText('It asks a person for help. No training data').waitFor()
    await answering(page)
      .getByText(/It waits for a person since .* No training data fits/)
      .waitFor()
    await page.getByRole('link', { name: 'All conversations' }).click()
    const listed = list.getByRole('listitem', { name: hostile })
    await listed.getByText('Waits for a person').waitFor()
    await listed.getByText('without an active template no model writes').waitFor()
    await page.getByRole('link', { name: hostile }).click()
    await answering(page).getByRole('button', { name: 'Take over' }).click()
    await answering(page).getByText('The bot is quiet.').waitFor()
    expect(await conversationOf(shop, ada.writer)).toMatchObject({
      ...{ taken_over_by: shop.member.id, escalated_at: null },
    })
    await ada.says('Do you sell ukuleles?')
    await said(page).getByText('It says nothing. A person answers this conversation.').waitFor()

    await reply(page)
      .getByText(/WhatsApp lets you write until/)
      .waitFor()
    await reply(page).getByLabel('Your answer').fill(hostile)
    await reply(page).getByRole('button', { name: 'Send' }).click()
    await said(page).filter({ hasText: 'Person ·' }).getByText(hostile).waitFor()
    expect(await reply(page).getByLabel('Your answer').inputValue()).toBe('')
    await expect.poll(async () => (await ada.heard()).at(-1)).toBe(hostile)
    await said(page).filter({ hasText: 'Person ·' }).getByText('Delivered').waitFor()

    await answering(page).getByRole('button', { name: 'Hand back to the bot' }).click()
    await answering(page).getByText('The bot answers.').waitFor()
    expect(await conversationOf(shop, ada.writer)).toMatchObject({ taken_over_at: null })
    expect(await page.title()).not.toBe('1')
  })

  it('nothing is written after STOP or a day of silence, and what was refused is told', async () => {
    const [ada, ben] = [await customer(shop), await customer(shop, 'Ben Example')]
    await ben.says('Hello')
    await ada.says('Hello')
    const { contact } = await conversationOf(shop, ada.writer)
    const page = await opened(`/${contact}`)
    await reply(page).getByLabel('Your answer').fill('Good morning')
    // The page still shows the time before.
    await page.route(`**/conversations/${contact}`, (route) => route.abort())
    await age(contact)
    await reply(page).getByRole('button', { name: 'Send' }).click()
    await reply(page).getByRole('alert').getByText('for 24 hours after the last message').waitFor()
    await page.unroute(`**/conversations/${contact}`)
    await reply(page).getByText('They are over. Wait until the customer writes again.').waitFor()
    expect(await reply(page).getByLabel('Your answer').isDisabled()).toBe(true)
    // A new message opens it again, and what was typed is still there.
    await ada.says('Are you there?')
    await expect.poll(() => reply(page).getByLabel('Your answer').isEnabled()).toBe(true)
    expect(await reply(page).getByLabel('Your answer').inputValue()).toBe('Good morning')
    await ada.says('STOP')
    await said(page).getByText('It says nothing. The customer wrote STOP.').waitFor()
    await reply(page).getByText('so nothing is sent. The customer can write START.').waitFor()
    expect(await reply(page).getByLabel('Your answer').isDisabled()).toBe(true)
    expect((await messagesOf(shop, { contact })).filter(({ source }) => source === 'person')).toEqual([])
  })

  it('are narrowed by the address, have pages, and a contact is forgotten after a question by a manager', async () => {
    await admin.query(
      `with made as (
         insert into public.contacts (tenant_id, bot_id, wa_id, full_name)
         select $1, private.ulid_to_uuid($2), (490000000 + n)::text, 'Many ' || n from generate_series(1, 60) as n
         returning tenant_id, bot_id, id)
       insert into public.conversation_states (tenant_id, bot_id, contact_id) select * from made`,
      [shop.tenant.id, shop.bot.ref_id],
    )
    const ada = await customer(shop)
    await ada.says('Hello', 'Are you there?')
    const page = await opened('', shop.owner)
    const rows = page.getByRole('list', { name: 'Conversations' }).getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(50)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => rows.count()).toBe(61)
    await page.getByLabel('Name or number begins with').fill('ada')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('contact')).toBe('ada')
    await page.getByLabel('Show', { exact: true }).selectOption('Answered by a person')
    await page.getByText('There is no conversation here.').waitFor()
    await page.getByLabel('Show', { exact: true }).selectOption('Waiting for a person')
    await rows.getByRole('link', { name: 'Ada Example' }).click()
    await page.getByText(`+${ada.wa_id}`).waitFor()

    await page.getByRole('button', { name: 'Forget this contact' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget Ada Example?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await conversationsOf(shop, '?contact=ada')).toHaveLength(1)
    await page.getByRole('button', { name: 'Forget this contact' }).click()
    await dialog.getByRole('button', { name: 'Forget' }).click()
    await expect.poll(() => rows.count()).toBe(60)
    expect(await rows.getByText('Ada Example').count()).toBe(0)
    expect(await conversationsOf(shop, '?contact=ada')).toEqual([])
  })

  it('a reviewer reads and does not answer, nobody finds another tenant’s contact, and a failure is told', async () => {
    const ada = await customer(shop)
    await ada.says('Hello')
    const { contact } = await conversationOf(shop, ada.writer)
    const sent = { text: 'x'.repeat(200) }
    const path = `/${shop.bot.ref_id}/conversations/${contact}`
    await misbehave(shop.number, { fail: { code: 131_026, times: 1 } })
    await okay(await shop.ask(shop.member, 'POST', `${path}/messages`, sent), 202)
    const page = await opened(`/${contact}`, shop.reviewer)
    await page.getByText('Reviewers read conversations, and do not answer.').waitFor()
    await said(page)
      .getByText(/Failed: 131026/)
      .waitFor()
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
    expect(await page.getByRole('form').count()).toBe(0)

    for (const options of [{}, phone]) {
      const own = await opened('', shop.owner, options)
      await own.getByRole('link', { name: 'Ada Example' }).click()
      await reply(own).getByLabel('Your answer').waitFor()
      await said(own).getByText('Failed').waitFor()
      await look(own)
      await own.getByRole('link', { name: 'All conversations' }).click()
      await own.getByRole('link', { name: 'Ada Example' }).waitFor()
      await look(own)
    }
    const stray = await openCounter()
    const theirs = await customer(stray)
    await theirs.says('Hello')
    const other = await conversationOf(stray, theirs.writer)
    const none = await opened(`/${other.contact}`)
    await none.getByRole('alert').getByText('This bot has no contact with this ref_id.').waitFor()
    expect(await none.getByRole('form').count()).toBe(0)
  })
})
