import { beforeAll, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshName, keyRoutes, type MadeKey, makeKey } from './world.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  await setup.query(
    `insert into public.tenant_products (tenant_id, product, expires_at)
     values ($1, 'bots', null), ($1, 'marketing', null), ($1, 'assessments', now())`,
    [tenant.id],
  )
})
const create = (product: unknown) =>
  keyRoutes(tenant, owner).create({ name: freshName(), scopes: ['entitlements:read'], product })
const entitlements = ({ key }: MadeKey, rest = '') =>
  call(`/registry/tenants/${tenant.slug}/entitlements${rest}`, { token: key })

describe('a key for a product', () => {
  it('is made for one that the tenant was granted', async () => {
    expect((await create('bots')).status).toBe(201)
  })
  it('is not made for one whose grant has ended, or that was never granted', async () => {
    expect(await problemOf(await create('assessments'))).toMatchObject({
      status: 402,
      code: 'product_not_granted',
    })
    const other = await makeTenant({ owner })
    const never = await keyRoutes(other, owner).create({
      name: 'x',
      scopes: ['tenant:read'],
      product: 'bots',
    })
    expect(await problemOf(never)).toMatchObject({ status: 402, code: 'product_not_granted' })
  })
  it.each(['quiz', 'botz'])('is not made for %s, which does not exist', async (product) => {
    expect(await problemOf(await create(product))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/product'],
    })
  })
  it('is refused when it asks about another product, and lists its own alone', async () => {
    const key = await makeKey(tenant, owner, { scopes: ['entitlements:read'], product: 'bots' })
    expect((await entitlements(key, '/bots')).status).toBe(200)
    expect(await problemOf(await entitlements(key, '/marketing'))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const all = (await (await entitlements(key)).json()) as { products: { product: string }[] }
    expect(all.products.map(({ product }) => product)).toEqual(['bots'])
  })
  it('of no product asks about each', async () => {
    const key = await makeKey(tenant, owner, { scopes: ['entitlements:read'] })
    for (const product of ['bots', 'marketing'])
      expect((await entitlements(key, `/${product}`)).status).toBe(200)
    const all = (await (await entitlements(key)).json()) as { products: unknown[] }
    expect(all.products.length).toBeGreaterThan(2)
  })
})

describe('a scope of a product', () => {
  /** As the owner, and then as a key of this product that uses the scope. Rolled back. */
  async function withScope(keyProduct: string | null, scopeProduct: string): Promise<string[]> {
    const key = await makeKey(tenant, owner, {
      scopes: ['tenant:read'],
      ...(keyProduct && { product: keyProduct }),
    })
    const db = await superuser.connect()
    try {
      await db.query('begin')
      await db.query(`update private.api_scopes set product = $1 where scope = 'tenant:read'`, [scopeProduct])
      const said: string[] = []
      const attempt = async (text: string, values: unknown[]) => {
        await db.query('savepoint asked')
        const outcome = await db.query(text, values).then(
          ({ rowCount }) => String(rowCount),
          (error: Error) => error.message,
        )
        await db.query('rollback to savepoint asked')
        said.push(outcome)
      }
      await attempt(`select private.require_scopes('{tenant:read}', $1)`, [keyProduct])
      await db.query(
        `select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'tenant_id', tenant_id, 'scope', 'tenant:read')::text, true),
           set_config('tenantry.api_key', id::text, true), set_config('role', 'authenticated', true)
         from public.api_keys where tenant_id = $1 and ref_id = $2`,
        [tenant.id, key.ref_id],
      )
      await attempt(`select private.require_permission($1, 'tenant:read')`, [tenant.id])
      await attempt('select id from public.tenants', [])
      return said
    } finally {
      await db.query('rollback')
      db.release()
    }
  }

  it('is for a key of the same product', async () => {
    expect(await withScope('bots', 'bots')).toEqual(['1', '1', '1'])
  })
  it('is for a key of no product', async () => {
    expect(await withScope(null, 'bots')).toEqual(['1', '1', '1'])
  })
  it('is not for a key of another product: not when it is made, not in a function, not in a policy', async () => {
    expect(await withScope('marketing', 'bots')).toEqual(['invalid_value', 'forbidden', '0'])
  })
})
