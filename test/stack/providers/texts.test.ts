import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { smsEnvironment } from '../../../stack/providers/sms/twilio.ts'
import { violationsOn } from '../../kit/axe.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { call } from '../../kit/call.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { codeSentTo, freshNumber, textsTo } from '../../kit/texts.ts'
import { askPhones } from '../../kit/whatsapp.ts'

const stack = inject('stack')
const post = (
  form: Record<string, string>,
  headers: Record<string, string> = { authorization: `Basic ${btoa('a:b')}` },
) =>
  fetch(`${stack.whatsapp_url}/2010-04-01/Accounts/AC0/Messages.json`, {
    ...{ method: 'POST', headers, body: new URLSearchParams(form) },
  })

it('a newcomer gets the code of a number without leaving the machine', async () => {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner })
  const phone = freshNumber()
  const asker = { token: owner.token, tenant: tenant.slug }
  const asked = await call('/notifications/phone', { ...asker, body: { phone } })
  expect(asked.status, await asked.clone().text()).toBe(202)
  const confirmed = await call('/notifications/phone/confirmation', {
    ...{ ...asker, method: 'PUT', body: { code: await codeSentTo(phone) } },
  })
  expect(await confirmed.json()).toMatchObject({ phone, verified_at: expect.any(String) })
  expect(await textsTo(phone)).toHaveLength(1)
})

describe('the local SMS provider', () => {
  it('takes nothing without credentials, and nothing to what is no number', async () => {
    const phone = freshNumber()
    const message = { To: phone, From: '+12025550100', Body: 'Hello' }
    expect((await post(message, {})).status).toBe(401)
    for (const wrong of [{ To: 'ada' }, { Body: '' }, { Body: 'x'.repeat(1601) }])
      expect((await post({ ...message, ...wrong })).status).toBe(400)
    expect(await textsTo(phone)).toEqual([])
    expect((await post(message)).status).toBe(201)
    expect(await textsTo(phone)).toMatchObject([{ from: '+12025550100', body: 'Hello' }])
  })

  it('is left out where somebody wants another one', () => {
    expect(smsEnvironment('http://127.0.0.1:1', {})).toEqual({ TENANTRY_TWILIO_URL: 'http://127.0.0.1:1' })
    expect(smsEnvironment('http://127.0.0.1:1', { TENANTRY_TWILIO_URL: 'https://api.twilio.com' })).toEqual(
      {},
    )
  })

  it.each([{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }])(
    'shows no other site its texts: %o',
    async (headers) => {
      expect((await askPhones('/api/texts', { headers })).status).toBe(403)
    },
  )
})

describeInBrowser('the page of all SMS', (browser) => {
  it('shows what comes, as text, and is accessible on a phone', async () => {
    const context = await browser().newContext({ viewport: { width: 360, height: 740 } })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(stack.phone_url)
    await page.getByRole('link', { name: 'SMS' }).click()
    const body = `<img src=x onerror="document.title='owned'"> ${crypto.randomUUID()}`
    await post({ To: freshNumber(), From: '+12025550100', Body: body })
    await page.getByText(body).waitFor()
    expect(await page.title()).toBe('SMS on this machine')
    expect(await violationsOn(page)).toEqual([])
  })
})
