import { beforeEach, describe, expect, inject, it } from 'vitest'
import {
  Entitlement,
  Entitlements,
  Products,
  TenantProduct,
  TenantProducts,
} from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { asUser, admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'

let reviewer: Person
let owner: Person
let tenant: Tenant
const apikey = inject('stack').secret_key
beforeEach(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, reviewer, plan: 'starter' })
})

const at = (rest = '') => `/registry/tenants/${tenant.slug}${rest}`
const grant = (product: string, body: unknown = {}) =>
  call(at(`/products/${product}`), { method: 'PUT', apikey, body })
const ask = async (product: string, feature = '') => {
  const path = at(`/entitlements/${product}${feature && `?feature=${feature}`}`)
  return Entitlement.parse(await (await call(path, { token: reviewer.token })).json())
}
const setTenant = (change: string) =>
  // No tenant moves back to its trial.
  change.includes("'trial'")
    ? forceTenant(superuser, tenant.id, change)
    : setup.query(`update public.tenants set ${change} where id = $1`, [tenant.id])
/** What SQL says of a feature, and of a product. */
const sqlSays = async (product: string | null, feature: string | null) => {
  const { rows } = await setup.query<{ answer: unknown }>(
    `select allowed as answer from private.find_entitlement($1, $2, $3)`,
    [tenant.id, product, feature],
  )
  return rows[0]!.answer
}
const soon = () => new Date(Date.now() + 3_600_000).toISOString()

describe('may this tenant use this product now?', () => {
  it('yes, once it was granted', async () => {
    expect(await ask('bots')).toEqual({
      allowed: false,
      reason: 'product_not_granted',
      plan_that_has_it: null,
      expires_at: null,
    })
    await grant('bots')
    expect(await ask('bots')).toEqual({
      allowed: true,
      reason: null,
      plan_that_has_it: null,
      expires_at: null,
    })
    expect(await sqlSays('bots', null)).toBe(true)
  })
  it('until its time is over, which the clock alone decides', async () => {
    const expires_at = soon()
    await grant('bots', { expires_at })
    const answer = await ask('bots')
    expect(answer.allowed).toBe(true)
    expect(Date.parse(String(answer.expires_at))).toBe(Date.parse(expires_at))

    await setup.query(
      `update public.tenant_products set expires_at = clock_timestamp() + interval '1 second' where tenant_id = $1`,
      [tenant.id],
    )
    expect(await sqlSays('bots', null)).toBe(true)
    await setup.query('select pg_sleep(1.1)')
    expect(await ask('bots')).toMatchObject({ allowed: false, reason: 'product_expired' })
    expect(await sqlSays('bots', null)).toBe(false)
  })
  it('not while it is switched off', async () => {
    await grant('bots', { enabled: false })
    expect(await ask('bots')).toMatchObject({ allowed: false, reason: 'product_disabled' })
  })
  it('not when there is none of this name', async () => {
    expect(await ask('teleport')).toMatchObject({ allowed: false, reason: 'unknown_product' })
  })
  it.each([
    [`status = 'frozen'`, 'tenant_frozen'],
    [`status = 'trial', trial_ends_at = now()`, 'trial_ended'],
  ])('not when the tenant has %s', async (change, reason) => {
    await grant('bots')
    await setTenant(change)
    expect(await ask('bots')).toMatchObject({ allowed: false, reason })
    expect(await sqlSays('bots', null)).toBe(false)
    expect(await sqlSays(null, 'assessments')).toBe(false)
  })
  it('no longer than the trial lasts', async () => {
    await grant('bots', { expires_at: new Date(Date.now() + 90 * 86_400_000).toISOString() })
    const end = soon()
    await setTenant(`status = 'trial', trial_ends_at = '${end}'`)
    expect(Date.parse(String((await ask('bots')).expires_at))).toBe(Date.parse(end))
  })
})

