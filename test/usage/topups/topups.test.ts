import { beforeEach, describe, expect, it } from 'vitest'
import { CreditBalance, PaymentOrder } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshId, secretsOfStack, sendSigned } from '../payments/world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})

const order = (body: object, key?: string) =>
  call('/usage/payments/orders', {
    token: owner.token,
    tenant: tenant.slug,
    body,
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  })
const made = async (provider: string, bundle = 'credits_500', key?: string) => {
  const response = await order({ bundle, provider }, key)
  expect(response.status).toBe(201)
  return PaymentOrder.parse(await response.json())
}
const balance = async () => {
  const response = await call('/usage/credits', { token: owner.token, tenant: tenant.slug })
  return CreditBalance.parse(await response.json())
}
const topups = async () => {
  const { rows } = await asUser(owner.id, (db) =>
    db.query<{ ref_id: string; status: string; expires_at: Date | null }>(
      'select ref_id, status, bundle, credits::int, expires_at from public.credit_topup_orders order by id',
    ),
  )
  return rows
}
/** Pays on the page of the local provider. At Razorpay an order has no address of its own there. */
const pay = async ({ pay_url, provider_order_id }: PaymentOrder, outcome = 'pay') => {
  const url = pay_url ?? `${await localProvider()}/pay/${provider_order_id}`
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ outcome }),
    redirect: 'manual',
  })
  return response.status
}
/** Where the local providers are: a Stripe order says it. */
const localProvider = async () => new URL((await made('stripe')).pay_url!).origin

describe.each(['razorpay', 'stripe'] as const)('a top-up that is bought at %s', (provider) => {
  it('adds its credits once it is paid, until the end of the month', async () => {
    const before = await balance()
    const bought = await made(provider, 'credits_2000')
    expect(bought).toMatchObject({
      kind: 'topup',
      bought: { bundle: 'credits_2000', credits: 2000 },
      amount_minor: 5900,
      currency: 'CHF',
      status: 'created',
    })
    expect(await balance()).toEqual(before)
    expect(await pay(bought)).toBe(303)
    const after = await balance()
    expect(after).toEqual({
      ...before,
      credits_available: before.credits_available + 2000,
      credits_free: before.credits_free + 2000,
      credits_topup: 2000,
    })
    const row = (await topups()).find(({ ref_id }) => ref_id === bought.ref_id)!
    expect(row).toMatchObject({ status: 'paid', credits: 2000, bundle: 'credits_2000' })
    expect(row.expires_at?.toISOString()).toBe(after.next_reset_at)
    // An order is paid once.
    expect(await pay(bought)).toBe(409)
  })

  it('adds nothing when the card is refused, and then what a second try pays', async () => {
    const before = await balance()
    const bought = await made(provider)
    expect(await pay(bought, 'fail')).toBe(303)
    expect(await balance()).toEqual(before)
    expect(await pay(bought)).toBe(303)
    expect((await balance()).credits_topup).toBe(500)
  })

  it('is ordered once for each Idempotency-Key', async () => {
    const key = freshId('key')
    const both = await Promise.all([made(provider, 'credits_500', key), made(provider, 'credits_500', key)])
    expect(both[0]).toEqual(both[1])
    for (const body of [
      { bundle: 'credits_2000', provider },
      { plan: 'business', provider },
    ])
      expect(await problemOf(await order(body, key))).toMatchObject({ status: 409, code: 'conflict' })
  })
})

