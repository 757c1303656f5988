import { describe, expect, it } from 'vitest'
import { admin, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant } from '../../kit/tenants.ts'

const demoId = '5eed1000-0000-7000-8000-000000000005'

/** The rows of a tenant in every table, what is rendered from others and what is only added to left out. */
async function rowsOf(db: Queryable, tenant: string): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await db.query<{ name: string; column: string }>(
    `select c.oid::regclass::text as name, a.attname as column
     from pg_class as c join pg_attribute as a on a.attrelid = c.oid
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
       and not c.relispartition and (a.attname = 'tenant_id' or (c.relname = 'tenants' and a.attname = 'id'))
       and c.relname not in ('audit_log', 'audit_heads', 'audit_pending', 'demo_snapshots', 'tenant_counts',
         'tenant_count_changes')`,
  )
  const all: Record<string, unknown[]> = {}
  for (const { name, column } of tables) {
    // The tenant's own updated_at tells that it was reset; a page's, that it was rendered.
    const without = ['tenants', 'private.tenant_pages'].includes(name)
      ? `- '{updated_at,updated_by}'::text[]`
      : ''
    const { rows } = await db.query<{ rows: unknown[] }>(
      `select coalesce(jsonb_agg(r order by r::text), '[]') as rows
       from (select to_jsonb(t) ${without} as r from ${name} as t where ${column} = $1) as x`,
      [tenant],
    )
    all[name] = rows[0]!.rows
  }
  return all
}

describe('the demo tenant', () => {
  it('was remembered by the seeds, every table of it', async () => {
    const { rows } = await superuser.query<{ relation: string; n: number }>(
      'select relation, jsonb_array_length(rows) as n from private.demo_snapshots where tenant_id = $1',
      [demoId],
    )
    const kept = Object.fromEntries(rows.map(({ relation, n }) => [relation, n]))
    expect(kept).toMatchObject({
      tenants: 1,
      tenant_brands: 1,
      campaigns: 1,
      participant_sessions: 12,
      usage_events: 99,
    })
    expect(Object.keys(kept)).not.toContain('audit_log')
  })

  it.each([
    ['leaves', () => `select public.leave_tenant('${demoId}')`],
    // The row is there still, under the key it is to be restored under.
    [
      'steps down',
      (owner: string) =>
        `update public.tenant_members set role = 'reviewer' where tenant_id = '${demoId}' and user_id = '${owner}'`,
    ],
  ])(
    'is put back by the night, whatever its visitors did to it, when its owner %s',
    async (_how, handOver) => {
      const visitor = await makePerson()
      await rolledBack(admin, async (db) => {
        await db.query('select private.reset_demo_tenant($1)', [demoId])
        const before = await rowsOf(db, demoId)
        const elsewhere = await rowsOf(db, '5eed1000-0000-7000-8000-000000000001')
        const { rows: owners } = await db.query<{ user_id: string }>(
          `select user_id from public.tenant_members where tenant_id = $1 and role = 'owner'`,
          [demoId],
        )
        const owner = owners[0]!.user_id
        const asOwner = async (...statements: string[]) => {
          await db.query(
            `select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`,
            [JSON.stringify({ role: 'authenticated', sub: owner })],
          )
          for (const statement of statements) await db.query(statement)
          await db.query(
            `select set_config('role', 'none', true), set_config('request.jwt.claims', '', true)`,
          )
        }
        await db.query('insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)', [
          demoId,
          visitor.id,
          'owner',
        ])
        await asOwner(
          `update public.tenants set name = 'Mine now', locale = 'fr' where id = '${demoId}'`,
          `select public.rename_tenant_slug('${demoId}', 'demo-mine-now')`,
          `update public.tenant_brands set display_name = 'Mine', is_active = false, brand = '{"colors": {"primary": "#000000"}}' where tenant_id = '${demoId}'`,
          `update public.tenant_billing set legal_name = 'Mine Inc.' where tenant_id = '${demoId}'`,
          // Parents and children: what refers to a changed row, to a deleted one, and to neither.
          `insert into public.campaigns (tenant_id, name) values ('${demoId}', 'Added')`,
          `update public.participant_sessions set full_name = 'Changed' where tenant_id = '${demoId}' and email like '%1@%'`,
          `delete from public.participant_sessions where tenant_id = '${demoId}' and email like '%2@%'`,
          `delete from public.campaigns where tenant_id = '${demoId}' and name = 'Sample campaign'`,
          `insert into public.participant_sessions (tenant_id, email) values ('${demoId}', 'added@example.com')`,
          `select public.log_usage_event('${demoId}', 'demo.visited', event_id => 'visit')`,
          // The seeded owner hands the tenant over and goes.
          handOver(owner),
        )
        const changed = await rowsOf(db, demoId)
        for (const name of [
          'tenants',
          'tenant_brands',
          'tenant_billing',
          'campaigns',
          'participant_sessions',
          'tenant_members',
          'tenant_slugs',
          'usage_events',
          'usage_event_keys',
        ])
          expect(changed[name], name).not.toEqual(before[name])
        expect(changed['private.tenant_pages']).toEqual([])

        await db.query('select private.reset_demo_tenants()')
        expect(await rowsOf(db, demoId)).toEqual(before)
        expect(await rowsOf(db, '5eed1000-0000-7000-8000-000000000001')).toEqual(elsewhere)
        // Their login is theirs, also that of the visitor who is no member any more.
        const { rowCount } = await db.query('select from auth.users where id = any ($1)', [
          [owner, visitor.id],
        ])
        expect(rowCount).toBe(2)
        const { rows: again } = await db.query('select private.reset_demo_tenant($1) as changed', [demoId])
        expect(again).toEqual([{ changed: 0 }])
      })
    },
  )

  it('is left alone by the night when nobody touched it', async () => {
    await rolledBack(admin, async (db) => {
      await db.query('select private.reset_demo_tenants()')
      const { rows } = await db.query('select updated_at, xmin::text from public.tenants where id = $1', [
        demoId,
      ])
      await db.query('select private.reset_demo_tenants()')
      expect(
        (await db.query('select updated_at, xmin::text from public.tenants where id = $1', [demoId])).rows,
      ).toEqual(rows)
    })
  })

  it('that cannot be reset does not keep the others from it', async () => {
    await rolledBack(admin, async (db) => {
      const { rows } = await db.query<{ id: string }>(
        `insert into public.tenants (slug, name, status, kind)
         select 'demo-' || substr(gen_random_uuid()::text, 1, 13), 'Demo', 'demo', 'demo' from generate_series(1, 2) returning id`,
      )
      for (const { id } of rows) await db.query('select private.snapshot_demo_tenant($1)', [id])
      const [broken, sound] = rows.map(({ id }) => id).toSorted()
      await db.query(
        `update private.demo_snapshots set rows = '[{"tenant_id": null}]' where tenant_id = $1 and relation = 'campaigns'`,
        [broken],
      )
      await db.query(`update public.tenants set name = 'Changed' where id = any ($1)`, [[broken, sound]])
      await db.query('select private.reset_demo_tenants()')
      const { rows: names } = await db.query(
        'select name from public.tenants where id = any ($1) order by id',
        [[broken, sound]],
      )
      expect(names).toEqual([{ name: 'Changed' }, { name: 'Demo' }])
    })
  })

  it('is the only kind that has a snapshot', async () => {
    const customer = await makeTenant()
    for (const name of ['snapshot_demo_tenant', 'reset_demo_tenant'])
      await expect(admin.query(`select private.${name}($1)`, [customer.id])).rejects.toMatchObject({
        code: 'PT409',
      })
  })
})
