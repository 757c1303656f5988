import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { admin, rolledBack } from '../kit/db.ts'
import { makeMigrated, type OwnDatabase } from '../kit/own-database.ts'
import { makeTenant } from '../kit/tenants.ts'

// In a database of its own: who makes and drops months locks the tenants too, and other tests delete some.
let own: OwnDatabase
let pool: pg.Pool
beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  pool = new pg.Pool({ connectionString: own.url, max: 1 })
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

describe('usage partitions', () => {
  it('are there for this month and three ahead, and making them again makes none', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'public.usage_events'::regclass order by 1`,
    )
    const names = rows.map(({ name }) => name)
    const month = new Date()
    for (let ahead = 0; ahead <= 3; ahead++) {
      const first = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + ahead, 1))
      expect(names).toContain(`private.usage_events_${first.toISOString().slice(0, 7).replace('-', '_')}`)
    }
    expect(names).toContain('private.usage_events_default')
    const again = await admin.query<{ made: number }>(
      `select private.make_partitions('public.usage_events') as made`,
    )
    expect(again.rows[0]!.made).toBe(0)
  })

  it('an event outside every month is kept, and moves to its month when that is made', async () => {
    await rolledBack(pool, async (db) => {
      const tenant = await makeTenant({ db })
      const where = async (type: string) =>
        (
          await db.query<{ at: string; occurred_at: Date }>(
            'select tableoid::regclass::text as at, occurred_at from public.usage_events where tenant_id = $1 and event_type = $2',
            [tenant.id, type],
          )
        ).rows
      const log = (type: string, moment: string) =>
        db.query(
          `select private.ingest_usage_events($1, null, array[null], array['api'], array[$2], array['{}']::jsonb[],
             array[null]::bigint[], array[null], array[null]::bigint[], array[$3]::timestamptz[])`,
          [tenant.id, type, moment],
        )
      const soon = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 5, 1))
      await log('far.past', '2001-02-03T04:05:06Z')
      await log('first.instant', soon.toISOString())
      await log('last.instant', new Date(soon.getTime() - 1).toISOString())
      for (const type of ['far.past', 'first.instant', 'last.instant'])
        expect((await where(type)).map((row) => row.at)).toEqual(['private.usage_events_default'])

      await db.query(`select private.make_partitions('public.usage_events', $1)`, [
        new Date(soon.getTime() - 1),
      ])
      const name = (date: Date) => `private.usage_events_${date.toISOString().slice(0, 7).replace('-', '_')}`
      expect(await where('first.instant')).toEqual([{ at: name(soon), occurred_at: soon }])
      expect((await where('last.instant'))[0]!.at).toBe(name(new Date(soon.getTime() - 1)))
      expect((await where('far.past'))[0]!.at).toBe('private.usage_events_default')
    })
  })

  it('are dropped after two years, and what they held stays in the totals', async () => {
    await rolledBack(pool, async (db) => {
      const tenant = await makeTenant({ db })
      const months = async () =>
        (
          await db.query<{ month: string; events: string }>(
            `select to_char(starts_at at time zone 'UTC', 'YYYY-MM') as month, sum(event_count) as events
             from public.usage_hours where tenant_id = $1 group by 1 order by 1`,
            [tenant.id],
          )
        ).rows
      const kept = async () =>
        (
          await db.query<{ occurred_at: Date }>(
            `select occurred_at from public.usage_events where tenant_id = $1
             union all select occurred_at from public.usage_event_voids where tenant_id = $1 order by 1`,
            [tenant.id],
          )
        ).rows.map(({ occurred_at }) => occurred_at.toISOString())
      await db.query(`select private.make_partitions('public.usage_events', '2031-12-15')`)
      await db.query(
        `select private.ingest_usage_events($1, null, '{a,b,c,d}', '{api,api,api,api}', '{x,x,x,x}', array['{}','{}','{}','{}']::jsonb[],
           '{1,1,1,1}', '{null,null,null,null}', '{1,1,1,1}', '{2031-11-30T23:59:59Z,2031-12-31T23:59:59.999Z,2032-01-01T00:00:00Z,2032-01-02T00:00:00Z}')`,
        [tenant.id],
      )
      await db.query(
        `select private.void_usage_events($1, null, null, '{null,null}', '{api,api}', '{b,d}', '{null,null}')`,
        [tenant.id],
      )
      const before = await months()
      const drop = (at: string) =>
        db.query(
          `select private.drop_partitions('public.usage_events', $1), private.sweep_usage_event_voids($1)`,
          [at],
        )
      await drop('2033-11-30T23:59:59Z')
      expect(await kept()).toHaveLength(6)
      // The default partition has no month that is dropped. It loses its old rows.
      await drop('2033-12-01T00:00:00Z')
      expect(await kept()).toHaveLength(5)
      await drop('2034-01-01T00:00:00Z')
      expect(await kept()).toEqual([
        ...['2032-01-01T00:00:00.000Z', '2032-01-02T00:00:00.000Z', '2032-01-02T00:00:00.000Z'],
      ])
      await drop('2034-02-01T00:00:00Z')
      expect(await kept()).toEqual([])
      expect(await months()).toEqual(before)
      expect(before).toEqual([
        { month: '2031-11', events: '1' },
        { month: '2031-12', events: '0' },
        { month: '2032-01', events: '1' },
      ])
    })
  })

  it('cannot be reached by name, whoever asks', async () => {
    const { rows } = await admin.query<{ partition: string }>(
      `select c.oid::regclass::text as partition from pg_class as c join pg_inherits on inhrelid = c.oid,
         unnest('{anon,authenticated}'::text[]) as role
       where inhparent = 'public.usage_events'::regclass
         and (not c.relrowsecurity or has_table_privilege(role, c.oid, 'select'))`,
    )
    expect(rows).toEqual([])
  })
})
