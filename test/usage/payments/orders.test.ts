import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { CheckedOrders, PaymentOrder, PaymentOrders } from '../../../lib/usage/index.ts'
import { providerSettings } from '../../../lib/usage/payments/settings.ts'
import { paymentEnvironment } from '../../../stack/providers/payments/environment.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asService, asUser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { captured, freshId, makeOrder, secretsOfStack, settleFact, stateOf } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})
const order = async (provider: string, key?: string, plan = 'professional') =>
  call('/usage/payments/orders', {
    token: owner.token,
    tenant: tenant.slug,
    body: { plan, provider },
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  })
const made = async (provider: string, key?: string) => {
  const response = await order(provider, key)
  expect(response.status).toBe(201)
  return PaymentOrder.parse(await response.json())
}
/** What somebody does on the provider's page. */
const choose = async (payUrl: string | null, outcome: string) => {
  const response = await fetch(payUrl!, {
    method: 'POST',
    body: new URLSearchParams({ outcome }),
    redirect: 'manual',
  })
  return response.status
}
const planNow = async () => {
  const { rows } = await admin.query<{ plan: string; status: string }>(
    'select plan, status from public.tenants where id = $1',
    [tenant.id],
  )
  return rows[0]!
}

describe.each(['razorpay', 'stripe'])('a plan that is bought at %s', (provider) => {
  it('is the tenant’s once the provider’s page is paid, and renewed, past due, paid and cancelled', async () => {
    const { pay_url, amount_minor, currency } = await made(provider)
    expect({ amount_minor, currency }).toEqual({ amount_minor: 14_900, currency: 'CHF' })
    expect(await (await fetch(pay_url!)).text()).toMatch(/No money is moved/)
    expect(await choose(pay_url, 'fail')).toBe(303)
    expect(await planNow()).toEqual({ plan: 'starter', status: 'active' })
    expect(await choose(pay_url, 'pay')).toBe(303)
    expect(await planNow()).toEqual({ plan: 'professional', status: 'active' })
    const subscription = async () => {
      const { rows } = await admin.query('select status from public.subscriptions where tenant_id = $1', [
        tenant.id,
      ])
      return rows
    }
    for (const [outcome, status] of [
      ['pay', 'active'],
      ['fail', 'past_due'],
      ['fail', 'past_due'],
      ['pay', 'active'],
      ['cancel', 'cancelled'],
    ] as const) {
      expect(await choose(pay_url, outcome)).toBe(303)
      expect(await subscription()).toEqual([{ status }])
    }
    expect(await choose(pay_url, 'pay')).toBe(409)
    const { rows } = await admin.query(
      'select status, count(*)::int from public.payments where tenant_id = $1 and settled_at is not null group by 1',
      [tenant.id],
    )
    expect(rows).toEqual([{ status: 'paid', count: 3 }])
  })

  it('is ordered once for each Idempotency-Key', async () => {
    const key = freshId('key')
    const both = await Promise.all([made(provider, key), made(provider, key)])
    const again = await made(provider, key)
    expect(both).toEqual([again, again])
    expect((await made(provider)).ref_id).not.toBe(again.ref_id)
    expect(await problemOf(await order(provider, key, 'business'))).toMatchObject({
      status: 409,
      code: 'conflict',
    })
  })

  it('is found to be paid by asking, when every webhook was lost', async () => {
    const { pay_url, ref_id, provider_order_id } = await made(provider)
    // Paid, and then as if nobody had told us.
    await choose(pay_url, 'pay')
    await admin.query(`delete from public.payments where tenant_id = $1`, [tenant.id])
    await admin.query(`delete from public.subscriptions where tenant_id = $1`, [tenant.id])
    await admin.query(
      `update public.payment_orders set status = 'created', paid_at = null, next_ask_at = now() - interval '1 second' where tenant_id = $1 and ref_id = $2`,
      [tenant.id, ref_id],
    )
    await admin.query(`update public.tenants set plan = 'starter' where id = $1`, [tenant.id])
    const response = await call('/usage/payments/check', {
      method: 'POST',
      apikey: inject('stack').secret_key,
    })
    expect(CheckedOrders.parse(await response.json()).asked).toBeGreaterThan(0)
    expect(await planNow()).toEqual({ plan: 'professional', status: 'active' })
    const { rows } = await admin.query(
      'select status, next_ask_at from public.payment_orders where provider_order_id = $1',
      [provider_order_id],
    )
    expect(rows).toEqual([{ status: 'paid', next_ask_at: null }])
  })

  it('is cancelled at the provider when another one takes its place', async () => {
    const first = await made(provider)
    await choose(first.pay_url, 'pay')
    const second = await made(provider)
    await choose(second.pay_url, 'pay')
    await call('/usage/payments/check', { method: 'POST', apikey: inject('stack').secret_key })
    expect(await choose(first.pay_url, 'pay')).toBe(409)
    const { rows } = await admin.query(
      'select status from public.subscriptions where tenant_id = $1 order by order_id',
      [tenant.id],
    )
    expect(rows).toEqual([{ status: 'cancelled' }, { status: 'active' }])
  })
})

