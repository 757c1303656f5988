import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findDeno } from '../../../stack/processes/binaries.ts'
import { startGuard } from '../../../stack/processes/processes.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { type Receiver, startReceiver, verify } from '../receiver.ts'
import { emit, makeEndpoint, statusesOf, type TestEndpoint, testSecret } from './queue.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rounds = 24
// A test run that is killed leaves no dispatcher behind.
const guard = startGuard()

let stack: BootedStack
let db: pg.Pool
let receiver: Receiver
let tenant: Tenant
let endpoint: TestEndpoint
beforeAll(async () => {
  // With no function of its own: what is delivered here, a process of ours delivers.
  stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
  db = new pg.Pool({ connectionString: stack.access.db_url, max: 4 })
  receiver = await startReceiver()
  tenant = await makeTenant({ db })
  endpoint = await makeEndpoint(db, tenant, receiver.url)
})
afterAll(async () => {
  await receiver?.stop()
  await db?.end()
  await stack?.stop()
  guard.dismiss()
})

function startDispatcher(): ChildProcess & { ended: Promise<number | null> } {
  const child = spawn(
    findDeno(),
    [
      ...['run', '--no-prompt', '--no-lock', '--cached-only', '--node-modules-dir=manual'],
      ...['--config', 'functions/deno.json', '--allow-net', '--allow-env', '--allow-read', '--allow-sys'],
      'test/webhooks/dispatch/dispatcher-process.ts',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SUPABASE_DB_URL: stack.access.db_url, TENANTRY_ALLOW_PRIVATE_URLS: 'loopback' },
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
  await db.query(
    `update private.queue_items set next_at = now() where tenant_id = $1 and next_at < 'infinity'`,
    [tenant.id],
  )
}

const isLeased = async () =>
  (
    await db.query('select from private.queue_items where tenant_id = $1 and lease_id is not null limit 1', [
      tenant.id,
    ])
  ).rowCount === 1

/** When to kill: resolves at the moment. */
const moments: Record<string, (arrived: number) => Promise<unknown>> = {
  'between claim and send': async () => {
    receiver.answer(() => {})
    await receiver.until(isLeased)
  },
  'while it waits for the answer': async (arrived) => {
    receiver.answer(() => {})
    await receiver.until(() => receiver.received.length > arrived)
  },
  'between the answer and completing': () =>
    new Promise((resolve) => {
      receiver.answer((_message, response) => {
        response.end('thanks', () => resolve(undefined))
      })
    }),
  'at any moment': async (arrived) => {
    receiver.answer((_message, response) => response.end('thanks'))
    await receiver.until(() => receiver.received.length > arrived)
    await sleep(Math.random() * 60)
  },
}

describe('a dispatcher that is killed, over and over', () => {
  it('loses no event, and what comes twice comes with the same id and body', async () => {
    const emitted: string[] = []
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n < 5; n++) emitted.push(await emit(db, tenant, { round, n }))
      const dispatcher = startDispatcher()
      await Object.values(moments)[round % 4]!(receiver.received.length)
      dispatcher.kill('SIGKILL')
      await dispatcher.ended
      await letTimePass()
    }
    receiver.answer((_message, response) => response.end('thanks'))
    await receiver.until(async () => {
      const dispatcher = startDispatcher()
      expect(await dispatcher.ended).toBe(0)
      await letTimePass()
      return (await statusesOf(db, endpoint)).every((status) => status === 'delivered')
    })

    expect(await statusesOf(db, endpoint)).toHaveLength(emitted.length)
    const bodies = new Map<string, Set<string>>()
    for (const message of receiver.received) {
      verify(testSecret, message)
      bodies.set(message.id, (bodies.get(message.id) ?? new Set()).add(message.body))
    }
    expect([...bodies.keys()].sort()).toEqual(emitted.sort())
    for (const different of bodies.values()) expect(different.size).toBe(1)
    // The kills did hit: something was sent, not completed, and sent again.
    expect(receiver.received.length).toBeGreaterThan(emitted.length)
    const { rows } = await db.query(
      `select count(*)::int as succeeded from public.webhook_attempts where tenant_id = $1 and outcome = 'succeeded'`,
      [tenant.id],
    )
    expect(rows[0].succeeded).toBeGreaterThanOrEqual(emitted.length)
    expect(rows[0].succeeded).toBeLessThanOrEqual(receiver.received.length)
  }, 300_000)
})
