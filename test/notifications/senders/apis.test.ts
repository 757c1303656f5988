import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sendBySendgrid, sendBySes } from '../../../lib/notifications/senders/mail-apis.ts'
import { sendByMsg91, sendByTwilio, sendByWhatsapp } from '../../../lib/notifications/senders/phone-apis.ts'
import { type Reply, startHttpReceiver } from './http-receiver.ts'
import { mailFor } from './message.ts'

let receiver: Awaited<ReturnType<typeof startHttpReceiver>>
beforeAll(async () => {
  vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback')
  receiver = await startHttpReceiver()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await receiver.stop()
})

const sms = {
  to: '+447700900123',
  text: 'Grüezi & adieu',
  locale: 'de-CH',
  callback: {
    url: 'https://x.supabase.co/functions/v1/notifications/callbacks/01JD3N8Q4ZB6T2V9XK5M7R0C1E',
    reference: 'tenant.job',
  },
}
const sid = `AC${'0'.repeat(32)}`
const senders = {
  sendgrid: () => sendBySendgrid('SG.key', mailFor('bob@example.com'), receiver.url),
  ses: () =>
    sendBySes(
      { region: 'eu-central-1', access_key_id: 'AKIA', from_email: 'ada@example.com' },
      'secret',
      mailFor('bob@example.com'),
      receiver.url,
    ),
  twilio: () => sendByTwilio({ account_sid: sid, from: '+12025550106' }, 'token', sms, receiver.url),
  msg91: () => sendByMsg91({ template_id: 'flow' }, 'key', sms, receiver.url),
  whatsapp: () => sendByWhatsapp({ phone_number_id: '10000', template: 'note' }, 'token', sms, receiver.url),
}
const answered = (name: keyof typeof senders, reply: Reply) => {
  receiver.answer(reply)
  return senders[name]()
}

describe('what each provider gets', () => {
  it('SendGrid: the mail, with its own id and the way to end such mails', async () => {
    const found = await answered('sendgrid', { status: 202, headers: { 'x-message-id': 'sg1' } })
    expect(found).toMatchObject({ outcome: 'sent', provider_id: 'sg1' })
    const [request] = receiver.received
    expect(request).toMatchObject({ path: '/v3/mail/send', headers: { authorization: 'Bearer SG.key' } })
    expect(JSON.parse(request!.body)).toMatchObject({
      personalizations: [{ to: [{ email: 'bob@example.com' }] }],
      from: { email: 'ada@example.com', name: 'Ada "the first" Lovelace' },
      subject: 'Grüezi 😀',
      custom_args: { job: 'tenant.job' },
      headers: {
        'Message-ID': '<0190@mail.tenantry>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
    })
  })

  it('SES: the whole message, signed', async () => {
    const found = await answered('ses', { status: 200, body: { MessageId: 'ses1' } })
    expect(found).toMatchObject({ outcome: 'sent', provider_id: 'ses1' })
    const [request] = receiver.received
    expect(request!.path).toBe('/v2/email/outbound-emails')
    expect(request!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/eu-central-1\/ses\//,
    )
    const { Content, Destination, EmailTags } = JSON.parse(request!.body)
    expect(EmailTags).toEqual([{ Name: 'job', Value: 'tenant.job' }])
    expect(Destination).toEqual({ ToAddresses: ['bob@example.com'] })
    const mail = await simpleParser(Buffer.from(Content.Raw.Data, 'base64'))
    expect(mail).toMatchObject({ messageId: '<0190@mail.tenantry>', subject: 'Grüezi 😀' })
    expect(mail.text).toMatch(/^Hello/)
  })

  it('Twilio: a form', async () => {
    const found = await answered('twilio', { status: 201, body: { sid: 'SM1', status: 'queued' } })
    expect(found).toMatchObject({ outcome: 'sent', provider_id: 'SM1' })
    const [request] = receiver.received
    expect(request!.path).toBe(`/2010-04-01/Accounts/${sid}/Messages.json`)
    expect(request!.headers.authorization).toBe(`Basic ${btoa(`${sid}:token`)}`)
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
      To: sms.to,
      From: '+12025550106',
      Body: sms.text,
      StatusCallback: `${sms.callback.url}?job=tenant.job`,
    })
  })

  it('MSG91: the variables of a flow', async () => {
    const found = await answered('msg91', { status: 200, body: { type: 'success', message: '3763' } })
    expect(found).toMatchObject({ outcome: 'sent', provider_id: '3763' })
    const [request] = receiver.received
    expect(request).toMatchObject({ path: '/api/v5/flow', headers: { authkey: 'key' } })
    expect(JSON.parse(request!.body)).toEqual({
      template_id: 'flow',
      recipients: [{ mobiles: '447700900123', text: sms.text }],
    })
  })

  it('Meta: an approved template with its one variable', async () => {
    const found = await answered('whatsapp', { status: 200, body: { messages: [{ id: 'wamid.1' }] } })
    expect(found).toMatchObject({ outcome: 'sent', provider_id: 'wamid.1' })
    const [request] = receiver.received
    expect(request).toMatchObject({
      path: '/v23.0/10000/messages',
      headers: { authorization: 'Bearer token' },
    })
    expect(JSON.parse(request!.body)).toMatchObject({
      to: '447700900123',
      biz_opaque_callback_data: 'tenant.job',
      template: {
        name: 'note',
        language: { code: 'de_CH' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: sms.text }] }],
      },
    })
  })
})

