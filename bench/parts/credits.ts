import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { openPool } from '../load/pool.ts'
import { rateOf } from '../load/rate.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

const batchSize = 100
const pairsGoal = { atLeast: 2_000 }
const batchGoal = { atLeast: 40_000 }

/**
 * The files of pgledger's SQL, with colons between, in the order in which they are loaded: its ULIDs and pgledger.sql of
 * https://github.com/pgr0ss/pgledger. They are not part of this project. Without them there is no baseline.
 */
const pgledgerFiles = process.env.TENANTRY_BENCH_PGLEDGER?.split(':') ?? []

/** Reserving and consuming on one tenant, whose balance is one row for which everybody waits. */
export async function benchCredits(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3
  const seconds = isQuick ? 0.1 : 1.5
  const admin = await stack.connect(stack.adminUrl)
  const hot = await makeHotTenant(admin)
  await warmUp(stack, admin, hot)
  const accounts = await loadPgledger(admin)
  const figures: Figure[] = []
  for (const atOnce of [1, 4, 16]) {
    say(`credits: ${atOnce} at once`)
    const pool = openPool({ connectionString: stack.dbUrl, max: atOnce })
    const over = (work: (db: pg.PoolClient) => Promise<unknown>) => () => rateOf(pool, atOnce, seconds, work)
    try {
      const ways = [over((db) => pair(db, hot)), over((db) => batch(db, hot)), over((db) => update(db, hot))]
      if (accounts) ways.push(over((db) => transfers(db, accounts)))
      const [pairs, batches, bare, theirs] = (await interleave(rounds, ways)).map(median)
      const best = atOnce === 4
      figures.push({
        ...{ what: `reserve and consume, ${atOnce} at once`, unit: 'pairs/s', value: pairs! },
        ...(best && { goal: pairsGoal }),
      })
      figures.push({
        ...{ what: `the same beside two bare updates of the row, ${atOnce} at once`, unit: 'pairs/s' },
        ...{ value: pairs!, baseline: bare! / 2, ratio: pairs! / (bare! / 2) },
        note: 'two updates of one row that change nothing, each committed: no two operations on the row can be faster here',
      })
      if (theirs !== undefined)
        figures.push({
          ...{ what: `the same beside pgledger, ${atOnce} at once`, unit: 'pairs/s', value: pairs! },
          ...{ baseline: theirs, ratio: pairs! / theirs, goal: { atLeast: 1 } },
        })
      figures.push({
        ...{ what: `reserve in batches of ${batchSize}, ${atOnce} at once`, unit: 'reservations/s' },
        ...{ value: batches! * batchSize, ...(best && { goal: batchGoal }) },
      })
    } finally {
      await pool.end()
    }
  }
  return figures
}

async function makeHotTenant(admin: pg.Client): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.tenants (slug, name, status, plan) values ('hot', 'Hot', 'active', 'enterprise') returning id`,
  )
  const { id } = rows[0]!
  for (let n = 0; n < 5; n++)
    await admin.query(
      `select private.adjust_credits($1, 1000000000, $2, 'admin:bench', 'Enough for all rounds.')`,
      [id, `bench-${n}`],
    )
  return id
}

/** Autovacuum would do it within a minute. Without it the first connections plan for tables that are still empty. */
async function warmUp(stack: BenchStack, admin: pg.Client, hot: string): Promise<void> {
  const pool = openPool({ connectionString: stack.dbUrl, max: 1 })
  await rateOf(pool, 1, 0.5, (db) => pair(db, hot))
  await pool.end()
  await admin.query(
    'analyze public.credit_balances, public.credit_lots, public.credit_ledger, public.credit_reservations',
  )
}

async function pair(db: pg.PoolClient, tenant: string): Promise<void> {
  const key = randomUUID()
  const { rows } = await db.query<{ reservation_id: string }>({
    name: 'reserve',
    text: 'select reservation_id from public.reserve_credits($1, 2, $2)',
    values: [tenant, key],
  })
  await db.query({
    name: 'consume',
    text: 'select version from public.consume_credits($1, $2, 1, $3)',
    values: [tenant, rows[0]!.reservation_id, `${key} done`],
  })
}

async function batch(db: pg.PoolClient, tenant: string): Promise<void> {
  const key = randomUUID()
  const { rows } = await db.query<{ reserved: number }>({
    name: 'batch',
    text: `select count(*) filter (where outcome = 'reserved')::int as reserved from public.reserve_credits_batch($1, $2, $3, 86400)`,
    values: [tenant, Array(batchSize).fill(1), Array.from({ length: batchSize }, (_, n) => `${key} ${n}`)],
  })
  if (rows[0]!.reserved !== batchSize) throw new Error('Not every reservation of a batch was made.')
}

/** The least that one operation can be: the row changes, and the change is committed. */
const update = (db: pg.PoolClient, tenant: string) =>
  db.query({
    name: 'bare',
    text: 'update public.credit_balances set credits_reserved = credits_reserved where tenant_id = $1',
    values: [tenant],
  })

interface Accounts {
  available: string
  reserved: string
  spent: string
}

/** Two transfers, as a reservation and its consumption are in pgledger. It has neither keys nor an expiry. */
async function transfers(db: pg.PoolClient, { available, reserved, spent }: Accounts): Promise<void> {
  const text = 'select id from pgledger.pgledger_create_transfer($1, $2, $3)'
  await db.query({ name: 'transfer', text, values: [available, reserved, 2] })
  await db.query({ name: 'transfer', text, values: [reserved, spent, 2] })
}

async function loadPgledger(admin: pg.Client): Promise<Accounts | undefined> {
  if (pgledgerFiles.length === 0) {
    say('credits: no baseline, because TENANTRY_BENCH_PGLEDGER names no files')
    return undefined
  }
  await admin.query('create schema pgledger; set search_path to pgledger, public, extensions')
  for (const file of pgledgerFiles) await admin.query(await readFile(file, 'utf8'))
  // Its functions name their tables without a schema.
  await admin.query(`alter role postgres set search_path to public, extensions, pgledger`)
  const account = async (name: string, mayBeNegative: boolean) =>
    (
      await admin.query<{ id: string }>(`select id from pgledger_create_account($1, 'CREDITS', $2, true)`, [
        name,
        mayBeNegative,
      ])
    ).rows[0]!.id
  const [bank, available] = [await account('bank', true), await account('available', false)]
  await admin.query('select pgledger_create_transfer($1, $2, 1000000000)', [bank, available])
  const accounts = {
    available,
    reserved: await account('reserved', false),
    spent: await account('spent', false),
  }
  await admin.query(`grant usage on schema pgledger to postgres; grant all on all tables in schema pgledger to postgres;
    grant execute on all functions in schema pgledger to postgres; set search_path to default`)
  return accounts
}