describe('an order is refused', () => {
  it.each(['demo', 'platform'] as const)('for %s, which is never billed', async (kind) => {
    const { rows } = await admin.query<{ id: string }>(
      'select id from public.tenants where kind = $1 limit 1',
      [kind],
    )
    await expect(makeOrder({ id: rows[0]!.id })).rejects.toThrow(/not_billable/)
  })
  it.each([
    {},
    { plan: 'business' },
    { plan: 'business', provider: 'paypal' },
    { plan: 1, provider: 'stripe' },
    { plan: 'business', provider: 'stripe', amount_minor: 1 },
  ])('for the body %j', async (body) => {
    const response = await call('/usage/payments/orders', { token: owner.token, tenant: tenant.slug, body })
    expect(response.status).toBe(422)
  })
  it.each(['', 'with space', 'x'.repeat(256)])('for the Idempotency-Key %j', async (key) => {
    expect((await order('stripe', key)).status).toBe(422)
  })
  it('the 31st time in an hour', async () => {
    await admin.query(
      `insert into private.tenant_turns (tenant_id, what, period_at, turn_count) values ($1, 'payment_order', date_trunc('hour', now(), 'UTC'), 30)`,
      [tenant.id],
    )
    const response = await order('stripe')
    expect(response.headers.get('retry-after')).toBe('3600')
    expect(await problemOf(response)).toMatchObject({ status: 429, code: 'too_many_orders' })
  })
})

describe('nobody writes', () => {
  it.each(['payment_orders', 'payments', 'subscriptions', 'billing_events'])(
    '%s, neither people nor the service',
    async (table) => {
      await settleFact(await makeOrder(tenant), captured())
      for (const statement of [
        `update public.${table} set created_at = now()`,
        `delete from public.${table}`,
        `insert into public.${table} (tenant_id) values ('${tenant.id}')`,
        `truncate public.${table}`,
      ]) {
        await expect(
          asService((db) => db.query(statement)),
          statement,
        ).rejects.toThrow(/permission denied/)
        await expect(
          asUser(owner.id, (db) => db.query(statement)),
          statement,
        ).rejects.toThrow(/permission denied/)
      }
    },
  )
  it('billing events a second time, not even postgres', async () => {
    await settleFact(await makeOrder(tenant), captured())
    await expect(
      admin.query('update public.billing_events set plan = null where tenant_id = $1', [tenant.id]),
    ).rejects.toThrow(/append-only/)
  })
})

it('billing events hold nothing about who paid', async () => {
  const made = await makeOrder(tenant)
  await settleFact(made, { ...captured(), ...{ email: 'payer@example.com' } })
  const { rows } = await admin.query('select payload from public.billing_events where tenant_id = $1', [
    tenant.id,
  ])
  expect(rows.length).toBe(2)
  expect(JSON.stringify(rows)).not.toMatch(/payer@example/)
})

