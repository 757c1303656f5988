import { describe, expect, it } from 'vitest'
import { admin, type Queryable, rolledBack } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { addEndpoint, noRows, rowsLeft, secretsLeft, webhookTables } from '../endpoint.ts'
import { toldTo } from './told.ts'

/** A tenant with something of everything that is told of when it goes. */
async function makeFullTenant(db: Queryable, tenant: Tenant): Promise<string[]> {
  await db.query(
    `with campaign as (
       insert into public.campaigns (tenant_id, name) select $1, 'C' || n from generate_series(1, 20) as n returning id)
     insert into public.participant_sessions (tenant_id, campaign_id, client_status) select $1, id, 'completed' from campaign`,
    [tenant.id],
  )
  await db.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2 || '.test', 'verified', now())`,
    [tenant.id, tenant.slug],
  )
  await db.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'marketing')`, [
    tenant.id,
  ])
  await db.query(
    `insert into public.api_keys (tenant_id, name, scopes, prefix) values ($1, 'Key', '{usage:write}', 'abcd1234')`,
    [tenant.id],
  )
  return (await addEndpoint(db, tenant.id)).secrets
}

describe('a tenant that is', () => {
  it('deleted takes its webhooks and their secrets along, and nobody is told', async () => {
    const owner = await makePerson()
    const [tenant, other] = [await makeTenant({ owner }), await makeTenant({ owner })]
    await rolledBack(admin, async (db) => {
      const secrets = await makeFullTenant(db, tenant)
      const others = await makeFullTenant(db, other)
      const before = [await rowsLeft(db, other.id), await toldTo(db, other.id)]
      await db.query('delete from public.tenants where id = $1', [tenant.id])
      expect(await rowsLeft(db, tenant.id)).toEqual(noRows)
      expect(await secretsLeft(db, secrets)).toBe(0)
      expect(await secretsLeft(db, others)).toBe(3)
      expect([await rowsLeft(db, other.id), await toldTo(db, other.id)]).toEqual(before)
      expect(Object.values(await rowsLeft(db, other.id)).every((n) => n > 0)).toBe(true)
    })
  })

  it('purged loses them batch by batch', async () => {
    const owner = await makePerson()
    const [tenant, other] = [await makeTenant({ owner }), await makeTenant({ owner })]
    const secrets = await makeFullTenant(admin, tenant)
    const others = await makeFullTenant(admin, other)
    const told = (await toldTo(admin, tenant.id)).length
    await admin.query(`select public.change_tenant_status($1, 'archived')`, [tenant.id])
    await admin.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    for (let n = 0; n < 50 && (await secretsLeft(admin, secrets)) !== 0; n++) {
      await admin.query('select private.purge_batch($1, 7)', [tenant.id])
      expect((await toldTo(admin, tenant.id)).length).toBeLessThanOrEqual(told)
    }
    for (let n = 0; n < 50; n++) await admin.query('select private.purge_batch($1, 50)', [tenant.id])
    const { rows } = await admin.query(
      'select finished_at is not null as is_finished, deleted_rows from private.tenant_purges where tenant = $1',
      [tenant.id],
    )
    expect(rows[0]).toMatchObject({
      is_finished: true,
      deleted_rows: { webhook_endpoints: 1, webhook_attempts: 2, tenants: 1 },
    })
    expect(await rowsLeft(admin, tenant.id)).toEqual(noRows)
    expect([await secretsLeft(admin, secrets), await secretsLeft(admin, others)]).toEqual([0, 3])
  })

  it('exported hands out its webhooks without a secret, not even the name of one', async () => {
    const tenant = await makeTenant({ owner: await makePerson() })
    await rolledBack(admin, async (db) => {
      const secrets = await makeFullTenant(db, tenant)
      let text = ''
      for (const name of webhookTables) {
        const { rows } = await db.query<{ lines: string; row_count: number }>(
          'select * from private.export_rows($1, $2)',
          [tenant.id, name.replace('public.', '')],
        )
        expect(rows[0]!.row_count, name).toBeGreaterThan(0)
        text += rows[0]!.lines
      }
      for (const secret of [...secrets, 's3cret', 'whsec_']) expect(text).not.toContain(secret)
      const row = JSON.parse(text.slice(0, text.indexOf('\n'))).row
      expect(row).toMatchObject({ secret_id: null, previous_secret_id: null, headers_secret_id: null })
      expect(row.url).toMatch(/^https:/)
    })
  })
})
