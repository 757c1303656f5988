import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../../lib/db/index.ts'
import {
  makeSigningSecret,
  parseSigningSecret,
  publicKeyOf,
  signWebhook,
} from '../../../lib/webhooks/signing-secrets/signature.ts'

const shared = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const pair = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='

const refusalOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

describe('a secret', () => {
  const base64 = (length: number) => randomBytes(length).toString('base64')
  it('is made anew every time, and can be used', () => {
    const made = [1, 2].flatMap(() => [makeSigningSecret('hmac'), makeSigningSecret('ed25519')])
    expect(new Set(made).size).toBe(4)
    expect(made.map((text) => parseSigningSecret(text).kind)).toEqual(['hmac', 'ed25519', 'hmac', 'ed25519'])
    expect(Buffer.from(made[0]!.slice('whsec_'.length), 'base64').length).toBe(32)
  })
  it('of a key pair tells its public key', () => expect(publicKeyOf(pair)).toBe(publicKey))
  it.each([24, 64])('may have %i bytes', (length) => {
    expect(parseSigningSecret(`whsec_${base64(length)}`).kind).toBe('hmac')
  })
  const foreignHalf = Buffer.concat([
    Buffer.from(pair.slice(5), 'base64').subarray(0, 32),
    Buffer.from(makeSigningSecret('ed25519').slice(5), 'base64').subarray(32),
  ])
  it.each([
    ['nothing', ''],
    ['no prefix', shared.slice('whsec_'.length)],
    ['a prefix alone', 'whsec_'],
    ['a prefix in capitals', shared.replace('whsec_', 'WHSEC_')],
    ['a public key', publicKey],
    ['23 bytes', `whsec_${base64(23)}`],
    ['65 bytes', `whsec_${base64(65)}`],
    ['a megabyte', `whsec_${base64(1_000_000)}`],
    ['base64url', `whsec_${'-_'.repeat(16)}`],
    ['no padding', `whsec_${base64(32).slice(0, -1)}`],
    ['a space at the end', `${shared} `],
    ['a line break inside', `whsec_MfKQ9r8GKYqrTwjU\nPD8ILPZIo2LaLaSw`],
    ['unicode', `whsec_${'ü'.repeat(32)}`],
    ['bits that base64 leaves over', `whsec_${'A'.repeat(42)}B=`],
    ['a seed without its public key', `whsk_${base64(32)}`],
    ['a public key of another seed', `whsk_${foreignHalf.toString('base64')}`],
    ['64 bytes that are no pair', `whsk_${base64(64)}`],
  ])('%s is refused, without being repeated', (_name, text) => {
    const uses = [
      parseSigningSecret,
      publicKeyOf,
      (secret: string) => signWebhook([secret], 'msg_1', 1, '{}'),
    ]
    for (const use of uses) {
      const refusal = refusalOf(() => use(text))
      expect(refusal).toBeInstanceOf(Problem)
      expect(refusal).toMatchObject({ code: 'invalid_value', status: 422, errors: [{ pointer: '/secret' }] })
      if (text.length > 8) expect(JSON.stringify(refusal)).not.toContain(text.slice(6))
    }
  })
  it('that is shared has no public key', () => expect(() => publicKeyOf(shared)).toThrow(Problem))
})
