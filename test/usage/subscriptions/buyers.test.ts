import { beforeEach, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { captured, freshId, makeOrder, settleFact, stateOf } from '../payments/world.ts'

describe('who may order', () => {
  let owner: Person
  let tenant: Tenant
  const orderAs = (token: string, slug = tenant.slug, plan = 'professional') =>
    call('/usage/payments/orders', { token, tenant: slug, body: { plan, provider: 'stripe' } })
  beforeEach(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner, plan: 'starter' })
  })

  it('is an owner, also of a tenant that is frozen because it did not pay', async () => {
    const order = await makeOrder(tenant)
    await settleFact(order, captured({ period: '1' }))
    await settleFact(order, { what: 'failed', payment_id: freshId('in'), period: '2' })
    await admin.query(
      `update public.subscriptions set freezes_at = now() - interval '1 second' where tenant_id = $1`,
      [tenant.id],
    )
    await admin.query('select private.freeze_unpaid_tenants()')
    expect((await stateOf(order)).tenant).toBe('frozen')
    expect((await orderAs(owner.token)).status).toBe(201)
  })

  it('is an owner whose trial has ended', async () => {
    const ended = await makeTenant({ owner, status: 'trial', plan: 'trial' })
    expect((await orderAs(owner.token, ended.slug)).status).toBe(201)
  })

  it('is nobody in a tenant that was frozen for another reason', async () => {
    const frozen = await makeTenant({ owner, status: 'frozen' })
    expect(await problemOf(await orderAs(owner.token, frozen.slug))).toMatchObject({
      status: 403,
      code: 'tenant_frozen',
    })
  })

  it.each(['trial', 'enterprise', 'no_such_plan'])('does not order the plan %s', async (plan) => {
    expect(await problemOf(await orderAs(owner.token, tenant.slug, plan))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/plan'],
    })
  })
})
