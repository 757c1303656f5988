import { createPublicKey, verify as verifyRaw } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  makeSigningSecret,
  parseSigningSecret,
  publicKeyOf,
  signWebhook,
} from '../../../lib/webhooks/signing-secrets/signature.ts'
import { runInDeno } from '../../kit/run-in-deno.ts'

const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const sentAt = 1_614_265_330
const body = '{"test": 2432232314}'
const vectors = [
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  [
    'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  ],
] as const
const [[shared, sharedSignature], [pair, pairSignature]] = vectors
const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='

// The receiver is the official library; only its clock is set, to the moment of the vectors.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: sentAt * 1_000 }))
afterEach(() => void vi.useRealTimers())

interface Received {
  id?: string | undefined
  timestamp?: string | undefined
  signature?: string | undefined
  body?: string
}
/** Whether the official library accepts what was received, under this secret; what is left out is as it was sent. */
function accepts(secret: string, received: Received = {}): boolean {
  const sent = { id, timestamp: String(sentAt), signature: sharedSignature, body, ...received }
  const headers: Record<string, string> = {}
  for (const name of ['id', 'timestamp', 'signature'] as const)
    if (sent[name] !== undefined) headers[`webhook-${name}`] = sent[name]
  try {
    new Webhook(secret).verify(sent.body, headers, { jsonParse: false })
    return true
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'WebhookVerificationError') return false
    throw thrown
  }
}

/** The library verifies v1 only; v1a is verified by node:crypto, with nothing but the public key. */
function provesPair(whpk: string, signature: string, content: string): boolean {
  const x = Buffer.from(whpk.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const [version, base64 = ''] = signature.split(',')
  return version === 'v1a' && verifyRaw(null, Buffer.from(content), key, Buffer.from(base64, 'base64'))
}

describe('a signature', () => {
  it.each(vectors)('with %.12s… is the published one', (secret, signature) => {
    expect(signWebhook([secret], id, sentAt, body)).toBe(signature)
    expect(signWebhook([secret], id, sentAt, new TextEncoder().encode(body))).toBe(signature)
  })
  it('is the same on Deno', async () => {
    const printed = await runInDeno(`
      import { makeSigningSecret, parseSigningSecret, publicKeyOf, signWebhook } from './lib/webhooks/signing-secrets/signature.ts'
      const secrets = ${JSON.stringify([shared, pair])}
      const made = [makeSigningSecret('hmac'), makeSigningSecret('ed25519')].map((text) => parseSigningSecret(text).kind)
      const header = signWebhook(secrets, ${JSON.stringify(id)}, ${sentAt}, ${JSON.stringify(body)})
      console.log([header, publicKeyOf(secrets[1]), ...made].join('\\n'))`)
    expect(printed.split('\n')).toEqual([`${sharedSignature} ${pairSignature}`, publicKey, 'hmac', 'ed25519'])
  })
  it('is accepted by the official library', () => {
    expect(accepts(shared, { signature: signWebhook([shared], id, sentAt, body) })).toBe(true)
  })
  it('is accepted whatever the secret and the body', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        // Whole characters, and halves of them: those become U+FFFD on the wire as in the signature.
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ud800')),
        (bytes, any) => {
          const secret = `whsec_${Buffer.from(bytes).toString('base64')}`
          expect(parseSigningSecret(secret).kind).toBe('hmac')
          const signature = signWebhook([secret], id, sentAt, any)
          const received = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(any))
          expect(accepts(secret, { signature, body: received })).toBe(true)
          expect(accepts(secret, { signature, body: `${received} ` })).toBe(false)
        },
      ),
    )
  })
  it('with a key pair is accepted whatever the body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        const secret = makeSigningSecret('ed25519')
        const signature = signWebhook([secret], id, sentAt, any)
        expect(provesPair(publicKeyOf(secret), signature, `${id}.${sentAt}.${any}`)).toBe(true)
        expect(provesPair(publicKeyOf(secret), signature, `${id}.${sentAt}.${any} `)).toBe(false)
        expect(provesPair(publicKey, signature, `${id}.${sentAt}.${any}`)).toBe(false)
      }),
      { numRuns: 25 },
    )
  })
  it('during a rotation is accepted with either secret, and with no third', () => {
    const [old, fresh, foreign] = [1, 2, 3].map(() => makeSigningSecret('hmac')) as [string, string, string]
    const signature = signWebhook([fresh, old, pair], id, sentAt, body)
    expect(signature.split(' ').map((one) => one.split(',')[0])).toEqual(['v1', 'v1', 'v1a'])
    expect([fresh, old, foreign].map((secret) => accepts(secret, { signature }))).toEqual([true, true, false])
    expect(provesPair(publicKey, signature.split(' ')[2]!, `${id}.${sentAt}.${body}`)).toBe(true)
  })
})

describe('the official library refuses', () => {
  const bare = sharedSignature.slice('v1,'.length)
  it.each<[string, Received]>([
    ['no id', { id: undefined }],
    ['no timestamp', { timestamp: undefined }],
    ['no signature', { signature: undefined }],
    ['another id', { id: `${id}x` }],
    ['another timestamp', { timestamp: String(sentAt + 1) }],
    ['a timestamp that is none', { timestamp: 'now' }],
    ['a truncated signature', { signature: sharedSignature.slice(0, -5) }],
    ['a signature without its padding', { signature: sharedSignature.slice(0, -1) }],
    ['a version from the future', { signature: `v2,${bare}` }],
    ['a signature that calls itself v1a', { signature: `v1a,${bare}` }],
    ['a v1a signature that calls itself v1', { signature: pairSignature.replace('v1a', 'v1') }],
    ['a signature without a version', { signature: bare }],
    ['empty entries', { signature: ' v1, v1 , ,, ' }],
    ['a body with one byte more', { body: `${body}\n` }],
    ['a body with another byte', { body: body.replace('4}', '5}') }],
    ['a body without its space', { body: '{"test":2432232314}' }],
  ])('%s', (_name, received) => expect(accepts(shared, received)).toBe(false))
  it('nothing, when a true signature stands among decoys', () => {
    const signature = `v2,${bare} v1, , ${pairSignature} v1,AAAA ${sharedSignature}`
    expect(accepts(shared, { signature })).toBe(true)
  })
  it.each([
    [-301, false],
    [-300, true],
    [300, true],
    [301, false],
  ])('or accepts a signature %i seconds off: %s', (seconds, accepted) => {
    const moment = sentAt + seconds
    const signature = signWebhook([shared], id, moment, body)
    expect(accepts(shared, { timestamp: String(moment), signature })).toBe(accepted)
  })
})

describe('what no receiver could verify is not signed', () => {
  it.each<[string, () => string]>([
    ['without a secret', () => signWebhook([], id, sentAt, body)],
    ['an id with a dot', () => signWebhook([shared], 'msg_1.2', sentAt, body)],
    ['an id with a line break', () => signWebhook([shared], 'msg_1\n', sentAt, body)],
    ['an empty id', () => signWebhook([shared], '', sentAt, body)],
    ['a fraction of a second', () => signWebhook([shared], id, sentAt + 0.5, body)],
    ['no moment', () => signWebhook([shared], id, Number.NaN, body)],
  ])('%s', (_name, sign) => expect(sign).toThrow(RangeError))
})
