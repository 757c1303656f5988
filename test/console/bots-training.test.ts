import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { TrainingRows } from '../../lib/bots/index.ts'
import { addTemplate, makeShop, okay, type Shop, teach, tried } from '../bots/bots-scene.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { callsOf, ownLlm, useModel } from '../usage/models/model-scene.ts'
import { look, openConsole } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
const llm = ownLlm()
let shop: Shop
beforeEach(async () => {
  shop = await makeShop()
})

const rows = async () =>
  TrainingRows.parse(
    await okay(await shop.ask(shop.owner, 'GET', `/${shop.bot.ref_id}/training-data?limit=100`)),
  ).training_data
const csv = (...lines: string[]) => ({
  name: 'rows.csv',
  // As a Windows with a spreadsheet program names it.
  mimeType: 'application/vnd.ms-excel',
  buffer: Buffer.from(`${lines.join('\r\n')}\r\n`),
})
const listed = (page: Page) => page.getByRole('list', { name: 'Training data', exact: true })

describeInBrowser('what a bot knows, in the console', (browser) => {
  const opened = (path: string, person = shop.member) =>
    openConsole(browser(), `/t/${shop.tenant.slug}/bots/${shop.bot.ref_id}${path}`, person)

  it('a question is added, found, changed and deleted, and a long list has pages', async () => {
    const { tenant, bot } = shop
    await admin.query(
      `insert into public.bot_training_data (tenant_id, bot_id, question, answer, category)
       select tenant_id, id, 'Number ' || n || '?', 'Yes.', 'numbers' from public.bot_tenants, generate_series(1, 60) as n
       where tenant_id = $1 and ref_id = $2`,
      [tenant.id, bot.ref_id],
    )
    const page = await opened('/training')
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(50)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(60)

    await page.getByRole('button', { name: 'Add a question' }).click()
    const adding = page.getByRole('form', { name: 'New question' })
    await adding.getByLabel('Question', { exact: true }).fill(`Cafés ${hostile}?`)
    await adding.getByLabel('Answer', { exact: true }).fill('a\u202eb')
    await adding.getByLabel('Priority').fill('7')
    await adding.getByLabel('From which level').fill('2')
    await adding.getByLabel('Language of the question').fill('')
    await adding.getByRole('button', { name: 'Teach it' }).click()
    await expect
      .poll(() => adding.getByLabel('Answer', { exact: true }).getAttribute('aria-invalid'))
      .toBe('true')
    await adding.getByLabel('Answer', { exact: true }).fill('Until six.')
    await adding.getByRole('button', { name: 'Teach it' }).click()
    await adding.getByText('The bot has learned it.').waitFor()
    expect((await rows())[0]).toMatchObject({
      ...{ answer: 'Until six.', priority: 7, locale: null, is_active: true, data_type: 'faq', min_level: 2 },
    })

    await page.getByLabel('Part of the question').fill('CAFES')
    await page.keyboard.press('Enter')
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('search')).toBe('CAFES')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`training-data-${tenant.slug}.csv`)
    expect((await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')).toHaveLength(2)

    await listed(page).getByRole('link').click()
    const editing = page.getByRole('form', { name: 'Question', exact: true })
    await editing.getByLabel('Answer', { exact: true }).fill('Until seven.')
    await editing.getByLabel('It answers customers').uncheck()
    await editing.getByRole('button', { name: 'Save' }).click()
    await editing.getByText('Saved.').waitFor()
    expect((await rows())[0]).toMatchObject({ answer: 'Until seven.', is_active: false, priority: 7 })
    await editing.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await listed(page).waitFor()
    expect(await rows()).toHaveLength(60)
    expect(await page.title()).not.toBe('1')
  })

  it('a question that waits is found and answered, and from then on the bot answers it', async () => {
    await teach(shop, { question: 'Tents?', answer: null })
    await teach(shop, { question: 'Do you hire out drums?', answer: null })
    await teach(shop, { question: 'Are you open?', answer: 'Yes.', is_active: false })
    const page = await opened('/training')
    await page.getByText('2 questions wait for an answer.').waitFor()
    await page.getByRole('link', { name: 'Answer now' }).click()
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(2)
    await page.getByLabel('Answer to “Do you hire out drums?”').fill('For a day.')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(1)
    // With the row its form goes, and the focus is with the next one.
    const next = page.getByLabel('Answer to “Tents?”')
    expect(await next.and(page.locator(':focus')).count()).toBe(1)
    await next.fill('No.')
    await page.getByRole('button', { name: 'Answer', exact: true }).click()
    await page.getByText('There is nothing here.').waitFor()
    expect(await tried(shop, 'Do you hire out drums?')).toMatchObject({
      ...{ reason: 'training_data', text: 'For a day.' },
    })
    await page.getByLabel('Show', { exact: true }).selectOption('Not active')
    await listed(page).getByRole('listitem', { name: 'Are you open?' }).waitFor()
    expect(await listed(page).getByRole('listitem').count()).toBe(1)
  })

  it('a wrong file is told by line and column and changes nothing, and a right one answers', async () => {
    const page = await opened('/training')
    const file = page.getByLabel('CSV file')
    const card = page.getByRole('region', { name: 'From a file' })
    await file.setInputFiles(
      csv('question,answer,locale,priority', 'Open?,Yes.,English,0', 'Closed?,,,often', ',No.,,'),
    )
    const told = card.getByRole('alert').getByRole('listitem')
    await expect.poll(() => told.count()).toBe(3)
    expect(await told.allInnerTexts()).toEqual([
      expect.stringMatching(/^Line 2, column locale: must be a language/),
      expect.stringMatching(/^Line 3, column priority: must be a number$/),
      expect.stringMatching(/^Line 4, column question: is missing$/),
    ])
    await look(page)
    await file.setInputFiles(csv('frage,antwort', 'Offen?,Ja.'))
    await expect.poll(() => told.allInnerTexts()).toEqual([expect.stringMatching(/^Line 1: must name/)])
    expect(await rows()).toEqual([])

    await file.setInputFiles(
      csv('question,answer', `Do you sell kazoos?,"Yes, ${hostile.replaceAll('"', '""')}."`, 'Tents?,'),
    )
    await card.getByText('Lines: 2. Added: 2. Changed: 0.').waitFor()
    await expect.poll(() => listed(page).getByRole('listitem').count()).toBe(2)
    expect(await card.getByRole('alert').count()).toBe(0)
    expect(await tried(shop, 'do you sell kazoos')).toMatchObject({ text: `Yes, ${hostile}.` })
    await page.getByText('One question waits for an answer.').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('a bot is tried, says what led to its answer, and learns what it did not know', async () => {
    await useModel(shop.tenant, llm.server())
    await addTemplate(shop, { template_name: 'Everyday' })
    const settle = (change: object) => shop.ask(shop.owner, 'PATCH', `/${shop.bot.ref_id}/settings`, change)
    const row = await teach(shop, { question: 'Do you hire out drums?', answer: 'For a day.' })
    const page = await opened('/try')
    const outcome = page.getByRole('region', { name: 'What the bot does' })
    const why = page.getByRole('region', { name: 'What led to it' })
    const ask = async (text: string) => {
      await page.getByLabel('Message').fill(text)
      await page.getByRole('button', { name: 'Ask the bot' }).click()
    }
    await ask('Do you hire out drums?')
    await outcome.getByText('It answers', { exact: true }).waitFor()
    await outcome.getByText('For a day.').waitFor()
    await outcome.getByText('Training data fits well enough').waitFor()
    await why.getByText('fits 100%').waitFor()
    expect(await why.getByText('What the model was told').count()).toBe(0)

    await ask('Do you hire out tents?')
    await outcome.getByText('so the language model wrote the answer').waitFor()
    await why.getByText(/^fits \d\d%$/).waitFor()
    await why.getByRole('link', { name: 'Everyday' }).waitFor()
    await why.getByText('sample-1').waitFor()
    await why.getByText(/^\$0\.0/).waitFor()
    expect(await why.getByText('You sell instruments.').isVisible()).toBe(false)
    await why.getByText('What the model was told').click()
    expect(await why.getByText('You sell instruments.').isVisible()).toBe(true)
    expect(await callsOf(shop.tenant)).toHaveLength(1)

    await okay(await settle({ enable_training_mode: true }))
    await ask('Do you hire out tents?')
    await outcome.getByText('It asks a person for help').waitFor()
    await outcome.getByText('in training mode no model writes').waitFor()
    const learning = page.getByRole('form', { name: 'Teach the bot this question' })
    await learning.getByLabel('Answer', { exact: true }).fill('From Monday on.')
    await learning.getByRole('button', { name: 'Teach it' }).click()
    await learning.getByText('The bot has learned it.').waitFor()
    await page.getByRole('button', { name: 'Ask the bot' }).click()
    await outcome.getByText('From Monday on.').waitFor()
    expect(await learning.count()).toBe(0)

    await ask('Where are you?')
    await learning.getByRole('button', { name: 'Teach it' }).click()
    await learning.getByText('The question waits for an answer.').waitFor()
    expect((await rows())[0]).toMatchObject({ question: 'Where are you?', answer: null, is_active: false })
    await okay(await shop.ask(shop.owner, 'PATCH', `/${shop.bot.ref_id}`, { is_active: false }))
    await ask('Do you hire out drums?')
    await outcome.getByText('It says nothing').waitFor()
    await outcome.getByRole('link', { name: 'Change that' }).click()
    await page.getByText('It answers nobody until it is switched on.').waitFor()
    expect(row.is_active).toBe(true)
  })
})
