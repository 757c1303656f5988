import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDeno } from '../../../stack/processes/binaries.ts'
import { startGuard } from '../../../stack/processes/processes.ts'
import type { WhatsappNumber } from '../../../stack/providers/graph/numbers.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeNumber, misbehave, type Phone, phoneOf } from '../../kit/whatsapp.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rounds = 12
// A test run that is killed leaves no worker behind.
const guard = startGuard()
/** A model that thinks for a moment, so that there is time to kill. */
const model = createServer((_, response) =>
  setTimeout(
    () =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          choices: [{ message: { content: 'We do.' } }],
          usage: { prompt_tokens: 9, completion_tokens: 3 },
        }),
      ),
    150,
  ),
)

let stack: BootedStack
let db: pg.Pool
let tenant: Tenant
let bot: string
let number: WhatsappNumber
let phones: { wa_id: string; phone: Phone }[]
beforeAll(async () => {
  // With no function of its own: what is answered here, a process of ours answers.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  db = new pg.Pool({ connectionString: stack.access.admin_db_url, max: 4 })
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  tenant = await makeTenant({ db })
  const { rows } = await db.query<{ id: string }>(
    `insert into public.bot_tenants (tenant_id, client_name, is_active) values ($1, 'Kassangas', true) returning id`,
    [tenant.id],
  )
  bot = rows[0]!.id
  await db.query(
    `insert into public.bot_templates (tenant_id, bot_id, template_name, system_prompt, is_default) values ($1, $2, 'default', 'Sell.', true)`,
    [tenant.id, bot],
  )
  await db.query(`select private.set_bot_model($1, $2, 'custom', $3, 'slow')`, [
    ...[tenant.id, bot, `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`],
  ])
  number = await makeNumber({ limits: { pair_burst: null, per_second: null } }, stack.access)
  await db.query('select private.set_bot_number($1, $2, $3, $4, $5, $6)', [
    ...[tenant.id, bot, number.phone_number_id, number.waba_id, number.token, number.app_secret],
  ])
  await db.query(
    'update public.bot_numbers set is_verified = true, verified_at = now() where tenant_id = $1',
    [tenant.id],
  )
  phones = await Promise.all(
    ['254700000001', '254700000002', '254700000003'].map(async (wa_id) => ({
      wa_id,
      phone: await phoneOf(number, { phone: wa_id, name: wa_id }, stack.access),
    })),
  )
})
afterAll(async () => {
  await db?.end()
  await stack?.stop()
  model.closeAllConnections()
  model.close()
  guard.dismiss()
})

function startWorker(): ChildProcess & { ended: Promise<number | null> } {
  const child = spawn(
    findDeno(),
    [
      ...['run', '--no-prompt', '--no-lock', '--cached-only', '--node-modules-dir=manual'],
      ...['--config', 'functions/deno.json', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'],
      'test/bots/conversations/worker-process.ts',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        SUPABASE_DB_URL: stack.access.db_url,
        SUPABASE_URL: stack.access.api_url,
        TENANTRY_ALLOW_PRIVATE_URLS: 'loopback',
        TENANTRY_WHATSAPP_URL: stack.access.whatsapp_url,
      },
    },
  )
  guard.watch(child, 'KILL')
  return Object.assign(child, { ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) })
}

/** Lets minutes pass: leases end, and a worker that was not heard of loses its place. */
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
    `update public.bot_messages set attempted_at = attempted_at - interval '11 minutes' where tenant_id = $1`,
    [tenant.id],
  )
}

/** What the phones show, as WhatsApp would tell it in a webhook. */
async function tellStatuses(): Promise<void> {
  const shown = (await Promise.all(phones.map(({ phone }) => phone.received()))).flat()
  await db.query('select private.take_bot_statuses($1, $2, $3)', [
    ...[tenant.id, bot],
    JSON.stringify(shown.map(({ id, reference }) => ({ wamid: id, ref: reference, status: 'delivered' }))),
  ])
}

const until = async (condition: string): Promise<void> => {
  for (const end = Date.now() + 60_000; ; await sleep(5)) {
    if ((await db.query(`select where exists (${condition})`, [tenant.id])).rowCount === 1) return
    if (Date.now() > end) throw new Error(`It did not happen: ${condition}`)
  }
}
/** When to kill: resolves at the moment. */
const moments = [
  // It is thinking.
  () =>
    until(
      `select from private.queue_items where tenant_id = $1 and queue = 'bot_answers' and lease_id is not null`,
    ),
  // It has sent, and the answer of WhatsApp does not come.
  () => until(`select from public.bot_messages where tenant_id = $1 and status = 'unknown'`),
  // Anywhere in between.
  async () => {
    await moments[0]!()
    await sleep(Math.random() * 300)
  },
]

it('workers that are killed, over and over, answer each message once, and pay for each answer once', async () => {
  let received = 0
  for (let round = 0; round < rounds; round++) {
    for (const { wa_id, phone } of phones) {
      const { id } = await phone.text(`Do you tune pianos? ${round}`)
      const given = [{ wamid: id, wa_id, kind: 'text', text: `Do you tune pianos? ${round}`, at: new Date() }]
      await db.query('select private.receive_bot_messages($1, $2, $3)', [
        tenant.id,
        bot,
        JSON.stringify(given),
      ])
      received++
    }
    if (round % moments.length === 1) await misbehave(number, { silent_answers: 1 }, stack.access)
    const worker = startWorker()
    await moments[round % moments.length]!()
    worker.kill('SIGKILL')
    await worker.ended
    await tellStatuses()
    await letTimePass()
  }
  const isOver = async () =>
    (
      await db.query(
        `select from private.queue_items where tenant_id = $1 and queue in ('bot_answers', 'bot_messages')`,
        [tenant.id],
      )
    ).rowCount === 0
  for (let run = 0; run < 10 && !(await isOver()); run++) {
    await startWorker().ended
    await tellStatuses()
    await letTimePass()
  }
  expect(await isOver()).toBe(true)
  const { rows } = await db.query(
    `select count(*) filter (where m.direction = 'inbound' and m.reason = 'model')::int as answered,
       count(distinct m.answers_id)::int as answers, count(m.answers_id)::int as replies,
       count(*) filter (where m.direction = 'outbound' and m.status = 'delivered')::int as delivered,
       count(distinct m.llm_call_ref)::int as calls,
       (select count(*)::int from public.llm_calls as c where c.tenant_id = $1 and c.status = 'ok') as paid
     from public.bot_messages as m where m.tenant_id = $1`,
    [tenant.id],
  )
  const [{ answered, answers, replies, delivered, calls, paid }] = rows
  expect(answered).toBe(received)
  // Messages that arrived while the bot was thinking were answered together.
  expect({ replies, delivered, calls, paid }).toEqual({
    ...{ replies: answers, delivered: answers, calls: answers, paid: answers },
  })
  const shown = (await Promise.all(phones.map(({ phone }) => phone.received()))).flat()
  expect(shown).toHaveLength(answers)
  expect(new Set(shown.map(({ reference }) => reference)).size).toBe(answers)
})