describe('a payment of a top-up', () => {
  const captured = (bought: PaymentOrder, change: object = {}) => ({
    event: 'payment.captured',
    payload: {
      payment: {
        entity: {
          id: freshId('pay'),
          amount: bought.amount_minor,
          amount_refunded: 0,
          currency: bought.currency,
          status: 'captured',
          order_id: bought.provider_order_id,
          ...change,
        },
      },
    },
  })

  it('that is signed by somebody else adds nothing', async () => {
    const bought = await made('razorpay')
    const response = await sendSigned('razorpay', captured(bought), { secret: 'x'.repeat(32) })
    expect(response.status).toBe(400)
    expect((await balance()).credits_topup).toBe(0)
    expect(secretsOfStack().razorpayWebhookSecret).not.toBe('x'.repeat(32))
  })

  it('adds once, however often and under however many event ids it is told', async () => {
    const bought = await made('razorpay')
    const event = captured(bought)
    const told = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        sendSigned('razorpay', { ...event, created_at: n }, { eventId: freshId('evt') }),
      ),
    )
    // Those that came while another one was settled are told to come again.
    expect(new Set(told.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await balance()).credits_topup).toBe(500)
  })

  it.each([
    ['of a unit less', { amount: 1899 }, 'wrong_amount'],
    ['in another currency', { currency: 'INR' }, 'wrong_currency'],
  ])('%s adds nothing, and is to be sent back', async (_, change, reason) => {
    const bought = await made('razorpay')
    expect((await sendSigned('razorpay', captured(bought, change))).status).toBe(200)
    expect((await balance()).credits_topup).toBe(0)
    expect(await topups()).toMatchObject([{ status: 'refund_due', expires_at: null }])
    const { rows } = await admin.query('select reason from public.payments where tenant_id = $1', [tenant.id])
    expect(rows).toEqual([{ reason }])
  })

  it('that comes when the tenant is archived is to be sent back', async () => {
    const bought = await made('razorpay')
    await forceTenant(superuser, tenant.id, `status = 'archived', archived_at = now(), purgeable_at = now()`)
    expect((await sendSigned('razorpay', captured(bought))).status).toBe(200)
    const { rows } = await admin.query('select status, reason from public.payments where tenant_id = $1', [
      tenant.id,
    ])
    expect(rows).toEqual([{ status: 'refund_due', reason: 'tenant_not_found' }])
  })

  it('brings the credits that were ordered, whatever the price list says by then', async () => {
    const bought = await made('razorpay')
    const db = await admin.connect()
    try {
      await db.query('begin')
      await db.query(
        `update public.topup_bundles set credits = 1, price_minor = 99, is_offered = false where bundle = 'credits_500'`,
      )
      const { rows } = await db.query<{ reason: string | null; credits: number }>(
        `select private.settle_payment(o, p) as reason, (select credits_topup::int from public.credit_balances where tenant_id = o.tenant_id) as credits
         from public.payment_orders as o cross join lateral (select (jsonb_populate_record(null::public.payments,
           jsonb_build_object('tenant_id', o.tenant_id, 'id', private.uuid_v7(), 'order_id', o.id, 'amount_minor', o.amount_minor, 'currency', o.currency, 'period', '1'))).*) as p
         where o.ref_id = $1`,
        [bought.ref_id],
      )
      expect(rows[0]!.reason).toBeNull()
      const after = await db.query(
        'select credits_topup::int from public.credit_balances where tenant_id = $1',
        [tenant.id],
      )
      expect(after.rows).toEqual([{ credits_topup: 500 }])
    } finally {
      await db.query('rollback')
      db.release()
    }
  })
})

describe('a top-up is refused', () => {
  it.each([
    [{ provider: 'stripe' }, '/plan'],
    [{ provider: 'stripe', plan: 'business', bundle: 'credits_500' }, '/plan'],
    [{ provider: 'stripe', bundle: 'no_such_bundle' }, '/bundle'],
    [{ provider: 'stripe', bundle: '' }, '/bundle'],
    [{ provider: 'stripe', bundle: 500 }, '/bundle'],
    [{ provider: 'stripe', bundle: 'Crédits' }, '/bundle'],
    [{ provider: 'stripe', bundle: 'credits_500', credits: 1_000_000 }, '/credits'],
  ])('for the body %j', async (body, pointer) => {
    expect(await problemOf(await order(body))).toMatchObject({ status: 422, pointers: [pointer] })
  })

  it('that is not offered any more', async () => {
    const db = await admin.connect()
    try {
      await db.query('begin')
      await db.query(`update public.topup_bundles set is_offered = false where bundle = 'credits_500'`)
      await db.query(
        `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`,
        [JSON.stringify({ sub: owner.id, role: 'authenticated' })],
      )
      await expect(
        db.query(`select private.order_topup($1, 'stripe', 'credits_500')`, [tenant.id]),
      ).rejects.toThrow(/invalid_value/)
    } finally {
      await db.query('rollback')
      db.release()
    }
  })

  it.each(['frozen', 'ended'])('in a tenant that is %s: it could not use the credits', async (state) => {
    await forceTenant(
      superuser,
      tenant.id,
      state === 'frozen'
        ? `status = 'frozen', frozen_at = now()`
        : `status = 'trial', plan = 'trial', trial_ends_at = '2020-01-01'`,
    )
    expect((await problemOf(await order({ bundle: 'credits_500', provider: 'stripe' }))).status).toBe(403)
  })

  it('the 31st time in an hour, plans and top-ups together', async () => {
    await admin.query(
      `insert into private.tenant_turns (tenant_id, what, period_at, turn_count) values ($1, 'payment_order', date_trunc('hour', now(), 'UTC'), 30)`,
      [tenant.id],
    )
    expect(await problemOf(await order({ bundle: 'credits_500', provider: 'stripe' }))).toMatchObject({
      status: 429,
      code: 'too_many_orders',
    })
  })
})

it('everybody who is signed in reads the price list', async () => {
  const { rows } = await asUser(owner.id, (db) =>
    db.query('select bundle, credits::int from public.topup_bundles order by credits'),
  )
  expect(rows).toEqual([
    { bundle: 'credits_500', credits: 500 },
    { bundle: 'credits_2000', credits: 2000 },
    { bundle: 'credits_10000', credits: 10_000 },
  ])
})
