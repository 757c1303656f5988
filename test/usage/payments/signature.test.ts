import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import Razorpay from 'razorpay'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { verifyRazorpay, verifyStripe } from '../../../lib/usage/payments/signature.ts'

// What the providers' own packages accept and refuse, ours accepts and refuses too.

const stripe = new Stripe('sk_test_unused')
const bytesOf = (text: string) => new TextEncoder().encode(text)
const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')
const now = 1_800_000_000_000

function stripeAccepts(body: string, header: string, secret: string): boolean {
  try {
    stripe.webhooks.constructEvent(body, header, secret, 300, undefined, now)
    return true
  } catch {
    return false
  }
}

const secret = fc.stringMatching(/^[\x21-\x2b\x2d-\x7e]{16,40}$/)
const body = fc
  .record({ id: fc.string(), text: fc.string({ unit: 'grapheme' }) })
  .map((value) => JSON.stringify(value))
/** Most are signed rightly and then spoilt in one place, because a random signature is always wrong. */
const spoilt = <Value>(right: Value, wrong: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: wrong })

describe('Stripe', () => {
  it('is believed exactly when its own package believes it', async () => {
    let accepted = 0
    const sample = fc.record({ body, secret, other: secret }).chain((made) =>
      fc.record({
        ...Object.fromEntries(Object.entries(made).map(([name, value]) => [name, fc.constant(value)])),
        age: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(299, 300, 301)),
        sent: spoilt(made.body, body),
        signedBy: spoilt(made.secret, fc.constant(made.other)),
        form: fc.constantFrom(
          't,v1',
          'v1,t',
          't,v0,v1',
          't,v1,v1',
          't,v0',
          't',
          'v1',
          'upper',
          'short',
          'spaced',
          '',
        ),
        stated: spoilt(0, fc.constantFrom(-1, 1)),
      }),
    ) as fc.Arbitrary<{
      body: string
      secret: string
      other: string
      age: number
      sent: string
      signedBy: string
      form: string
      stated: number
    }>
    await fc.assert(
      fc.asyncProperty(sample, async (one) => {
        const seconds = now / 1_000 - one.age
        const signature = hmac(one.signedBy, `${seconds}.${one.body}`)
        const t = `t=${seconds + one.stated}`
        const header = {
          't,v1': `${t},v1=${signature}`,
          'v1,t': `v1=${signature},${t}`,
          't,v0,v1': `${t},v0=${'0'.repeat(64)},v1=${signature}`,
          't,v1,v1': `${t},v1=${'0'.repeat(64)},v1=${signature}`,
          't,v0': `${t},v0=${signature}`,
          t,
          v1: `v1=${signature}`,
          upper: `${t},v1=${signature.toUpperCase()}`,
          short: `${t},v1=${signature.slice(1)}`,
          spaced: `${t}, v1=${signature}`,
          '': '',
        }[one.form]!
        const theirs = stripeAccepts(one.sent, header, one.secret)
        if (theirs) accepted++
        expect(await verifyStripe(bytesOf(one.sent), header, [one.secret], now)).toBe(theirs)
      }),
      { numRuns: 2_000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it('is believed with what its own package signs, and with either secret of a rotation', async () => {
    const payload = '{"id":"evt_1"}'
    const timestamp = now / 1_000
    const header = stripe.webhooks.generateTestHeaderString({
      payload,
      secret: 'whsec_new_new_new',
      timestamp,
    })
    expect(
      await verifyStripe(bytesOf(payload), header, ['whsec_old_old_old', 'whsec_new_new_new'], now),
    ).toBe(true)
    expect(await verifyStripe(bytesOf(payload), header, ['whsec_old_old_old'], now)).toBe(false)
  })

  it.each([
    ['no header', undefined],
    ['a moment that is no number', `t=NaN,v1=${hmac('secret', 'NaN.{}')}`],
    ['a moment without an end', `t=${'9'.repeat(40)},v1=${hmac('secret', `${'9'.repeat(40)}.{}`)}`],
  ])('is not believed with %s', async (_name, header) => {
    expect(await verifyStripe(bytesOf('{}'), header, ['secret'], now)).toBe(false)
  })

  it('does not look at more than twenty signatures', async () => {
    const right = hmac('secret', `${now / 1_000}.{}`)
    const header = (count: number) => `t=${now / 1_000},${'v1=00,'.repeat(count)}v1=${right}`
    expect(await verifyStripe(bytesOf('{}'), header(19), ['secret'], now)).toBe(true)
    expect(await verifyStripe(bytesOf('{}'), header(20), ['secret'], now)).toBe(false)
  })
})

describe('Razorpay', () => {
  it('is believed exactly when its own package believes it', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        body,
        body,
        secret,
        secret,
        fc.integer({ min: 0, max: 7 }),
        async (text, other, key, wrong, how) => {
          const right = hmac(key, text)
          const signature = [
            right,
            right,
            right,
            right.toUpperCase(),
            right.slice(1),
            hmac(wrong, text),
            `${right}0`,
            '',
          ][how]!
          const sent = how === 1 ? other : text
          const theirs = Razorpay.validateWebhookSignature(sent, signature, key)
          if (theirs) accepted++
          expect(await verifyRazorpay(bytesOf(sent), signature, [key])).toBe(theirs)
        },
      ),
      { numRuns: 1_000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it('is not believed without a signature, or without a secret', async () => {
    expect(await verifyRazorpay(bytesOf('{}'), undefined, ['secret'])).toBe(false)
    expect(await verifyRazorpay(bytesOf('{}'), hmac('', '{}'), [])).toBe(false)
  })
})
