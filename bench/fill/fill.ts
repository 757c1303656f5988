import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { say } from '../measure.ts'

/** So many pages are rendered, and all others are copied from the last of these. */
const rendered = 10_000

/** Brings the number of tenants ("tenant-1" and so on) up to this; `db` is a superuser's connection. */
export async function fillTenants(db: pg.Client, count: number): Promise<void> {
  await db.query(await readFile(new URL('tenants.sql', import.meta.url), 'utf8'))
  const { rows } = await db.query<{ filled: number }>('select count(*)::int as filled from bench.pages')
  const filled = rows[0]!.filled
  if (filled >= count) return
  const started = Date.now()
  const second = await another(db)
  let next = filled + 1
  try {
    // One connection keeps one core busy.
    const work = (connection: pg.Client, end: number, batch: number) =>
      withoutTriggers(connection, async () => {
        while (next <= end) {
          const first = next
          const last = Math.min(first + batch - 1, end)
          next = last + 1
          await connection.query('select bench.fill_tenants($1, $2)', [first, last])
          if (last < count) say(`${last.toLocaleString('en')} tenants filled`)
        }
      })
    const both = (end: number, batch: number) => Promise.all([work(db, end, batch), work(second, end, batch)])
    await withoutChecks(db, async () => {
      // Whoever copies finds the pages to copy.
      await both(Math.min(rendered, count), rendered / 2)
      await both(count, 25_000)
    })
  } finally {
    await second.end()
  }
  await comparePages(db)
  await settle(db)
  say(`${count.toLocaleString('en')} tenants filled in ${secondsSince(started)} s`)
}

/** The pages of some tenants against the function that renders them for real. */
async function comparePages(db: pg.Client): Promise<void> {
  const { rows } = await db.query<{ slug: string }>(
    `select p.slug from private.tenant_pages as p tablesample bernoulli (0.02)
     where p.config <> private.render_tenant_page(p.tenant_id)::text limit 1`,
  )
  if (rows[0]) throw new Error(`The page of ${rows[0].slug} is not what render_tenant_page() gives.`)
}

/** A thousand participant sessions for each of the first tenants, up to this number. */
export async function fillSessions(db: pg.Client, tenants: number): Promise<void> {
  await fillTenants(db, tenants)
  await db.query(await readFile(new URL('sessions.sql', import.meta.url), 'utf8'))
  const started = Date.now()
  await withoutTriggers(db, async () => {
    for (let round = 0; round < 1_000; round += 100) {
      await db.query('select bench.fill_sessions($1, $2, $3)', [tenants, round, round + 99])
      say(`${(tenants * (round + 100)).toLocaleString('en')} participant sessions filled`)
    }
  })
  await settle(db)
  say(`${(tenants * 1_000).toLocaleString('en')} participant sessions filled in ${secondsSince(started)} s`)
}

export interface JoinedTenant {
  id: string
  slug: string
}

/** Makes a user a member of the first tenants, up to this number. */
export async function joinTenants(db: pg.Client, userId: string, count: number): Promise<JoinedTenant[]> {
  await withoutTriggers(db, () => db.query('select bench.join_tenants($1, $2)', [userId, count]))
  await db.query('vacuum (analyze) public.tenant_members')
  const { rows } = await db.query<JoinedTenant>(
    `select t.id, t.slug from public.tenant_members as m join public.tenants as t on t.id = m.tenant_id
      where m.user_id = $1 order by t.id`,
    [userId],
  )
  return rows
}

async function another({ host, port, database, user, password }: pg.Client): Promise<pg.Client> {
  const connection = new pg.Client({ host, port, database, user, password })
  await connection.connect()
  return connection
}

async function withoutTriggers(db: pg.Client, work: () => Promise<unknown>): Promise<void> {
  await db.query('set session_replication_role = replica')
  await work()
  await db.query('reset session_replication_role')
}

/** Checks of rows that are known to be right take two thirds of the time. From then on each new row is checked again. */
async function withoutChecks(db: pg.Client, work: () => Promise<unknown>): Promise<void> {
  const { rows } = await db.query<{ drop: string; add: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s not valid', conrelid::regclass, conname, pg_get_constraintdef(oid)) as add
     from pg_constraint where contype = 'c' and conrelid in ('public.tenants'::regclass, 'public.tenant_billing'::regclass,
       'public.tenant_brands'::regclass, 'private.tenant_pages'::regclass) order by oid`,
  )
  for (const { drop } of rows) await db.query(drop)
  await work()
  for (const { add } of rows) await db.query(add)
}

/** Does now what autovacuum and the checkpointer would otherwise do during a measurement. */
async function settle(db: pg.Client): Promise<void> {
  await db.query('vacuum (analyze)')
  await db.query('checkpoint')
}

const secondsSince = (since: number) => ((Date.now() - since) / 1000).toFixed(1)
