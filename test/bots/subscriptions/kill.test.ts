import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDeno } from '../../../stack/processes/binaries.ts'
import { startGuard } from '../../../stack/processes/processes.ts'
import { type DarajaServer, localAccount, startDarajaServer } from '../../../stack/providers/daraja/server.ts'
import { callbackOf } from '../../../stack/providers/daraja/till.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rounds = 10
// A test run that is killed leaves no worker behind.
const guard = startGuard()

let stack: BootedStack
let db: pg.Pool
let tenant: Tenant
let bot: string
let plan: string
let daraja: DarajaServer
beforeAll(async () => {
  // With no function of its own: what is pushed here, a process of ours pushes. And callbacks are told by hand.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  db = new pg.Pool({ connectionString: stack.access.admin_db_url, max: 4 })
  daraja = await startDarajaServer()
  tenant = await makeTenant({ db })
  const one = async (sql: string, values: unknown[]) =>
    (await db.query<{ id: string }>(sql, values)).rows[0]!.id
  bot = await one(
    `insert into public.bot_tenants (tenant_id, client_name, is_active) values ($1, 'Kassangas', true) returning id`,
    [tenant.id],
  )
  plan = await one(
    `insert into public.bot_plans (tenant_id, bot_id, plan_name, amount_minor, level) values ($1, $2, 'Club', 50000, 1) returning id`,
    [tenant.id, bot],
  )
  const { shortcode, consumer_key, consumer_secret, passkey } = localAccount
  await db.query('select private.set_bot_mpesa($1, $2, $3, null, $4, $5, $6, $7)', [
    ...[tenant.id, bot, shortcode, daraja.url, consumer_key, consumer_secret, passkey],
  ])
}, 60_000)
afterAll(async () => {
  await db?.end()
  await stack?.stop()
  await daraja?.stop()
  guard.dismiss()
})

function startWorker(): ChildProcess & { ended: Promise<number | null> } {
  const child = spawn(
    findDeno(),
    [
      ...['run', '--no-prompt', '--no-lock', '--cached-only', '--node-modules-dir=manual'],
      ...['--config', 'functions/deno.json', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'],
      'test/bots/subscriptions/worker-process.ts',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        SUPABASE_DB_URL: stack.access.db_url,
        SUPABASE_URL: stack.access.api_url,
        TENANTRY_ALLOW_PRIVATE_URLS: 'loopback',
      },
    },
  )
  guard.watch(child, 'KILL')
  return Object.assign(child, { ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) })
}

/** A new contact chooses the plan. */
async function choose(phone: string): Promise<void> {
  const given = [{ wamid: `wamid.${phone}`, wa_id: phone, kind: 'text', text: '1', at: new Date() }]
  await db.query('select private.receive_bot_messages($1, $2, $3)', [tenant.id, bot, JSON.stringify(given)])
  const { rows } = await db.query<{ contact: string; message: string }>(
    `select m.contact_id as contact, m.id as message from public.bot_messages as m where m.tenant_id = $1 and m.whatsapp_message_id = $2`,
    [tenant.id, `wamid.${phone}`],
  )
  await db.query(
    `select private.choose_bot_plan($1, $2, array[$3]::uuid[], $4, 50000, $5, 'Look at your phone.')`,
    [...[tenant.id, rows[0]!.contact, rows[0]!.message, plan, phone]],
  )
}

/** Lets minutes pass: leases end, a worker that was not heard of loses its place, and orders are due. */
async function letTimePass(): Promise<void> {
  await db.query(
    `update private.queue_dispatchers set run_id = null, awake_until_at = '-infinity', seen_at = '-infinity'`,
  )
  await db.query(
    `update private.queue_lanes set next_at = now(), blocked_until_at = '-infinity' where tenant_id = $1`,
    [tenant.id],
  )
  await db.query('update private.queue_tenants set next_at = now() where tenant_id = $1', [tenant.id])
  await db.query(
    `update private.queue_items set next_at = now() where tenant_id = $1 and next_at < 'infinity'`,
    [tenant.id],
  )
  await db.query(
    'update public.payment_orders set next_ask_at = now() where tenant_id = $1 and next_ask_at is not null',
    [tenant.id],
  )
}

