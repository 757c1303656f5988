import { afterAll, describe, expect, inject, it, vi } from 'vitest'
import { callerDb, closeConnections } from '../../../lib/db/index.ts'
import { purgeTenant, TenantPurge } from '../../../lib/registry/index.ts'
import { admin as db, rolledBack, superuser } from '../../kit/db.ts'
import { freshSlug, makeTenant } from '../../kit/tenants.ts'
import { fill, purgeOver, rowsLeft } from './purging.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
vi.setConfig({ testTimeout: 60_000 })
afterAll(closeConnections)

describe('a big tenant', () => {
  it('goes batch by batch, is resumed after a kill, and tells how far it is', async () => {
    await rolledBack(db, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `insert into public.tenants (slug, name, status, archived_at) values ($1, 'Big', 'archived', now() - interval '31 days') returning id`,
        [freshSlug()],
      )
      const id = rows[0]!.id
      await tx.query(
        `insert into public.campaigns (tenant_id, name) select $1, 'Big' from generate_series(1, 1000)`,
        [id],
      )
      await tx.query('select private.begin_purge($1)', [id])
      const batch = async () =>
        (
          await tx.query<{ campaigns: number; done: boolean }>(
            `select coalesce((deleted_rows ->> 'campaigns')::int, 0) as campaigns, finished_at is not null as done from private.purge_batch($1, 300)`,
            [id],
          )
        ).rows[0]!
      const steps = [await batch()]
      while (!steps.at(-1)!.done && steps.length < 20) steps.push(await batch())
      expect(steps.length).toBeGreaterThan(3)
      for (const [n, step] of steps.entries())
        expect(step.campaigns - (steps[n - 1]?.campaigns ?? 0)).toBeLessThanOrEqual(300)
      expect(steps.at(-1)).toEqual({ campaigns: 1000, done: true })
    })
  })

  it('whose purge was killed half way is finished by cron, or by asking again', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 600)
    await db.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    const killed = await db.connect()
    const gone = new Promise((resolve) => killed.on('error', resolve))
    const { rows } = await killed.query<{ pid: number }>('select pg_backend_pid() as pid')
    await killed.query('begin')
    await killed.query('select private.purge_batch($1, 200)', [tenant.id])
    await superuser.query('select pg_terminate_backend($1)', [rows[0]!.pid])
    await gone
    killed.release(true)
    const purge = await purgeTenant(callerDb({ role: 'service_role' }), tenant.ref_id, {})
    expect(purge).toMatchObject({ finished_at: expect.any(Date), deleted_rows: { usage_events: 600 } })
    expect(await rowsLeft(tenant.id)).toEqual({})
  })

  it('that two purge at once is purged once', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 600)
    const answers = await Promise.all(
      [1, 2, 3].map(() => purgeOver(tenant.ref_id, { is_forced: true, reason: 'In writing.' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    for (const answer of answers)
      expect(TenantPurge.parse(await answer.json()).deleted_rows).toMatchObject({
        usage_events: 600,
        tenants: 1,
      })
  })

  it('left to cron is finished by it', async () => {
    const tenant = await makeTenant({ status: 'archived' })
    await fill(tenant, 100)
    await db.query(`select private.begin_purge($1, 'In writing.', true)`, [tenant.id])
    for (let n = 0; n < 50 && Object.keys(await rowsLeft(tenant.id)).length > 0; n++)
      await db.query('select private.continue_purges()')
    expect(await rowsLeft(tenant.id)).toEqual({})
  })
})
