import { expect, it } from 'vitest'
import { rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { makeKey } from '../api-keys/world.ts'

it('the time to keep what is beyond a plan begins when a product ends that brought the feature, by hand or by the clock', async () => {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner, plan: 'business' })
  await makeKey(tenant, owner)
  await rolledBack(superuser, async (db) => {
    await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [tenant.id])
    const found = async () =>
      (
        await db.query<{ gate: string }>(
          `select gate from public.plan_excesses where tenant_id = $1 and gate in ('sso', 'api_keys') order by 1`,
          [tenant.id],
        )
      ).rows.map(({ gate }) => gate)
    await db.query(
      `insert into public.products (product, name, features) values ('probe_sso', 'Probe', '{sso,api}')`,
    )
    await db.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'probe_sso')`, [
      tenant.id,
    ])
    await db.query(`update public.tenants set plan = 'starter' where id = $1`, [tenant.id])
    expect(await found()).toEqual([])
    await db.query('update public.tenant_products set enabled = false where tenant_id = $1', [tenant.id])
    expect(await found()).toEqual(['api_keys', 'sso'])
    await db.query('update public.tenant_products set enabled = true where tenant_id = $1', [tenant.id])
    expect(await found()).toEqual([])
    // The clock changes no row.
    await db.query('set local session_replication_role = replica')
    await db.query(
      `update public.tenant_products set expires_at = now() - interval '5 minutes' where tenant_id = $1`,
      [tenant.id],
    )
    await db.query('set local session_replication_role = origin')
    await db.query('select private.settle_plans()')
    expect(await found()).toEqual(['api_keys', 'sso'])
  })
})
