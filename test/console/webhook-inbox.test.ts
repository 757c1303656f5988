import { beforeEach, expect, it } from 'vitest'
import { signWebhook } from '../../lib/webhooks/signing-secrets/signature.ts'
import { verify } from '../../web/console/screens/webhooks/inbox/verify.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`
const now = new Date()
const seconds = Math.floor(now.getTime() / 1_000)
const payload = '{"name":"Zoë 🎈"}'
const signed = (timestamp = seconds, secrets = [secretOf(1)]) => ({
  payload,
  headers: {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signWebhook(secrets, 'msg_1', timestamp, payload),
  },
})

it.each([
  ['right', signed()],
  ['right', signed(seconds, [secretOf(2), secretOf(1)])],
  ['right', signed(seconds - 299)],
  ['untimely', signed(seconds - 302)],
  ['untimely', signed(seconds + 302)],
  ['untimely', { payload, headers: { ...signed().headers, 'webhook-timestamp': 'yesterday' } }],
  ['untimely', { payload, headers: {} }],
  ['forged', signed(seconds, [secretOf(2)])],
  ['forged', { ...signed(), payload: `${payload} ` }],
  ['forged', { payload, headers: { ...signed().headers, 'webhook-id': 'msg_2' } }],
  [
    'forged',
    { payload, headers: { ...signed().headers, 'webhook-signature': 'v1,no base64! v2,x nothing' } },
  ],
] as const)('the page finds %s, as a receiver does: %j', async (verdict, message) => {
  expect(await verify(secretOf(1), message, now)).toBe(verdict)
})

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
const endpoints = async () => {
  const answer = await call('/webhooks/endpoints', { token: owner.token, tenant: tenant.slug })
  return ((await answer.json()) as { endpoints: { ref_id: string; expires_at: string }[] }).endpoints
}

describeInBrowser('the webhook inbox of the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/webhooks/inbox`, person, options)

  it('shows what comes, says why a signature would not fit, goes on after leaving, and is ended', async () => {
    const page = await opened(owner, phone)
    await page.getByRole('button', { name: 'Try it here' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('It waits for the first message.').waitFor()
    const [made] = await endpoints()
    expect(Date.parse(made!.expires_at) - Date.now()).toBeGreaterThan(3_000_000)

    const test = page.getByRole('form', { name: 'Send a test' })
    await test.getByRole('button', { name: 'Send its example' }).click()
    const messages = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    const first = messages.filter({ hasText: 'webhook.test' })
    await first.getByText('The signature is right.').waitFor()
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
      await first.getByText(name, { exact: true }).waitFor()
    // It is no more in the queue: nobody gets it twice.
    const delivered = async () => {
      const { rows } = await admin.query(
        'select status from public.webhook_deliveries where tenant_id = $1',
        [tenant.id],
      )
      return rows.map(({ status }) => status)
    }
    await expect.poll(delivered).toEqual(['delivered'])
    await look(page)

    const way = first.getByLabel('What happens on the way')
    const sent = await first.locator('pre').textContent()
    await way.selectOption('One byte of the body is changed')
    await first.getByText(/^Refused: the signature does not fit/).waitFor()
    await first.getByText(/^Character \d+ of the body was/).waitFor()
    expect(await first.locator('pre').textContent()).not.toBe(sent)
    await way.selectOption('It arrives ten minutes later')
    await first.getByText(/^Refused: it was signed more than five minutes/).waitFor()
    await way.selectOption('The receiver has another secret')
    await first.getByText(/^Refused: the signature does not fit/).waitFor()
    await way.selectOption('Nothing')
    await first.getByText('The signature is right.').waitFor()
    expect(await first.locator('pre').textContent()).toBe(sent)

    // Leaving ends nothing. What comes meanwhile waits.
    await page
      .getByRole('navigation', { name: 'Webhooks' })
      .getByRole('link', { name: 'Event types' })
      .click()
    await page.getByRole('list', { name: 'Event types' }).waitFor()
    await page.reload()
    await call(`/webhooks/endpoints/${made!.ref_id}/test`, {
      ...{ token: owner.token, tenant: tenant.slug, body: { event_type: 'member.joined' } },
    })
    await page.getByRole('navigation', { name: 'Webhooks' }).getByRole('link', { name: 'Inbox' }).click()
    await look(page)
    await page.getByRole('button', { name: 'Open' }).click()
    await messages.filter({ hasText: 'member.joined' }).getByText('The signature is right.').waitFor()
    expect(await messages.count()).toBe(1)
    await page.getByRole('button', { name: 'End it', exact: true }).click()
    await page.getByRole('button', { name: 'Try it here' }).waitFor()
    expect(await endpoints()).toEqual([])
  })

  it('says that its time is over, and keeps what arrived in sight', async () => {
    const page = await opened()
    await page.getByRole('button', { name: 'Try it here' }).click()
    await page.getByRole('button', { name: 'Send its example' }).click()
    const right = page.getByText('The signature is right.')
    await right.waitFor()
    await admin.query(
      `update public.webhook_endpoints set is_enabled = false, disabled_at = now(), disabled_reason = 'expired' where tenant_id = $1`,
      [tenant.id],
    )
    await page.getByText('This inbox has ended.').waitFor()
    expect(await right.count()).toBe(1)
  })

  it('is for managers, and not in a frozen practice', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    await (await opened(member)).getByText('Only admins and owners see the webhooks.').waitFor()
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const frozen = await opened()
    await frozen.getByText('See messages before you have a receiver.').waitFor()
    expect(await frozen.getByRole('main').getByRole('button').count()).toBe(0)
  })
})
