import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, type Queryable, rolledBack } from '../../kit/db.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { finish, priceModel, recordTool, spendOf, start } from './scene.ts'

// In a database of its own: who makes and drops months locks the tenants too, and other tests delete some.
let own: OwnDatabase
let pool: pg.Pool
beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  pool = new pg.Pool({ connectionString: own.url, max: 1 })
  await priceModel(undefined, { db: pool })
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

/** Copies a tenant's call to another moment, as the clock would have put it there. */
const copyTo = (db: Queryable, table: string, tenant: string, moment: string) =>
  db.query(
    `insert into public.${table} select (jsonb_populate_record(null::public.${table},
       to_jsonb(c) || jsonb_build_object('id', gen_random_uuid(), 'created_at', $2::timestamptz))).*
     from (select * from public.${table} where tenant_id = $1 limit 1) as c`,
    [tenant, moment],
  )
const placesOf = async (db: Queryable, table: string, tenant: string) =>
  (
    await db.query<{ at: string; month: string }>(
      `select tableoid::regclass::text as at, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as month from public.${table}
       where tenant_id = $1 and created_at > '2030-01-01' order by created_at`,
      [tenant],
    )
  ).rows

describe.each(['llm_calls', 'tool_calls'])('the months of %s', (table) => {
  it('are kept by the one mechanism: three ahead, 24 behind', async () => {
    const { rows } = await admin.query(
      'select months_ahead, months_kept from private.partitioned_tables where relation = $1::regclass',
      [`public.${table}`],
    )
    expect(rows).toEqual([{ months_ahead: 3, months_kept: 24 }])
    const { rows: made } = await admin.query('select private.make_partitions($1) as made', [
      `public.${table}`,
    ])
    expect(made).toEqual([{ made: 0 }])
  })

  it('pass over a year’s end: what waited in the default partition moves, what is too old goes, and the spend stays', async () => {
    await rolledBack(pool, async (db) => {
      const { id } = await makeTenant({ db })
      await finish(id, (await start(id, { db })).id, { db })
      await recordTool(id, { db })
      const spent = await spendOf(id, db)
      for (const moment of ['2031-12-31T23:59:59.999Z', '2032-01-01T00:00:00Z'])
        await copyTo(db, table, id, moment)
      const fallback = `private.${table}_default`
      expect((await placesOf(db, table, id)).map(({ at }) => at)).toEqual([fallback, fallback])

      const at = (moment: string) => [`public.${table}`, moment]
      await db.query('select private.make_partitions($1, $2)', at('2031-12-15T00:00:00Z'))
      expect(await placesOf(db, table, id)).toEqual([
        { at: `private.${table}_2031_12`, month: '2031-12-31' },
        { at: `private.${table}_2032_01`, month: '2032-01-01' },
      ])
      // A partition that is made later refuses changes as the others do.
      await db.query('savepoint before')
      for (const sql of ['delete from', 'truncate']) {
        await expect(db.query(`${sql} private.${table}_2032_01`)).rejects.toMatchObject({ code: 'P0001' })
        await db.query('rollback to savepoint before')
      }

      await copyTo(db, table, id, '2033-12-31T23:59:59Z')
      await db.query('select private.drop_partitions($1, $2)', at('2033-12-31T23:59:59Z'))
      expect(await placesOf(db, table, id)).toHaveLength(3)
      await db.query('select private.drop_partitions($1, $2)', at('2034-01-01T00:00:00Z'))
      expect((await placesOf(db, table, id)).map(({ month }) => month)).toEqual(['2032-01-01', '2033-12-31'])
      await db.query('select private.drop_partitions($1, $2)', at('2036-01-01T00:00:00Z'))
      // The last one lies in the default partition, because no month was made for it.
      expect(await placesOf(db, table, id)).toEqual([])
      expect(await spendOf(id, db)).toEqual(spent)
    })
  })

  it('cannot be reached by name, whoever asks', async () => {
    const { rows } = await admin.query(
      `select c.oid::regclass::text as partition from pg_class as c join pg_inherits on inhrelid = c.oid,
         unnest('{anon,authenticated,service_role}'::text[]) as role
       where inhparent = $1::regclass and (not c.relrowsecurity or has_table_privilege(role, c.oid, 'select, insert, update, delete'))`,
      [`public.${table}`],
    )
    expect(rows).toEqual([])
  })
})
