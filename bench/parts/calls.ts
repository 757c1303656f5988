import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { openPool } from '../load/pool.ts'
import { rateOf } from '../load/rate.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

const tenantCount = 200
const atOnces = [1, 4, 16]
const digest = createHash('sha256').update('a prompt').digest('hex')

/** Starting and finishing calls of models: of one tenant, whose spend is one row, and of many. */
export async function benchCalls(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3
  const seconds = isQuick ? 0.1 : 1.2
  const admin = await stack.connect(stack.adminUrl)
  const tenants = await makeTenants(admin)
  const hot = tenants[0]!
  const figures: Figure[] = []
  for (const atOnce of atOnces) {
    say(`calls: ${atOnce} at once`)
    const pool = openPool({ connectionString: stack.dbUrl, max: atOnce })
    const over = (work: (db: pg.PoolClient) => Promise<unknown>) => () => rateOf(pool, atOnce, seconds, work)
    try {
      const [one, many, credits, refused, read] = (
        await interleave(rounds, [
          over((db) => pair(db, hot)),
          over((db) => pair(db, tenants[1 + Math.floor(Math.random() * (tenants.length - 2))]!)),
          over((db) => creditPair(db, hot)),
          over((db) => refusedStart(db, tenants.at(-1)!)),
          over((db) => readSpend(db, hot)),
        ])
      ).map(median)
      const at = `${atOnce} at once`
      figures.push(
        {
          ...{ what: `start and finish, one tenant, ${at}`, unit: 'pairs/s', value: one! },
          ...{ baseline: credits!, ratio: one! / credits! },
        },
        { what: `start and finish, ${tenantCount} tenants, ${at}`, unit: 'pairs/s', value: many! },
        { what: `a start that the cap refuses, ${at}`, unit: 'starts/s', value: refused! },
        { what: `asking what is left of the cap, ${at}`, unit: 'reads/s', value: read! },
      )
    } finally {
      await pool.end()
    }
  }
  return figures
}

/** Each has a cap that lasts; that of the last one is reached. */
async function makeTenants(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.tenants (slug, name, status, plan)
     select 'calls-' || n, 'Calls', 'active', 'enterprise' from generate_series(1, $1::int) as n returning id`,
    [tenantCount],
  )
  const ids = rows.map(({ id }) => id)
  await admin.query(
    `update public.tenant_billing set monthly_spend_cap_usd_micros = case when tenant_id = $2 then 1 else 1000000000000000 end where tenant_id = any ($1)`,
    [ids, ids.at(-1)],
  )
  await admin.query(
    `select private.adjust_credits($1, 1000000000, 'bench', 'admin:bench', 'Enough for all rounds.')`,
    [ids[0]],
  )
  return ids
}

const start = (db: pg.PoolClient, tenant: string) =>
  db.query<{ id: string }>({
    name: 'start',
    text: `select id from public.start_llm_call($1, 'openai', 'gpt-4o-2024-08-06', 2000, 500, $2, prompt_sha256 => $3)`,
    values: [tenant, randomUUID(), digest],
  })

async function pair(db: pg.PoolClient, tenant: string): Promise<void> {
  const { rows } = await start(db, tenant)
  await db.query({
    name: 'finish',
    text: `select id from public.finish_llm_call($1, $2, 'ok', 1800, 200, 1024, 0, 900, $3)`,
    values: [tenant, rows[0]!.id, digest],
  })
}

async function refusedStart(db: pg.PoolClient, tenant: string): Promise<void> {
  const refusal = await start(db, tenant).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  )
  if (refusal !== 'spend_cap_reached') throw new Error(`A start over the cap was answered: ${refusal}`)
}

const readSpend = (db: pg.PoolClient, tenant: string) =>
  db.query({ name: 'spend', text: 'select * from public.read_spend($1)', values: [tenant] })

async function creditPair(db: pg.PoolClient, tenant: string): Promise<void> {
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
