import pg from 'pg'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { admin, rolledBack } from '../../../kit/db.ts'
import { makeTenant } from '../../../kit/tenants.ts'
import { toldTo } from '../told.ts'

const pool = new pg.Pool({ connectionString: inject('stack').db_url, max: 8 })
afterAll(() => pool.end())

const emit = `select private.emit_event($1, 'product.revoked', '{"product": "marketing"}', $2) as id`

/** Runs eight workers, each so many transactions; answers what each transaction found, in the order of their commits. */
async function race(
  rounds: number,
  transaction: (db: pg.PoolClient, n: number) => Promise<string | undefined>,
): Promise<string[]> {
  const committed: string[] = []
  let inside = 0
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      const db = await pool.connect()
      try {
        for (let round = 0; round < rounds; round++) {
          await db.query('begin')
          const id = await transaction(db, worker * rounds + round)
          // From here to the commit it is alone, which makes this the order of the commits.
          expect(++inside).toBe(1)
          if (id) committed.push(id)
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
          inside--
          await db.query(id && Math.random() < 0.9 ? 'commit' : 'rollback')
        }
      } finally {
        await db.query('rollback')
        db.release()
      }
    }),
  )
  return committed
}

describe('the events of one key have ids in the order in which they commit', () => {
  it('when eight connections emit at the same time', async () => {
    const { id: tenant } = await makeTenant()
    const ids = await race(
      15,
      async (db) => (await db.query<{ id: string }>(emit, [tenant, 'one key'])).rows[0]!.id,
    )
    expect(ids.length).toBe(120)
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(120)
    // What was rolled back is not told, and the rest is.
    const told = (await toldTo(admin, tenant)).map(({ id }) => id)
    expect(told.length).toBeGreaterThan(60)
    expect(ids).toEqual(expect.arrayContaining(told))
  })

  it('when eight connections change the row that the key stands for', async () => {
    const { id: tenant } = await makeTenant()
    const { rows } = await admin.query<{ id: string }>(
      'insert into public.participant_sessions (tenant_id) values ($1) returning id',
      [tenant],
    )
    const ids = await race(15, async (db, n) => {
      await db.query(
        `update public.participant_sessions set client_status = ('{started,contacted,converted,archived}'::text[])[1 + $2 % 4]
         where id = $1 and client_status <> ('{started,contacted,converted,archived}'::text[])[1 + $2 % 4]`,
        [rows[0]!.id, n],
      )
      await db.query('select from public.participant_sessions where id = $1 for update', [rows[0]!.id])
      return (
        await db.query<{ id: string }>(
          'select id from public.webhook_events where tenant_id = $1 and xmin::text::bigint = (pg_current_xact_id()::text::bigint & 4294967295)',
          [tenant],
        )
      ).rows[0]?.id
    })
    expect(ids.length).toBeGreaterThan(20)
    expect(ids).toEqual([...ids].sort())
  })

  it('when the clock is moved back between two of them', async () => {
    const { id: tenant } = await makeTenant()
    await rolledBack(admin, async (db) => {
      // As if the one before had been emitted a hundred years from now.
      const { rows: ahead } = await db.query<{ id: string }>(
        `insert into public.webhook_events (tenant_id, id, type, version, payload, ordering_key)
         select $1, private.uuid_v7_at((extract(epoch from now() + interval '100 years') * 1000000)::bigint), 'product.revoked', 1, '{}', 'key'
         returning id`,
        [tenant],
      )
      const next = async (key: string) => (await db.query<{ id: string }>(emit, [tenant, key])).rows[0]!.id
      const ids = [ahead[0]!.id, await next('key'), await next('key'), await next('key')]
      expect(ids).toEqual([...ids].sort())
      expect(new Set(ids).size).toBe(4)
      // Another key, and no key, go by the clock.
      expect((await next('other key')) < ids[0]!).toBe(true)
    })
  })
})

describe('many at once', () => {
  it('are told one by one, in the order of each row, without a lock for each', async () => {
    const { id: tenant } = await makeTenant()
    await rolledBack(admin, async (db) => {
      const began = performance.now()
      await db.query(
        `insert into public.participant_sessions (tenant_id, email) select $1, 'p' || n || '@example.com' from generate_series(1, 2000) as n`,
        [tenant],
      )
      await db.query(
        `update public.participant_sessions set client_status = 'completed' where tenant_id = $1`,
        [tenant],
      )
      console.log(`2,000 rows inserted and updated: ${Math.round(performance.now() - began)} ms`)
      const { rows: counts } = await db.query(
        `select type, count(*)::int as n, count(distinct ordering_key)::int as keys from public.webhook_events
         where tenant_id = $1 group by type order by type`,
        [tenant],
      )
      expect(counts).toEqual(
        ['completed', 'created', 'status_changed'].map((what) => ({
          type: `participant_session.${what}`,
          n: 2000,
          keys: 2000,
        })),
      )
      const { rows: orders } = await db.query(
        `select distinct string_agg(split_part(e.type, '.', 2), ' ' order by e.id) as told from public.webhook_events as e
         where e.tenant_id = $1 group by e.ordering_key`,
        [tenant],
      )
      expect(orders).toEqual([{ told: 'created status_changed completed' }])
      const { rows: locks } = await db.query(
        `select count(*)::int as n from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'`,
      )
      expect(locks).toEqual([{ n: 0 }])
    })
  })
})
