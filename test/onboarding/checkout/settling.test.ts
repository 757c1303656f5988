import { describe, expect, it } from 'vitest'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'
import { settleFact } from '../../usage/payments/world.ts'
import { makeRegistration, orderRegistration, outcomeOf, paid } from './world.ts'

const rowsAbout = async (tenant: string | null, what: string) =>
  (await admin.query(`select ${what} where tenant_id = $1`, [tenant])).rows

describe('a right payment', () => {
  it('makes everything that belongs to a tenant, in one transaction', async () => {
    const person = await makePerson()
    await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [person.id])
    const order = await orderRegistration(
      await makeRegistration({ brand: 'Añjali & Söhne', userId: person.id }),
    )
    const fact = paid()
    expect(await settleFact(order, fact)).toBe('applied')
    const { tenant, ...outcome } = await outcomeOf(order)
    expect(outcome).toEqual({ order: 'paid', payments: ['paid'], tenants: 1 })
    const { rows: tenants } = await admin.query('select * from public.tenants where id = $1', [tenant])
    expect(tenants[0]).toMatchObject({
      name: 'Añjali & Söhne',
      slug: expect.stringMatching(/^anjali-sohne/),
      status: 'active',
      kind: 'customer',
      plan: 'professional',
      country: 'IN',
      state: 'Maharashtra',
    })
    expect(await rowsAbout(tenant, '* from public.tenant_billing')).toMatchObject([
      {
        legal_name: 'Neem Tree Studios Private Limited',
        pan_number: 'AAPFU0939F',
        has_gst: true,
        gst_number: '27AAPFU0939F1ZV',
        billing_name: 'Añjali & Söhne',
        billing_city: 'Mumbai',
        billing_country: 'IN',
      },
    ])
    expect(await rowsAbout(tenant, 'display_name from public.tenant_brands')).toEqual([
      { display_name: 'Añjali & Söhne' },
    ])
    expect(await rowsAbout(tenant, 'user_id, role, status from public.tenant_members')).toEqual([
      { user_id: person.id, role: 'owner', status: 'active' },
    ])
    const { rows: profiles } = await admin.query(
      'select title, first_name, last_name, phone from public.user_profiles where user_id = $1',
      [person.id],
    )
    expect(profiles).toEqual([{ title: 'Ms.', first_name: 'Asha', last_name: 'Rao', phone: '+12025550123' }])
    const billed = { plan: 'professional', amount_minor: '14900', provider_entity_id: fact.payment_id }
    expect(
      await rowsAbout(
        tenant,
        'event_type, plan, amount_minor, provider_entity_id from public.billing_events',
      ),
    ).toEqual([
      { event_type: 'subscription.activated', ...billed },
      { event_type: 'payment.paid', ...billed },
    ])
    expect(await rowsAbout(tenant, 'type, user_id from public.notifications')).toContainEqual({
      type: 'registration.welcome',
      user_id: person.id,
    })
    expect(await rowsAbout(tenant, `status, details ->> 'legal_name' as name from public.contracts`)).toEqual(
      [{ status: 'pending_acceptance', name: 'Neem Tree Studios Private Limited' }],
    )
    expect(tenants[0].contract_pending_at).not.toBeNull()
    const events = await rowsAbout(tenant, 'type from public.webhook_events')
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['tenant.created', 'tenant.paid']))
  })

  it('tells the platform', async () => {
    const order = await orderRegistration(await makeRegistration())
    await settleFact(order, paid())
    const { rows } = await admin.query(
      `select e.type from public.webhook_events as e join public.tenants as t on e.payload like '%' || t.ref_id || '%'
       where e.tenant_id = private.platform_tenant_id() and t.id = $1 and e.type like 'tenant.%' order by e.type`,
      [(await outcomeOf(order)).tenant],
    )
    expect(rows.map(({ type }) => type)).toEqual(['tenant.created', 'tenant.paid'])
  })

  it('leaves nothing of what was filled in outside the tenant', async () => {
    const hash = await makeRegistration()
    const order = await orderRegistration(hash)
    await orderRegistration(hash, { provider: 'razorpay' })
    await settleFact(order, paid())
    const { rows } = await admin.query(
      `select (select count(*)::int from private.registration_sessions where token_hash = $1) as sessions,
         (select count(*)::int from private.registration_orders where token_hash = $1 and (filled_in is not null or invitation_token is not null)) as orders`,
      [hash],
    )
    expect(rows).toEqual([{ sessions: 0, orders: 0 }])
  })

  it('that comes late still makes the tenant, without its session', async () => {
    const hash = await makeRegistration()
    const order = await orderRegistration(hash)
    await admin.query('delete from private.registration_sessions where token_hash = $1', [hash])
    await settleFact(order, paid())
    expect(await outcomeOf(order)).toMatchObject({ order: 'paid', tenants: 1 })
  })

  it('for an account whose address nobody confirmed invites the address', async () => {
    const person = await makePerson()
    await superuser.query('update auth.users set email_confirmed_at = null where id = $1', [person.id])
    const order = await orderRegistration(await makeRegistration({ userId: person.id }))
    await settleFact(order, paid())
    const { tenant } = await outcomeOf(order)
    expect(await rowsAbout(tenant, 'user_id from public.tenant_members')).toEqual([])
    expect(await rowsAbout(tenant, 'role from public.tenant_invitations')).toEqual([{ role: 'owner' }])
    // No member is there to be notified, so the address of the first step is mailed what makes it the owner.
    const mails = await rowsAbout(
      tenant,
      `template, (select i.email = j.address and i.token_hash = sha256(convert_to(j.data ->> 'invitation_token', 'UTF8'))
         from public.tenant_invitations as i where i.tenant_id = j.tenant_id) as accepts from private.notification_jobs as j`,
    )
    expect(mails).toEqual([{ template: 'registration_welcome', accepts: true }])
    const { rows } = await admin.query(
      'select filled_in, invitation_token from private.registration_orders where order_id = $1',
      [order.id],
    )
    expect(rows).toEqual([{ filled_in: null, invitation_token: null }])
  })
})

