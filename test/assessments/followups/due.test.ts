import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { admin, type Queryable, rolledBack, superuser } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { endsOf, sweep } from './planned.ts'

/** Participants with an address who have completed, each with a follow-up. `due` says when it is due, from now; n is their number. */
const plan = (db: Queryable, { id, slug }: Tenant, count: number, due: string) =>
  db.query(
    `with session as (
       insert into public.participant_sessions (tenant_id, email, client_status, started_at, completed_at, consented_at)
       select $1, n || '@' || $2 || '.example.com', 'completed', now(), now(), now() from generate_series(1, $3::int) as n
       returning tenant_id, id, split_part(email, '@', 1)::int as n
     ), result as (
       insert into public.assessment_results (tenant_id, session_id, framework_id, mode, scores, answered_count, item_count, framework_version, config_version)
       select tenant_id, id, 'money-archetypes', 'likert', '[]', 1, 1, 1, 0 from session
     )
     insert into public.followups (tenant_id, session_id, followup_id, template, due_at)
     select tenant_id, id, 'day3', 'followup_day3', now() + ${due} from session`,
    [id, slug, count],
  )

/** In a transaction in which nothing of other tests is due, nor becomes due meanwhile. */
const alone = async (run: (db: pg.PoolClient) => Promise<void>): Promise<void> => {
  const inSnapshot = () =>
    rolledBack(superuser, async (db) => {
      await db.query('set transaction isolation level repeatable read')
      while ((await sweep(db)) > 0);
      await run(db)
    })
  // Another sweep may have sent what this snapshot has as planned.
  await inSnapshot().catch((thrown) => {
    if (thrown.code !== '40001') throw thrown
    return alone(run)
  })
}
const count = (ends: string[], end: string) => ends.filter((one) => one === end).length

describe('follow-ups that are due', () => {
  it('go in batches, the oldest first, and what is not due stays', () =>
    alone(async (db) => {
      const tenant = await makeTenant({ db })
      await plan(db, tenant, 25, `make_interval(mins => n - 20)`)
      expect(await sweep(db, 10)).toBe(10)
      const { rows } = await db.query<{ n: number }>(
        `select split_part(s.email, '@', 1)::int as n from public.followups as f join public.participant_sessions as s on s.tenant_id = f.tenant_id and s.id = f.session_id
         where f.tenant_id = $1 and f.status = 'sent' order by 1`,
        [tenant.id],
      )
      // Four fifths are the oldest, and the others those that have become due just now.
      expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 19, 20])
      expect([await sweep(db, 10), await sweep(db, 10)]).toEqual([10, 0])
      expect(count(await endsOf(tenant, db), 'day3 planned')).toBe(5)
    }))

  it('do not wait for another tenant that has very many', () =>
    alone(async (db) => {
      const [many, one] = [await makeTenant({ db }), await makeTenant({ db })]
      await plan(db, many, 200, `interval '-1 hour'`)
      await plan(db, one, 1, `interval '-1 second'`)
      await sweep(db, 10)
      expect(await endsOf(one, db)).toEqual(['day3 sent'])
    }))

  it('are handed over although one of them cannot be, which is put off and given up after five times', () =>
    alone(async (db) => {
      const [broken, whole] = [await makeTenant({ db }), await makeTenant({ db })]
      await plan(db, broken, 1, `interval '-2 minutes'`)
      await plan(db, whole, 3, `interval '-1 minute'`)
      // More than a message may carry. No route lets it in.
      const communications = { booking_url: `https://example.com/${'x'.repeat(70_000)}` }
      await db.query(
        `insert into public.framework_configs (tenant_id, framework_id, communications) values ($1, 'money-archetypes', $2)`,
        [broken.id, JSON.stringify(communications)],
      )
      for (let n = 1; n <= 5; n++) {
        expect(await sweep(db)).toBe(n === 1 ? 4 : 1)
        expect(await sweep(db)).toBe(0)
        const { rows } = await db.query(
          `update public.followups set due_at = now() where tenant_id = $1 returning failure_count, extract(epoch from due_at - now())`,
          [broken.id],
        )
        expect(rows[0]).toMatchObject({ failure_count: n })
      }
      expect(await endsOf(broken, db)).toEqual(['day3 cancelled failed'])
      expect(await endsOf(whole, db)).toEqual(Array(3).fill('day3 sent'))
    }))

  it('do not stay due for ever when their result is gone', () =>
    alone(async (db) => {
      const tenant = await makeTenant({ db })
      await plan(db, tenant, 1, `interval '-1 minute'`)
      await db.query('delete from public.assessment_results where tenant_id = $1', [tenant.id])
      expect([await sweep(db), await sweep(db)]).toEqual([1, 0])
      expect(await endsOf(tenant, db)).toEqual(['day3 cancelled failed'])
    }))

  it('that somebody else sends at this moment are left to them', async () => {
    const tenant = await makeTenant()
    await plan(admin, tenant, 2, `interval '-1 minute'`)
    const holder = await admin.connect()
    try {
      await holder.query('begin')
      await sweep(holder)
      // If it waited for them, it would wait for ever.
      await sweep()
      await holder.query('commit')
      const { rows } = await admin.query<{ count: number }>(
        'select count(*)::int as count from private.notification_jobs where tenant_id = $1',
        [tenant.id],
      )
      expect(rows).toEqual([{ count: 2 }])
    } finally {
      holder.release()
      await admin.query('delete from public.tenants where id = $1', [tenant.id])
    }
  })

  it('are found at a cost that does not grow with what is settled or not due', () =>
    alone(async (db) => {
      const cost = async () => {
        const { rows } = await db.query(
          'explain (analyze, buffers, format json) select private.send_due_followups()',
        )
        const [{ Plan }] = rows[0]['QUERY PLAN']
        return Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']
      }
      await cost()
      const few = await cost()
      const { id } = await makeTenant({ db })
      // Rows alone: participants would take minutes.
      await db.query('set local session_replication_role = replica')
      await db.query(
        `insert into public.followups (tenant_id, session_id, followup_id, template, due_at, status, settled_at)
         select $1, gen_random_uuid(), 'day3', 'x', now() + interval '1 day' * case when n % 2 = 0 then 3 else -3 end,
           (case when n % 2 = 0 then 'planned' else 'sent' end)::public.followup_status, case when n % 2 = 1 then now() end
         from generate_series(1, 20000) as n`,
        [id],
      )
      expect(await cost()).toBeLessThan(few + 100)
    }))
})
