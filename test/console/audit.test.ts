import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="alert(1)"> & Söhne'

let owner: Person
let tenant: Tenant
let requestId: string
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await admin.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Spring')`, [tenant.id])
  const renamed = await call(`/registry/tenants/${tenant.slug}`, {
    ...{ method: 'PATCH', token: owner.token, body: { name: hostile } },
  })
  requestId = renamed.headers.get('x-request-id')!
})

/** As whoever owns the database could: past the trigger that refuses it, and all at once. */
async function tamper(...statements: string[]): Promise<void> {
  const db = await superuser.connect()
  try {
    await db.query('begin')
    await db.query('alter table public.audit_log disable trigger audit_log_refuse_change')
    for (const statement of statements) await db.query(statement)
    await db.query('alter table public.audit_log enable always trigger audit_log_refuse_change')
    await db.query('commit')
  } catch (error) {
    await db.query('rollback')
    throw error
  } finally {
    db.release()
  }
}

/** Every hash computed anew, the head's too, so that the chain holds again. */
const writeAnew = (id: string) => `do $$
  declare event public.audit_log; previous text := repeat('0', 64);
  begin
    for event in select * from public.audit_log where tenant_id = '${id}' order by seq loop
      event.prev_hash := previous;
      previous := private.audit_hash(event);
      update public.audit_log set prev_hash = event.prev_hash, hash = previous where tenant_id = event.tenant_id and seq = event.seq;
    end loop;
    update private.audit_heads set hash = previous where tenant_id = '${id}';
  end $$`

describeInBrowser('the audit log in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/audit${path}`, person, options)
  const entries = (page: Page) => page.getByRole('list', { name: 'Entries' }).getByRole('listitem')

  it('is narrowed by the address, and an entry says what changed, by whom, and what else its request did', async () => {
    const page = await opened('?action=tenants.updated')
    await entries(page).first().waitFor()
    expect(await entries(page).count()).toBe(1)
    await page.getByLabel('What was done').selectOption('Any')
    await expect.poll(() => entries(page).count()).toBeGreaterThan(3)
    await page.getByLabel('Request').fill(requestId)
    await page.getByLabel('Request').press('Enter')
    await expect.poll(() => entries(page).count()).toBe(1)
    expect(page.url()).toContain(requestId)

    await page.getByRole('link', { name: 'tenants.updated' }).click()
    const change = page
      .getByRole('list', { name: 'What changed' })
      .getByRole('listitem')
      .filter({ hasText: 'name' })
    await change.first().waitFor()
    expect(await change.first().locator('del').textContent()).toBe(tenant.slug)
    expect(await change.first().locator('ins').textContent()).toBe(hostile)
    await page.getByRole('definition').getByRole('link', { name: requestId }).click()
    await expect.poll(() => entries(page).count()).toBe(1)
  })

  it('is exported as a file', async () => {
    const page = await opened()
    await entries(page).first().waitFor()
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export as CSV' }).click()
    const file = await coming
    expect(file.suggestedFilename()).toBe(`audit-${tenant.slug}.csv`)
    const text = await readFile(await file.path(), 'utf8')
    expect(text).toMatch(/^tenant_id,seq,id,/)
    expect(text).toContain('campaigns.created')
  })

  it('is checked in the browser: it holds, then one entry was changed, then all was written anew', async () => {
    const page = await opened('/check')
    const start = page.getByRole('button', { name: 'Start' })
    await start.click()
    await page.getByText(/^All \d+ entries are as they were written\./).waitFor()
    await page.getByText(/Without a checkpoint/).waitFor()
    const checkpoint = (await page.locator('pre').textContent())!
    await page.getByRole('textbox', { name: 'Your checkpoint' }).fill('{"tenant": 1}')
    await start.click()
    await page.getByText('This is no checkpoint.').waitFor()
    await page.getByRole('textbox', { name: 'Your checkpoint' }).fill(checkpoint)
    await start.click()
    const { seq } = JSON.parse(checkpoint) as { seq: number }
    await page.getByText(`Up to entry ${seq} the log is the one of your checkpoint.`).waitFor()

    await tamper(
      `update public.audit_log set actor_name = 'nobody' where tenant_id = '${tenant.id}' and seq = 2`,
    )
    await start.click()
    await page.getByRole('alert').getByText('The log is not as it was written: entry 2.').waitFor()
    await page.getByText(/does not fit its own hash/).waitFor()
    await page.getByRole('link', { name: 'See this entry as it is now' }).click()
    await page.getByRole('definition').getByText('nobody').waitFor()
    await page.goBack()

    await tamper(writeAnew(tenant.id))
    await start.click()
    await page.getByText(/^All \d+ entries are as they were written\./).waitFor()
    await page.getByRole('textbox', { name: 'Your checkpoint' }).fill(checkpoint)
    await start.click()
    await page.getByRole('alert').getByText(`entry ${seq}.`).waitFor()
    await page.getByText(/is not the entry of your checkpoint/).waitFor()
  })

  it('names the end that was cut off', async () => {
    await tamper(`delete from public.audit_log where tenant_id = '${tenant.id}' and seq > 2`)
    const page = await opened('/check')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('alert').getByText('entry 3.').waitFor()
    await page.getByText('The entry is missing.').waitFor()
  })

  it('is not for members, and stays readable when the practice is frozen', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member, status: 'frozen' })
    await (await opened('', member)).getByText('Only admins and owners see the audit log.').waitFor()
    const page = await opened('/check')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(/entries are as they were written\./).waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      await entries(page).first().waitFor()
      await look(page)
      await page.getByRole('link', { name: 'tenants.updated' }).click()
      await page.getByRole('list', { name: 'What changed' }).waitFor()
      await look(page)
      await page.getByRole('link', { name: 'Check the log' }).click()
      await page.getByRole('button', { name: 'Start' }).click()
      await page.getByText(/entries are as they were written\./).waitFor()
      await look(page)
    }
  })
})
