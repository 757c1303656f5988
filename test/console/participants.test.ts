import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import type { ParticipantDetails } from '../../lib/assessments/index.ts'
import { ada, heroic, makeCampaign, Taker } from '../assessments/taking/taker.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const asOwner = () => ({ token: owner.token, tenant: tenant.slug })
const add = async (set: { email?: string; full_name?: string } = {}) => {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.participant_sessions (tenant_id, email, full_name) values ($1, $2, $3) returning ref_id',
    [tenant.id, set.email ?? null, set.full_name ?? null],
  )
  return rows[0]!.ref_id
}
/** Somebody who is through, and gets mails afterwards. */
async function completed(): Promise<string> {
  const taker = await Taker.begun(await makeCampaign(tenant), ada, heroic)
  await taker.identify({ email: 'ada@example.com', full_name: hostile, has_consented: true })
  await taker.result()
  const answer = await call('/assessments/participants', asOwner())
  return ((await answer.json()) as { participants: { ref_id: string }[] }).participants[0]!.ref_id
}
const read = async (path: string) => (await call(`/assessments/participants/${path}`, asOwner())).json()
const card = (page: Page, name: string) => page.getByRole('region', { name })

describeInBrowser('participants in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/participants${path}`, person, options)

  it('are found by the address of the page, page by page, and taken out as CSV', async () => {
    await add({ email: 'ada@example.com', full_name: hostile })
    await admin.query(
      `insert into public.participant_sessions (tenant_id, email) select $1, 'many-' || n || '@example.org' from generate_series(1, 60) as n`,
      [tenant.id],
    )
    const page = await opened('?search=example.org&status=registered')
    const list = page.getByRole('list', { name: 'Participants' }).getByRole('listitem')
    await expect.poll(() => list.count()).toBe(50)
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => list.count()).toBe(60)

    await page.getByLabel('Name or address').fill('ADA@')
    await page.keyboard.press('Enter')
    await expect.poll(() => list.allInnerTexts()).toEqual([expect.stringContaining(hostile)])
    expect(new URL(page.url()).searchParams.get('search')).toBe('ADA@')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'All of these as CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`participants-${tenant.slug}.csv`)
    expect((await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')).toHaveLength(2)

    await page.goBack()
    await expect.poll(() => list.count()).toBeGreaterThan(1)
    expect(await page.getByLabel('Name or address').inputValue()).toBe('example.org')
    await page.getByLabel('Status').selectOption('Client')
    await page.getByText('There is nobody here.').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('how many completed on each day is drawn, of a campaign too', async () => {
    await completed()
    await add()
    const other = await makeCampaign(tenant)
    const page = await opened()
    const chart = page.getByRole('figure', { name: 'Completed by day' })
    await chart.getByText('1 in the last 30 days').waitFor()
    await chart.getByText('As a table').click()
    const cells = await chart.getByRole('cell').allTextContents()
    expect([cells.length, cells.at(-1), cells.filter((each) => each === '0').length]).toEqual([31, '1', 30])
    await page.getByLabel('Campaign').selectOption({ value: other.ref_id })
    await page.getByText('There is nobody here.').waitFor()
    await chart.waitFor({ state: 'detached' })
  })

  it('one is looked at, moved, and its mails are stopped', async () => {
    const ref = await completed()
    const page = await opened(`/${ref}`)
    await page.getByRole('heading', { name: hostile }).waitFor()
    await card(page, 'Result')
      .getByText(/: 95 .*leads/)
      .waitFor()
    await page.getByText(/^Answers \(/).click()
    // By the words of the question and not by its id.
    await page
      .getByRole('listitem', { name: 'l01' })
      .getByText(/\w+ \w+ \w+/)
      .first()
      .waitFor()
    const mails = card(page, 'Follow-ups').getByRole('listitem')
    await expect.poll(() => mails.count()).toBe(2)
    await mails.first().getByRole('button', { name: 'Do not send' }).click()
    await mails.getByText('Cancelled (by a member)').waitFor()
    await page.getByLabel('Status').selectOption('Client')
    await expect.poll(async () => ((await read(ref)) as ParticipantDetails).client_status).toBe('converted')
    await card(page, 'History').getByText('by a member').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('notes that two write at once are both kept, and one that both changed is asked about', async () => {
    const ref = await add({ full_name: 'Ada Example' })
    const page = await opened(`/${ref}`)
    await page.getByLabel('Goals').fill('Mine')
    await page.getByLabel('In a line').fill('Mine')
    const written = await call(`/assessments/participants/${ref}/bio`, {
      ...{ ...asOwner(), method: 'PUT', headers: { 'if-match': '"0"' } },
      body: { headline: 'Theirs', background: 'Theirs' },
    })
    expect(written.status).toBe(200)
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed these notes' })
    await dialog.waitFor()
    expect(await dialog.getByRole('group').count()).toBe(1)
    await dialog.getByLabel(/Take theirs/).check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    expect(await read(`${ref}/bio`)).toMatchObject({
      ...{ headline: 'Theirs', background: 'Theirs', goals: 'Mine', notes: null },
    })
  })

  it('a document is kept, opened and deleted, and one that is not what it says is refused', async () => {
    const ref = await add({ full_name: 'Ada Example' })
    const page = await opened(`/${ref}`)
    const documents = card(page, 'Documents')
    const chooser = documents.getByLabel(/^Add a document/)
    await chooser.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Hello') })
    const row = documents.getByRole('listitem', { name: 'notes.txt' })
    await row.getByRole('button', { name: 'Open' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      row.getByRole('button', { name: 'Open' }).click(),
    ])
    expect(await readFile(await download.path(), 'utf8')).toBe('Hello')
    await chooser.setInputFiles({
      name: 'fake.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from('Hello'),
    })
    await documents.getByRole('alert').waitFor()
    await row.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    // While it is open, nothing else of the page can be found.
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await row.waitFor({ state: 'hidden' })
    expect(await read(`${ref}/documents`)).toMatchObject({ documents: [] })
  })

  it('one is forgotten after a question', async () => {
    const ref = await add({ email: 'ada@example.com', full_name: 'Ada Example' })
    const page = await opened(`/${ref}`)
    await page.getByRole('button', { name: 'Forget this person' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget ada@example.com?' })
    await dialog.getByRole('button', { name: 'Forget this person' }).click()
    await page.getByText('Forgotten. What was about this person is erased.').waitFor()
    expect(await read(ref)).toMatchObject({ email: null, full_name: null })
    expect(await page.content()).not.toContain('ada@example.com')
    expect(await page.getByRole('button', { name: 'Forget this person' }).count()).toBe(0)
  })

  it('one without an address is forgotten after a question, and nobody else', async () => {
    const [ref, other] = [await add({ full_name: 'Ada Example' }), await add({ full_name: 'Ada Example' })]
    await call(`/assessments/participants/${ref}/bio`, {
      ...asOwner(),
      method: 'PUT',
      headers: { 'if-match': '"0"' },
      body: { headline: '', background: '', goals: '', notes: 'Plays the cello.' },
    })
    const page = await opened(`/${ref}`)
    await page.getByText('Plays the cello.').waitFor()
    await page.getByRole('button', { name: 'Forget this person' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget Ada Example?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await read(ref)).toMatchObject({ full_name: 'Ada Example' })
    await page.getByRole('button', { name: 'Forget this person' }).click()
    await dialog.getByRole('button', { name: 'Forget this person' }).click()
    await page.getByText('Forgotten. What was about this person is erased.').waitFor()
    expect(await read(ref)).toMatchObject({ full_name: null, has_bio: false })
    expect(await read(other)).toMatchObject({ full_name: 'Ada Example' })
    await expect.poll(() => page.getByRole('main').textContent()).not.toMatch(/Ada Example|cello/)
  })

  it('a reviewer sees the result and no notes, and in a frozen practice nobody changes anything', async () => {
    const reviewer = await makePerson()
    tenant = await makeTenant({ owner, reviewer })
    const ref = await completed()
    const page = await opened(`/${ref}`, reviewer)
    await card(page, 'Result').waitFor()
    await page.getByText('Reviewers look at participants, and do not change them.').waitFor()
    expect(await page.getByRole('textbox').count()).toBe(0)
    expect(await page.getByRole('button', { name: /Forget|Send now/ }).count()).toBe(0)

    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened(`/${ref}`)
    await frozen.getByText(/This practice is frozen/).waitFor()
    await frozen.getByLabel('Goals').waitFor()
    expect(await frozen.getByLabel('Goals').isDisabled()).toBe(true)
    expect(await frozen.getByRole('button', { name: /Forget|Save|Send now/ }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await completed()
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      await page.getByRole('link', { name: hostile }).waitFor()
      await look(page)
      await page.getByRole('link', { name: hostile }).click()
      await page.getByText(/^Answers \(/).click()
      await page.getByLabel('Goals').waitFor()
      await card(page, 'Follow-ups').waitFor()
      await look(page)
    }
  })
})
