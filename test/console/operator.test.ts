import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { codeAt } from '../../stack/auth-rest/totp.ts'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { superuser } from '../kit/db.ts'
import { makeOperator, makePerson, type Person } from '../kit/people.ts'
import { signUpPerson } from '../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'

let owner: Person
let tenant: Tenant
let operator: Person
beforeAll(async () => {
  owner = await makePerson()
  operator = await makeOperator()
  tenant = await makeTenant({ owner, plan: 'starter' })
  await superuser.query('update public.tenants set name = $2 where id = $1', [
    tenant.id,
    `${hostile} ${tenant.slug}`,
  ])
})
afterAll(() => superuser.query('delete from public.tenant_members where user_id = $1', [operator.id]))

describeInBrowser('the operator in the console', (browser) => {
  const opened = (path: string, person = operator, options = {}) =>
    openConsole(browser(), path, person, options)

  it('finds a tenant, changes its plan, freezes it and makes it active again', async () => {
    const page = await opened('/')
    await page.getByRole('link', { name: 'Run the platform' }).click()
    await page.getByLabel('Search for').fill(tenant.slug)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/operator?q=${tenant.slug}`)
    await page.getByRole('link', { name: hostile }).click()
    await page.getByRole('heading', { level: 1, name: hostile }).waitFor()
    await page.getByText('Its owners read in their audit log that you looked.').waitFor()
    expect(await page.title()).toContain(hostile)
    await page.getByText(owner.email).first().waitFor()

    await page.getByLabel('Plan', { exact: true }).selectOption('business')
    await page.getByRole('button', { name: 'Change the plan' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Change the plan' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'starter → business' }).click()
    await page.getByText(`${tenant.slug} · Active · business`).waitFor()

    await page.getByRole('button', { name: 'Freeze' }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('Not paid.')
    await page.getByRole('dialog').getByRole('button', { name: 'Freeze' }).click()
    await page.getByText(`${tenant.slug} · Frozen · business`).waitFor()
    await page.getByText('Not paid.').waitFor()
    await page.getByRole('button', { name: 'Make active again' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make active again' }).click()
    await page.getByText(`${tenant.slug} · Active · business`).waitFor()

    const log = await call(`/registry/tenants/${tenant.slug}/audit?actor=${operator.refId}`, {
      token: owner.token,
    })
    const { events } = (await log.json()) as { events: { action: string }[] }
    expect(events.map(({ action }) => action).toReversed()).toEqual([
      'operator.viewed',
      ...Array(3).fill('tenants.updated'),
    ])
  })

  it('signs in with a second factor, which is set up at the first visit and asked for at the next', async () => {
    const password = 'a password of this test'
    const { id, email, client } = await signUpPerson()
    await client.auth.updateUser({ password })
    await superuser.query('select private.appoint_operator($1)', [email])
    const page = await openConsole(browser(), '/operator')
    const signIn = async () => {
      await page.getByLabel('E-mail').fill(email)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await signIn()
    await page.getByText('This takes a second factor, and you have none yet.').waitFor()
    await page.getByLabel('Name').fill('My phone')
    await page.getByRole('button', { name: 'Set it up' }).click()
    const secret = (await page.getByText(/^[A-Z2-7]{32}$/).textContent()) ?? ''
    expect(await violationsOn(page)).toEqual([])
    const show = async (code: string) => {
      await page.getByLabel('Code').fill(code)
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await show('000000')
    await page.getByText('The code is wrong').waitFor()
    await show(codeAt(secret, Date.now()))
    await page.getByLabel('Search for').waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn()
    await page.getByText('Enter the code that your app shows now.').waitFor()
    expect(await violationsOn(page)).toEqual([])
    await show(codeAt(secret, Date.now()))
    await page.getByLabel('Search for').waitFor()

    await page.getByRole('link', { name: email }).click()
    const row = page.getByRole('listitem', { name: 'My phone' })
    await row.waitFor()
    expect(await violationsOn(page)).toEqual([])
    await row.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('You have set up no app yet.').waitFor()
    await page.goto(new URL('/operator', page.url()).href)
    await page.getByText('This takes a second factor, and you have none yet.').waitFor()
    await superuser.query('delete from public.tenant_members where user_id = $1', [id])
  })

  it('reads the log of one tenant, and of all, by what stands in the address', async () => {
    const page = await opened(`/operator/audit?tenant=${tenant.slug}&action=tenants.created`)
    const rows = page.getByRole('list', { name: 'Audit log of all tenants' }).getByRole('listitem')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(1)
    await rows.getByText('Details').click()
    await rows.getByText(`"target_id": "${tenant.ref_id}"`).waitFor()
    await page.getByLabel('Tenant (slug or reference)').fill('')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBeGreaterThan(1)
    await rows.first().getByRole('link').click()
    await page.waitForURL('**/operator/tenants/*')
    await page.getByText('Its owners read in their audit log that you looked.').waitFor()
  })

  it('sees the queues', async () => {
    const page = await opened('/operator/queues')
    for (const name of ['webhooks', 'notifications'])
      await page.getByRole('region', { name }).getByText('Waiting', { exact: true }).waitFor()
  })

  it('sees that a provider of the platform cannot be reached', async () => {
    // Not verified, so nobody's message goes by it meanwhile.
    await superuser.query(
      `insert into public.notification_providers (tenant_id, channel, provider, failing_since_at, last_error)
       values (private.platform_tenant_id(), 'whatsapp', 'whatsapp_business_api', now(), $1)`,
      [`No connection. ${hostile}`],
    )
    onTestFinished(async () => {
      await superuser.query(
        `delete from public.notification_providers where tenant_id = private.platform_tenant_id() and channel = 'whatsapp'`,
      )
    })
    const page = await opened('/operator/queues')
    const card = page.getByRole('region', { name: 'Providers of the platform' })
    await card.getByText(`No connection. ${hostile}`).waitFor()
    await card.getByText('Not reachable since').waitFor()
    await look(page)
    await card.getByText('email: smtp').waitFor()
  })

  it('is nobody else: an owner is told, and sees nothing', async () => {
    const page = await opened('/operator', owner)
    await page
      .getByRole('alert')
      .getByText(/operators of the platform/)
      .waitFor()
    expect(await page.getByLabel('Search for').count()).toBe(0)
    expect(await (await opened('/', owner)).getByRole('link', { name: 'Run the platform' }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    const screens: [path: string, shows: string][] = [
      [`/operator?q=${tenant.slug}`, 'Any'],
      [`/operator/tenants/${tenant.slug}`, 'Limits of the plan'],
      [`/operator/audit?tenant=${tenant.slug}`, 'tenants.created'],
      ['/operator/queues', 'webhooks'],
    ]
    const page = await opened('/operator', operator, phone)
    for (const [path, shows] of screens) {
      await page.goto(new URL(path, page.url()).href)
      await page.getByText(shows).first().waitFor({ state: 'attached' })
      await look(page)
      await page.setViewportSize({ width: 1200, height: 800 })
      await look(page)
      await page.setViewportSize(phone.viewport)
    }
  })
})
