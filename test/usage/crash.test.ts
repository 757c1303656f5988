import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { admin } from '../../kit/db.ts'
import { type BootedStack, bootStack } from '../../kit/stack.ts'
import { brokenPromises, connect, consume, freshKey, makeFunded, release, reserve, topUp } from './ledger.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** What a client was told: its key, and the answer. */
type Told = Map<string, { tenant: string; entry: unknown; repeat: (db: pg.Pool) => Promise<unknown> }>

/** Reserves, consumes, releases and tops up over its connections, until told to stop. A lost connection is opened again. */
function workSteadily(db: pg.Pool, tenants: string[], told: Told): () => Promise<void> {
  let working = true
  const note = async <Entry>(tenant: string, key: string, work: (db: pg.Pool) => Promise<Entry>) => {
    const entry = await work(db)
    told.set(key, { tenant, entry, repeat: work })
    return entry
  }
  const client = async (n: number) => {
    for (let round = 0; working; round++) {
      const tenant = tenants[(n + round) % tenants.length]!
      const [first, second, order] = [freshKey(), freshKey(), freshKey()]
      try {
        const { reservation_id } = await note(tenant, first, (db) => reserve(tenant, 3, first, db))
        if (round % 3 === 0) await note(tenant, second, (db) => release(tenant, reservation_id!, second, db))
        else await note(tenant, second, (db) => consume(tenant, reservation_id!, 1 + (round % 4), second, db))
        if (round % 10 === 0) await note(tenant, order, (db) => topUp(tenant, 5, order, 'infinity', db))
      } catch {
        // Killed in the middle: what became of it is read from the rows.
        await sleep(20)
      }
    }
  }
  const clients = Array.from({ length: 8 }, (_, n) => client(n))
  return async () => {
    working = false
    await Promise.all(clients)
  }
}

/** Everybody who was told something hears it again, and nothing changes. */
async function expectKept(db: pg.Pool, told: Told): Promise<void> {
  expect(await brokenPromises(db)).toEqual([])
  const versions = async () =>
    (await db.query('select tenant_id, version from public.credit_balances order by 1')).rows
  const before = await versions()
  for (const { entry, repeat } of [...told.values()].slice(-300)) expect(await repeat(db)).toEqual(entry)
  expect(await versions()).toEqual(before)
}

describe('a connection that is ended at any statement', () => {
  it('leaves every promise true', async () => {
    const name = `credits-${freshKey()}`
    const pool = connect(8, name)
    const funded = await Promise.all([makeFunded(100_000), makeFunded(100_000)])
    const tenants = funded.map(({ id }) => id)
    const told: Told = new Map()
    const stop = workSteadily(pool, tenants, told)
    for (let n = 0; n < 60; n++) {
      await sleep(30)
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and state = 'active' limit 2`,
        [name],
      )
    }
    await stop()
    for (const tenant of tenants) expect(await brokenPromises(admin, tenant)).toEqual([])
    for (const { entry, repeat } of [...told.values()].slice(-200)) expect(await repeat(admin)).toEqual(entry)
    for (const tenant of tenants) expect(await brokenPromises(admin, tenant)).toEqual([])
    expect(told.size).toBeGreaterThan(50)
    await pool.end()
  })
})

describe('kill -9 of Postgres', () => {
  let stack: BootedStack
  let db: pg.Pool
  beforeAll(async () => {
    stack = await bootStack({ args: ['--no-seed'] })
    db = new pg.Pool({ connectionString: stack.access.db_url, max: 8 })
    db.on('error', () => {})
  })
  afterAll(async () => {
    await db?.end()
    await stack?.stop()
  })

  it('in the middle of everything leaves every promise true, and no answer is taken back', async () => {
    const funded = await Promise.all([makeFunded(100_000, db), makeFunded(100_000, db)])
    const tenants = funded.map(({ id }) => id)
    const told: Told = new Map()
    for (let round = 0; round < 4; round++) {
      const before = told.size
      const stop = workSteadily(db, tenants, told)
      await expect.poll(() => told.size, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + 40)
      await sleep(50 * round)
      const { postgres_pid } = (await stack.stackFile()).runtime
      process.kill(postgres_pid, 'SIGKILL')
      const isBack = async () => (await db.query('select 1').catch(() => null))?.rowCount
      await expect
        .poll(async () => (await stack.stackFile()).runtime.postgres_pid, { timeout: 60_000 })
        .not.toBe(postgres_pid)
      await expect.poll(isBack, { timeout: 60_000, interval: 100 }).toBe(1)
      await stop()
      await expectKept(db, told)
    }
  })
})