/** What Daraja posts, taken as the route takes it. */
async function tellCallbacks(): Promise<void> {
  for (const prompt of daraja.till.prompts.values()) {
    const [ref, token] = new URL(prompt.callback).pathname.split('/').slice(-2)
    const { Body } = callbackOf(prompt) as { Body: { stkCallback: { CheckoutRequestID: string } } }
    await db.query('select private.hear_checkout($1, $2, $3)', [
      ref,
      token,
      Body.stkCallback.CheckoutRequestID,
    ])
  }
}

const until = async (condition: string): Promise<void> => {
  for (const end = Date.now() + 60_000; ; await sleep(3)) {
    if ((await db.query(`select where exists (${condition})`, [tenant.id])).rowCount === 1) return
    if (Date.now() > end) throw new Error(`It did not happen: ${condition}`)
  }
}
/** When to kill: resolves at the moment. */
const moments = [
  // The phone rings, and the answer of M-Pesa does not come.
  async () => {
    const before = daraja.till.prompts.size
    for (const end = Date.now() + 60_000; daraja.till.prompts.size === before && Date.now() < end; )
      await sleep(3)
  },
  // It has the item, and maybe nothing more.
  () =>
    until(
      `select from private.queue_items where tenant_id = $1 and queue = 'bot_pushes' and lease_id is not null`,
    ),
  // Anywhere in between.
  async () => {
    await moments[1]!()
    await sleep(Math.random() * 150)
  },
]

it('workers that are killed between push and answer ring each phone once, and count money once', async () => {
  for (let round = 0; round < rounds; round++) {
    const moment = round % moments.length
    daraja.till.misbehaviour = { no_callbacks: true, ...(moment === 0 && { silent_answers: 1 }) }
    await choose(`2547000000${String(round).padStart(2, '0')}`)
    const worker = startWorker()
    await moments[moment]!()
    worker.kill('SIGKILL')
    await worker.ended
    await letTimePass()
  }
  daraja.till.misbehaviour = { no_callbacks: true }
  for (let run = 0; run < 8; run++) {
    await startWorker().ended
    for (const prompt of daraja.till.prompts.values()) daraja.till.end(prompt, 0)
    await tellCallbacks()
    await letTimePass()
    const { rows } = await db.query(
      `select count(*)::int as n from public.contact_subscriptions where tenant_id = $1 and (status = 'pending' and checkout_request_id is not null
         or status = 'pending' and attempted_at is null)`,
      [tenant.id],
    )
    if (run > 1 && rows[0].n === 0) break
  }
  const rung = new Map<string, number>()
  for (const { phone } of daraja.till.prompts.values()) rung.set(phone, (rung.get(phone) ?? 0) + 1)
  expect([...rung.values()].every((count) => count === 1)).toBe(true)
  const { rows } = await db.query(
    `select count(*) filter (where s.status = 'subscribed')::int as subscribed, count(*)::int as all_of_them,
       count(*) filter (where s.status = 'pending' and s.attempted_at is not null)::int as unclear,
       (select count(*)::int from public.payments as p where p.tenant_id = $1 and p.settled_at is not null) as settled,
       (select count(*)::int from public.payments as p where p.tenant_id = $1) as payments
     from public.contact_subscriptions as s where s.tenant_id = $1`,
    [tenant.id],
  )
  const { subscribed, all_of_them, unclear, settled, payments } = rows[0]
  expect(all_of_them).toBe(rounds)
  expect({ settled, payments, subscribed }).toEqual({
    settled: rung.size,
    payments: rung.size,
    subscribed: rung.size,
  })
  // Killed after it said that it asks, and before it asked: nobody knows that the phone did not ring, so a person looks.
  expect(subscribed + unclear).toBe(rounds)
}, 180_000)
