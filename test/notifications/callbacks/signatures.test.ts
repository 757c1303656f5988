import { createSign, generateKeyPairSync, type KeyLike, randomBytes } from 'node:crypto'
import 'reflect-metadata'
import { X509CertificateGenerator } from '@peculiar/x509'
import sendgrid from '@sendgrid/eventwebhook'
import { describe, expect, it } from 'vitest'
import type { CallbackRequest } from '../../../lib/notifications/callbacks/event.ts'
import { readEvents } from '../../../lib/notifications/callbacks/receive.ts'
import { isAmazon } from '../../../lib/notifications/callbacks/sns.ts'
import { byMeta, byMsg91, bySendgrid, byTwilio, freshSid, type Signed, sendgridKeys } from './signing.ts'

const url = 'https://x.supabase.co/functions/v1/notifications/callbacks/01JD3N8Q4ZB6T2V9XK5M7R0C1E'
const requestOf = ({ search = '', headers, body }: Signed): CallbackRequest => ({
  url: url + search,
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
})
const nothing = { config: {}, secret: null, callback_secret: null }
const job = '0f8e5a34-4c58-4c36-9d0e-51e0ea6b2f11.6f1c5b1e-6d0e-4c0a-9d5e-0c6f1f0a2b3c'

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

describe('SES, by SNS', async () => {
  const topic_arn = 'arn:aws:sns:eu-central-1:123456789012:mails'
  const certificateUrl = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-abc.pem'
  const keys = await makeCertificate()
  const message = (change: object = {}) => ({
    Type: 'Notification',
    MessageId: 'n1',
    TopicArn: topic_arn,
    Message: JSON.stringify({
      notificationType: 'Bounce',
      mail: { messageId: 'ses1', destination: ['bob@example.com'] },
      bounce: {
        bounceType: 'Permanent',
        bouncedRecipients: [{ emailAddress: 'bob@example.com', diagnosticCode: '550' }],
      },
    }),
    Timestamp: '2026-11-22T12:00:00.000Z',
    SignatureVersion: '2',
    SigningCertURL: certificateUrl,
    ...change,
  })
  const confirmation = (change: object = {}) =>
    message({
      Type: 'SubscriptionConfirmation',
      Message: 'You have chosen to subscribe.',
      Token: 't',
      SubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t',
      ...change,
    })

  /** Signs the fields that AWS's page names, in its order. */
  const signed = (fields: Record<string, string>, privateKey: KeyLike = keys.privateKey): Signed => {
    const names =
      fields.Type === 'Notification'
        ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
    const text = names.flatMap((name) => (fields[name] ? [`${name}\n${fields[name]}\n`] : [])).join('')
    const hash = fields.SignatureVersion === '1' ? 'sha1' : 'sha256'
    const Signature = createSign(hash).update(text).sign(privateKey, 'base64')
    return {
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
      body: JSON.stringify({ ...fields, Signature }),
    }
  }
  const fetched: string[] = []
  const read = (sent: Signed, config: object = { topic_arn }, pem: string | undefined = keys.pem) => {
    fetched.length = 0
    return readEvents(
      'ses',
      {
        ...nothing,
        config: { region: 'eu-central-1', access_key_id: 'A', from_email: 'a@example.com', ...config },
      },
      requestOf(sent),
      async (asked) => {
        fetched.push(asked)
        return asked.endsWith('.pem') ? pem : '<ok/>'
      },
    )
  }

  it.each(['1', '2'])('is believed with a signature of version %s', async (SignatureVersion) => {
    expect(await read(signed(message({ SignatureVersion })))).toMatchObject([
      { event_id: 'n1', message_id: 'ses1', status: 'failed', feedback: 'hard', address: 'bob@example.com' },
    ])
    expect(await read(signed(message({ SignatureVersion, Subject: 'Amazon SES' })))).toHaveLength(1)
  })

  it('a subscription is confirmed, at Amazon only', async () => {
    expect(await read(signed(confirmation()))).toEqual([])
    expect(fetched).toContain('https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t')
    await read(signed(confirmation({ SubscribeURL: 'https://eve.example/?Token=t' })))
    expect(fetched.filter((asked) => asked.includes('eve'))).toEqual([])
  })

  it.each<[string, Signed, object?]>([
    ['of another topic', signed(message({ TopicArn: `${topic_arn}2` }))],
    ['for settings without a topic', signed(message()), { topic_arn: undefined }],
    ['that is not signed', { headers: {}, body: JSON.stringify(message()) }],
    ['of another shape', { headers: {}, body: '[]' }],
    [
      'whose words were changed',
      { headers: {}, body: signed(message()).body.replace('Permanent', 'Transient') },
    ],
    [
      'that confirms and was made of a notification',
      { headers: {}, body: signed(message()).body.replace('"Notification"', '"SubscriptionConfirmation"') },
    ],
    ['of another key', signed(message(), generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey)],
    ['of a version that there is not', signed(message({ SignatureVersion: '3' }))],
  ])('a message %s is refused', async (_, sent, config) => {
    expect(await read(sent, config)).toBeUndefined()
  })

  it.each([
    'http://sns.eu-central-1.amazonaws.com/x.pem',
    'https://sns.eu-central-1.amazonaws.com.eve.example/x.pem',
    'https://eve.example/sns.eu-central-1.amazonaws.com/x.pem',
    'https://sns.eu-central-1.amazonaws.com:8443/x.pem',
    'https://sns.eu-central-1.amazonaws.com@eve.example/x.pem',
    'https://s3.eu-central-1.amazonaws.com/x.pem',
    'https://127.0.0.1/x.pem',
    'file:///etc/x.pem',
    '',
  ])('no certificate is fetched from %s', async (SigningCertURL) => {
    expect(await read(signed(message({ SigningCertURL })))).toBeUndefined()
    expect(fetched).toEqual([])
    expect(isAmazon(SigningCertURL)).toBe(false)
  })

  it('a certificate that is none, or has expired, proves nothing', async () => {
    const other = (name: string) => signed(message({ SigningCertURL: certificateUrl.replace('abc', name) }))
    expect(await read(other('gone'), { topic_arn }, '')).toBeUndefined()
    expect(await read(other('junk'), { topic_arn }, keys.pem.replace(/[A-Z]/g, 'x'))).toBeUndefined()
    const old = await makeCertificate(new Date('2020-01-01'))
    const sent = signed(message({ SigningCertURL: certificateUrl.replace('abc', 'old') }), old.privateKey)
    expect(await read(sent, { topic_arn }, old.pem)).toBeUndefined()
  })
})

async function makeCertificate(notAfter = new Date(Date.now() + 86_400_000)) {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2_048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=sns.amazonaws.com', notBefore: new Date('2019-01-01'), notAfter },
    ...{ signingAlgorithm: algorithm, keys },
  })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    pem: certificate.toString('pem'),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----`,
  }
}
