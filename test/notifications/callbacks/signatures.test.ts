import { randomBytes } from 'node:crypto'
import sendgrid from '@sendgrid/eventwebhook'
import { describe, expect, it } from 'vitest'
import { readEvents } from '../../../lib/notifications/callbacks/receive.ts'
import {
  byMeta,
  byMsg91,
  bySendgrid,
  byTwilio,
  freshSid,
  job,
  nothing,
  requestOf,
  type Signed,
  sendgridKeys,
  url,
} from './signing.ts'

describe('Twilio', () => {
  const fields = { MessageSid: freshSid(), MessageStatus: 'delivered', To: '+447700900123', Foo: 'ü & ä' }
  const settings = { ...nothing, secret: 'token' }
  const read = (signed: Signed, of = settings) => readEvents('twilio', of, requestOf(signed))

  it('believes what its own library has signed', async () => {
    expect(await read(byTwilio(url, 'token', fields, job))).toMatchObject([
      {
        event_id: `${fields.MessageSid} delivered`,
        job_id: job.split('.')[1],
        status: 'delivered',
        address: fields.To,
      },
    ])
  })

  it.each<[string, Signed]>([
    ['another token', byTwilio(url, 'other', fields, job)],
    ['another URL', byTwilio(`${url}x`, 'token', fields, job)],
    [
      'another job',
      { ...byTwilio(url, 'token', fields, job), search: `?job=${job.replace('0f8e', '0f8f')}` },
    ],
    [
      'another field',
      { ...byTwilio(url, 'token', fields), body: new URLSearchParams({ ...fields, To: '+1' }).toString() },
    ],
    ['no signature', { headers: {}, body: new URLSearchParams(fields).toString() }],
    [
      'a signature that is not base64',
      { ...byTwilio(url, 'token', fields), headers: { 'x-twilio-signature': '%%%' } },
    ],
  ])('refuses %s', async (_, signed) => {
    expect(await read(signed)).toBeUndefined()
  })

  it.each([
    ['21610', 'unsubscribed'],
    ['30005', 'hard'],
    ['30003', 'soft'],
    ['30007', null],
  ])('error %s is %s', async (ErrorCode, feedback) => {
    const failed = { ...fields, MessageStatus: 'undelivered', ErrorCode }
    expect(await read(byTwilio(url, 'token', failed))).toMatchObject([{ status: 'failed', feedback }])
  })

  it('a status that nobody knows says nothing', async () => {
    expect(await read(byTwilio(url, 'token', { ...fields, MessageStatus: 'dancing' }))).toEqual([])
  })
})

describe('SendGrid', () => {
  const { privateKey, event_key } = sendgridKeys()
  const config = { from_email: 'ada@example.com', event_key }
  const read = (signed: Signed, of: object = config) =>
    readEvents('sendgrid', { ...nothing, config: of }, requestOf(signed))
  const event = {
    event: 'delivered',
    sg_event_id: 'e1',
    sg_message_id: 'm1.recvd-1',
    email: 'bob@example.com',
    job,
  }

  it('is believed by us where its own library believes it, and nowhere else', async () => {
    const theirs = new sendgrid.EventWebhook()
    const key = theirs.convertPublicKeyToECDSA(event_key)
    for (let n = 0; n < 40; n++) {
      const signed = bySendgrid(privateKey, [{ ...event, n }], String(1_700_000_000 + n))
      const bent = { ...signed, body: n % 2 ? signed.body : signed.body.replace('delivered', 'bounced!!') }
      const signature = signed.headers['x-twilio-email-event-webhook-signature']!
      const believed = theirs.verifySignature(key, bent.body, signature, String(1_700_000_000 + n))
      expect((await read(bent)) !== undefined).toBe(believed)
      expect(believed).toBe(n % 2 === 1)
    }
  })

  it.each<[string, object, object]>([
    ['delivered', {}, { status: 'delivered', feedback: null, message_id: 'm1' }],
    [
      'bounce',
      { event: 'bounce', type: 'bounce', reason: '550 no' },
      { status: 'failed', feedback: 'hard', detail: '550 no' },
    ],
    ['blocked', { event: 'bounce', type: 'blocked' }, { status: 'failed', feedback: 'soft' }],
    ['spamreport', { event: 'spamreport' }, { status: null, feedback: 'complaint' }],
    ['unsubscribe', { event: 'unsubscribe' }, { status: null, feedback: 'unsubscribed' }],
  ])('says %s', async (_, change, expected) => {
    expect(await read(bySendgrid(privateKey, [{ ...event, ...change }]))).toMatchObject([expected])
  })

  it('says nothing by clicks, nor by events of another shape', async () => {
    const others = [
      { ...event, event: 'click' },
      { event: 'delivered' },
      null,
      'x',
      { ...event, sg_event_id: 7 },
    ]
    expect(await read(bySendgrid(privateKey, others))).toEqual([])
  })

  it.each<[string, Signed, object]>([
    ['a key of somebody else', bySendgrid(sendgridKeys().privateKey, [event]), config],
    [
      'another moment',
      {
        ...bySendgrid(privateKey, [event]),
        headers: {
          ...bySendgrid(privateKey, [event]).headers,
          'x-twilio-email-event-webhook-timestamp': '1',
        },
      },
      config,
    ],
    ['settings without a key', bySendgrid(privateKey, [event]), { from_email: 'ada@example.com' }],
    [
      'settings with a key that is none',
      bySendgrid(privateKey, [event]),
      { ...config, event_key: 'A'.repeat(124) },
    ],
    ['no list', bySendgrid(privateKey, { event }), config],
    [
      'a signature of random bytes',
      {
        ...bySendgrid(privateKey, [event]),
        headers: {
          'x-twilio-email-event-webhook-timestamp': '1',
          'x-twilio-email-event-webhook-signature': randomBytes(70).toString('base64'),
        },
      },
      config,
    ],
  ])('is refused with %s', async (_, signed, of) => {
    expect(await read(signed, of)).toBeUndefined()
  })
})

