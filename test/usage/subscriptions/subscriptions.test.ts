import { beforeEach, describe, expect, it } from 'vitest'
import { admin, superuser } from '../../kit/db.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { captured, freshId, makeOrder, type Order, settleFact, stateOf } from '../payments/world.ts'

// Each row of the table in docs/payments.md: what happens to a subscription x the state of its tenant.

let tenant: Tenant
let order: Order
beforeEach(async () => {
  tenant = await makeTenant({ plan: 'starter' })
  order = await makeOrder(tenant)
})
const settle = (fact: Parameters<typeof settleFact>[1]) => settleFact(order, fact)
const pay = (period = '1') => settle(captured({ period }))
const fail = (period: string) => settle({ what: 'failed', payment_id: freshId('in'), period })
const cancel = () => settle({ what: 'cancelled' })
const freeze = async () => {
  await admin.query('select private.freeze_unpaid_tenants()')
}
/** As if so much time had passed since the subscription fell due. */
const wait = (days: number) =>
  admin.query(
    `update public.subscriptions set freezes_at = freezes_at - make_interval(days => $2) where tenant_id = $1`,
    [tenant.id, days],
  )
const told = async () => {
  const { rows } = await admin.query<{ event_type: string }>(
    'select event_type from public.billing_events where tenant_id = $1 order by id',
    [tenant.id],
  )
  return rows.map(({ event_type }) => event_type)
}

describe('the first payment', () => {
  it('gives an active tenant the plan', async () => {
    expect(await pay()).toBe('applied')
    expect(await stateOf(order)).toMatchObject({
      order: 'paid',
      subscription: 'active',
      plan: 'professional',
      tenant: 'active',
    })
    expect(await told()).toEqual(['subscription.activated', 'payment.paid'])
  })

  it('makes a trial active', async () => {
    const { rows } = await admin.query<Tenant>(
      `insert into public.tenants (slug, name, plan) values ($1, $1, 'trial') returning id, ref_id, slug`,
      [`${tenant.slug}-t`],
    )
    const ordered = await makeOrder(rows[0]!)
    await settleFact(ordered, captured())
    expect(await stateOf(ordered)).toMatchObject({ plan: 'professional', tenant: 'active', reason: null })
  })

  it('makes a tenant active that is frozen because its trial ended', async () => {
    await forceTenant(
      superuser,
      tenant.id,
      `status = 'frozen', plan = 'trial', frozen_at = now(), status_reason = 'The trial ended.'`,
    )
    await pay()
    expect(await stateOf(order)).toMatchObject({ plan: 'professional', tenant: 'active', reason: null })
  })

  it.each([
    [
      'frozen by the platform',
      `status = 'frozen', frozen_at = now(), status_reason = 'Abuse.'`,
      'tenant_frozen',
    ],
    [
      'a trial that the platform froze',
      `status = 'frozen', plan = 'trial', frozen_at = now(), status_reason = 'Abuse.'`,
      'tenant_frozen',
    ],
    [
      'cancelled by its owner, in the words of the job',
      `status = 'frozen', frozen_at = now(), status_reason = 'Not paid.'`,
      'tenant_frozen',
    ],
    [
      'archived',
      `status = 'archived', archived_at = now(), purgeable_at = now() + interval '30 days'`,
      'tenant_not_found',
    ],
  ])('does nothing for a tenant that is %s, and has to be sent back', async (_name, change, reason) => {
    await forceTenant(superuser, tenant.id, change)
    const before = await stateOf(order)
    expect(await pay()).toBe('applied')
    expect(await stateOf(order)).toMatchObject({
      order: 'refund_due',
      settled: 0,
      plan: before.plan,
      tenant: before.tenant,
      reason: before.reason,
    })
    const { rows } = await admin.query('select reason from public.payments where tenant_id = $1', [tenant.id])
    expect(rows).toEqual([{ reason }])
  })
})

describe('a later charge', () => {
  it('leaves the plan as it is, also if the platform has changed it', async () => {
    await pay()
    await admin.query(`select private.change_plan($1, 'enterprise')`, [tenant.id])
    await pay('2')
    expect(await stateOf(order)).toMatchObject({ order: 'paid', settled: 2, plan: 'enterprise' })
    expect(await told()).toContain('subscription.charged')
  })

  it('has to be sent back when it comes twice for one month', async () => {
    await pay()
    await pay('2')
    await pay('2')
    expect(await stateOf(order)).toMatchObject({ order: 'refund_due', settled: 2 })
  })
})