describe('a slug', () => {
  it('that is taken gets a number', async () => {
    const brand = freshSlug('brand')
    await makeTenant({ slug: brand })
    const slugs: string[] = []
    for (const _ of [1, 2]) {
      const order = await orderRegistration(await makeRegistration({ brand }))
      await settleFact(order, paid())
      const { tenant } = await outcomeOf(order)
      slugs.push((await admin.query('select slug from public.tenants where id = $1', [tenant])).rows[0].slug)
    }
    expect(slugs).toEqual([`${brand}-2`, `${brand}-3`])
  })

  it.each([
    ['Admin', /^admin-\d+$/],
    ['X', /^x-\d+$/],
    ['नीम वृक्ष', /^practice/],
    ['ab--cd', /^ab-cd/],
    [`${'long '.repeat(30)}name`, /^[a-z0-9-]{3,40}$/],
    ['🦁🦁🦁', /^practice/],
  ])('of %s can be used', async (brand, form) => {
    const order = await orderRegistration(await makeRegistration({ brand }))
    await settleFact(order, paid())
    const { tenant } = await outcomeOf(order)
    const { rows } = await admin.query('select slug, name from public.tenants where id = $1', [tenant])
    expect(rows[0].slug).toMatch(form)
    expect(rows[0].name).toBe(brand)
  })

  it('is one for each of twelve that are paid at once', async () => {
    const brand = freshSlug('rush')
    const orders = await Promise.all(
      Array.from({ length: 12 }, async () => orderRegistration(await makeRegistration({ brand }))),
    )
    await Promise.all(orders.map((order) => settleFact(order, paid())))
    const { rows } = await admin.query(`select slug from public.tenants where name = $1`, [brand])
    expect(new Set(rows.map(({ slug }) => slug)).size).toBe(12)
  })
})

describe('money for which nothing can be given', () => {
  it.each([
    ['a penny too little', { amount_minor: 14_899 }, 'wrong_amount'],
    ['too much', { amount_minor: 149_000 }, 'wrong_amount'],
    ['another currency', { currency: 'INR' }, 'wrong_currency'],
  ])('%s is due back, and there is no tenant', async (_what, change, reason) => {
    const order = await orderRegistration(await makeRegistration())
    await settleFact(order, paid(change))
    expect(await outcomeOf(order)).toEqual({
      order: 'refund_due',
      payments: [`refund_due ${reason}`],
      tenant: null,
      tenants: 0,
    })
  })

  it('a second payment is due back', async () => {
    const order = await orderRegistration(await makeRegistration())
    await settleFact(order, paid())
    await settleFact(order, paid())
    expect(await outcomeOf(order)).toMatchObject({
      order: 'refund_due',
      payments: ['paid', 'refund_due paid_twice'],
      tenants: 1,
    })
  })

  it('a second order of one registration is due back', async () => {
    const hash = await makeRegistration()
    const [first, second] = [
      await orderRegistration(hash),
      await orderRegistration(hash, { provider: 'razorpay' }),
    ]
    await Promise.all([settleFact(first, paid()), settleFact(second, paid())])
    const outcomes = [await outcomeOf(first), await outcomeOf(second)]
    expect(outcomes.map(({ payments }) => payments.join()).toSorted()).toEqual([
      'paid',
      'refund_due already_registered',
    ])
    expect(outcomes.map(({ tenants }) => tenants)).toEqual([1, 1])
  })

  it('a payment for what was forgotten is due back', async () => {
    const order = await orderRegistration(await makeRegistration())
    await admin.query(
      `update private.registration_orders set created_at = now() - interval '91 days' where order_id = $1`,
      [order.id],
    )
    await admin.query('select private.forget_unpaid_registrations()')
    await settleFact(order, paid())
    expect(await outcomeOf(order)).toMatchObject({ payments: ['refund_due registration_ended'], tenants: 0 })
  })

  it('failed, then captured, is paid; captured, then failed, stays paid', async () => {
    for (const facts of [
      [paid({ what: 'failed', payment_id: 'x' }), paid({ payment_id: 'x' })],
      [paid({ payment_id: 'x' }), paid({ what: 'failed', payment_id: 'x' })],
    ]) {
      const order = await orderRegistration(await makeRegistration())
      for (const fact of facts)
        await settleFact(order, { ...fact, payment_id: `${fact.payment_id}${order.id}` })
      expect(await outcomeOf(order)).toMatchObject({ order: 'paid', payments: ['paid'], tenants: 1 })
    }
  })
})

it('an order that nobody paid is asked about like any other', async () => {
  const order = await orderRegistration(await makeRegistration())
  await admin.query(
    `update public.payment_orders set next_ask_at = now() - interval '1 year' where id = $1`,
    [order.id],
  )
  const { rows } = await admin.query('select ref_id, is_recurring from private.claim_open_orders(1)')
  expect(rows).toEqual([{ ref_id: order.ref_id, is_recurring: true }])
})