describe('Meta', () => {
  const settings = { ...nothing, callback_secret: 'secret of the app' }
  const status = {
    id: 'wamid.1',
    status: 'delivered',
    recipient_id: '447700900123',
    biz_opaque_callback_data: job,
  }
  const read = (signed: Signed) => readEvents('whatsapp_business_api', settings, requestOf(signed))

  it('is believed when it signed', async () => {
    expect(await read(byMeta('secret of the app', [status]))).toMatchObject([
      { event_id: 'wamid.1 delivered', job_id: job.split('.')[1], address: '+447700900123' },
    ])
    const failed = { ...status, status: 'failed', errors: [{ code: 131_050, title: 'Stopped' }] }
    expect(await read(byMeta('secret of the app', [failed]))).toMatchObject([{ feedback: 'unsubscribed' }])
  })

  it('is refused otherwise', async () => {
    const signed = byMeta('secret of the app', [status])
    expect(await read(byMeta('another secret', [status]))).toBeUndefined()
    expect(await read({ ...signed, body: signed.body.replace('wamid.1', 'wamid.2') })).toBeUndefined()
    expect(await read({ ...signed, headers: { 'x-hub-signature-256': 'sha256=' } })).toBeUndefined()
    expect(await readEvents('whatsapp_business_api', nothing, requestOf(signed))).toBeUndefined()
  })
})

describe('MSG91', () => {
  const settings = { ...nothing, callback_secret: 'a long random text' }
  const report = { number: '447700900123', status: '1', desc: 'DELIVERED' }
  const read = (signed: Signed) => readEvents('msg91', settings, requestOf(signed))

  it('is believed with the secret, in a header or in the URL, as a form or as JSON', async () => {
    const expected = [{ message_id: 'r1', status: 'delivered', address: '+447700900123' }]
    const signed = byMsg91('a long random text', [report], 'r1')
    expect(await read(signed)).toMatchObject(expected)
    const search = `?token=${encodeURIComponent('a long random text')}`
    expect(
      await read({ ...signed, search, headers: { 'content-type': signed.headers['content-type']! } }),
    ).toMatchObject(expected)
    const json = { headers: { ...signed.headers, 'content-type': 'application/json' } }
    expect(await read({ ...json, body: JSON.stringify({ ...report, requestId: 'r1' }) })).toMatchObject(
      expected,
    )
    expect(
      await read({
        ...json,
        body: JSON.stringify({ requestId: 'r1', telNum: '447700900123', status: 'Delivered' }),
      }),
    ).toMatchObject(expected)
  })

  it('is refused without it, and in another shape', async () => {
    const signed = byMsg91('a long random text', [report], 'r1')
    expect(
      await read({ ...signed, headers: { ...signed.headers, authorization: 'Bearer a long random texT' } }),
    ).toBeUndefined()
    expect(await read({ ...signed, headers: {} })).toBeUndefined()
    expect(await read({ ...signed, body: 'data=%7B' })).toBeUndefined()
  })
})
