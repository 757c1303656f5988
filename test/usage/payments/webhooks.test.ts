import { beforeEach, describe, expect, it } from 'vitest'
import { signAsRazorpay } from '../../../stack/providers/payments/webhooks.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import {
  captured,
  freshId,
  inboxHolds,
  invoiceEvent,
  makeOrder,
  type Order,
  secretsOfStack,
  sendSigned,
  sendWebhook,
  stateOf,
} from './world.ts'

let tenant: Tenant
let order: Order
beforeEach(async () => {
  tenant = await makeTenant({ plan: 'starter' })
  order = await makeOrder(tenant)
})
const outcomeOf = async (response: Response) => {
  expect(response.status).toBe(200)
  return ((await response.json()) as { outcome: string }).outcome
}
const untouched = { order: 'created', payments: [], settled: 0, plan: 'starter', tenant: 'active' }
const seconds = () => Math.floor(Date.now() / 1_000)

/** An event of Razorpay about a charge of this order's subscription. */
const charged = (of: Order, change: Record<string, unknown> = {}) => ({
  event: 'subscription.charged',
  payload: {
    subscription: {
      entity: {
        id: of.provider_order_id,
        status: 'active',
        paid_count: 1,
        current_end: seconds() + 2_592_000,
      },
    },
    payment: {
      entity: {
        id: freshId('pay'),
        status: 'captured',
        amount: 14_900,
        currency: 'CHF',
        invoice_id: 'inv_1',
        ...change,
      },
    },
  },
})

