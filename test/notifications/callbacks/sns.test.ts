import { createSign, generateKeyPairSync, type KeyLike } from 'node:crypto'
import 'reflect-metadata'
import { X509CertificateGenerator } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { readEvents } from '../../../lib/notifications/callbacks/receive.ts'
import { isAmazon } from '../../../lib/notifications/callbacks/sns.ts'
import { nothing, requestOf, type Signed } from './signing.ts'

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
