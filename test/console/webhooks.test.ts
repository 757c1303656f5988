import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { makeEndpoint as insertEndpoint, testSecret } from '../webhooks/dispatch/queue.ts'
import { makeHistory } from '../webhooks/history.ts'
import { type Receiver, startReceiver, verify } from '../webhooks/receiver.ts'
import { look, openConsole, phone } from './visit.ts'

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

/** As far as the tests read it. */
interface Told {
  ref_id: string
  endpoints: { ref_id: string }[]
  deliveries: { message_id: string }[]
  messages: { id: string }[]
}
const ask = async (path: string, body?: unknown) => {
  const options = { token: owner.token, tenant: tenant.slug, ...(body !== undefined && { body }) }
  return (await call(`/webhooks${path}`, options)).json() as Promise<Told>
}
/** An endpoint that is polled, so nothing happens to its messages unless a test does it. */
const makePolled = async (wanted: object = {}): Promise<string> =>
  (await ask('/endpoints', { kind: 'poll', event_types: ['campaign.created'], ...wanted })).ref_id

const hostile = '<img src=x onerror="alert(1)"> & Söhne'

describeInBrowser('webhooks in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/webhooks${path}`, person, options)
  const form = (page: Page, name: string) => page.getByRole('form', { name })

  it('an endpoint is made, shows its secret once, gets a test, is disabled and deleted', async () => {
    const page = await opened()
    await page.getByText('There is no endpoint yet.').waitFor()
    const making = form(page, 'New endpoint')
    await making.getByLabel('How messages get there').selectOption('poll')
    await making.getByLabel('Description').fill(hostile)
    await making.getByLabel(/^All except/).uncheck()
    await making.getByLabel(/^campaign\.created/).check()
    await making.getByRole('button', { name: 'Make the endpoint' }).click()
    const dialog = page.getByRole('dialog', { name: 'Signing secret' })
    const secret = await dialog.getByLabel('Signing secret').inputValue()
    await dialog.getByRole('button', { name: 'I have kept it' }).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(await page.content()).not.toContain(secret)
    const { endpoints } = await ask('/endpoints')
    expect(endpoints).toMatchObject([
      { kind: 'poll', description: hostile, event_types: ['campaign.created'], scheme: 'hmac' },
    ])
    const id = endpoints[0]!.ref_id
    expect(await ask(`/endpoints/${id}/secret`)).toMatchObject({ secret })

    await page.getByRole('link', { name: hostile }).click()
    await form(page, 'Send a test').getByRole('button').click()
    await page.getByRole('link', { name: 'See what became of it' }).click()
    await page.getByText('Waits', { exact: true }).waitFor()
    const { messages } = await ask(`/endpoints/${id}/poll`, {})
    expect(page.url()).toContain(messages[0]!.id)
    expect(messages).toMatchObject([{ event_type: 'webhook.test' }])

    await page.getByRole('link', { name: hostile }).click()
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('Disabled by hand.').waitFor()
    expect(await ask(`/endpoints/${id}`)).toMatchObject({ disabled: true })
    await page.getByRole('button', { name: 'Delete' }).click()
    const question = page.getByRole('dialog', { name: `Delete ${hostile}?` })
    await question.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('There is no endpoint yet.').waitFor()
    expect(await ask('/endpoints')).toMatchObject({ endpoints: [] })
  })

  it('an endpoint whose answer was lost is made once, and shows its secret at the next press', async () => {
    const page = await opened()
    const making = form(page, 'New endpoint')
    await making.getByLabel('How messages get there').selectOption('poll')
    await making.getByLabel('Description').fill('CRM')
    const keys: (string | undefined)[] = []
    await page.route('**/functions/v1/webhooks/endpoints', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      keys.push(route.request().headers()['idempotency-key'])
      if (keys.length > 1) return route.continue()
      // It arrives, and the answer is lost.
      const sent = await call('/webhooks/endpoints', {
        ...{ token: owner.token, tenant: tenant.slug, headers: { 'idempotency-key': keys[0]! } },
        body: route.request().postDataJSON(),
      })
      expect(sent.status).toBe(201)
      await route.abort('connectionreset')
    })
    const press = () => making.getByRole('button', { name: 'Make the endpoint' }).click()
    await press()
    await making.getByRole('alert').waitFor()
    const { endpoints } = await ask('/endpoints')
    expect(endpoints).toMatchObject([{ description: 'CRM' }])
    await press()
    const dialog = page.getByRole('dialog', { name: 'Signing secret' })
    const secret = await dialog.getByLabel('Signing secret').inputValue()
    expect(await ask('/endpoints')).toEqual({ endpoints, next_cursor: null })
    expect(await ask(`/endpoints/${endpoints[0]!.ref_id}/secret`)).toMatchObject({ secret })
    // The next one is another one, also when it is like the first.
    await dialog.getByRole('button', { name: 'I have kept it' }).click()
    await making.getByLabel('How messages get there').selectOption('poll')
    await making.getByLabel('Description').fill('CRM')
    await press()
    await dialog.waitFor()
    expect((await ask('/endpoints')).endpoints).toHaveLength(2)
    expect([keys[0] === keys[1], new Set(keys).size]).toEqual([true, 2])
  })

  it('what is dead is found by the address, counted, and sent again once that was confirmed', async () => {
    const id = await makePolled()
    const [dead, gone] = await makeHistory(tenant.id, [
      { minutesAgo: 90, at: { [id]: 'dead' } },
      { minutesAgo: 60, at: { [id]: 'dead' } },
      { minutesAgo: 30, at: { [id]: 'delivered' } },
    ])
    const page = await opened('/deliveries?status=dead')
    const deliveries = page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem')
    await deliveries.first().waitFor()
    expect(await deliveries.count()).toBe(2)
    await page.getByLabel('State').selectOption('Delivered')
    await expect.poll(() => deliveries.count()).toBe(1)
    expect(page.url()).toContain('status=delivered')
    await page.getByLabel('State').selectOption('Any')
    await expect.poll(() => deliveries.count()).toBe(3)
    // By the time of the browser, and to the minute.
    const since = await page.evaluate(
      'new Date(Date.now() - 75 * 60_000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16)',
    )
    await page.getByLabel('From').fill(String(since))
    await page.getByLabel('From').press('Enter')
    await expect.poll(() => deliveries.count()).toBe(2)
    expect(new URL(page.url()).searchParams.get('since')).toMatch(/Z"?$/)

    await page.getByRole('navigation', { name: 'Webhooks' }).getByRole('link', { name: 'Endpoints' }).click()
    await page.getByRole('figure', { name: 'Attempts over time' }).waitFor()
    await page.getByRole('button', { name: 'New endpoint' }).click()
    await form(page, 'New endpoint').waitFor()
    await page.getByText(/1 attempts succeeded and 4 failed\./).waitFor()
    await page.getByRole('list', { name: 'Endpoints' }).getByRole('link').click()
    await form(page, 'Send messages again').getByRole('button', { name: 'How many are these?' }).click()
    const question = page.getByRole('dialog', { name: 'Send 2 messages?' })
    await question.waitFor()
    expect(await ask('/deliveries?status=pending')).toMatchObject({ deliveries: [] })
    await question.getByRole('button', { name: 'Send them' }).click()
    await page.getByText('2 messages are on their way.').waitFor()
    const { deliveries: waiting } = await ask('/deliveries?status=pending')
    expect(waiting.map((each) => each.message_id).sort()).toEqual([dead, gone].sort())
  })

  it('a delivery shows what was sent and answered each time, and is sent again to a receiver that works', async () => {
    const { ref_id } = await insertEndpoint(admin, tenant, `${receiver.url}/again`)
    const [message] = await makeHistory(tenant.id, [{ minutesAgo: 60, at: { [ref_id]: 'dead' } }])
    const page = await opened(`/deliveries/${message}/${ref_id}`)
    const attempts = page.getByRole('list', { name: 'Attempts' }).getByRole('listitem')
    await attempts.first().waitFor()
    expect(await attempts.count()).toBe(2)
    expect(await attempts.first().textContent()).toMatch(/The receiver answered 500\..*200 ms.*500/)
    await page.getByText('"type": "campaign.created"').waitFor()
    await page.getByRole('button', { name: 'Send it again' }).click()
    // What made the tenant may be told of too.
    const received = () => receiver.received.find(({ id, path }) => id === message && path === '/again')
    await receiver.until(() => received() !== undefined)
    verify(testSecret, received()!)
    await page.getByText('Delivered', { exact: true }).waitFor()
    await expect.poll(() => attempts.count()).toBe(3)
    await attempts.first().getByText('What the receiver answered').click()
    await attempts.first().getByText('thanks').waitFor()
  })

  it('a URL of another server is refused at its field until the headers are given again, and then saved', async () => {
    const url = 'https://hooks.example.com/in'
    const { ref_id } = await ask('/endpoints', {
      ...{ url, description: 'CRM', event_types: ['member.joined'] },
      headers: { 'x-environment': 'production' },
    })
    const page = await opened(`/${ref_id}`)
    const changing = form(page, 'Change it')
    await changing.getByLabel('URL').fill('https://hooks.example.org/in')
    await changing.getByRole('button', { name: 'Save' }).click()
    await changing.getByText(/^headers\/x-environment: /).waitFor()
    const typed = changing.getByLabel('New headers, or new values')
    await typed.fill('no header')
    await changing.getByRole('button', { name: 'Save' }).click()
    await changing.getByText('This is no header: no header').waitFor()
    await typed.fill('x-environment: staging')
    await changing.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('definition').getByText('https://hooks.example.org/in').waitFor()
    expect(await ask(`/endpoints/${ref_id}`)).toMatchObject({
      ...{ url: 'https://hooks.example.org/in', description: 'CRM', event_types: ['member.joined'] },
      header_names: ['x-environment'],
    })
    // A URL that cannot be reached is told of at its field.
    await changing.getByLabel('URL').fill('http://hooks.example.org/in')
    await changing.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => changing.getByLabel('URL').getAttribute('aria-invalid')).toBe('true')
  })

  it('the catalogue shows the example of a type', async () => {
    const page = await opened('/events?type=member.joined')
    await page.getByRole('region', { name: 'member.joined' }).getByText('"email"').first().waitFor()
    await page.getByRole('link', { name: 'product.granted' }).click()
    await page.getByRole('region', { name: 'product.granted' }).getByText('"expires_at"').first().waitFor()
    expect(page.url()).toContain('type=product.granted')
  })

  it('who may do what: a member sees nothing, a frozen practice can disable, and a plan is told of', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    await (await opened('', member)).getByText('Only admins and owners see the webhooks.').waitFor()
    const id = await makePolled()
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened(`/${id}`)
    await frozen.getByRole('button', { name: 'Disable' }).waitFor()
    expect(await frozen.getByRole('main').getByRole('button').allInnerTexts()).toEqual(['Disable'])
    await frozen.getByRole('button', { name: 'Disable' }).click()
    await frozen.getByText('Disabled by hand.').waitFor()
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened()
    await form(page, 'New endpoint').getByLabel('URL').fill('https://hooks.example.com/in')
    await page.getByRole('button', { name: 'Make the endpoint' }).click()
    await page.getByRole('alert').getByText(/plan/).waitFor()
    expect(await ask('/endpoints')).toMatchObject({ endpoints: [] })
  })

  it('is accessible in light and dark, on a phone too', async () => {
    const id = await makePolled({ description: 'x'.repeat(80) })
    const [message] = await makeHistory(tenant.id, [{ minutesAgo: 30, at: { [id]: 'dead' } }])
    for (const options of [{}, phone]) {
      const page = await opened(`/${id}`, owner, options)
      await page.getByRole('figure').getByText('As a table').click()
      await look(page)
      await page.getByRole('button', { name: 'Replace the secret' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('link', { name: 'What was delivered to it' }).click()
      await page.getByRole('list', { name: 'Deliveries' }).getByRole('link').click({ trial: true })
      await look(page)
      await page.getByRole('list', { name: 'Deliveries' }).getByRole('link').click()
      await page.getByText(message!).waitFor()
      await page.getByText('What the receiver answered').first().click()
      await look(page)
    }
  })
})
