import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { Bot, Bots, BotTemplate } from '../../lib/bots/index.ts'
import { addTemplate, makeShop, okay, type Shop, teach, tried } from '../bots/bots-scene.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { superuser } from '../kit/db.ts'
import { forceTenant } from '../kit/tenants.ts'
import { ownLlm, useModel } from '../usage/models/model-scene.ts'
import { consoleUrl, look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
const llm = ownLlm()
let shop: Shop
beforeEach(async () => {
  shop = await makeShop()
})

const read = async (path = `/${shop.bot.ref_id}`) => okay(await shop.ask(shop.owner, 'GET', path))
const form = (page: Page, name: string) => page.getByRole('form', { name })
const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Bots' }).getByRole('link', { name }).click()

describeInBrowser('bots in the console', (browser) => {
  const opened = (path = '', person = shop.owner, options = {}) =>
    openConsole(browser(), `/t/${shop.tenant.slug}/bots${path}`, person, options)

  it('a bot is made, told whom it speaks for, switched on, and deleted after a question', async () => {
    const page = await opened()
    const making = form(page, 'New bot')
    await making.getByLabel('Name of the shop').fill(hostile)
    await making.getByLabel('Telephone of the shop').fill('0700 900145')
    await making.getByRole('button', { name: 'Create the bot' }).click()
    const phoneField = making.getByLabel('Telephone of the shop')
    await expect.poll(() => phoneField.getAttribute('aria-invalid')).toBe('true')
    await phoneField.fill('+447700900145')
    await making.getByRole('button', { name: 'Create the bot' }).click()

    const facts = form(page, 'Whom it speaks for')
    await facts.getByLabel('E-mail of the shop').fill('hello@kassangas.test')
    const save = facts.getByRole('button', { name: 'Save' })
    const add = facts.getByRole('button', { name: 'Add a text' })
    for (const [at, text] of ['Monday to Friday', hostile, 'twice'].entries()) {
      await add.click()
      await facts.getByLabel(`Name ${at + 1}`).fill(['hours', 'offers', 'hours'][at]!)
      await facts.getByLabel(`Text ${at + 1}`).fill(text)
    }
    await facts.getByText('Another text has this name.').first().waitFor()
    expect(await save.getAttribute('aria-disabled')).toBe('true')
    await facts.getByRole('button', { name: 'Remove text 3' }).click()
    // Whoever works with keys goes on from there.
    expect(await add.and(page.locator(':focus')).count()).toBe(1)
    await save.focus()
    await page.keyboard.press('Enter')
    await facts.getByText('Saved.').waitFor()
    expect(await save.and(page.locator(':focus')).count()).toBe(1)
    const { bots } = Bots.parse(await read(''))
    const made = bots.find(({ client_name }) => client_name === hostile)
    expect(made).toMatchObject({
      ...{ client_phone: '+447700900145', client_email: 'hello@kassangas.test', is_active: false },
      business_profile: { hours: 'Monday to Friday', offers: hostile },
    })

    const path = `/${made!.ref_id}`
    await page.getByRole('button', { name: 'Switch it on' }).click()
    await page.getByText('Switched on. It may answer customers.').waitFor()
    expect(await read(path)).toMatchObject({ is_active: true })
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog', { name: `Delete ${hostile}?` })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await read(path)).toMatchObject({ is_active: true })
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'New bot' }).waitFor()
    await page.getByRole('link', { name: hostile }).waitFor({ state: 'detached' })
    expect((await shop.ask(shop.owner, 'GET', path)).status).toBe(404)
    expect(await page.title()).not.toBe('1')
  })

  it('a changed toggle changes what it answers, and so does a model of its own', async () => {
    await useModel(shop.tenant, llm.server())
    await addTemplate(shop)
    const page = await opened(`/${shop.bot.ref_id}/behaviour`)
    const may = form(page, 'What it may do')
    const own = form(page, 'A model of its own')
    await own.getByText('It has none.').waitFor()
    await own.getByLabel('Provider').selectOption('Another that speaks like OpenAI')
    await own.getByLabel('Address').fill(`${llm.server().url}?key=1`)
    await own.getByLabel('Model', { exact: true }).fill('bots-own')
    await own.getByLabel('API key').fill('sk-of-the-bot')
    await own.getByText('The same with curl').click()
    expect(await own.getByText(/^curl -X PUT/).textContent()).not.toContain('sk-of-the-bot')
    await own.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => own.getByLabel('Address').getAttribute('aria-invalid')).toBe('true')
    await own.getByLabel('Address').fill(llm.server().url)
    await own.getByRole('button', { name: 'Save' }).click()
    await own.getByText('bots-own writes for this bot.').waitFor()
    expect(await own.getByLabel('API key').inputValue()).toBe('')
    expect(await page.content()).not.toContain('sk-of-the-bot')
    expect((await tried(shop, 'ANSWER Hello')).call).toMatchObject({ model: 'bots-own' })
    expect(llm.server().asked.at(-1)?.key).toBe('sk-of-the-bot')

    await may.getByLabel('Training mode').check()
    await may.getByRole('button', { name: 'Save' }).click()
    await may.getByText('Saved.').waitFor()
    expect(await tried(shop, 'ANSWER Hello')).toMatchObject({ reason: 'training_mode' })
    await may.getByLabel('Training mode').uncheck()
    await may.getByLabel('Answers customers').uncheck()
    await may.getByRole('button', { name: 'Save' }).click()
    await may.getByText('Saved.').waitFor()
    expect(await tried(shop, 'ANSWER Hello')).toMatchObject({ outcome: 'silent', reason: 'not_enabled' })

    const much = form(page, 'How much it answers, and who is told')
    await much.getByLabel('in an hour').fill('40')
    await much.getByLabel('E-mail').fill('ada@kassangas.test')
    await much.getByLabel('Telephone').fill('0700 900145')
    await much.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => much.getByLabel('Telephone').getAttribute('aria-invalid')).toBe('true')
    await much.getByLabel('Telephone').fill('')
    await much.getByLabel('Words to subscribe').fill('premium, Jiunge ,')
    // Somebody else changes something else meanwhile.
    const settings = `/${shop.bot.ref_id}/settings`
    await okay(await shop.ask(shop.owner, 'PATCH', settings, { max_messages_per_user_per_day: 7 }))
    await may.getByLabel('Replies by itself').uncheck()
    await may.getByLabel('Keeps what was said').uncheck()
    await may.getByRole('button', { name: 'Save' }).click()
    await may.getByText('Saved.').waitFor()
    expect(await much.getByLabel('in an hour').inputValue()).toBe('40')
    await much.getByRole('button', { name: 'Save' }).click()
    await much.getByText('Saved.').waitFor()
    const stored = { enable_auto_reply: false, log_conversations: false, escalation_phone: null }
    expect(await read(settings)).toMatchObject({
      ...{ ...stored, max_messages_per_hour: 40, max_messages_per_user_per_day: 7 },
      escalation_email: 'ada@kassangas.test',
      subscribe_words: ['premium', 'Jiunge'],
    })
    await much.getByLabel('E-mail').fill('')
    await much.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => read(settings)).toMatchObject({ escalation_email: null })

    await own.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove bots-own?' })
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await own.getByText('It has none.').waitFor()
    expect(Bot.parse(await read()).model).toBeNull()
  })

  it('templates are made and changed by two people at once, and a new default takes the place of the old', async () => {
    const at = `/${shop.bot.ref_id}/templates`
    const page = await opened(at)
    const making = form(page, 'New template')
    await page.getByText('There is no template. Without one, no model writes.').waitFor()
    await making.getByLabel('Name', { exact: true }).fill('Everyday')
    await making.getByLabel('Instructions').fill('You sell for {{client_nome}}.')
    await making.getByLabel('Facts').fill('{"a": ')
    await making.getByText('This is no object of JSON.').waitFor()
    await making.getByLabel('Facts').fill('{"languages": ["Swahili"]}')
    await making.getByRole('button', { name: 'Create the template' }).click()
    await making.getByText('has the unknown variable {{client_nome}}').waitFor()
    await making.getByLabel('Instructions').fill('You sell for {{client_name}}.')
    await making.getByRole('button', { name: 'Create the template' }).click()

    const editing = form(page, 'Everyday')
    await editing.getByLabel('It is the default').waitFor()
    expect(await editing.getByLabel('It is the default').isDisabled()).toBe(true)
    const ref = new URL(page.url()).pathname.split('/').at(-1)
    const stored = async () => BotTemplate.parse(await read(`${at}/${ref}`))
    expect(await stored()).toMatchObject({
      conversation_context: { languages: ['Swahili'] },
      is_default: true,
    })
    const theirs = { system_prompt: 'Theirs.', tone: 'professional' }
    await okay(await shop.ask(shop.member, 'PATCH', `${at}/${ref}`, theirs, { 'if-match': '"1"' }))
    await editing.getByLabel('Instructions').fill('Mine.')
    await editing.getByLabel('What it is for').fill('Most days')
    await editing.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this template' })
    await dialog
      .getByRole('group', { name: 'Instructions' })
      .getByLabel(/Keep mine/)
      .check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await editing.getByRole('button', { name: 'Save' }).click()
    await editing.getByText('Saved.').waitFor()
    // What the other changed elsewhere stays.
    expect(await stored()).toMatchObject({
      ...{ system_prompt: 'Mine.', description: 'Most days', tone: 'professional' },
    })

    await tab(page, 'Templates')
    await page.getByRole('button', { name: 'New template' }).click()
    await making.getByLabel('Name', { exact: true }).fill('Sundays')
    await making.getByLabel('Instructions').fill('It is closed.')
    await making.getByLabel('It is the default').check()
    await making.getByRole('button', { name: 'Create the template' }).click()
    await form(page, 'Sundays').waitFor()
    await tab(page, 'Templates')
    const listed = page.getByRole('list', { name: 'Templates' })
    await listed.getByRole('listitem', { name: 'Sundays' }).getByText('The default').waitFor()
    expect(await listed.getByText('The default').count()).toBe(1)
    await listed.getByRole('link', { name: 'Everyday' }).click()
    await editing.getByLabel('From which level').fill('3')
    await editing.getByRole('button', { name: 'Save' }).click()
    await editing.getByText('Saved.').waitFor()
    expect(await stored()).toMatchObject({ is_default: false, min_level: 3 })
    await editing.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await expect.poll(() => listed.getByRole('listitem').count()).toBe(1)
    expect((await shop.ask(shop.owner, 'GET', `${at}/${ref}`)).status).toBe(404)
  })

  it('a member teaches and does not manage, a reviewer looks, and nobody finds another tenant’s bot', async () => {
    const other = await makeShop()
    const page = await opened('', shop.member)
    await page.getByText('Admins and owners create bots and say what they may do.').waitFor()
    expect(await page.getByRole('form').count()).toBe(0)
    await page.getByRole('link', { name: 'Kassangas' }).click()
    await page.getByText('Switched on.').waitFor()
    expect(await page.getByLabel('Name of the shop').isDisabled()).toBe(true)
    await tab(page, 'Behaviour')
    await page.getByLabel('Training mode').waitFor()
    expect(await page.getByLabel('Training mode').isDisabled()).toBe(true)
    expect(await page.getByLabel('API key').count()).toBe(0)
    const buttonsOf = (of: Page) => of.getByRole('main').getByRole('button').count()
    expect(await buttonsOf(page)).toBe(0)
    await tab(page, 'Training data')
    await page.getByRole('button', { name: 'Add a question' }).waitFor()
    await page.goto(consoleUrl(`/t/${shop.tenant.slug}/bots/${other.bot.ref_id}`))
    await page.getByRole('alert').getByText('This tenant has no bot with this ref_id.').waitFor()
    expect(await page.getByRole('form').count()).toBe(0)

    const reviewing = await opened(`/${shop.bot.ref_id}/try`, shop.reviewer)
    await reviewing.getByText('Reviewers do not try bots').waitFor()
    await tab(reviewing, 'Training data')
    await reviewing.getByText('There is nothing here.').waitFor()
    expect(await buttonsOf(reviewing)).toBe(0)
  })

  it('a plan without bots is told, and what is there can still be seen', async () => {
    await forceTenant(superuser, shop.tenant.id, `plan = 'starter'`)
    const page = await opened()
    await page.getByText('Your plan does not have bots. The plan “business” has them.').waitFor()
    await page.getByRole('link', { name: 'Kassangas' }).waitFor()
    expect(await form(page, 'New bot').count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await useModel(shop.tenant, llm.server())
    await addTemplate(shop)
    await teach(shop, { question: 'x'.repeat(200), answer: 'Yes.', category: hostile.slice(0, 80) })
    await teach(shop, { question: 'Do you hire out tents?', answer: null })
    for (const options of [{}, phone]) {
      const page = await opened('', shop.owner, options)
      await page.getByRole('link', { name: 'Kassangas' }).waitFor()
      await look(page)
      await page.getByRole('link', { name: 'Kassangas' }).click()
      await page.getByRole('button', { name: 'Add a text' }).click()
      await look(page)
      page.once('dialog', (dialog) => void dialog.accept())
      await tab(page, 'Behaviour')
      await page.getByLabel('Training mode').waitFor()
      await look(page)
      await tab(page, 'Templates')
      await page.getByRole('link', { name: 'default' }).click()
      await page.getByLabel('Instructions').waitFor()
      await look(page)
      await tab(page, 'Training data')
      await page.getByRole('button', { name: 'Add a question' }).click()
      await page.getByLabel('Answer to “Do you hire out tents?”').waitFor()
      await look(page)
      await tab(page, 'Try it')
      await page.getByLabel('Message').fill('ANSWER We do not.')
      await page.getByRole('button', { name: 'Ask the bot' }).click()
      await page.getByText('What the model was told').click()
      await look(page)
    }
  })
})
