import { beforeAll, describe, expect, it } from 'vitest'
import { admin, asUser, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { forceTenant, makeTenant } from '../../kit/tenants.ts'
import { brokenPromises, finish, priceModel, recordTool, start } from './scene.ts'

beforeAll(() => priceModel())

/** A tenant with a call of a model and one of a tool. */
async function makeCalled(): Promise<string> {
  const { id } = await makeTenant()
  await finish(id, (await start(id)).id)
  await recordTool(id)
  return id
}

describe.each(['llm_calls', 'tool_calls'])('%s', (table) => {
  const changes = [
    `update public.${table} set error_code = 'another' where tenant_id = $1`,
    `delete from public.${table} where tenant_id = $1`,
  ]
  it.each(['anon', 'authenticated', 'service_role', 'postgres'] as const)(
    'cannot be changed by %s',
    async (role) => {
      const id = await makeCalled()
      for (const sql of changes)
        await rolledBack(admin, async (db) => {
          await db.query(`set local role ${role}`)
          await expect(db.query(sql, [id])).rejects.toMatchObject({
            code: role === 'postgres' ? 'P0001' : '42501',
          })
        })
    },
  )

  it('nor by whoever holds every grant, the superuser, a replica, or through a partition', async () => {
    const id = await makeCalled()
    const { rows } = await admin.query<{ at: string }>(
      `select tableoid::regclass::text as at from public.${table} where tenant_id = $1`,
      [id],
    )
    const prepare = [
      `grant all on public.${table} to service_role; set local role service_role`,
      'select 1',
      'set local session_replication_role = replica',
      // A setting that somebody could think lets rows through.
      `set local tenantry.is_restoring = 'on'`,
    ]
    for (const first of prepare)
      for (const sql of [...changes, ...changes.map((text) => text.replace(`public.${table}`, rows[0]!.at))])
        await rolledBack(superuser, async (db) => {
          await db.query(first)
          if (first.includes('service_role') && sql.includes(rows[0]!.at)) return
          await expect(db.query(sql, [id])).rejects.toMatchObject({ code: 'P0001' })
        })
  })

  it('cannot be emptied', async () => {
    for (const first of ['select 1', 'set local session_replication_role = replica'])
      await rolledBack(superuser, async (db) => {
        await db.query(first)
        await expect(db.query(`truncate public.${table}`)).rejects.toThrow(/append-only/)
      })
    const { rows } = await admin.query<{ partition: string }>(
      'select inhrelid::regclass::text as partition from pg_inherits where inhparent = $1::regclass',
      [`public.${table}`],
    )
    expect(rows.length).toBeGreaterThan(4)
    for (const { partition } of rows)
      await rolledBack(superuser, (db) =>
        expect(db.query(`truncate ${partition}`)).rejects.toThrow(/append-only/),
      )
  })
})

describe('nobody writes past the functions', () => {
  it.each(['llm_calls', 'tool_calls', 'llm_call_holds', 'tenant_spends', 'model_spends', 'model_prices'])(
    '%s',
    async (table) => {
      const owner = await makePerson()
      const tenant = await makeTenant({ owner })
      for (const sql of [
        `insert into public.${table} default values`,
        `update public.${table} set created_at = now()`,
        `delete from public.${table}`,
      ]) {
        const text = table.endsWith('spends') ? sql.replace('created_at = now()', 'month_start = now()') : sql
        await expect(asUser(owner.id, (db) => db.query(text))).rejects.toMatchObject({ code: '42501' })
        await rolledBack(admin, async (db) => {
          await db.query('set local role service_role')
          await expect(db.query(text)).rejects.toMatchObject({ code: '42501' })
        })
      }
      expect(tenant.id).not.toBeNull()
    },
  )
})

describe('calls go with their tenant', () => {
  const tables = [
    ...[
      'public.llm_calls',
      'public.tool_calls',
      'public.llm_call_holds',
      'public.tenant_spends',
      'public.model_spends',
    ],
    'private.tool_call_keys',
  ]
  const rowsOf = async (tenant: string) =>
    Number(
      (
        await admin.query(
          `select ${tables.map((table) => `(select count(*) from ${table} where tenant_id = $1)`).join(' + ')} as count`,
          [tenant],
        )
      ).rows[0].count,
    )

  it('when its row is deleted', async () => {
    const id = await makeCalled()
    expect(await rowsOf(id)).toBe(7)
    await admin.query('delete from public.tenants where id = $1', [id])
    expect(await rowsOf(id)).toBe(0)
  })

  it('in the batches of a purge, however small, and not before', async () => {
    const id = await makeCalled()
    for (let n = 0; n < 4; n++) await finish(id, (await start(id)).id)
    expect(await brokenPromises(admin, id)).toEqual([])
    await forceTenant(superuser, id, `status = 'archived', archived_at = now(), purgeable_at = now()`)
    await expect(
      admin.query('delete from public.llm_calls where tenant_id = $1', [id]),
    ).rejects.toMatchObject({ code: 'P0001' })
    await admin.query('select private.begin_purge($1)', [id])
    for (let finished = false; !finished; ) {
      const { rows } = await admin.query(
        'select (private.purge_batch($1, 3)).finished_at is not null as finished',
        [id],
      )
      finished = rows[0].finished
    }
    expect(await rowsOf(id)).toBe(0)
  })
})
