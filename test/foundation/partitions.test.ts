import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, rolledBack } from '../kit/db.ts'
import { makeMigrated, type OwnDatabase } from '../kit/own-database.ts'
import { makeTenant } from '../kit/tenants.ts'

/** A table of its own, registered, in a transaction that is rolled back: it keeps nobody else waiting. */
const withTable = (
  months: { ahead: number; kept: number | null },
  run: (db: pg.PoolClient) => Promise<void>,
) =>
  rolledBack(admin, async (db) => {
    await db.query(`create table private.probe_calls (
      called_at timestamptz not null, name text not null, length int generated always as (length(name)) stored,
      primary key (called_at, name)) partition by range (called_at)`)
    await db.query(`select private.register_partitioned_table('private.probe_calls', $1, $2)`, [
      months.ahead,
      months.kept,
    ])
    await run(db)
  })
const partitions = async (db: pg.PoolClient) =>
  (
    await db.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'private.probe_calls'::regclass order by 1`,
    )
  ).rows.map(({ name }) => name.replace('private.probe_calls_', ''))
const make = async (db: pg.PoolClient, at: string) =>
  (await db.query(`select private.make_partitions('private.probe_calls', $1) as made`, [at])).rows[0].made
const drop = async (db: pg.PoolClient, at: string) =>
  (await db.query(`select private.drop_partitions('private.probe_calls', $1) as dropped`, [at])).rows[0]
    .dropped
const insert = (db: pg.PoolClient, at: string) =>
  db.query('insert into private.probe_calls (called_at, name) values ($1::text::timestamptz, $1)', [at])
const places = async (db: pg.PoolClient) =>
  (
    await db.query<{ at: string; name: string; length: number }>(
      'select tableoid::regclass::text as at, name, length from private.probe_calls order by called_at',
    )
  ).rows.map(({ at, name, length }) => [at.replace('private.probe_calls_', ''), name, length])

describe('a partitioned table', () => {
  it('is registered, with every other one', async () => {
    const { rows } = await admin.query(
      `select c.oid::regclass::text as unregistered from pg_class as c
       where c.relkind = 'p' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
         and not exists (select from private.partitioned_tables as p where p.relation = c.oid)`,
    )
    expect(rows).toEqual([])
  })

  it('has the months ahead when the year ends, and making them again makes none', () =>
    withTable({ ahead: 2, kept: 3 }, async (db) => {
      expect(await make(db, '2031-11-30T23:59:59.999Z')).toBe(3)
      expect(await make(db, '2031-12-01T00:00:00Z')).toBe(1)
      expect(await make(db, '2031-12-31T23:59:59.999Z')).toBe(0)
      expect(await make(db, '2032-01-01T00:00:00Z')).toBe(1)
      expect((await partitions(db)).filter((name) => name.startsWith('203'))).toEqual([
        ...['2031_11', '2031_12', '2032_01', '2032_02', '2032_03'],
      ])
    }))

  it('has its months in UTC, whatever the session’s zone is', () =>
    withTable({ ahead: 1, kept: null }, async (db) => {
      await db.query(`set local time zone 'Pacific/Kiritimati'`)
      await make(db, '2031-12-31T23:00:00Z')
      await insert(db, '2031-12-31T23:59:59.999Z')
      await insert(db, '2032-01-01T00:00:00Z')
      expect((await places(db)).map(([at]) => at)).toEqual(['2031_12', '2032_01'])
    }))

  it('loses no row that has no month yet', () =>
    withTable({ ahead: 1, kept: null }, async (db) => {
      for (const at of ['2031-12-31T23:59:59.999Z', '2032-01-01T00:00:00Z', '2032-03-01T00:00:00Z'])
        await insert(db, at)
      expect((await places(db)).map(([at]) => at)).toEqual(['default', 'default', 'default'])
      await make(db, '2031-12-24T00:00:00Z')
      expect(await places(db)).toEqual([
        ['2031_12', '2031-12-31T23:59:59.999Z', 24],
        ['2032_01', '2032-01-01T00:00:00Z', 20],
        ['default', '2032-03-01T00:00:00Z', 20],
      ])
    }))

  it('loses a month when as many whole ones as are kept lie behind it, and not before', () =>
    withTable({ ahead: 3, kept: 2 }, async (db) => {
      await make(db, '2031-11-15T00:00:00Z')
      // The months of the present, in which it was registered.
      expect(await drop(db, '2031-11-15T00:00:00Z')).toBe(4)
      await insert(db, '2031-10-31T23:59:59Z')
      for (const at of ['2031-11-30T23:59:59.999Z', '2031-12-01T00:00:00Z']) await insert(db, at)
      expect(await drop(db, '2031-12-31T23:59:59.999Z')).toBe(0)
      expect(await places(db)).toHaveLength(3)
      expect(await drop(db, '2032-01-31T23:59:59.999Z')).toBe(0)
      expect((await places(db)).map(([at]) => at)).toEqual(['2031_11', '2031_12'])
      expect(await drop(db, '2032-02-01T00:00:00Z')).toBe(1)
      expect((await places(db)).map(([at]) => at)).toEqual(['2031_12'])
      expect(await drop(db, '2035-01-01T00:00:00Z')).toBe(3)
      expect(await partitions(db)).toEqual(['default'])
    }))

  it('keeps everything if it says nothing else', () =>
    withTable({ ahead: 1, kept: null }, async (db) => {
      await make(db, '2001-01-01T00:00:00Z')
      await insert(db, '1999-01-01T00:00:00Z')
      expect(await drop(db, '2100-01-01T00:00:00Z')).toBe(0)
      expect(await places(db)).toHaveLength(1)
    }))

  it.each([
    [0, 1],
    [25, 1],
    [1, 0],
  ])('is not registered with %i months ahead and %i kept', async (ahead, kept) => {
    await expect(withTable({ ahead, kept }, async () => {})).rejects.toMatchObject({ code: '23514' })
  })
})

describe('the night', () => {
  it('makes and drops for every registered table, and may come twice', async () => {
    await admin.query('call private.keep_partitions()')
    await admin.query('call private.keep_partitions()')
    const { rows } = await admin.query(
      `select command from cron.job where command = 'call private.keep_partitions()' and schedule = '17 3 * * *'`,
    )
    expect(rows).toHaveLength(1)
  })

  describe('while a tenant is being deleted', () => {
    let own: OwnDatabase
    let night: pg.Client
    let person: pg.Client
    const warnings: string[] = []
    beforeAll(async () => {
      own = await makeMigrated(inject('stack'))
      ;[night, person] = [
        new pg.Client({ connectionString: own.url }),
        new pg.Client({ connectionString: own.url }),
      ]
      night.on('notice', ({ message }) => warnings.push(message ?? ''))
      await Promise.all([night.connect(), person.connect()])
    })
    afterAll(async () => {
      await Promise.all([night?.end(), person?.end()])
      await own?.drop()
    })

    it.each([
      ['makes', '2033-12-15T00:00:00Z', /coming partitions of usage_events were not made/],
      ['drops', '2036-06-15T00:00:00Z', /old partitions of usage_events are in use/],
    ])('%s nothing and is in no deadlock, and does so when it comes again', async (_, at, told) => {
      const { id } = await makeTenant({ db: person })
      const months = async () =>
        (
          await person.query<{ name: string }>(
            `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.usage_events'::regclass order by 1`,
          )
        ).rows.map(({ name }) => name)
      const before = await months()
      await person.query('begin')
      // What a delete has locked before it comes to the rows of the tenant.
      await person.query('update public.tenants set updated_at = now() where id = $1', [id])
      const nightly = night.query(`call private.keep_partitions('${at}')`)
      await expect.poll(() => heldBack(person)).toBe(true)
      await person.query('delete from public.usage_events where tenant_id = $1', [id])
      await person.query('delete from public.tenants where id = $1', [id])
      await nightly
      await person.query('commit')
      expect(warnings.join('\n')).toMatch(told)
      await night.query(`call private.keep_partitions('${at}')`)
      expect(await months()).not.toEqual(before)
      expect(await months()).toContain(`private.usage_events_${at.slice(0, 7).replace('-', '_')}`)
    })
  })
})

/** Whether somebody waits for a lock on the tenants. */
const heldBack = async (db: pg.Client) =>
  (
    await db.query(
      `select from pg_locks where relation = 'public.tenants'::regclass and not granted and database = (select oid from pg_database where datname = current_database())`,
    )
  ).rowCount! > 0
