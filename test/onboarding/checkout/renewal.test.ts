import { describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { freshId, type Order, settleFact } from '../../usage/payments/world.ts'
import { makeRegistration, orderRegistration, outcomeOf, paid } from './world.ts'

// A registration that is paid is a subscription like any other: its tenant has the order, and every rule of payments holds.

const inAMonth = (months: number) => new Date(Date.now() + months * 30 * 86_400_000).toISOString()

/** A tenant from a registration, with the order that was paid and what the provider calls its subscription. */
async function registered(provider: Order['provider'] = 'stripe') {
  const order = await orderRegistration(await makeRegistration(), { provider })
  const subscription_id = provider === 'razorpay' ? order.provider_order_id : freshId('sub')
  const first = paid({ subscription_id, period_ends_at: inAMonth(1) })
  await settleFact(order, first)
  return { order, first, subscription_id, tenant: (await outcomeOf(order)).tenant }
}

const stateOf = async (tenant: string | null) =>
  (
    await admin.query(
      `select t.status as tenant, t.plan, s.status, s.paid_until_at, s.freezes_at is not null as freezes, s.provider_subscription_id
       from public.tenants as t join public.subscriptions as s on s.tenant_id = t.id where t.id = $1`,
      [tenant],
    )
  ).rows
const eventsOf = async (tenant: string | null) =>
  (
    await admin.query('select event_type from public.billing_events where tenant_id = $1 order by id', [
      tenant,
    ])
  ).rows.map(({ event_type }) => event_type)

/** A later charge, as the provider names it: by its subscription alone. */
const charge = (order: Order, subscription_id: string, change: object) =>
  settleFact(order, paid({ order_id: undefined, subscription_id, ...change }))

describe.each(['stripe', 'razorpay'] as const)('the subscription of a registration at %s', (provider) => {
  it('is active from the first payment, and belongs to the tenant', async () => {
    const { order, tenant, subscription_id, first } = await registered(provider)
    expect(await stateOf(tenant)).toEqual([
      {
        tenant: 'active',
        plan: 'professional',
        status: 'active',
        paid_until_at: new Date(first.period_ends_at!),
        freezes: false,
        provider_subscription_id: subscription_id,
      },
    ])
    const { rows } = await admin.query(
      `select o.kind, o.status, (select count(*)::int from public.payments as p where p.tenant_id = o.tenant_id) as payments,
         (select b.razorpay_subscription_id from public.tenant_billing as b where b.tenant_id = o.tenant_id) as razorpay
       from public.payment_orders as o where o.tenant_id = $1`,
      [tenant],
    )
    expect(rows).toEqual([
      {
        kind: 'subscription',
        status: 'paid',
        payments: 1,
        razorpay: provider === 'razorpay' ? order.provider_order_id : null,
      },
    ])
  })

  it('is renewed by the next charge without anybody', async () => {
    const { order, tenant, subscription_id } = await registered(provider)
    const second = { period: '2', period_ends_at: inAMonth(2) }
    expect(await charge(order, subscription_id, second)).toBe('applied')
    expect(await stateOf(tenant)).toMatchObject([
      { tenant: 'active', status: 'active', paid_until_at: new Date(second.period_ends_at), freezes: false },
    ])
    expect(await eventsOf(tenant)).toEqual([
      ...['subscription.activated', 'payment.paid', 'subscription.charged', 'payment.paid'],
    ])
  })

  it('freezes the tenant after a charge that failed and its grace, and a payment opens it again', async () => {
    const { order, tenant, subscription_id } = await registered(provider)
    const month = { period: '2', period_ends_at: inAMonth(2) }
    await charge(order, subscription_id, { ...month, what: 'failed', payment_id: freshId('in') })
    expect(await stateOf(tenant)).toMatchObject([{ tenant: 'active', status: 'past_due', freezes: true }])
    await admin.query(`update public.subscriptions set freezes_at = now() where tenant_id = $1`, [tenant])
    await admin.query('select private.freeze_unpaid_tenants()')
    expect(await stateOf(tenant)).toMatchObject([{ tenant: 'frozen', status: 'past_due' }])
    await charge(order, subscription_id, month)
    expect(await stateOf(tenant)).toMatchObject([{ tenant: 'active', status: 'active', freezes: false }])
  })

  it('that is cancelled works to the end of its month', async () => {
    const { order, tenant, subscription_id, first } = await registered(provider)
    await charge(order, subscription_id, { what: 'cancelled', payment_id: undefined })
    expect(await stateOf(tenant)).toMatchObject([
      {
        tenant: 'active',
        status: 'cancelled',
        paid_until_at: new Date(first.period_ends_at!),
        freezes: true,
      },
    ])
  })
})

it('a payment of a month that was paid is due back, and the tenant is told', async () => {
  const { order, tenant, subscription_id } = await registered()
  await charge(order, subscription_id, {})
  expect(await outcomeOf(order)).toMatchObject({ payments: ['paid', 'refund_due paid_twice'], tenants: 1 })
  expect(await eventsOf(tenant)).toContain('payment.refund_due')
})

it('a card that fails before the first payment tells nobody of the platform', async () => {
  const order = await orderRegistration(await makeRegistration())
  await settleFact(order, paid({ what: 'failed', subscription_id: freshId('sub') }))
  const { rows } = await admin.query(
    `select count(*)::int from public.notifications where tenant_id = private.platform_tenant_id() and type = 'payment.failed'`,
  )
  expect(rows).toEqual([{ count: 0 }])
})

it('the subscription of a second order of one registration is cancelled at its provider', async () => {
  const hash = await makeRegistration()
  const [first, second] = [
    await orderRegistration(hash),
    await orderRegistration(hash, { provider: 'razorpay' }),
  ]
  await settleFact(first, paid({ subscription_id: freshId('sub') }))
  await settleFact(second, paid({ subscription_id: second.provider_order_id }))
  expect(await outcomeOf(second)).toMatchObject({ payments: ['refund_due already_registered'] })
  const { rows } = await admin.query(
    `update public.subscriptions set next_cancel_at = now() - interval '1 year' where order_id = $1 and next_cancel_at <= now() returning 1`,
    [second.id],
  )
  expect(rows).toHaveLength(1)
  const claimed = await admin.query('select * from private.claim_subscriptions_to_cancel(1)')
  expect(claimed.rows).toEqual([
    { provider: 'razorpay', provider_subscription_id: second.provider_order_id, at_period_end: false },
  ])
  await settleFact(second, { what: 'cancelled', subscription_id: second.provider_order_id })
  const after = await admin.query(
    'select status, next_cancel_at from public.subscriptions where order_id = $1',
    [second.id],
  )
  expect(after.rows).toEqual([{ status: 'cancelled', next_cancel_at: null }])
})

it('events of one order that wait for each other find it where it has moved', async () => {
  const order = await orderRegistration(await makeRegistration())
  const subscription_id = freshId('sub')
  const first = paid({ subscription_id, period: '1' })
  const facts = [
    first,
    first,
    paid({ subscription_id, period: '2' }),
    { what: 'started' as const, subscription_id },
  ]
  const outcomes = await Promise.all(facts.map((fact) => settleFact(order, fact)))
  expect(outcomes.toSorted()).toEqual(['applied', 'applied', 'nothing_new', 'nothing_new'])
  expect(await outcomeOf(order)).toMatchObject({ order: 'paid', payments: ['paid', 'paid'], tenants: 1 })
})
