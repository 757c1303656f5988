import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readWebhook } from '../../../lib/bots/receiving/payload.ts'
import { findDeno } from '../../../stack/processes/binaries.ts'
import { startGuard } from '../../../stack/processes/processes.ts'
import type { WhatsappNumber } from '../../../stack/providers/graph/numbers.ts'
import { payloadOf, type Told } from '../../../stack/providers/graph/webhooks/payload.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeNumber, type Phone, phoneOf } from '../../kit/whatsapp.ts'
import { dice, packed, shuffled, weekOf } from './week.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const guard = startGuard()
const random = dice(20_261_124)
const people = Array.from({ length: 40 }, (_, n) => String(254_700_000_100 + n))
const week = weekOf(people, 1_200, random)

let stack: BootedStack
let db: pg.Pool
let tenant: Tenant
let bot: string
let number: WhatsappNumber
let phones: Map<string, Phone>
beforeAll(async () => {
  // With no function of its own: what is answered here, a process of ours answers.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  db = new pg.Pool({ connectionString: stack.access.admin_db_url, max: 6 })
  tenant = await makeTenant({ db })
  const { rows } = await db.query<{ id: string }>(
    `insert into public.bot_tenants (tenant_id, client_name, is_active) values ($1, 'Kassangas', true) returning id`,
    [tenant.id],
  )
  bot = rows[0]!.id
  await db.query(
    `update public.bot_control_settings set max_messages_per_hour = 10000, max_messages_per_user_per_day = 1000 where bot_id = $1`,
    [bot],
  )
  await db.query(
    `insert into public.bot_training_data (tenant_id, bot_id, question, answer) values
       ($1, $2, 'When do you open?', 'At nine.'), ($1, $2, 'Do you sell guitars?', 'Yes.'), ($1, $2, 'Where is your shop?', 'On Moi Avenue.')`,
    [tenant.id, bot],
  )
  number = await makeNumber({ limits: { pair_burst: null, per_second: null } }, stack.access)
  await db.query('select private.set_bot_number($1, $2, $3, $4, $5, $6)', [
    ...[tenant.id, bot, number.phone_number_id, number.waba_id, number.token, number.app_secret],
  ])
  await db.query(
    'update public.bot_numbers set is_verified = true, verified_at = now() where tenant_id = $1',
    [tenant.id],
  )
  phones = new Map()
  for (const wa_id of people) {
    const phone = await phoneOf(number, { phone: wa_id, name: wa_id }, stack.access)
    // Opens the window of the local WhatsApp, whose webhooks lead nowhere.
    await phone.text('Hello')
    phones.set(wa_id, phone)
  }
  // Everything that a status has been, to see that it never fell.
  await db.query(`
    create table public.status_moves (id uuid, was public.bot_message_status, became public.bot_message_status);
    create function public.note_status() returns trigger language plpgsql security definer as $$
    begin insert into public.status_moves values (new.id, old.status, new.status); return null; end $$;
    create trigger note_status after update on public.bot_messages for each row when (old.status is distinct from new.status)
      execute function public.note_status()`)
})
afterAll(async () => {
  await db?.end()
  await stack?.stop()
  guard.dismiss()
})

function startWorker(): { child: ChildProcess; ended: Promise<unknown> } {
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
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) }
}

/** What the route does with a webhook once it knows who signed it. Returns how many messages were new. */
async function receive(told: Told[]): Promise<number> {
  const received = readWebhook(JSON.parse(payloadOf(number, told)), number.phone_number_id)
  expect(received?.ignored).toBe(0)
  const { messages, statuses } = received!
  const { rows } = await db.query<{ taken: number }>(
    `select private.receive_bot_messages($1, $2, $3) as taken, private.take_bot_statuses($1, $2, $4)`,
    [tenant.id, bot, JSON.stringify(messages), JSON.stringify(statuses)],
  )
  return rows[0]!.taken
}

const answersOf = async () =>
  Promise.all([...phones].map(async ([wa_id, phone]) => ({ wa_id, shown: await phone.received() })))

const toldOf = new Set<string>()
/** What became of what was sent since the last time, and again of some of the rest: each status often, and in any order. */
async function tellStatuses(): Promise<void> {
  const statuses = (await answersOf()).flatMap(({ wa_id, shown }) => {
    const told = shown.filter(({ id }) => !toldOf.has(id) || random() < 0.1)
    for (const { id } of told) toldOf.add(id)
    return told.flatMap(({ id, reference }) =>
      ['sent', 'delivered', 'read', 'delivered', 'sent', 'read'].map((status) => ({
        ...{ id, status, timestamp: String(Math.floor(Date.now() / 1_000)), recipient_id: wa_id },
        biz_opaque_callback_data: reference,
      })),
    )
  })
  for (const pack of packed(shuffled(statuses, random), random).flatMap((each) => [each, each]))
    await receive([{ contacts: [], statuses: pack }])
}

