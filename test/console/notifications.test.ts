import { beforeEach, expect, inject, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { codeSentTo, freshNumber } from '../kit/texts.ts'
import { jobsOf } from '../notifications/dispatch/world.ts'
import { makeUnsettled } from '../notifications/unsettled/world.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const tell = (limit: string) =>
  admin.query(`select private.notify($1, 'limit.near', array[$2], $3)`, [
    ...[tenant.id, owner.id],
    { limit, percent: 80, most: 10 },
  ])
const read = async (path: string) =>
  (await call(`/notifications${path}`, { token: owner.token, tenant: tenant.slug })).json()
const suppress = (address: string) =>
  superuser.query(
    `insert into public.notification_suppressions (tenant_id, channel, address, reason) values ($1, 'email', $2, 'unsubscribed')`,
    [tenant.id, address],
  )

describeInBrowser('notifications in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/notifications${path}`, person, options)

  it('what one is told is read, put away, and marked all at once', async () => {
    for (const limit of ['first', hostile, 'third']) await tell(limit)
    const page = await opened('?status=unread')
    const told = page.getByRole('list', { name: 'What you are told' }).getByRole('listitem')
    await expect.poll(() => told.count()).toBe(3)
    await told.filter({ hasText: hostile }).getByRole('button', { name: 'Mark as read' }).click()
    await expect.poll(() => told.count()).toBe(2)
    await told.filter({ hasText: 'first' }).getByRole('button', { name: 'Put away' }).click()
    await expect.poll(() => told.count()).toBe(1)
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await page.getByText('There is nothing here.').waitFor()
    expect(await read('/unread-count')).toEqual({ unread: 0, has_more: false })
    await page.getByLabel('Show').selectOption('All')
    await expect.poll(() => told.count()).toBe(2)
    expect(await page.title()).not.toBe('1')
  })

  it('one’s channels and quiet hours are kept, and a zone that is none is told at its field', async () => {
    const page = await opened('/preferences')
    const own = page.getByRole('form', { name: 'How you are told' })
    await own.getByRole('group', { name: 'Plan' }).getByLabel('E-mail').uncheck()
    await own.getByLabel('Quiet from').fill('22:00')
    await own.getByLabel('Quiet until').fill('07:00')
    await own.getByLabel('Time zone').fill('Europe/Nowhere')
    await own.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => own.getByLabel('Time zone').getAttribute('aria-invalid')).toBe('true')
    await own.getByLabel('Time zone').fill('Europe/Zurich')
    await own.getByRole('button', { name: 'Save' }).click()
    await own.getByText('Saved.').waitFor()
    expect(await read('/preferences')).toEqual({
      ...{ channels: { plan: { email: false } }, quiet_from: '22:00', quiet_until: '07:00' },
      time_zone: 'Europe/Zurich',
    })
  })

  it('words are previewed, checked and saved, and those of two people are both kept', async () => {
    const page = await opened('/templates/welcome/en')
    await page.getByLabel('Subject').fill('Hi {{name}} {{tenant}}')
    await page.getByLabel('HTML').fill(`<p>{{tenant}} greets {{name}} {{nobody}}</p>`)
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText(/which is not one of its variables/).waitFor()
    // A mail is whatever somebody wrote: its styles are seen, and nothing in it runs.
    const hostile = `<script>top.document.title = 'taken'</script><p style="color: rgb(1, 2, 3)">{{tenant}} says: {{name}}</p>`
    await page.getByLabel('HTML').fill(hostile)
    await page.getByRole('button', { name: 'Preview' }).click()
    const mail = page.getByRole('region', { name: /^The mail/ })
    await mail.getByText('Hi [name] [tenant]').waitFor()
    const shown = mail.frameLocator('iframe').frameLocator('iframe')
    const line = shown.getByText('[tenant] says: [name]')
    await line.waitFor()
    expect(await line.evaluate((node) => getComputedStyle(node).color)).toBe('rgb(1, 2, 3)')
    expect(await line.evaluate(() => origin)).toBe('null')
    expect(await page.title()).not.toBe('taken')
    expect(await mail.getByText('[tenant] says: [name]').isVisible()).toBe(false)
    await mail.getByText('As text').click()
    await mail.getByText('[tenant] says: [name]').waitFor()
    expect(await violationsOn(page)).toEqual([])
    // What is changed is previewed anew.
    await page.getByLabel('HTML').fill('<p>{{tenant}} greets {{name}}</p>')
    await page.getByRole('button', { name: 'Preview' }).click()
    await shown.getByText('[tenant] greets [name]').waitFor()

    const body = {
      name: 'Theirs',
      subject: 'Theirs {{name}} {{tenant}}',
      body_html: '<p>{{tenant}} {{name}}</p>',
    }
    const theirs = await call('/notifications/templates/welcome/en', {
      ...{ method: 'PUT', token: owner.token, tenant: tenant.slug, headers: { 'if-match': '"0"' }, body },
    })
    expect(theirs.status, await theirs.clone().text()).toBe(200)
    await page.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this template' })
    await dialog.waitFor()
    expect(await violationsOn(page)).toEqual([])
    await dialog
      .getByRole('group', { name: 'Subject' })
      .getByLabel(/Take theirs/)
      .check()
    await dialog
      .getByRole('group', { name: 'HTML' })
      .getByLabel(/Keep mine/)
      .check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    expect(await read('/templates/welcome/en')).toMatchObject({
      ...{ ...body, body_html: '<p>{{tenant}} greets {{name}}</p>', is_global: false },
    })

    await page.getByText('How your words differ').click()
    await page.getByText(/\+ <p>\{\{tenant\}\} greets/).waitFor()
    await page.getByRole('button', { name: 'Back to the supplied words' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Back to the supplied words' }).click()
    await page.getByRole('form', { name: 'The supplied words' }).waitFor()
    expect(await read('/templates/welcome/en')).toMatchObject({ is_global: true })
  })

  it('a provider is set, its secret is gone from the page, and it is used once a test went well', async () => {
    const page = await opened('/providers')
    const mail = page.getByRole('form', { name: 'E-mail' })
    await mail.getByText('Sent by the platform.').waitFor()
    await mail.getByLabel('host').fill('127.0.0.1')
    await mail.getByLabel('port').fill('0')
    await mail.getByLabel('user').fill('ada')
    await mail.getByLabel('from_email').fill('hello@example.com')
    await mail.getByLabel('Secret', { exact: true }).fill('pass-phrase-of-ada')
    await mail.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => mail.getByLabel('port').getAttribute('aria-invalid')).toBe('true')
    await mail.getByLabel('port').fill(String(inject('stack').smtp_port))
    await mail.getByRole('button', { name: 'Save' }).click()
    await mail.getByText('Not used yet.').waitFor()
    expect(await mail.getByLabel('Secret', { exact: true }).inputValue()).toBe('')
    expect(await page.content()).not.toContain('pass-phrase-of-ada')
    await mail.getByRole('button', { name: 'Send a test' }).click()
    await mail
      .getByText('A test mail goes to the confirmed address of whoever asks, and you have none.')
      .waitFor()
    await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [owner.id])
    await mail.getByRole('button', { name: 'Send a test' }).click()
    await mail.getByText(/^Used\. The test went well/).waitFor()
    await mail.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await mail.getByText('Sent by the platform.').waitFor()
    expect(await read('/providers')).toMatchObject({ notification_providers: [] })
  })

  it('an address is written to again after a question, and the log tells what was sent', async () => {
    await suppress('bob@example.com')
    await admin.query(
      `insert into public.notification_dispatch_log (tenant_id, notification_job_id, channel, type, recipients_count, status, attempt, error)
       values ($1, gen_random_uuid(), 'email', 'limit.near', 1, 'failed', 1, $2), ($1, gen_random_uuid(), 'sms', 'limit.near', 1, 'sent', 2, null)`,
      [tenant.id, hostile],
    )
    const page = await opened('/suppressions')
    const row = page.getByRole('listitem', { name: 'bob@example.com' })
    await row.getByRole('button', { name: 'Write again' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Write again' }).click()
    await page.getByText('Everybody can be written to.').waitFor()
    expect(await read('/suppressions')).toMatchObject({ suppressions: [] })

    await page.getByRole('link', { name: 'Log', exact: true }).click()
    const log = page.getByRole('list', { name: 'Log' }).getByRole('listitem')
    await expect.poll(() => log.count()).toBe(2)
    await page.getByLabel('Outcome').selectOption('Failed')
    await expect.poll(() => log.allInnerTexts()).toEqual([expect.stringContaining(hostile)])
    expect(new URL(page.url()).searchParams.get('status')).toBe('failed')
  })

  it('one’s own number counts once its code was entered, which the local phones show', async () => {
    const number = freshNumber()
    const page = await opened('/preferences', owner, phone)
    const form = page.getByRole('form', { name: 'Your number for SMS and WhatsApp' })
    await form.getByText('You have no number yet.').waitFor()
    await form.getByLabel('Number', { exact: true }).fill('07700 900123')
    await form.getByRole('button', { name: 'Send the code' }).click()
    await expect
      .poll(() => form.getByLabel('Number', { exact: true }).getAttribute('aria-invalid'))
      .toBe('true')
    await form.getByLabel('Number', { exact: true }).fill(`${number.slice(0, 3)} (${number.slice(3)})`)
    await page.keyboard.press('Enter')
    await form.getByText(`A code was sent to ${number}.`).waitFor()
    await look(page)
    const code = await codeSentTo(number)
    await form.getByLabel('Code').fill(code === '000000' ? '000001' : '000000')
    await page.keyboard.press('Enter')
    await expect.poll(() => form.getByLabel('Code').getAttribute('aria-invalid')).toBe('true')
    // What was begun outlives the page.
    await page.reload()
    await form.getByLabel('Code').fill(code)
    await page.keyboard.press('Enter')
    await form.getByText(`${number}, confirmed`).waitFor()
    await look(page)
    await form.getByRole('button', { name: 'Remove the number' }).click()
    await form.getByText('You have no number yet.').waitFor()
    expect(await read('/phone')).toEqual({ phone: null, verified_at: null, asked: null })
  })

  it('messages of which nobody knows are settled by hand', async () => {
    await makeUnsettled(tenant.id, { key: 'one', address: '+447700900123' })
    await makeUnsettled(tenant.id, { key: 'two', address: '+447700900124' })
    const page = await opened('/log')
    const rows = page
      .getByRole('region', { name: 'Nobody knows whether these were sent' })
      .getByRole('listitem')
    await rows.filter({ hasText: '+447700900123' }).getByRole('button', { name: 'It was sent' }).click()
    await expect.poll(() => rows.count()).toBe(1)
    await rows.getByRole('button', { name: 'It was not sent' }).click()
    await expect.poll(() => rows.count()).toBe(0)
    expect((await jobsOf(tenant)).map(({ status }) => status)).toEqual(['sent', 'failed'])
  })

  it('a member has an inbox and preferences, and is told who changes the rest', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    const page = await opened('/providers', member)
    await page.getByText('Admins and owners change templates and providers.').waitFor()
    expect(await page.getByRole('link', { name: 'Templates' }).count()).toBe(0)
    expect(await page.getByRole('textbox').count()).toBe(0)
    await page.getByRole('link', { name: 'Preferences' }).click()
    await page.getByRole('form', { name: 'How you are told' }).waitFor()
    await page.getByRole('form', { name: 'Your number for SMS and WhatsApp' }).waitFor()
    expect(await page.getByRole('form').count()).toBe(2)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await tell(hostile)
    await suppress('bob@example.com')
    await makeUnsettled(tenant.id)
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      const parts = page.getByRole('navigation', { name: 'Notifications' })
      for (const [part, shown] of [
        ['What you are told', page.getByRole('button', { name: 'Put away' })],
        ['Preferences', page.getByLabel('Quiet from').last()],
        ['Templates', page.getByRole('link', { name: /\(en\)/ }).first()],
        ['Providers', page.getByLabel('account_sid')],
        ['No mail to', page.getByRole('button', { name: 'Write again' })],
        ['Log', page.getByRole('button', { name: 'It was sent' })],
      ] as const) {
        await parts.getByRole('link', { name: part }).click()
        await shown.first().waitFor()
        await look(page)
      }
    }
  })
})
