import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { fillTenants } from '../fill/fill.ts'
import { openPool } from '../load/pool.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { asleep, hold, wake } from './dispatchers.ts'

const person = '00000000-0000-4000-8000-0000000000fe'
const data = JSON.stringify({ limit: 'members', percent: 80, most: 10 })

/** Telling somebody something, counting what is unread, and the queue of mails. */
export async function benchNotifications(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const admin = await stack.connect(stack.adminUrl)
  await fillTenants(admin, 100)
  await admin.query(
    `insert into auth.users (id, email, email_confirmed_at) values ($1, 'bench@example.com', now())`,
    [person],
  )
  const { rows } = await admin.query<{ id: string }>(
    `
    insert into public.tenant_members (tenant_id, user_id, role)
    select id, $1, 'owner' from public.tenants where slug like 'tenant-%' order by id returning tenant_id as id`,
    [person],
  )
  const tenants = rows.map(({ id }) => id)
  await hold(admin, 'notifications')
  return [
    ...(await emit(stack, tenants, isQuick)),
    ...(await countUnread(stack, admin, tenants[0]!, isQuick)),
    await settle(stack, admin, tenants, isQuick),
    await besideBroken(admin, tenants, isQuick),
  ]
}

/** One person, and the transaction commits. The bare insert writes the same rows with the same values. */
async function emit(stack: BenchStack, tenants: string[], isQuick: boolean): Promise<Figure[]> {
  say('notifications: emit')
  const db = await stack.connect(stack.dbUrl)
  const message = '80 % of "members" are used. Your plan allows 10.'
  const notification = `insert into public.notifications (tenant_id, user_id, type, message, data)
    values ($1, $2, 'limit.near', $3, $4) returning id`
  const both = `with told as (${notification})
    insert into private.notification_jobs (tenant_id, type, template, user_id, data, idempotency_key)
    select $1, 'limit.near', 'notification', $2, jsonb_build_object('message', $3::text), t.id::text from told as t`
  let turn = 0
  const timed = (name: string, text: string, rest: unknown[]) => async () => {
    const values = [tenants[turn++ % tenants.length], ...rest]
    const start = performance.now()
    await db.query({ name, text, values })
    return performance.now() - start
  }
  const [told, bareBoth, bare] = (
    await interleave(isQuick ? 50 : 2_000, [
      timed('told', `select private.notify($1, 'limit.near', '{owners}', $2)`, [data]),
      timed('both', both, [person, message, data]),
      timed('bare', notification, [person, message, data]),
    ])
  ).map(median) as [number, number, number]
  return [
    {
      ...{ what: 'emit, and its mail’s job', unit: 'ms', value: told, baseline: bareBoth },
      ...{ ratio: told / bareBoth, goal: { atMost: 1.5 } },
      note: `a bare insert of both rows; of the notification alone it takes ${bare.toFixed(3)} ms`,
    },
  ]
}

const unread = `select count(*)::int as counted from (
  select from public.notifications as n
  where n.tenant_id = $1 and n.user_id = (select auth.uid()) and n.read_at is null and n.archived_at is null limit 101) as counted`

/** As the person, with the statement of the route. */
async function countUnread(
  stack: BenchStack,
  admin: pg.Client,
  tenant: string,
  isQuick: boolean,
): Promise<Figure[]> {
  const times: number[] = []
  const sizes = isQuick ? [100, 1_000] : [100_000, 1_000_000]
  for (const size of sizes) {
    say(`notifications: unread among ${size}`)
    await admin.query(`set session_replication_role = replica`)
    await admin.query('truncate public.notifications')
    await admin.query(
      `insert into public.notifications (tenant_id, user_id, type, message)
       select $1, case when n % $4 = 0 then $2::uuid else md5((n % 1000)::text)::uuid end, 'limit.near', 'Something happened.'
       from generate_series(1, $3::int) as n`,
      [tenant, person, size, (size / sizes[0]!) * 10],
    )
    await admin.query(`set session_replication_role = origin`)
    await admin.query('vacuum (analyze) public.notifications')
    const db = await stack.connect(stack.dbUrl)
    await db.query(`select set_config('request.jwt.claims', $1, false)`, [
      JSON.stringify({ role: 'authenticated', sub: person }),
    ])
    await db.query('set role authenticated')
    const runs = await interleave(isQuick ? 20 : 1_000, [
      async () => {
        const start = performance.now()
        await db.query({ name: 'unread', text: unread, values: [tenant] })
        return performance.now() - start
      },
    ])
    times.push(median(runs[0]!))
    await db.query('reset role')
  }
  const [small, large] = times as [number, number]
  return [
    {
      ...{
        what: `unread of a person with ${(sizes[0]! / 10).toLocaleString('en')} rows among ${sizes[1]!.toLocaleString('en')}`,
      },
      ...{ unit: 'ms', value: large, goal: { atMost: 1 } },
    },
    {
      ...{
        what: `the same, against ${sizes[0]!.toLocaleString('en')}`,
        unit: 'ms',
        value: large,
        baseline: small,
      },
      ...{ ratio: large / small, goal: { atMost: 1.5 } },
    },
  ]
}