describe('a charge that fails', () => {
  it('makes the subscription past due, and leaves the tenant active for the grace', async () => {
    await pay()
    await fail('2')
    await wait(6)
    await freeze()
    expect(await stateOf(order)).toMatchObject({
      subscription: 'past_due',
      tenant: 'active',
      plan: 'professional',
    })
    expect(await told()).toContain('subscription.failed')
  })

  it('freezes the tenant after seven days, because it did not pay', async () => {
    await pay()
    await fail('2')
    await wait(7)
    await freeze()
    expect(await stateOf(order)).toMatchObject({
      tenant: 'frozen',
      reason: 'Not paid.',
      plan: 'professional',
    })
  })

  it('that fails again does not begin the grace anew', async () => {
    await pay()
    await fail('2')
    const due = () =>
      admin.query('select freezes_at from public.subscriptions where tenant_id = $1', [tenant.id])
    const before = (await due()).rows
    await fail('2')
    expect((await due()).rows).toEqual(before)
  })

  it('is made good by a payment of the same month, and the tenant is active again', async () => {
    await pay()
    await fail('2')
    await wait(7)
    await freeze()
    await pay('2')
    expect(await stateOf(order)).toMatchObject({ subscription: 'active', tenant: 'active', reason: null })
    await freeze()
    expect((await stateOf(order)).tenant).toBe('active')
  })

  it('changes nothing when the month was paid before it arrived', async () => {
    await pay()
    await pay('2')
    await fail('2')
    expect(await stateOf(order)).toMatchObject({ subscription: 'active', order: 'paid' })
    expect(await told()).not.toContain('subscription.failed')
  })

  it('before anything was paid freezes nobody', async () => {
    await fail('1')
    expect(await stateOf(order)).toMatchObject({ order: 'failed', subscription: 'pending', plan: 'starter' })
    const { rows } = await admin.query('select freezes_at from public.subscriptions where tenant_id = $1', [
      tenant.id,
    ])
    expect(rows).toEqual([{ freezes_at: null }])
  })

  it('freezes nobody whom the platform has frozen for another reason', async () => {
    await pay()
    await fail('2')
    await wait(7)
    await admin.query(`select public.change_tenant_status($1, 'frozen', 'Abuse.')`, [tenant.id])
    await freeze()
    expect(await stateOf(order)).toMatchObject({ tenant: 'frozen', reason: 'Abuse.' })
    await pay('2')
    expect(await stateOf(order)).toMatchObject({ tenant: 'frozen', reason: 'Abuse.', order: 'refund_due' })
  })

  it('does not freeze again a tenant that the platform made active', async () => {
    await pay()
    await fail('2')
    await wait(7)
    await freeze()
    await admin.query(`select public.change_tenant_status($1, 'active', 'Paid by invoice.')`, [tenant.id])
    await freeze()
    expect((await stateOf(order)).tenant).toBe('active')
  })
})

describe('a subscription that is cancelled', () => {
  it('keeps the plan until the paid month ends, and then the tenant is frozen', async () => {
    await pay()
    await cancel()
    await freeze()
    expect(await stateOf(order)).toMatchObject({
      subscription: 'cancelled',
      tenant: 'active',
      plan: 'professional',
    })
    await wait(31)
    await freeze()
    expect(await stateOf(order)).toMatchObject({ tenant: 'frozen', reason: 'Not paid.' })
    expect(await told()).toContain('subscription.cancelled')
  })

  it('and then ordered anew makes the tenant active again', async () => {
    await pay()
    await cancel()
    await wait(31)
    await freeze()
    const again = await makeOrder(tenant, { plan: 'business' })
    await settleFact(again, captured({ amount_minor: 34_900 }))
    expect(await stateOf(again)).toMatchObject({ tenant: 'active', plan: 'business', subscription: 'active' })
  })

  it('while it is past due does not extend the grace', async () => {
    await pay()
    await fail('2')
    await cancel()
    await wait(7)
    await freeze()
    expect((await stateOf(order)).tenant).toBe('frozen')
  })
})

describe('another subscription', () => {
  it('takes the place of the first, which moves the tenant no more and is to be cancelled', async () => {
    await settle(captured({ subscription_id: freshId('sub') }))
    const second = await makeOrder(tenant, { plan: 'business' })
    await settleFact(second, captured({ amount_minor: 34_900 }))
    await fail('2')
    await wait(60)
    await freeze()
    expect(await stateOf(second)).toMatchObject({ tenant: 'active', plan: 'business' })
    const { rowCount } = await admin.query(
      `select from private.claim_subscriptions_to_cancel(1000) as l
       join public.subscriptions as s using (provider, provider_subscription_id) where s.tenant_id = $1`,
      [tenant.id],
    )
    expect(rowCount).toBe(1)
  })

  it('that is newer makes a late charge of the first one money to send back', async () => {
    await pay()
    const second = await makeOrder(tenant, { plan: 'business' })
    await settleFact(second, captured({ amount_minor: 34_900 }))
    await pay('2')
    expect(await stateOf(order)).toMatchObject({ order: 'refund_due', plan: 'business' })
  })
})
