import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeTenant } from '../../kit/tenants.ts'
import { addEndpoint, emptyQueue, fill, makeQueue, type Queue } from '../queue/world.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { testSecret } from './queue.ts'

// A busy machine makes these slow, not wrong.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

// Receivers here answer when they are told to. So what is under way at once is decided by the test, and not by time.
let queue: Queue
let receiver: Receiver
let dispatch: typeof import('../../../lib/webhooks/index.ts').dispatchWebhooks
let hostile: string
let stranger: string
const held: ServerResponse[] = []

beforeAll(async () => {
  queue = await makeQueue()
  // This process is the dispatcher, of a database of its own: its settings are read when it is loaded.
  vi.stubEnv('SUPABASE_DB_URL', queue.db.options.connectionString)
  vi.stubEnv('TENANTRY_ALLOW_PRIVATE_URLS', 'loopback')
  dispatch = (await import('../../../lib/webhooks/index.ts')).dispatchWebhooks
  hostile = (await makeTenant({ db: queue.db })).id
  stranger = (await makeTenant({ db: queue.db })).id
})
afterAll(async () => {
  await queue?.close()
  vi.unstubAllEnvs()
})
beforeEach(async () => {
  await emptyQueue(queue)
  await queue.db.query(
    `update private.queue_dispatchers set run_id = null, awake_until_at = '-infinity', seen_at = '-infinity'`,
  )
  receiver = await startReceiver()
  held.length = 0
  receiver.answer(({ path }, response) => (path === '/slow' ? held.push(response) : response.end('thanks')))
  return () => receiver.stop()
})

async function due(tenant: string, path: string, deliveries: number, isSlow: boolean | null): Promise<void> {
  const endpoint = await addEndpoint(queue, tenant, { isSlow })
  await queue.superuser.query(
    'update public.webhook_endpoints set url = $2, secret_id = vault.create_secret($3) where id = $1',
    [endpoint.id, `${receiver.url}${path}`, testSecret],
  )
  await queue.db.query('update private.queue_lanes set is_slow = $2 where lane_id = $1', [
    endpoint.id,
    isSlow,
  ])
  await fill(queue, endpoint, deliveries)
}

const arrived = (path: string) => receiver.received.filter((message) => message.path === path).length
const release = () => {
  for (const response of held.splice(0)) response.end('at last')
}

describe('a dispatcher', () => {
  it.each([
    ['known to be slow', true],
    ['that never answered', null],
    ['that were quick so far', false],
  ])('serves others while receivers %s keep it waiting', async (_, isSlow) => {
    for (let n = 0; n < 3; n++) await due(hostile, '/slow', 2, isSlow)
    const run = dispatch({ concurrency: 2, slowConcurrency: 6, slowAfterMs: 50, lingerMs: 50 })
    await receiver.until(() => held.length === 6)
    await due(stranger, '/quick', 30, false)
    await receiver.until(() => arrived('/quick') === 30)
    expect(held.length).toBe(6)
    release()
    expect(await run).toMatchObject({ succeeded: 36, failed: 0, unreported: 0 })
  })

  it('has no more slow exchanges under way than it may have', async () => {
    for (let n = 0; n < 5; n++) await due(hostile, '/slow', 2, true)
    await due(stranger, '/quick', 5, false)
    const run = dispatch({ concurrency: 8, slowConcurrency: 3, slowAfterMs: 10_000, lingerMs: 50 })
    await receiver.until(() => arrived('/quick') === 5 && held.length === 3)
    await due(stranger, '/quick', 20, false)
    await receiver.until(() => arrived('/quick') === 25)
    expect(arrived('/slow')).toBe(3)
    receiver.answer((_message, response) => response.end('thanks'))
    release()
    await run
    expect(arrived('/slow')).toBeGreaterThanOrEqual(3)
  })

  it('whose time is over leaves its place to another while it waits for its last answers', async () => {
    await due(hostile, '/slow', 4, true)
    const first = dispatch({ milliseconds: 4_000, lingerMs: 50, cpuMs: 1_000_000 })
    const isDraining = async () =>
      (await queue.db.query('select from private.queue_dispatchers where slot > 4 and run_id is not null'))
        .rowCount === 1
    const report = await Promise.race([first, receiver.until(isDraining)])
    expect(report).toBeUndefined()
    await due(stranger, '/quick', 10, false)
    expect(await dispatch({ lingerMs: 50 })).toMatchObject({ isBusy: false, succeeded: 10 })
    expect(held.length).toBe(4)
    release()
    expect(await first).toMatchObject({ succeeded: 4, stale: 0 })
    const { rowCount } = await queue.db.query(
      'select from private.queue_dispatchers where run_id is not null',
    )
    expect(rowCount).toBe(0)
  })
})
