import { describe, expect, it } from 'vitest'
import { admin, rolledBack } from '../kit/db.ts'
import { makeTenant } from '../kit/tenants.ts'

const sessions = `insert into public.participant_sessions (tenant_id, client_status, expires_at)
  select $1, status, now() + at from unnest($2::text[], $3::interval[]) as s (status, at)`

describe('expired participant sessions', () => {
  it('are removed when unfinished, and a lead never is', async () => {
    await rolledBack(admin, async (db) => {
      const tenant = await makeTenant({ db })
      await db.query(sessions, [
        tenant.id,
        ['registered', 'started', 'completed', 'contacted', 'converted', 'archived', 'registered', 'started'],
        ['-1s', '-1d', '-1d', '-1d', '-1d', '-1d', '1h', '30d'],
      ])
      await db.query('select private.sweep_expired_participant_sessions(100000)')
      const { rows } = await db.query<{ client_status: string }>(
        'select client_status from public.participant_sessions where tenant_id = $1 order by client_status',
        [tenant.id],
      )
      expect(rows.map((row) => row.client_status)).toEqual([
        'archived',
        'completed',
        'contacted',
        'converted',
        'registered',
        'started',
      ])
    })
  })

  it('are removed in batches, the oldest first', async () => {
    await rolledBack(admin, async (db) => {
      await db.query('select private.sweep_expired_participant_sessions(100000)')
      const tenant = await makeTenant({ db })
      const ages = Array.from({ length: 25 }, (_, n) => `-${n + 1}m`)
      await db.query(sessions, [tenant.id, ages.map(() => 'registered'), ages])
      const sweep = async () =>
        (await db.query<{ n: number }>('select private.sweep_expired_participant_sessions(10) as n')).rows[0]!
          .n
      expect(await sweep()).toBe(10)
      const { rows } = await db.query<{ oldest: string }>(
        `select extract(epoch from now() - min(expires_at)) / 60 as oldest from public.participant_sessions where tenant_id = $1`,
        [tenant.id],
      )
      expect(Number(rows[0]!.oldest)).toBe(15)
      expect([await sweep(), await sweep(), await sweep()]).toEqual([10, 5, 0])
    })
  })

  it('somebody holds at this moment are left for the next sweep', async () => {
    const tenant = await makeTenant()
    await admin.query(sessions, [tenant.id, ['started', 'started'], ['-1d', '-2d']])
    const holder = await admin.connect()
    try {
      await holder.query('begin')
      await holder.query(
        `select from public.participant_sessions where tenant_id = $1 and expires_at < now() - interval '36 hours' for update`,
        [tenant.id],
      )
      await admin.query('select private.sweep_expired_participant_sessions(100000)')
      const left = await admin.query('select from public.participant_sessions where tenant_id = $1', [
        tenant.id,
      ])
      expect(left.rowCount).toBe(1)
    } finally {
      await holder.query('rollback')
      holder.release()
      await admin.query('delete from public.tenants where id = $1', [tenant.id])
    }
  })
})

it('expired invitations are removed, accepted ones stay', async () => {
  await rolledBack(admin, async (db) => {
    const tenant = await makeTenant({ db })
    await db.query(
      `insert into public.tenant_invitations (tenant_id, email, token_hash, expires_at, accepted_at)
       select $1, n || '@example.com', sha256(convert_to($1::uuid || n::text, 'UTF8')), now() + at, case when accepted then now() end
       from (values (1, interval '-1 day', false), (2, interval '-1 day', true), (3, interval '1 day', false)) as i (n, at, accepted)`,
      [tenant.id],
    )
    await db.query('select private.sweep_expired_invitations(100000)')
    const { rows } = await db.query<{ email: string }>(
      'select email from public.tenant_invitations where tenant_id = $1 order by email',
      [tenant.id],
    )
    expect(rows.map((row) => row.email)).toEqual(['2@example.com', '3@example.com'])
  })
})
