import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDeno } from '../../../stack/processes/binaries.ts'
import { startGuard } from '../../../stack/processes/processes.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { startHttpReceiver } from '../senders/http-receiver.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rounds = 9
// A test run that is killed leaves no dispatcher behind.
const guard = startGuard()

let stack: BootedStack
let twilio: Awaited<ReturnType<typeof startHttpReceiver>>
let db: pg.Pool
let tenant: Tenant
beforeAll(async () => {
  // With no function of its own: what is sent here, a process of ours sends.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  twilio = await startHttpReceiver()
  db = new pg.Pool({ connectionString: stack.access.db_url, max: 4 })
  tenant = await makeTenant({ db })
})
afterAll(async () => {
  await db?.end()
  await stack?.stop()
  await twilio?.stop()
  guard.dismiss()
})

function startDispatcher(): ChildProcess & { ended: Promise<number | null> } {
  const child = spawn(
    findDeno(),
    [
      ...['run', '--no-prompt', '--no-lock', '--cached-only', '--node-modules-dir=manual'],
      ...['--config', 'functions/deno.json', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'],
      'test/notifications/dispatch/dispatcher-process.ts',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        SUPABASE_DB_URL: stack.access.db_url,
        SUPABASE_URL: stack.access.api_url,
        TENANTRY_ALLOW_PRIVATE_URLS: 'loopback',
        TENANTRY_APP_URL: 'https://app.example.com',
        TENANTRY_TWILIO_URL: twilio.url,
      },
    },
  )
  guard.watch(child, 'KILL')
  return Object.assign(child, { ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) })
}

/** Lets a minute pass: leases end, and a dispatcher that was not heard of loses its place. */
async function letTimePass(): Promise<void> {
  await db.query(
    `update private.queue_dispatchers set run_id = null, awake_until_at = '-infinity', seen_at = '-infinity'`,
  )
  await db.query(
    `update private.queue_lanes set next_at = now(), blocked_until_at = '-infinity' where tenant_id = $1`,
    [tenant.id],
  )
  await db.query('update private.queue_tenants set next_at = now() where tenant_id = $1', [tenant.id])
  await db.query('update private.queue_items set next_at = now() where tenant_id = $1', [tenant.id])
}

const statuses = async () =>
  (
    await db.query<{ id: string; address: string; status: string }>(
      'select id, address, status::text from private.notification_jobs where tenant_id = $1 order by id',
      [tenant.id],
    )
  ).rows

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await isSo()); await sleep(20))
    if (Date.now() > end) throw new Error('It did not happen.')
}

const isLeased = async () =>
  (
    await db.query('select from private.queue_items where tenant_id = $1 and lease_id is not null limit 1', [
      tenant.id,
    ])
  ).rowCount === 1
const mail = async (mode: string) => {
  const address = `${mode}${randomUUID()}@example.com`
  await db.query(`select private.mail_address($1, $2, 'welcome', '{"name": "Ada"}', 'kill')`, [
    tenant.id,
    address,
  ])
  return address
}

/** When to kill: resolves at the moment. */
const moments = [
  // It has just claimed.
  isLeased,
  // The mailbox has it, and its answer is still under way.
  async (address: string) => (await mailTo(address, stack.access)).length > 0,
  async () => {
    await until(isLeased)
    await sleep(Math.random() * 100)
    return true
  },
]

it('a dispatcher that is killed, over and over, loses no mail, and what comes twice has one Message-ID', async () => {
  for (let round = 0; round < rounds; round++) {
    const moment = round % moments.length
    for (let n = 0; n < 3; n++) await mail('')
    // Its answer takes three seconds, so there is time to kill.
    const watched = await mail('drip+3.')
    const dispatcher = startDispatcher()
    await until(() => moments[moment]!(watched))
    dispatcher.kill('SIGKILL')
    await dispatcher.ended
    await letTimePass()
  }
  await until(async () => {
    expect(await startDispatcher().ended).toBe(0)
    await letTimePass()
    return (await statuses()).every(({ status }) => status === 'sent')
  })

  const jobs = await statuses()
  expect(jobs).toHaveLength(rounds * 4)
  let copies = 0
  for (const { id, address } of jobs) {
    const ids = (await mailTo(address, stack.access)).map(
      ({ headers }) => headers.find(({ name }) => name.toLowerCase() === 'message-id')?.value,
    )
    copies += ids.length
    expect([...new Set(ids)], address).toEqual([`<${id}@messages.tenantry>`])
  }
  // The kills did hit: something was sent, not completed, and sent again.
  expect(copies).toBeGreaterThan(jobs.length)
}, 300_000)

it('a dispatcher that is killed, over and over, sends no SMS twice: what it may have sent is unknown', async () => {
  tenant = await makeTenant({ db })
  await db.query(`select private.set_notification_provider($1, 'sms', 'twilio', $2, 'token')`, [
    tenant.id,
    { account_sid: `AC${'0'.repeat(32)}`, from: '+12025550106' },
  ])
  await db.query('update public.notification_providers set verified_at = now() where tenant_id = $1', [
    tenant.id,
  ])
  // Its answer takes two seconds, so there is time to kill.
  twilio.answer({ status: 201, body: { sid: 'SM1' }, delayMs: 2_000 })
  const got = () => twilio.received.map(({ body }) => new URLSearchParams(body).get('To')!)
  let count = 0
  const text = async () => {
    const number = `+4477009${String(count++).padStart(5, '0')}`
    await db.query(`select private.message_address($1, 'sms', $2, 'welcome', '{"name": "Ada"}', 'kill')`, [
      tenant.id,
      number,
    ])
  }
  for (let round = 0; round < rounds; round++) {
    const before = got().length
    for (let n = 0; n < 4; n++) await text()
    const dispatcher = startDispatcher()
    if (round % 3 === 0) await until(isLeased)
    // The provider has it, and its answer is still under way.
    else await until(async () => got().length > before)
    if (round % 3 === 2) await sleep(Math.random() * 2_400)
    dispatcher.kill('SIGKILL')
    await dispatcher.ended
    await letTimePass()
  }
  // These nobody kills.
  for (let n = 0; n < 4; n++) await text()
  await until(async () => {
    expect(await startDispatcher().ended).toBe(0)
    await letTimePass()
    return (await statuses()).every(({ status }) => status !== 'pending')
  })

  const jobs = await statuses()
  const numbers = got()
  expect(new Set(numbers).size).toBe(numbers.length)
  for (const { address, status } of jobs)
    if (status === 'sent') expect(numbers, address).toContain(address)
    else expect(status, address).toBe('unknown')
  // The kills did hit, and not each job was hit.
  expect(new Set(jobs.map(({ status }) => status))).toEqual(new Set(['sent', 'unknown']))
}, 300_000)