it('an order that is open is asked about after 15 minutes, ever less often, and no more after four days', async () => {
  const open = await makeOrder(tenant)
  const claim = async (age: string) => {
    await admin.query(
      `update public.payment_orders set created_at = now() - $2::interval, next_ask_at = now() - interval '1 second' where id = $1`,
      [open.id, age],
    )
    const { rows } = await admin.query(
      `with c as materialized (select id from private.claim_open_orders(1000))
       select c.id is not null as claimed from c where c.id = $1`,
      [open.id],
    )
    const next = await admin.query<{ seconds: number }>(
      'select extract(epoch from next_ask_at - now())::int as seconds from public.payment_orders where id = $1',
      [open.id],
    )
    return [rows.length, next.rows[0]!.seconds]
  }
  const near = (seconds: number) => [1, expect.closeTo(seconds, -1)]
  expect(await claim('15 minutes')).toEqual(near(900))
  expect(await claim('3 hours')).toEqual(near(10_800))
  expect(await claim('2 days')).toEqual(near(86_400))
  expect(await claim('5 days')).toEqual([1, null])
})

describe('an order of a kind without a tenant', () => {
  it('belongs to the platform, and to nobody else', async () => {
    const db = await admin.connect()
    try {
      await db.query('begin')
      await db.query(
        `select private.register_order_kind('registration', 'private.settle_subscription(public.payment_orders, public.payments)', 'A new tenant.', is_for_tenant => false)`,
      )
      const ask = (tenant: string) =>
        db.query(
          `select (private.make_payment_order(${tenant}, 'stripe', 'registration', 4900, 'CHF', '{"plan": "starter"}')).tenant_id`,
        )
      expect((await ask('private.platform_tenant_id()')).rows).toHaveLength(1)
      await expect(ask(`'${tenant.id}'`)).rejects.toThrow(/belongs to the platform/)
    } finally {
      await db.query('rollback')
      db.release()
    }
  })
  it('is refused with a function that does not take an order and a payment', async () => {
    await expect(
      admin.query(`select private.register_order_kind('wrong', 'private.payment_grace()', 'Wrong.')`),
    ).rejects.toThrow(/must take an order and a payment/)
  })
})

describe('settings', () => {
  it('without a secret mean that the provider is not set up', () => {
    for (const provider of ['razorpay', 'stripe'] as const)
      expect(() => providerSettings(provider, {})).toThrow(/payment_provider_not_set_up/)
  })
  it('of the shell keep the local provider from getting a real key', () => {
    const shell = { TENANTRY_STRIPE_SECRET_KEY: 'sk_live_real' }
    const environment = paymentEnvironment('http://127.0.0.1:1', secretsOfStack(), shell)
    expect(Object.keys(environment).filter((name) => name.includes('STRIPE'))).toEqual([])
    expect(
      providerSettings('stripe', {
        ...shell,
        TENANTRY_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789, whsec_abcdefghij',
      }),
    ).toMatchObject({
      url: 'https://api.stripe.com',
      webhookSecrets: ['whsec_0123456789', 'whsec_abcdefghij'],
    })
  })
  it('are named in the documentation', () => {
    const page = readFileSync('docs/payments.md', 'utf8')
    for (const name of Object.keys(paymentEnvironment('x', secretsOfStack(), {})))
      expect(page).toContain(name)
  })
})

it('the list holds what was ordered', async () => {
  const { ref_id } = await made('stripe')
  const response = await call('/usage/payments/orders', { token: owner.token, tenant: tenant.slug })
  expect(PaymentOrders.parse(await response.json()).orders.map((one) => one.ref_id)).toEqual([ref_id])
  expect(
    (
      await stateOf({
        tenant_id: tenant.id,
        id: (
          await admin.query<{ id: string }>('select id from public.payment_orders where tenant_id = $1', [
            tenant.id,
          ])
        ).rows[0]!.id,
      })
    ).order,
  ).toBe('created')
})
