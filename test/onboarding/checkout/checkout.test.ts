import { describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { ready } from '../contracts/world.ts'
import { Browser } from '../registrations/browser.ts'
import { billing, contact } from '../registrations/filled-in.ts'

interface Ordered {
  ref_id: string
  pay_url: string
  provider_order_id: string
  amount_minor: number
  currency: string
}
const checkOut = async (browser: Browser, provider = 'stripe') =>
  browser.ask('POST', '/current/checkout', { provider })
const ordered = async (browser: Browser, provider?: string) =>
  (await (await checkOut(browser, provider)).json()) as Ordered
const outcomeOf = async (browser: Browser) => (await browser.ask('GET', '/current/outcome')).json()

/** As the page of the local provider does, which then sends its signed webhooks. */
const pay = (url: string) =>
  fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }), redirect: 'manual' })
const confirmed = async () => {
  const person = await makePerson()
  await superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [person.id])
  return person
}

describe('a registration that is paid at the local provider', () => {
  it('makes a tenant that the account which registered owns', async () => {
    const person = await confirmed()
    const browser = await new Browser(person.token).fill(4, { billing: billing({ plan: 'starter' }) })
    expect(await outcomeOf(browser)).toEqual({ status: 'not_ordered', tenant: null, invitation_token: null })
    const order = await ordered(browser)
    expect(order).toMatchObject({
      amount_minor: 4_900,
      currency: 'CHF',
      status: 'created',
      kind: 'registration',
    })
    expect(await outcomeOf(browser)).toMatchObject({ status: 'created', tenant: null })
    await pay(order.pay_url)
    const outcome = (await outcomeOf(browser)) as { tenant: { slug: string; ref_id: string } }
    expect(outcome).toMatchObject({ status: 'paid', invitation_token: null })
    expect(outcome.tenant.slug).toMatch(/^neem-tree-[0-9a-f]{8}$/)

    const asOwner = { token: person.token, tenant: outcome.tenant.slug }
    expect(await problemOf(await call('/notifications', asOwner))).toMatchObject({
      code: 'contract_not_accepted',
    })
    const { id } = (await admin.query('select id from public.tenants where slug = $1', [outcome.tenant.slug]))
      .rows[0]
    const { pdf_sha256 } = await ready(id)
    const body = { sha256: pdf_sha256, agreed: true }
    const path = `/onboarding/tenants/${outcome.tenant.slug}/contract/acceptance`
    expect((await call(path, { token: person.token, body })).status).toBe(200)
    const tenant = await call(`/registry/tenants/${outcome.tenant.slug}`, asOwner)
    expect(await tenant.json()).toMatchObject({
      ref_id: outcome.tenant.ref_id,
      plan: 'starter',
      status: 'active',
      role: 'owner',
      time_zone: 'Asia/Kolkata',
    })
    const subscriptions = await call('/usage/subscriptions', asOwner)
    expect(await subscriptions.json()).toMatchObject({
      subscriptions: [{ plan: 'starter', status: 'active', provider: 'stripe' }],
    })
    const told = await call('/notifications', asOwner)
    expect(await told.json()).toMatchObject({
      notifications: [{ type: 'contract.ready' }, { type: 'registration.welcome' }],
    })
    // It was answered once and for all: the session is gone, and its outcome is not.
    expect(await problemOf(await browser.ask('GET', '/current'))).toMatchObject({ status: 410 })
    expect(await problemOf(await checkOut(browser))).toMatchObject({ status: 410 })
    expect(await outcomeOf(browser)).toEqual(outcome)
  })

  it('invites the address of the first step, if no confirmed account is known', async () => {
    const first = contact()
    const browser = await new Browser().fill(4, { first })
    await pay((await ordered(browser)).pay_url)
    const outcome = (await outcomeOf(browser)) as { invitation_token: string; tenant: { slug: string } }
    expect(outcome.invitation_token).toMatch(/^tinv_[\w-]{43}$/)
    const accept = (token: string) =>
      call('/registry/invitations/accept', { token, body: { token: outcome.invitation_token } })
    expect(await problemOf(await accept((await confirmed()).token))).toMatchObject({
      code: 'invitation_not_yours',
    })

    const owner = await confirmed()
    await superuser.query('update auth.users set email = $2 where id = $1', [owner.id, first.email])
    expect(await (await accept(owner.token)).json()).toMatchObject({
      slug: outcome.tenant.slug,
      role: 'owner',
    })
    expect(await outcomeOf(browser)).toMatchObject({ invitation_token: null })
  })
})

describe('an order', () => {
  it('is the same for the same steps, and another one for others', async () => {
    const browser = await new Browser().fill()
    const [first, again] = await Promise.all([ordered(browser), ordered(browser)])
    expect(again.ref_id).toBe(first.ref_id)
    expect((await ordered(browser)).pay_url).toBe(first.pay_url)
    expect((await ordered(browser, 'razorpay')).ref_id).not.toBe(first.ref_id)
    await browser.ask('PUT', '/current/billing', billing({ plan: 'starter' }))
    expect(await ordered(browser)).toMatchObject({ amount_minor: 4_900 })
  })

  it('keeps its registration for four days', async () => {
    const browser = await new Browser().fill()
    await ordered(browser)
    const { expires_at } = (await (await browser.ask('GET', '/current')).json()) as { expires_at: string }
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(3.9 * 86_400_000)
  })

  it('needs all four steps', async () => {
    const browser = await new Browser().fill(3)
    expect(await problemOf(await checkOut(browser))).toMatchObject({ status: 409, code: 'step_not_reached' })
  })

  it('is made ten times at most', async () => {
    const browser = await new Browser().fill()
    await admin.query(`update private.registration_sessions set order_count = 10 where ref_id = $1`, [
      ((await (await browser.ask('GET', '/current')).json()) as { ref_id: string }).ref_id,
    ])
    const refused = await checkOut(browser)
    expect(await problemOf(refused.clone())).toMatchObject({ status: 429, code: 'too_many_orders' })
    expect(refused.headers.get('retry-after')).toBe('3600')
  })

  it.each(['paypal', '', null])('is not made at %j', async (provider) => {
    const browser = await new Browser().fill()
    expect((await browser.ask('POST', '/current/checkout', { provider })).status).toBe(422)
  })

  it('costs what the price list says, whatever is sent', async () => {
    const browser = await new Browser().fill()
    const sent = { provider: 'stripe', amount_minor: 1 }
    expect((await browser.ask('POST', '/current/checkout', sent)).status).toBe(422)
  })
})