interface Leased {
  tenant_id: string
  lane_id: string
  item_id: string
  lease_id: string
  attempt_number: number
}

/** What two dispatchers do without the mail servers: expand, claim, complete, and log each attempt. */
async function settle(
  stack: BenchStack,
  admin: pg.Client,
  tenants: string[],
  isQuick: boolean,
): Promise<Figure> {
  const count = isQuick ? 100 : 20_000
  say(`notifications: settle ${count} mails`)
  const rates: number[] = []
  for (let round = 0; round < (isQuick ? 1 : 3); round++) {
    await fillJobs(admin, tenants, count)
    rates.push(await drain(stack.dbUrl, count))
  }
  return { what: 'mails settled, without mail servers', unit: 'mails/s', value: median(rates) }
}

async function fillJobs(admin: pg.Client, tenants: string[], count: number): Promise<void> {
  await admin.query('truncate private.notification_jobs cascade')
  await admin.query(`delete from private.queue_lanes where queue = 'notifications'`)
  await admin.query(`delete from private.queue_tenants where queue = 'notifications'`)
  await admin.query(
    `insert into private.notification_jobs (tenant_id, type, template, address, data, idempotency_key)
     select ($1::uuid[])[n % $2 + 1], 'welcome', 'welcome', 'reader' || n || '@example.com', '{"name": "Ada"}', 'bench ' || n
     from generate_series(0, $3::int - 1) as n`,
    [tenants, tenants.length, count],
  )
  await admin.query('vacuum (analyze) private.notification_jobs')
}

async function drain(dbUrl: string, count: number): Promise<number> {
  const pool = openPool({ connectionString: dbUrl, max: 2 })
  let settled = 0
  const start = performance.now()
  const work = async (slot: number) => {
    for (let idle = 0; settled < count && idle < 2_000; idle++) {
      const { rows: expanded } = await pool.query<{ n: number }>({
        name: 'expand',
        text: 'select private.expand_notification_jobs(500) as n',
      })
      const { rows } = await pool.query<Leased>({
        name: 'claim',
        text: 'select tenant_id, lane_id, item_id, lease_id, attempt_number, job from private.claim_notification_jobs(500, 60)',
      })
      for (let first = 0; first < rows.length; first += 100) {
        const results = rows
          .slice(first, first + 100)
          .map(({ tenant_id, lane_id, item_id, lease_id, attempt_number }) => ({
            ...{
              tenant_id,
              lane_id,
              item_id,
              lease_id,
              attempt_number,
              outcome: 'succeeded',
              duration_ms: 12,
            },
            ...{
              status: 'sent',
              dispatched: 'sent',
              provider: 'smtp',
              detail: '250 OK',
              message_id: 'x',
              template_version: 1,
            },
          }))
        const { rows: done } = await pool.query<{ n: number }>({
          name: 'complete',
          text: 'select private.complete_notification_jobs($1, $2) as n',
          values: [JSON.stringify(results), slot],
        })
        settled += done[0]!.n
      }
      if (rows.length + expanded[0]!.n > 0) idle = 0
    }
  }
  await Promise.all([work(1), work(2)])
  const seconds = (performance.now() - start) / 1_000
  await pool.end()
  if (settled < count) throw new Error(`${settled} of ${count} mails were settled.`)
  return settled / seconds
}

/** Through the edge function and the local mail server, beside a tenant whose mail server takes connections and is silent. */
async function besideBroken(admin: pg.Client, tenants: string[], isQuick: boolean): Promise<Figure> {
  const count = isQuick ? 20 : 400
  say('notifications: beside a broken provider')
  const [good, broken] = tenants as [string, string]
  const silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { rows } = await admin.query<{ config: { port: number } }>(
    `select config from public.notification_providers where tenant_id = private.platform_tenant_id() and channel = 'email'`,
  )
  const config = (port: number) => ({ host: '127.0.0.1', port, from_email: 'ada@example.com' })
  for (const [tenant, port] of [
    [good, rows[0]!.config.port],
    [broken, (silent.address() as AddressInfo).port],
  ] as const)
    await admin.query(
      `insert into public.notification_providers (tenant_id, channel, provider, config, verified_at) values ($1, 'email', 'smtp', $2, now())`,
      [tenant, config(port)],
    )
  try {
    const rate = (senders: string[]) => async () => {
      await fillJobs(admin, senders, count * senders.length)
      const start = performance.now()
      await wake(admin, 'notifications')
      for (;;) {
        const { rows: left } = await admin.query(
          `select from private.notification_jobs where tenant_id = $1 and status = 'pending' limit 1`,
          [good],
        )
        if (left.length === 0) break
        await sleep(10)
      }
      const found = (count * 1_000) / (performance.now() - start)
      await admin.query(`delete from private.notification_jobs`)
      await asleep(admin, 'notifications')
      return found
    }
    const [clean, beside] = (await interleave(isQuick ? 1 : 3, [rate([good]), rate([good, broken])])).map(
      median,
    )
    return {
      ...{ what: 'mails of a tenant beside one with a silent mail server', unit: 'mails/s' },
      ...{ value: beside!, baseline: clean!, ratio: beside! / clean!, goal: { atLeast: 0.8 } },
    }
  } finally {
    silent.close()
  }
}