const meta = (code: number) => ({ error: { code, message: 'x' } })
describe.each(Object.keys(senders) as (keyof typeof senders)[])('%s', (name) => {
  it.each<[string, Reply, object]>([
    [
      'a limit',
      { status: 429, headers: { 'retry-after': '17' } },
      { outcome: 'retry', retry_after_seconds: 17 },
    ],
    [
      'a limit without end',
      { status: 429, headers: { 'retry-after': '9e9' } },
      { outcome: 'retry', retry_after_seconds: 86_400 },
    ],
    ['a server that is down', { status: 503 }, { outcome: 'retry' }],
    ['a key that does not count', { status: 401 }, { outcome: 'credentials' }],
    [
      'a message that is refused',
      { status: 400, body: { message: 'no such number' } },
      { outcome: 'failed' },
    ],
    ['silence after the request', { status: 200, hangUp: true }, { outcome: 'ambiguous' }],
    [
      'a redirect, which is not followed',
      { status: 302, headers: { location: 'http://10.0.0.1/' } },
      { outcome: 'failed' },
    ],
  ])('%s', async (_, reply, expected) => {
    expect(await answered(name, reply)).toMatchObject(expected)
    expect(receiver.received).toHaveLength(1)
  })
})

it.each<[keyof typeof senders, string, Reply, string]>([
  [
    'msg91',
    'an error with 200',
    { status: 200, body: { type: 'error', message: 'template id missing' } },
    'failed',
  ],
  [
    'msg91',
    'a key with 200',
    { status: 200, body: { type: 'error', message: 'Authentication failure' } },
    'credentials',
  ],
  ['whatsapp', 'a token that has expired', { status: 400, body: meta(190) }, 'credentials'],
  ['whatsapp', 'a limit', { status: 400, body: meta(131_056) }, 'retry'],
  ['whatsapp', 'a number that has no WhatsApp', { status: 400, body: meta(131_026) }, 'failed'],
])('%s says %s', async (name, _, reply, outcome) => {
  expect(await answered(name, reply)).toMatchObject({ outcome })
})

it('a server that is not there was certainly sent nothing', async () => {
  const twilio = { account_sid: sid, from: 'Ada' }
  const gone = await startHttpReceiver()
  await gone.stop()
  expect(await sendByTwilio(twilio, 'token', sms, gone.url)).toMatchObject({ outcome: 'retry' })
})