describe('may it use this feature now?', () => {
  const feature = async (name: string) => {
    const answer = await call(at('/entitlements'), { token: reviewer.token })
    const { features } = Entitlements.parse(await answer.json())
    return features.find((one) => one.feature === name)
  }
  it('yes, when its plan has it, and otherwise the cheapest plan that does is named', async () => {
    await setTenant(`plan = 'starter'`)
    expect(await feature('assessments')).toMatchObject({ allowed: true, reason: null })
    expect(await feature('white_label')).toMatchObject({
      allowed: false,
      reason: 'feature_not_in_plan',
      plan_that_has_it: 'professional',
    })
    expect(await feature('sso')).toMatchObject({ allowed: false, plan_that_has_it: 'business' })
    await setTenant(`plan = 'professional'`)
    expect(await feature('white_label')).toMatchObject({ allowed: true })
  })
  it('yes, when a product it was granted brings it, for as long as that lasts', async () => {
    expect(await feature('whatsapp')).toMatchObject({
      allowed: false,
      reason: 'feature_not_in_plan',
      plan_that_has_it: null,
    })
    const expires_at = soon()
    await grant('bots', { expires_at })
    const answer = await feature('whatsapp')
    expect(answer?.allowed).toBe(true)
    expect(Date.parse(String(answer?.expires_at))).toBe(Date.parse(expires_at))
    await setup.query('update public.tenant_products set expires_at = now() where tenant_id = $1', [
      tenant.id,
    ])
    expect(await feature('whatsapp')).toMatchObject({ allowed: false })
    expect(await sqlSays(null, 'whatsapp')).toBe(false)
  })
  it('of a product: only with the product, and only what it or the plan has', async () => {
    await setTenant(`plan = 'starter'`)
    expect(await ask('bots', 'whatsapp')).toMatchObject({ allowed: false, reason: 'product_not_granted' })
    await grant('bots')
    expect(await ask('bots', 'whatsapp')).toMatchObject({ allowed: true })
    expect(await ask('bots', 'assessments')).toMatchObject({ allowed: true })
    expect(await ask('bots', 'ad_campaigns')).toMatchObject({ allowed: false, reason: 'feature_not_in_plan' })
    expect(await ask('bots', 'voice')).toMatchObject({ allowed: false, plan_that_has_it: 'professional' })
    expect(await ask('bots', 'teleport')).toMatchObject({ allowed: false, reason: 'unknown_feature' })
  })
  it('names all there is', async () => {
    await grant('marketing')
    const answer = await call(at('/entitlements'), { apikey })
    const { products, features, supports_projects, plan } = Entitlements.parse(await answer.json())
    expect([plan, supports_projects]).toEqual(['starter', true])
    expect(products.map(({ product, allowed }) => [product, allowed])).toEqual([
      ['assessments', false],
      ['bots', false],
      ['marketing', true],
    ])
    expect(features.map(({ feature }) => feature)).toContain('white_label')
    expect(features.filter(({ allowed }) => allowed).map(({ feature }) => feature)).toEqual([
      'ad_campaigns',
      'assessments',
      'content_calendar',
      'followups',
    ])
  })
})

describe('a function that needs it', () => {
  const require = (product: string | null, feature: string | null) =>
    setup.query('select private.require_entitlement($1, $2, $3)', [tenant.id, product, feature])

  it('refuses with 402, the feature and the plan that has it', async () => {
    await expect(require(null, 'white_label')).rejects.toMatchObject({
      code: 'PT402',
      message: 'feature_not_in_plan',
      detail: `This tenant's plan does not have the feature "white_label". The plan "professional" has it.`,
    })
    await expect(require(null, 'teleport')).rejects.toMatchObject({
      code: 'PT402',
      message: 'feature_not_in_plan',
    })
    await expect(require('bots', null)).rejects.toMatchObject({
      code: 'PT402',
      message: 'product_not_granted',
    })
    await grant('bots')
    await require('bots', 'whatsapp')
    await setup.query('update public.tenant_products set expires_at = now() where tenant_id = $1', [
      tenant.id,
    ])
    await expect(require('bots', null)).rejects.toMatchObject({ message: 'product_not_granted' })
  })
  it.each([
    [`status = 'frozen'`, 'PT403', 'tenant_frozen'],
    [`status = 'trial', trial_ends_at = now()`, 'PT403', 'trial_ended'],
    [`status = 'archived'`, 'PT404', 'tenant_not_found'],
  ])('names the state of a tenant with %s', async (change, code, message) => {
    await setTenant(change)
    await expect(require(null, 'assessments')).rejects.toMatchObject({ code, message })
  })
})