/** The night: what happened today happened yesterday. */
async function sleepUntilTomorrow(): Promise<void> {
  for (const statement of [
    `update public.bot_messages set occurred_at = occurred_at - interval '1 day', created_at = created_at - interval '1 day',
       settled_at = settled_at - interval '1 day', attempted_at = attempted_at - interval '1 day'`,
    `update public.conversation_states set last_received_at = last_received_at - interval '1 day'`,
  ])
    await db.query(statement)
  await letLeasesEnd()
}

/** Some minutes: whoever was killed is missed, and what it had taken is due again. */
async function letLeasesEnd(): Promise<void> {
  for (const statement of [
    `update private.queue_dispatchers set run_id = null, awake_until_at = '-infinity', seen_at = '-infinity'`,
    `update private.queue_lanes set next_at = now(), blocked_until_at = '-infinity'`,
    `update private.queue_tenants set next_at = now()`,
    `update private.queue_items set next_at = now() where next_at < 'infinity'`,
  ])
    await db.query(statement)
}

const isLeased = async () =>
  (await db.query('select from private.queue_items where lease_id is not null limit 1')).rowCount === 1

async function untilSomethingIsLeased(): Promise<void> {
  for (const end = Date.now() + 30_000; !(await isLeased()) && Date.now() < end; ) await sleep(3)
}

async function waiting(): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from private.queue_items where queue in ('bot_answers', 'bot_messages')`,
  )
  return rows[0]!.n
}

it('a week of webhooks that come twice, late and in pieces has one effect for each message, whoever is killed meanwhile', async () => {
  let taken = 0
  let told = 0
  let interrupted = 0
  for (let day = 0; day < 7; day++) {
    const arriving = week.flatMap(({ told, arrivals }) =>
      arrivals.flatMap((at) => (at === day ? [told] : [])),
    )
    told += arriving.length
    const webhooks = packed(shuffled(arriving, random), random)
    const deliver = async (left: number) => {
      while (webhooks.length > left) {
        const added = await receive(webhooks.pop()!)
        taken += added
      }
    }
    const half = Math.floor(webhooks.length / 2)
    await Promise.all([deliver(half), deliver(half), deliver(half)])
    await letLeasesEnd()
    const killed = startWorker()
    const arrival = Promise.all([deliver(0), deliver(0), deliver(0)])
    await Promise.race([untilSomethingIsLeased(), killed.ended])
    // Wherever it is by then: it reads, thinks or sends.
    await sleep(random() * 150)
    if (await isLeased()) interrupted++
    killed.child.kill('SIGKILL')
    await Promise.all([arrival, killed.ended])
    await letLeasesEnd()
    await startWorker().ended
    await tellStatuses()
    await sleepUntilTomorrow()
  }
  for (let run = 0; run < 5 && (await waiting()) > 0; run++) {
    await startWorker().ended
    await tellStatuses()
    await sleepUntilTomorrow()
  }
  expect(await waiting()).toBe(0)
  expect(taken).toBe(week.length)
  expect(told).toBeGreaterThan(3_000)
  expect(interrupted).toBeGreaterThan(0)

  const { rows: inbound } = await db.query<{ wa_id: string; wamid: string; outcome: string | null }>(
    `select c.wa_id, m.whatsapp_message_id as wamid, m.outcome from public.bot_messages as m
     join public.contacts as c on c.id = m.contact_id where m.direction = 'inbound'`,
  )
  expect(new Map(inbound.map(({ wamid, wa_id }) => [wamid, wa_id]))).toEqual(
    new Map(week.map(({ wamid, wa_id }) => [wamid, wa_id])),
  )
  expect(inbound).toHaveLength(week.length)
  expect(inbound.filter(({ outcome }) => outcome === null)).toEqual([])

  // Of each contact the answers follow the messages: none is settled before an earlier one, and none is answered twice.
  const { rows: disorder } = await db.query(
    `select m.id from (
       select m.id, m.settled_at, lag(m.settled_at) over (partition by m.contact_id order by m.id) as before from public.bot_messages as m
       where m.direction = 'inbound' and m.reason not in ('reaction', 'opted_out')) as m
     where m.settled_at < m.before`,
  )
  expect(disorder).toEqual([])
  const { rows: outbound } = await db.query<{
    wa_id: string
    ref_id: string
    answers_id: string
    status: string
  }>(
    `select c.wa_id, m.ref_id, m.answers_id, m.status from public.bot_messages as m
     join public.contacts as c on c.id = m.contact_id where m.direction = 'outbound' order by m.id`,
  )
  expect(new Set(outbound.map(({ answers_id }) => answers_id)).size).toBe(outbound.length)
  const sent = outbound.filter(({ status }) => status !== 'failed')
  expect(sent.length).toBeGreaterThan(100)
  for (const { wa_id, shown } of await answersOf())
    expect(
      shown.map(({ reference }) => reference),
      wa_id,
    ).toEqual(sent.flatMap((each) => (each.wa_id === wa_id ? [each.ref_id] : [])))
  expect(new Set(sent.map(({ status }) => status))).toEqual(new Set(['read']))

  const { rows: fallen } = await db.query(
    `select * from public.status_moves where became < was and not (was = 'unknown' and became = 'waiting')`,
  )
  expect(fallen).toEqual([])
})