describe('nothing is stored of', () => {
  it('an event that is not signed', async () => {
    const event = invoiceEvent(order)
    const response = await sendWebhook('stripe', { body: JSON.stringify(event) })
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_signature' })
    expect(await inboxHolds('stripe', event.id)).toBe(0)
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it.each(['stripe', 'razorpay'] as const)('an event that %s did not sign', async (provider) => {
    const event = invoiceEvent(order)
    const eventId = freshId('evt')
    const response = await sendSigned(provider, event, { secret: 'not the secret of it', eventId })
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_signature' })
    expect((await inboxHolds(provider, event.id)) + (await inboxHolds(provider, eventId))).toBe(0)
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it("an event that is signed with the other provider's secret", async () => {
    const event = invoiceEvent(order)
    const response = await sendSigned('stripe', event, { secret: secretsOfStack().razorpayWebhookSecret })
    expect(response.status).toBe(400)
    expect(await inboxHolds('stripe', event.id)).toBe(0)
  })

  it('an event that was signed more than five minutes ago', async () => {
    const event = invoiceEvent(order)
    expect((await sendSigned('stripe', event, { seconds: seconds() - 302 })).status).toBe(400)
    expect(await inboxHolds('stripe', event.id)).toBe(0)
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it('a body that was changed after it was signed', async () => {
    const text = JSON.stringify(charged(order))
    const headers = signAsRazorpay(text, secretsOfStack().razorpayWebhookSecret)
    const response = await sendWebhook('razorpay', { body: text.replace('14900', '14901'), headers })
    expect(response.status).toBe(400)
    expect(await inboxHolds('razorpay', headers['x-razorpay-event-id']!)).toBe(0)
  })

  it.each([
    ['not JSON', 'not json'],
    ['empty', ''],
    ['not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
  ])('a signed body that is %s', async (_name, body) => {
    const text = typeof body === 'string' ? body : new TextDecoder('latin1').decode(body)
    const secret = secretsOfStack().razorpayWebhookSecret
    const { createHmac } = await import('node:crypto')
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const eventId = freshId('evt')
    const headers = { 'x-razorpay-signature': signature, 'x-razorpay-event-id': eventId }
    expect(
      (await sendWebhook('razorpay', { body: typeof body === 'string' ? text : body, headers })).status,
    ).toBe(400)
    expect(await inboxHolds('razorpay', eventId)).toBe(0)
  })

  it.each(['', 'a b', 'x'.repeat(201)])('an event of Razorpay with the id %j', async (eventId) => {
    expect((await sendSigned('razorpay', charged(order), { eventId })).status).toBe(400)
  })

  it('a body of more than a megabyte', async () => {
    const response = await sendSigned('stripe', { ...invoiceEvent(order), filler: 'x'.repeat(1_100_000) })
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'payload_too_large' })
  })

  it('an event of a provider that there is not', async () => {
    expect((await sendWebhook('paypal', { body: '{}' })).status).toBe(404)
  })
})

describe('a signed event', () => {
  it('is stored byte for byte, and settles its order', async () => {
    const event = invoiceEvent(order)
    expect(await outcomeOf(await sendSigned('stripe', event))).toBe('applied')
    expect(await stateOf(order)).toMatchObject({ order: 'paid', settled: 1, plan: 'professional' })
    const { rows } = await admin.query<{ body: Buffer }>(
      'select body from private.payment_events where event_id = $1',
      [event.id],
    )
    expect(rows[0]!.body.toString('utf8')).toBe(JSON.stringify(event))
  })

  it('of an order that nobody knows is stored and answered with 200', async () => {
    const event = invoiceEvent({ ...order, id: freshId('x'), ref_id: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' })
    expect(await outcomeOf(await sendSigned('stripe', event))).toBe('unknown_order')
    expect(await inboxHolds('stripe', event.id)).toBe(1)
  })

  it('of a kind that we do not read is stored and changes nothing', async () => {
    const event = invoiceEvent(order, {}, 'customer.tax_id.updated')
    expect(await outcomeOf(await sendSigned('stripe', event))).toBe('ignored')
    expect(await inboxHolds('stripe', event.id)).toBe(1)
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it('that is sent ten times at once counts once', async () => {
    const event = invoiceEvent(order)
    const responses = await Promise.all(Array.from({ length: 10 }, () => sendSigned('stripe', event)))
    // One that finds it being stored is asked to come again.
    expect(
      responses.map(({ status }) => status).filter((status) => status !== 200 && status !== 503),
    ).toEqual([])
    expect(await outcomeOf(await sendSigned('stripe', event))).toBe('applied')
    expect(await stateOf(order)).toMatchObject({ order: 'paid', payments: ['paid'], settled: 1 })
  })

  it('that somebody replays under another id of the header is no second event', async () => {
    const other = await makeOrder(tenant, { provider: 'razorpay', id: freshId('sub') })
    const event = charged(other)
    expect(await outcomeOf(await sendSigned('razorpay', event))).toBe('applied')
    const replayed = freshId('evt')
    expect(await outcomeOf(await sendSigned('razorpay', event, { eventId: replayed }))).toBe('applied')
    expect(await inboxHolds('razorpay', replayed)).toBe(0)
    expect(await stateOf(other)).toMatchObject({ order: 'paid', payments: ['paid'], settled: 1 })
  })

  it.each([
    ['one unit too little', { amount_paid: 14_899 }, 'wrong_amount'],
    ['one unit too much', { amount_paid: 14_901 }, 'wrong_amount'],
    ['in another currency', { currency: 'inr' }, 'wrong_currency'],
  ])('of a payment of %s gives nothing, and both are told', async (_name, change, reason) => {
    expect(await outcomeOf(await sendSigned('stripe', invoiceEvent(order, change)))).toBe('applied')
    expect(await stateOf(order)).toMatchObject({
      ...untouched,
      order: 'refund_due',
      payments: ['refund_due'],
    })
    const { rows } = await admin.query<{ reason: string }>(
      `select payload::jsonb -> 'data' ->> 'reason' as reason from public.webhook_events
       where type = 'payment.refund_due' and tenant_id in ($1, private.platform_tenant_id())
         and payload::jsonb -> 'data' -> 'tenant' ->> 'ref_id' = $2`,
      [tenant.id, tenant.ref_id],
    )
    expect(rows).toEqual([{ reason }, { reason }])
  })

  it('of a second payment for a paid month has to be sent back', async () => {
    const first = await makeOrder(tenant, { provider: 'razorpay', id: freshId('sub') })
    await sendSigned('razorpay', charged(first))
    await sendSigned('razorpay', charged(first))
    expect(await stateOf(first)).toMatchObject({
      order: 'refund_due',
      payments: ['paid', 'refund_due'],
      settled: 1,
    })
  })

  it('of a free month is no payment', async () => {
    expect(await outcomeOf(await sendSigned('stripe', invoiceEvent(order, { amount_paid: 0 })))).toBe(
      'ignored',
    )
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it('of one provider says nothing about an order of the other with the same id', async () => {
    const id = freshId('sub')
    const mine = await makeOrder(tenant, { provider: 'stripe', id })
    const other = await makeTenant({ plan: 'starter' })
    const theirs = await makeOrder(other, { provider: 'razorpay', id })
    await sendSigned('razorpay', charged(theirs))
    expect(await stateOf(mine)).toMatchObject({ order: 'created' })
    expect(await stateOf(theirs)).toMatchObject({ order: 'paid' })
    // Not by our own reference either: whoever signs for one provider says nothing of the other.
    const forged = charged({ ...order, provider_order_id: freshId('sub') })
    Object.assign(forged.payload.subscription.entity, { notes: { tenantry_order: order.ref_id } })
    expect(await outcomeOf(await sendSigned('razorpay', forged))).toBe('unknown_order')
    expect(await stateOf(order)).toMatchObject(untouched)
  })

  it('with an id of more than we keep is one that we do not read', async () => {
    const event = invoiceEvent(order, { id: 'in_'.padEnd(300, 'x') })
    expect(await outcomeOf(await sendSigned('stripe', event))).toBe('ignored')
  })
})

it('what could not be settled is settled by cron, and what fails there keeps nobody waiting', async () => {
  const waits = async (minutes: number, amount_minor: unknown) => {
    const id = freshId('evt')
    const fact = { ...captured(), order_id: order.provider_order_id, amount_minor }
    await admin.query(
      `insert into private.payment_events (provider, event_id, body_hash, body, fact, received_at)
       values ('stripe', $1, sha256($2), $2, $3, now() - make_interval(mins => $4))`,
      [id, Buffer.from(id), fact, minutes],
    )
    return id
  }
  const bad = await waits(3, 'no number')
  await waits(2, 14_900)
  await admin.query('select private.settle_waiting_payment_events()')
  expect(await stateOf(order)).toMatchObject({ order: 'paid', payments: ['paid'], settled: 1 })
  await admin.query('delete from private.payment_events where event_id = $1', [bad])
})

it('the bytes are forgotten after 30 days, and a replay is still known', async () => {
  const event = invoiceEvent(order)
  await sendSigned('stripe', event)
  await admin.query(
    `update private.payment_events set received_at = now() - interval '31 days' where event_id = $1`,
    [event.id],
  )
  await admin.query('select private.forget_payment_bodies(100000)')
  const { rows } = await admin.query('select body from private.payment_events where event_id = $1', [
    event.id,
  ])
  expect(rows).toEqual([{ body: null }])
  await sendSigned('stripe', event)
  expect(await stateOf(order)).toMatchObject({ payments: ['paid'], settled: 1 })
})