describe('products', () => {
  it('are the same list for everybody who is signed in', async () => {
    const stranger = await makePerson()
    const answer = await call('/registry/products', { token: stranger.token })
    const { products } = Products.parse(await answer.json())
    expect(products.map(({ product, supports_projects }) => [product, supports_projects])).toEqual([
      ['assessments', false],
      ['bots', true],
      ['marketing', true],
    ])
  })
  it('are granted by the platform, which replaces what it granted before', async () => {
    const first = TenantProduct.parse(
      await (await grant('bots', { config: { max_seats: 3 }, expires_at: soon() })).json(),
    )
    expect(first).toMatchObject({
      product: 'bots',
      name: 'WhatsApp bots',
      enabled: true,
      config: { max_seats: 3 },
    })
    const second = TenantProduct.parse(await (await grant('bots', { config: { max_seats: 5 } })).json())
    expect(second).toMatchObject({ config: { max_seats: 5 }, expires_at: null })
    const { products } = TenantProducts.parse(
      await (await call(at('/products'), { token: reviewer.token })).json(),
    )
    expect(products).toEqual([second].map((one) => ({ ...one, created_at: first.created_at })))

    const withdraw = () => call(at('/products/bots'), { method: 'DELETE', apikey })
    expect((await withdraw()).status).toBe(204)
    expect(await problemOf(await withdraw())).toMatchObject({ status: 404, code: 'not_found' })
    expect(await ask('bots')).toMatchObject({ reason: 'product_not_granted' })
  })
  it('are granted to a frozen tenant too, and to none that is archived or not there', async () => {
    await setTenant(`status = 'frozen'`)
    expect((await grant('bots')).status).toBe(200)
    await setTenant(`status = 'archived'`)
    expect(await problemOf(await grant('bots'))).toMatchObject({ status: 404, code: 'tenant_not_found' })
    const nowhere = await call('/registry/tenants/nobodys/products/bots', { method: 'PUT', apikey, body: {} })
    expect(await problemOf(nowhere)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })
  it('that do not exist are not granted', async () => {
    for (const product of ['teleport', 'Bots', 'x'])
      expect(await problemOf(await grant(product))).toMatchObject({ status: 404, code: 'not_found' })
  })
  it.each<[unknown, string[]]>([
    [{ enabled: 'yes' }, ['/enabled']],
    [{ config: [] }, ['/config']],
    [{ config: 'x' }, ['/config']],
    [{ config: { text: 'x'.repeat(16_000) } }, ['/config']],
    [{ expires_at: 'tomorrow' }, ['/expires_at']],
    [{ expires_at: '2026-01-01' }, ['/expires_at']],
    [{ product: 'bots' }, ['/product']],
  ])('are not granted with %j', async (body, pointers) => {
    expect(await problemOf(await grant('bots', body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers,
    })
  })
  it('keep a config that is an object of bounded size, whoever writes it', async () => {
    for (const config of ['[]', '"x"', 'null', JSON.stringify({ text: 'x'.repeat(20_000) })])
      await expect(
        setup.query(
          `insert into public.tenant_products (tenant_id, product, config) values ($1, 'bots', $2)`,
          [tenant.id, config],
        ),
      ).rejects.toMatchObject({ code: '23514', constraint: 'product_config_is_an_object' })
  })
  it('are not granted by those who would use them', async () => {
    for (const statement of [
      `insert into public.tenant_products (tenant_id, product) values ('${tenant.id}', 'bots')`,
      `update public.tenant_products set expires_at = null`,
      `update public.products set supports_projects = true`,
    ])
      await expect(asUser(owner.id, (db) => db.query(statement))).rejects.toMatchObject({ code: '42501' })
  })
  it('cannot be removed from the list while somebody has them', async () => {
    await grant('bots')
    await expect(setup.query(`delete from public.products where product = 'bots'`)).rejects.toMatchObject({
      code: expect.stringMatching(/^23/),
    })
  })
})
