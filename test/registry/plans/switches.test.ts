import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { makeEndpoint } from '../../webhooks/endpoints/world.ts'
import { makeKey } from '../api-keys/world.ts'

describe('a switch', () => {
  it.each([
    ['keep_api_keys', 'api_keys', 'switched_off_at is null and revoked_at is null'],
    ['keep_domains', 'tenant_domains', 'switched_off_at is null'],
    ['keep_campaigns', 'campaigns', 'switched_off_at is null'],
    ['keep_webhook_endpoints', 'webhook_endpoints', 'is_enabled'],
    ['keep_members', 'tenant_members', `status = 'active'`],
  ])('%s leaves the oldest on, one way and back', async (keep, table, isOn) => {
    const [owner, member] = [await makePerson(), await makePerson()]
    const tenant = await makeTenant({ owner, member })
    for (const n of [1, 2, 3]) {
      await makeKey(tenant, owner, { scopes: ['usage:write'] })
      await makeEndpoint({ owner, admin: owner, member: owner, tenant })
      await admin.query('insert into public.tenant_domains (tenant_id, host) values ($1, $2)', [
        tenant.id,
        `${tenant.slug}-${n}.example.com`,
      ])
      await admin.query('insert into public.campaigns (tenant_id, name) values ($1, $2)', [tenant.id, n])
    }
    const on = async () =>
      (
        await admin.query<{ on: boolean }>(
          `select ${isOn} as on from public.${table} where tenant_id = $1 order by created_at`,
          [tenant.id],
        )
      ).rows.map((row) => row.on)
    const everything = (await on()).map(() => true)
    const oldest = everything.map((_, n) => n === 0)
    expect(everything.length).toBeGreaterThan(1)
    await admin.query(`select private.${keep}($1, 1)`, [tenant.id])
    expect(await on()).toEqual(oldest)
    await admin.query(`select private.${keep}($1, 1)`, [tenant.id])
    expect(await on()).toEqual(oldest)
    await admin.query(`select private.${keep}($1, null)`, [tenant.id])
    expect(await on()).toEqual(everything)
  })
})

describe('cron', () => {
  let own: OwnDatabase
  let db: pg.Client
  beforeAll(async () => {
    own = await makeMigrated(inject('stack'))
    db = new pg.Client(own.adminUrl)
    await db.connect()
  })
  afterAll(async () => {
    await db?.end()
    await own?.drop()
  })
  const settle = async (batch: number) =>
    (await db.query<{ settled: number }>('select private.settle_plans($1) as settled', [batch])).rows[0]!
      .settled
  const makeCampaigns = (tenantId: string) =>
    db.query(
      `insert into public.campaigns (tenant_id, name, created_at)
       select $1, n::text, now() + n * interval '1 second' from generate_series(1, 6) as n`,
      [tenantId],
    )

  it('comes first to whoever has given a place back, however many others are over their plan', async () => {
    const tenants = []
    for (let n = 0; n < 4; n++) {
      const tenant = await makeTenant({ plan: 'business', db })
      await makeCampaigns(tenant.id)
      await db.query(`update public.tenants set plan = 'starter' where id = $1`, [tenant.id])
      tenants.push(tenant.id)
    }
    await db.query(`update public.plan_excesses set switches_off_at = now() - interval '1 second'`)
    expect(await settle(100)).toBe(4)
    const off = async () =>
      (
        await db.query<{ id: string }>(
          'select tenant_id as id from public.campaigns where switched_off_at is not null order by 1',
        )
      ).rows.map(({ id }) => id)
    expect(await off()).toEqual([...tenants].sort())
    await db.query(`delete from public.campaigns where tenant_id = $1 and name = '1'`, [tenants[3]])
    // All four were settled at one moment. Of equals, only the change tells them apart.
    expect(await settle(1)).toBe(1)
    expect(await off()).toEqual(tenants.slice(0, 3).sort())
  })

  it('settles the end of a product once, a batch at a time, and the end of its next grant again', async () => {
    await db.query('delete from public.plan_excesses')
    await db.query(
      `insert into public.products (product, name, features) values ('probe_sso', 'Probe', '{sso}')`,
    )
    const found = async () => (await db.query(`select from public.plan_excesses where gate = 'sso'`)).rowCount
    for (let n = 0; n < 3; n++) {
      const tenant = await makeTenant({ plan: 'starter', db })
      await db.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'probe_sso')`, [
        tenant.id,
      ])
      await db.query(`insert into public.tenant_idp_config (tenant_id, type) values ($1, 'oidc')`, [
        tenant.id,
      ])
    }
    // The clock changes no row.
    const end = async (moment: string) => {
      await db.query(`set session_replication_role = replica`)
      await db.query(`update public.tenant_products set expires_at = ${moment}`)
      await db.query(`set session_replication_role = origin`)
    }
    await end(`now() - interval '40 days'`)
    expect(await found()).toBe(0)
    expect([await settle(2), await found()]).toEqual([2, 2])
    expect([await settle(2), await found()]).toEqual([1, 3])
    expect(await settle(2)).toBe(0)

    await db.query(`update public.tenant_products set expires_at = now() + interval '1 day'`)
    expect(await found()).toBe(0)
    await end(`now() - interval '1 minute'`)
    expect([await settle(9), await found()]).toEqual([3, 3])
  })
})
