import { beforeEach, describe, expect, inject, it } from 'vitest'
import { CheckedOrders, PaymentOrder, Subscription, Subscriptions } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { captured, freshId, makeOrder, type Order, settleFact, stateOf } from '../payments/world.ts'
import { makeSubscription } from './world.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})

const asOwner = (path: string, method?: string) =>
  call(path, { token: owner.token, tenant: tenant.slug, ...(method && { method }) })
const list = async () =>
  Subscriptions.parse(await (await asOwner('/usage/subscriptions')).json()).subscriptions
const cancel = (ref: string) => asOwner(`/usage/subscriptions/${ref}/cancellation`, 'POST')
const choose = (payUrl: string | null, outcome: string) =>
  fetch(payUrl!, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' })

/** A subscription that the local provider knows, with one month paid. */
async function buy(provider: Order['provider']) {
  const response = await call('/usage/payments/orders', {
    token: owner.token,
    tenant: tenant.slug,
    body: { plan: 'professional', provider },
  })
  const order = PaymentOrder.parse(await response.json())
  await choose(order.pay_url, 'pay')
  return { payUrl: order.pay_url, ref: (await list())[0]!.ref_id }
}

describe.each(['razorpay', 'stripe'] as const)('an owner who cancels at %s', (provider) => {
  it('is not charged again, and keeps the plan for the month that is paid', async () => {
    const { payUrl, ref } = await buy(provider)
    const cancelled = Subscription.parse(await (await cancel(ref)).json())
    expect(cancelled).toMatchObject({ status: 'cancelled', cancel_requested_at: expect.any(String) })
    // The provider takes no more money, because it was told.
    expect((await choose(payUrl, 'pay')).status).toBe(409)
    const { rows } = await admin.query(
      `select t.plan, t.status, s.freezes_at = s.paid_until_at as until_the_end from public.tenants as t
       join public.subscriptions as s on s.tenant_id = t.id where t.id = $1`,
      [tenant.id],
    )
    expect(rows).toEqual([{ plan: 'professional', status: 'active', until_the_end: true }])
    expect(Subscription.parse(await (await cancel(ref)).json())).toEqual(cancelled)
  })

  it('is not charged again either while a charge is past due', async () => {
    const { payUrl, ref } = await buy(provider)
    await choose(payUrl, 'fail')
    expect(await list()).toMatchObject([{ status: 'past_due' }])
    expect(Subscription.parse(await (await cancel(ref)).json()).status).toBe('cancelled')
    expect((await choose(payUrl, 'pay')).status).toBe(409)
  })
})

describe('a provider that cannot be reached', () => {
  it('is told later, ever less often, and the wish is shown meanwhile', async () => {
    // The local provider knows no such subscription, so it refuses.
    const { order, subscription } = await makeSubscription(tenant, 'razorpay')
    const answer = Subscription.parse(await (await cancel(subscription)).json())
    expect(answer).toMatchObject({
      status: 'active',
      cancelled_at: null,
      cancel_requested_at: expect.any(String),
    })
    const next = async () => {
      const { rows } = await admin.query<{ seconds: number }>(
        'select extract(epoch from next_cancel_at - now())::int as seconds from public.subscriptions where order_id = $1',
        [order.id],
      )
      return rows[0]!.seconds
    }
    expect(await next()).toBeLessThanOrEqual(0)
    const check = async () =>
      CheckedOrders.parse(
        await (
          await call('/usage/payments/check', { method: 'POST', apikey: inject('stack').secret_key })
        ).json(),
      )
    expect((await check()).unanswered).toBeGreaterThan(0)
    expect(await next()).toBeGreaterThan(280)
    await admin.query(
      `update public.subscriptions set cancel_requested_at = now() - interval '2 hours', next_cancel_at = now() - interval '1 second' where order_id = $1`,
      [order.id],
    )
    await check()
    expect(await next()).toBeGreaterThan(7000)
    // Its webhook ends the asking.
    await settleFact(order, { what: 'cancelled' })
    expect(await next()).toBeNull()
    expect(await list()).toMatchObject([{ status: 'cancelled' }])
  })
})

describe('a subscription is not cancelled', () => {
  it('that does not exist, or is another tenant’s', async () => {
    const other = await makeTenant({ plan: 'starter' })
    const { subscription } = await makeSubscription(other)
    expect(await problemOf(await cancel(subscription))).toMatchObject({ status: 404, code: 'not_found' })
    const { rows } = await admin.query(
      'select cancel_requested_at from public.subscriptions where tenant_id = $1',
      [other.id],
    )
    expect(rows).toEqual([{ cancel_requested_at: null }])
  })

  it('that was never paid', async () => {
    const order = await makeOrder(tenant)
    await settleFact(order, { what: 'started', subscription_id: freshId('sub') })
    const [{ ref_id }] = (await list()) as [Subscription]
    expect(await problemOf(await cancel(ref_id))).toMatchObject({ status: 409, code: 'conflict' })
  })

  it('that a newer one replaced: the newer one is', async () => {
    const first = await makeSubscription(tenant)
    const second = await makeOrder(tenant, { plan: 'business' })
    await settleFact(second, captured({ amount_minor: 34_900, subscription_id: freshId('sub') }))
    expect(await problemOf(await cancel(first.subscription))).toMatchObject({ status: 409 })
    expect(await stateOf(second)).toMatchObject({ subscription: 'active' })
  })

  it.each([
    ['no-ref', 404],
    ['01JD3N8Q4ZB6T2V9XK5M7R0C1', 404],
    ['%00', 400],
  ])('by the name %s', async (ref, status) => {
    expect((await cancel(ref)).status).toBe(status)
  })
})

it('an owner of a tenant that is frozen because it did not pay can end the charges', async () => {
  const { order, subscription } = await makeSubscription(tenant)
  await settleFact(order, { what: 'failed', payment_id: freshId('in'), period: '2' })
  await admin.query(
    `update public.subscriptions set freezes_at = now() - interval '1 second' where order_id = $1`,
    [order.id],
  )
  await admin.query('select private.freeze_unpaid_tenants()')
  expect(await stateOf(order)).toMatchObject({ tenant: 'frozen' })
  expect(Subscription.parse(await (await cancel(subscription)).json()).cancel_requested_at).not.toBeNull()
})

it('cancelling and a charge at once end in one state', async () => {
  for (let n = 0; n < 10; n++) {
    const { order, subscription } = await makeSubscription(tenant)
    const answers = await Promise.all([
      cancel(subscription),
      settleFact(order, captured({ amount_minor: 34_900, period: '2', payment_id: freshId('in') })),
      cancel(subscription),
    ])
    expect([(answers[0] as Response).status, (answers[2] as Response).status]).toEqual([200, 200])
    const { rows } = await admin.query(
      `select s.status, s.cancel_requested_at is not null as wished,
         (select count(*)::int from public.payments as p where p.order_id = s.order_id and p.settled_at is not null) as settled
       from public.subscriptions as s where s.order_id = $1`,
      [order.id],
    )
    expect(rows).toEqual([{ status: 'active', wished: true, settled: 2 }])
  }
})
