import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rolledBack, superuser } from '../../kit/db.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant } from '../../kit/tenants.ts'

let stack: BootedStack
let db: pg.Pool
beforeAll(async () => {
  // With no dispatcher of its own: this file does its work.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  db = new pg.Pool({ connectionString: stack.access.db_url, max: 3 })
})
afterAll(async () => {
  await db?.end()
  await stack?.stop()
})

const tenantCount = 100
const jobCount = 3_000

/** As a dispatcher does, without a mail server. Whoever completes changes lanes of receivers that had not answered yet. */
async function work(slot: number, state: { made: number; settled: number }): Promise<void> {
  for (let idle = 0; state.settled < jobCount && idle < 300; idle++) {
    const { rows: expanded } = await db.query<{ n: number }>(
      'select private.expand_notification_jobs(300) as n',
    )
    state.made += expanded[0]!.n
    const { rows } = await db.query(
      `select tenant_id, lane_id, item_id, lease_id, attempt_number from private.claim_notification_jobs(300, 60)`,
    )
    for (let first = 0; first < rows.length; first += 100) {
      const results = rows.slice(first, first + 100).map((leased) => ({
        ...leased,
        ...{
          outcome: 'succeeded',
          duration_ms: 12,
          status: 'sent',
          dispatched: 'sent',
          provider: 'smtp',
          detail: '250',
        },
      }))
      const { rows: done } = await db.query<{ n: number }>(
        'select private.complete_notification_jobs($1, $2) as n',
        [JSON.stringify(results), slot],
      )
      state.settled += done[0]!.n
    }
    if (rows.length + expanded[0]!.n > 0) idle = 0
  }
}

it('dispatchers that begin and end jobs of the same tenants at once do not wait for each other in a circle', {
  timeout: 300_000,
}, async () => {
  const tenants: string[] = []
  for (let n = 0; n < tenantCount; n++) tenants.push((await makeTenant({ db })).id)
  for (let round = 0; round < 3; round++) {
    await db.query('delete from private.notification_jobs')
    await db.query(`delete from private.queue_lanes where queue = 'notifications'`)
    await db.query(`delete from private.queue_tenants where queue = 'notifications'`)
    await db.query(
      `insert into private.notification_jobs (tenant_id, channel, type, template, address, idempotency_key)
       select ($1::uuid[])[n % $2 + 1], (array['email', 'sms']::public.notification_channel[])[n / $2 % 2 + 1], 'welcome',
         'welcome', '+4477009' || lpad(n::text, 5, '0'), n::text from generate_series(0, $3::int - 1) as n`,
      [tenants, tenantCount, jobCount],
    )
    const state = { made: 0, settled: 0 }
    await Promise.all([work(1, state), work(2, state), work(3, state)])
    expect(state).toEqual({ made: jobCount, settled: jobCount })
    const { rows } = await db.query(
      'select status, count(*)::int from private.notification_jobs group by status',
    )
    expect(rows).toEqual([{ status: 'sent', count: jobCount }])
  }
})

it('each search for due jobs starts behind another tenant, so that nobody waits behind fifty others for ever', async () => {
  const found = await rolledBack(superuser, async (db) => {
    const waiting: string[] = []
    for (let n = 0; n < 12; n++) {
      const { id } = await makeTenant({ db })
      waiting.push(id)
      await db.query(
        `insert into private.notification_jobs (tenant_id, type, template, address, idempotency_key, due_at)
         select $1, 'welcome', 'welcome', 'ada@example.com', k::text, now() - make_interval(secs => $2)
         from generate_series(1, 3) as k`,
        [id, n + 1],
      )
    }
    const turns = new Set<string>()
    for (let n = 0; n < 200; n++) {
      const { rows } = await db.query<{ found: string[] }>('select private.tenants_with_due_jobs(3) as found')
      expect(new Set(rows[0]!.found).size).toBe(3)
      for (const id of rows[0]!.found) turns.add(id)
    }
    return waiting.filter((id) => !turns.has(id))
  })
  expect(found).toEqual([])
})
