import { expect, inject, it } from 'vitest'
import { call } from '../../kit/call.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { makeNumber, phoneOf } from '../../kit/whatsapp.ts'

const stack = inject('stack')

it('a message by WhatsApp reaches a phone of the embedded stack', async () => {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner })
  const ask = (path: string, method: string, body: object) =>
    call(`/notifications/providers${path}`, { token: owner.token, tenant: tenant.slug, method, body })
  const { phone_number_id, waba_id, token } = await makeNumber()
  await fetch(`${stack.whatsapp_url}/v23.0/${waba_id}/message_templates`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'note',
      language: 'en',
      category: 'UTILITY',
      components: [{ type: 'BODY', text: 'News: {{1}}' }],
    }),
  })
  const config = { phone_number_id, template: 'note' }
  const set = await ask('/whatsapp', 'PUT', { provider: 'whatsapp_business_api', config, secret: token })
  expect(set.status, await set.clone().text()).toBe(200)
  const tested = await ask('/whatsapp/test', 'POST', { to: '+12025550142' })
  expect(await tested.json()).toMatchObject({ last_error: null })
  const phone = await phoneOf({ phone_number_id }, { phone: '12025550142', name: 'Ada' })
  expect(await phone.received()).toMatchObject([
    { template_text: expect.stringMatching(/^News: A test message of /) },
  ])
})
