import { type JobHelpers, Logger, run, runMigrations } from 'graphile-worker'
import type pg from 'pg'
import PgBoss from 'pg-boss'
import { openPool } from '../../load/pool.ts'
import { eventType } from './fill.ts'
import { completeBatch } from './worker.ts'

// The same work by two other queues in the same database. Their events are in bench.webhook_outbox. One
// transaction locks and deletes a batch of them and adds, in SQL, a job for each endpoint of the tenant. Both
// queues document this way. A job carries the payload. Each job is fetched and completed, and its attempt is logged
// in a table with the columns, checks, indexes and number of foreign keys of webhook_attempts. Neither queue
// separates endpoints, orders by key, or uses a lease as a fence when it completes a job.

const expandBatch = 500
/** How many jobs graphile-worker runs at once. More do not make it faster here. */
const concurrency = 48

export interface Queue {
  /** Deliveries a second, from events to logged attempts. */
  drain(deliveries: number, fanOut: number): Promise<number>
  stop(): Promise<void>
}

/** Fills the table from which both take their events. `db` is a superuser's connection. */
export async function fillBaselineEvents(db: pg.Client, count: number): Promise<void> {
  await db.query(`
    drop table if exists bench.webhook_outbox, bench.webhook_attempts;
    create table bench.webhook_outbox (tenant_id uuid, event_id uuid default private.uuid_v7() primary key, payload text);
    create table bench.webhook_attempts (like public.webhook_attempts including all,
      foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade);
    grant all on bench.webhook_outbox, bench.webhook_attempts to postgres`)
  await db.query(
    `insert into bench.webhook_outbox (tenant_id, payload)
     select t.tenant_id, $2 from generate_series(0, $1::int - 1) as g
     join (
       select tenant_id, row_number() over (order by tenant_id) - 1 as n, count(*) over () as count
       from (select distinct tenant_id from public.webhook_endpoints) as t) as t on t.n = g % t.count
     order by g`,
    [count, JSON.stringify({ type: eventType, data: 'y'.repeat(330) })],
  )
}

/** $1: how many events. Returns `job`: the content of each of their deliveries. */
const takeEvents = `
  with taken as (
    select o.event_id from bench.webhook_outbox as o order by o.event_id limit $1 for update skip locked
  ), event as (
    delete from bench.webhook_outbox as o using taken as t where o.event_id = t.event_id returning o.*
  ), job as (
    select e.tenant_id, e.event_id, p.id as endpoint_id, p.url, e.payload
    from event as e join public.webhook_endpoints as p on p.tenant_id = e.tenant_id and p.is_enabled
  )`

interface Job {
  tenant_id: string
  event_id: string
  endpoint_id: string
}

function logAttempts(db: pg.Pool | pg.PoolClient, jobs: Job[]): Promise<unknown> {
  return db.query({
    name: 'log',
    text: `insert into bench.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status,
        response_body, duration_ms)
      select tenant_id, event_id, endpoint_id, 1, 'succeeded', 200, 'ok', 12
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as j (tenant_id, event_id, endpoint_id)`,
    values: [
      jobs.map((job) => job.tenant_id),
      jobs.map((job) => job.event_id),
      jobs.map((job) => job.endpoint_id),
    ],
  })
}

async function expandOnce(pool: pg.Pool, insert: string, events: number): Promise<boolean> {
  const { rows } = await pool.query<{ inserted: number }>({
    name: 'expand',
    text: `${takeEvents} ${insert}`,
    values: [events],
  })
  return rows[0]!.inserted > 0
}

/** pg-boss: two workers that fetch 500 at once, not sorted by priority, and complete arrays of 100. */
export async function startPgBoss(dbUrl: string): Promise<Queue> {
  const pool = openPool({ connectionString: dbUrl, max: 2 })
  const boss = new PgBoss({
    ...{ connectionString: dbUrl, schema: 'bench_pgboss', max: 2 },
    // This is its maintenance, once a minute. Nothing is due during the measurement.
    ...{ supervise: false, schedule: false },
  })
  await boss.start()
  await boss.createQueue('deliver')
  const insert = `, inserted as (
      insert into bench_pgboss.job (name, data) select 'deliver', to_jsonb(job) from job returning 1)
    select count(*)::int as inserted from inserted`
  return {
    async drain(deliveries, fanOut) {
      await pool.query('truncate bench_pgboss.job')
      let completed = 0
      const work = async () => {
        for (let hasEvents = true; completed < deliveries; ) {
          if (hasEvents) hasEvents = await expandOnce(pool, insert, expandBatch / fanOut)
          const jobs = await boss.fetch<Job>('deliver', { batchSize: 500, priority: false })
          for (let first = 0; first < jobs.length; first += completeBatch) {
            const done = jobs.slice(first, first + completeBatch)
            await logAttempts(
              pool,
              done.map((job) => job.data),
            )
            await boss.complete(
              'deliver',
              done.map((job) => job.id),
            )
            completed += done.length
          }
        }
      }
      const start = performance.now()
      await Promise.all([work(), work()])
      return (completed * 1_000) / (performance.now() - start)
    },
    async stop() {
      await boss.stop({ graceful: false })
      await pool.end()
    },
  }
}

/**
 * graphile-worker takes and completes its jobs one by one. In 0.16 its only remedy is many at once, because its
 * batches of jobs came later. Attempts are gathered, so that one insert logs those of many jobs.
 */
export async function startGraphileWorker(dbUrl: string): Promise<Queue> {
  const logger = new Logger(() => () => {})
  // As documented: without even the line about each success.
  process.env.NO_LOG_SUCCESS = '1'
  const pool = openPool({ connectionString: dbUrl, max: concurrency + 2 })
  const schema = 'bench_graphile'
  await runMigrations({ pgPool: pool, schema, logger })
  const insert = `select count(*)::int as inserted from ${schema}.add_jobs((
    select array_agg(('deliver', to_json(job), null, null, null, null, null, null)::${schema}.job_spec) from job))`
  return {
    async drain(deliveries, fanOut) {
      let completed = 0
      let finish = () => {}
      const finished = new Promise<void>((resolve) => {
        finish = resolve
      })
      const log = gather((jobs: Job[]) => logAttempts(pool, jobs))
      const taskList = { deliver: async (job: unknown, _: JobHelpers) => log(job as Job) }
      const start = performance.now()
      const worker = await run({
        ...{ pgPool: pool, schema, logger, taskList, noHandleSignals: true },
        ...{ concurrency, crontab: '' },
      })
      worker.events.on('job:complete', () => {
        if (++completed === deliveries) finish()
      })
      const expand = async () => {
        while (await expandOnce(pool, insert, expandBatch / fanOut));
      }
      await Promise.all([expand(), finished])
      const rate = (completed * 1_000) / (performance.now() - start)
      await worker.stop()
      return rate
    },
    stop: () => pool.end(),
  }
}

/** Calls with everything that was gathered while the call before was running. */
function gather<Item>(write: (items: Item[]) => Promise<unknown>): (item: Item) => Promise<void> {
  let next: { items: Item[]; written: Promise<void> } | undefined
  let last: Promise<unknown> = Promise.resolve()
  return (item) => {
    if (!next) {
      const batch = { items: [] as Item[], written: Promise.resolve() }
      batch.written = last.then(async () => {
        next = undefined
        await write(batch.items)
      })
      next = batch
      last = batch.written.catch(() => {})
    }
    next.items.push(item)
    return next.written
  }
}
