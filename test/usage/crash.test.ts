import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { admin } from '../kit/db.ts'
import { type BootedStack, bootStack } from '../kit/stack.ts'
import { finish, priceModel, recordTool, start, brokenPromises as wrongCalls } from './calls/scene.ts'
import {
  brokenPromises,
  connect,
  consume,
  freshKey,
  makeFunded,
  release,
  reserve,
  topUp,
} from './credits/ledger.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** What a client was told: its key, and the answer. */
type Told = Map<string, { answer: unknown; repeat: (db: pg.Pool) => Promise<unknown> }>
type Note = <Answer>(key: string, work: (db: pg.Pool) => Promise<Answer>) => Promise<Answer>

/** Reserves, consumes, releases and tops up. */
async function useCredits(note: Note, tenant: string, round: number): Promise<void> {
  const [first, second, order] = [freshKey(), freshKey(), freshKey()]
  const { reservation_id } = await note(first, (db) => reserve(tenant, 3, first, db))
  if (round % 3 === 0) await note(second, (db) => release(tenant, reservation_id!, second, db))
  else await note(second, (db) => consume(tenant, reservation_id!, 1 + (round % 4), second, db))
  if (round % 10 === 0) await note(order, (db) => topUp(tenant, 5, order, 'infinity', db))
}

/** Starts and finishes calls of models, and records calls of tools. */
async function callModels(note: Note, tenant: string, round: number): Promise<void> {
  const [first, tool] = [freshKey(), freshKey()]
  const { id } = await note(first, async (db) => {
    const { id, held_micros, model_price_id } = await start(tenant, { key: first, output: 3, db })
    return { id, held_micros, model_price_id }
  })
  // Some stay open.
  if (round % 5 !== 0)
    await note(`${first} done`, (db) => finish(tenant, id, { output: 1 + (round % 4), db }))
  if (round % 3 === 0) await note(tool, (db) => recordTool(tenant, { tool: paidTool, key: tool, db }))
}

const paidTool = `paid-${freshKey()}`
const setPrices = async (db: pg.Pool) => {
  await priceModel(undefined, { db })
  await db.query(`select private.set_model_price('tool', $1, '*', call_micros => 150)`, [paidTool])
}

interface Work {
  /** How many statements lost their connection in the middle. */
  lost(): number
  stop(): Promise<void>
}

/** Eight clients work until told to stop. A lost connection is opened again. */
function workSteadily(
  db: pg.Pool,
  tenants: string[],
  told: Told,
  works: ((note: Note, tenant: string, round: number) => Promise<void>)[],
): Work {
  let working = true
  let lost = 0
  const note: Note = async (key, work) => {
    const answer = await work(db)
    told.set(key, { answer, repeat: work })
    return answer
  }
  const client = async (n: number) => {
    for (let round = 0; working; round++) {
      try {
        await works[n % works.length]!(note, tenants[(n + round) % tenants.length]!, round)
      } catch (thrown) {
        // Killed in the middle: what became of it is read from the rows.
        if ((thrown as { code?: string }).code === '57P01') lost++
        await sleep(20)
      }
    }
  }
  const clients = Array.from({ length: 8 }, (_, n) => client(n))
  return {
    lost: () => lost,
    async stop() {
      working = false
      await Promise.all(clients)
    },
  }
}

async function broken(db: pg.Pool, tenants: string[]): Promise<string[]> {
  const found = await Promise.all(
    tenants.flatMap((tenant) => [brokenPromises(db, tenant), wrongCalls(db, tenant)]),
  )
  return found.flat()
}

/** Everybody who was told something hears it again, and nothing changes. */
async function expectKept(db: pg.Pool, tenants: string[], told: Told): Promise<void> {
  expect(await broken(db, tenants)).toEqual([])
  const state = async () =>
    (
      await db.query(
        `select b.tenant_id, b.version, s.spent_micros, s.held_micros, c.calls
         from public.credit_balances as b left join public.tenant_spends as s using (tenant_id)
         left join (select tenant_id, count(*) as calls from public.llm_calls group by 1) as c using (tenant_id) order by 1`,
      )
    ).rows
  const before = await state()
  for (const { answer, repeat } of [...told.values()].slice(-300)) expect(await repeat(db)).toEqual(answer)
  expect(await state()).toEqual(before)
}

/** A tenant with credits, and a cap that is not reached. */
async function makeBusy(db: pg.Pool): Promise<string> {
  const { id } = await makeFunded(100_000, db)
  await db.query('update public.tenant_billing set monthly_spend_cap_usd_micros = $2 where tenant_id = $1', [
    ...[id, 1_000_000_000],
  ])
  return id
}

describe('a connection that is ended at any statement', () => {
  it.each([
    ['of credits', useCredits],
    ['of calls of models and tools', callModels],
  ])('%s leaves every promise true', async (_, work) => {
    const name = `crash-${freshKey()}`
    const pool = connect(8, name)
    await setPrices(admin)
    const tenants = await Promise.all([makeBusy(admin), makeBusy(admin)])
    const told: Told = new Map()
    const { lost, stop } = workSteadily(pool, tenants, told, [work])
    // It goes by what was done, because a busy machine gets less done in the same time.
    while (lost() < 60) {
      const before = told.size
      await expect.poll(() => told.size, { interval: 2 }).toBeGreaterThan(before + 2)
      await sleep(Math.random() * 30)
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and state = 'active' limit 2`,
        [name],
      )
    }
    await stop()
    expect(await broken(admin, tenants)).toEqual([])
    for (const { answer, repeat } of [...told.values()].slice(-200))
      expect(await repeat(admin)).toEqual(answer)
    expect(await broken(admin, tenants)).toEqual([])
    await pool.end()
  })
})

describe('kill -9 of Postgres', () => {
  let stack: BootedStack
  let db: pg.Pool
  beforeAll(async () => {
    stack = await bootStack({ args: ['--no-seed', '--functions', ''] })
    db = new pg.Pool({ connectionString: stack.access.db_url, max: 8 })
    db.on('error', () => {})
    await setPrices(db)
  })
  afterAll(async () => {
    await db?.end()
    await stack?.stop()
  })

  it('in the middle of everything leaves every promise true, and no answer is taken back', async () => {
    const tenants = await Promise.all([makeBusy(db), makeBusy(db)])
    const told: Told = new Map()
    for (let round = 0; round < 4; round++) {
      const before = told.size
      const { stop } = workSteadily(db, tenants, told, [useCredits, callModels])
      await expect.poll(() => told.size, { interval: 5 }).toBeGreaterThan(before + 60)
      await sleep(50 * round)
      const { postgres_pid } = (await stack.stackFile()).runtime
      process.kill(postgres_pid, 'SIGKILL')
      const isBack = async () => (await db.query('select 1').catch(() => null))?.rowCount
      await expect.poll(async () => (await stack.stackFile()).runtime.postgres_pid).not.toBe(postgres_pid)
      await expect.poll(isBack, { interval: 100 }).toBe(1)
      await stop()
      await expectKept(db, tenants, told)
    }
  })
})
