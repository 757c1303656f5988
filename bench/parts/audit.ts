import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import type pg from 'pg'
import { openPool } from '../load/pool.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

// What the chain costs. The same audit rows are written by private.record_audit(), which chains them at the commit,
// and by a plain insert into a table with the same columns, keys and indexes. Each transaction writes one row.

const goal = { atLeast: 0.4 }
const writers = 8

interface Way {
  name: string
  statement: string
}

const bare: Way = {
  name: 'bare',
  statement: `insert into bench.bare_audit_log (tenant_id, seq, id, actor_type, actor_id, actor_name, action, crud, target_type, target_id,
      component, metadata, payload_hash, prev_hash, hash)
    values ($1, nextval('bench.bare_seq'), private.uuid_v7(), 'service', 'service_role', null, 'bench.written', 'u', 'bench', $2,
      'database', $3, repeat('a', 64), repeat('a', 64), repeat('a', 64))`,
}
const chained: Way = {
  name: 'chained',
  statement: `select private.record_audit($1, 'bench.written', 'bench', $2, null, $3)`,
}
const metadata = JSON.stringify({
  changes: { name: { old: 'What it was called', new: 'What it is called' } },
})

export async function benchAudit(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const db = await stack.connect(stack.dbUrl)
  const [rounds, seconds, exported] = isQuick ? [1, 0.2, 2_000] : [3, 1.5, 500_000]
  await db.query(`
    create schema if not exists bench;
    select private.register_audit_action('bench.written', 'u', '{changes}');
    drop table if exists bench.bare_audit_log;
    create table bench.bare_audit_log (like public.audit_log including all);
    create sequence if not exists bench.bare_seq`)
  const { rows } = await db.query<{ id: string }>(
    `insert into public.tenants (slug, name, status)
     select 'audited-' || n, 'Audited', 'active' from generate_series(1, 1000) as n returning id`,
  )
  const tenants = rows.map(({ id }) => id)
  const pool = openPool({ connectionString: stack.dbUrl, max: writers })
  const undisturbed = openPool({
    connectionString: stack.dbUrl,
    max: writers,
    options: '-c synchronous_commit=off',
  })
  const figures: Figure[] = []
  try {
    for (const { what, among, by, connections = pool, ...judged } of [
      { what: 'over 1,000 tenants', among: tenants, by: writers, goal },
      { what: 'on one tenant', among: tenants.slice(0, 1), by: 1, goal },
      // A chain is a queue: each of its commits waits until the one before has reached the disk. Plain inserts share
      // a flush.
      { what: 'on one tenant, at once', among: tenants.slice(0, 1), by: writers, goal },
      // Shows how much of it is the disk: here no commit waits for it.
      {
        what: 'on one tenant, at once, if no commit waited for the disk',
        ...{ among: tenants.slice(0, 1), by: writers, connections: undisturbed },
      },
    ]) {
      say(`audit: rows ${what}`)
      const [ours, theirs] = await interleave(rounds, [
        () => write(connections, chained, among, by, seconds),
        () => write(connections, bare, among, by, seconds),
      ])
      const [value, baseline] = [median(ours!), median(theirs!)]
      figures.push({
        ...{ what: `rows written ${what}`, unit: 'rows/s', value, baseline },
        ...{ ratio: value / baseline, note: `${by} ${by === 1 ? 'writer' : 'writers'}, a transaction a row` },
        ...judged,
      })
    }
    say('audit: rows in batches')
    const [ours, theirs] = await interleave(rounds, [
      () => writeBatch(pool, chained, tenants),
      () => writeBatch(pool, bare, tenants),
    ])
    const [value, baseline] = [median(ours!), median(theirs!)]
    figures.push({
      ...{ what: '1,000 rows a transaction', unit: 'rows/s', value, baseline },
      ...{ ratio: value / baseline, note: 'a row in each of 1,000 tenants; no commit to hide behind' },
    })
    figures.push(...(await benchLong(stack, db, exported)))
  } finally {
    await Promise.all([pool.end(), undisturbed.end()])
    await db.query('drop schema bench cascade')
  }
  return figures
}

/** Rows a second, one transaction for each row. Every writer has a connection. */
async function write(
  pool: pg.Pool,
  { name, statement }: Way,
  tenants: readonly string[],
  by: number,
  seconds: number,
): Promise<number> {
  const start = performance.now()
  let written = 0
  const writer = async (first: number) => {
    for (let n = first; performance.now() - start < seconds * 1000; n += by) {
      await pool.query({
        name,
        text: statement,
        values: [tenants[n % tenants.length], `target-${n}`, metadata],
      })
      written++
    }
  }
  await Promise.all(Array.from({ length: by }, (_, n) => writer(n)))
  return written / ((performance.now() - start) / 1000)
}

async function writeBatch(pool: pg.Pool, { name, statement }: Way, tenants: string[]): Promise<number> {
  const client = await pool.connect()
  try {
    const start = performance.now()
    await client.query('begin')
    for (const [n, tenant] of tenants.entries())
      await client.query({ name, text: statement, values: [tenant, `target-${n}`, metadata] })
    await client.query('commit')
    return tenants.length / ((performance.now() - start) / 1000)
  } finally {
    client.release()
  }
}

/** One tenant with a long log: verifies its chain, and exports it with constant memory. */
async function benchLong(stack: BenchStack, db: pg.Client, length: number): Promise<Figure[]> {
  say(`audit: a chain of ${length.toLocaleString('en')} rows`)
  const userId = randomUUID()
  await db.query('set statement_timeout = 0')
  const { rows } = await db.query<{ id: string; slug: string }>(
    `insert into public.tenants (slug, name, status) values ('long-log', 'Long', 'active') returning id, slug`,
  )
  const { id, slug } = rows[0]!
  await db.query('insert into auth.users (id, email) values ($1, $2)', [userId, `${userId}@example.com`])
  await db.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`, [
    id,
    userId,
  ])
  const filled = performance.now()
  for (let made = 0; made < length; made += 20_000) {
    await db.query(
      `select count(private.record_audit($1, 'bench.written', 'bench', n::text, null, $2)) from generate_series(1, 20000) as n`,
      [id, metadata],
    )
  }
  const fillSeconds = (performance.now() - filled) / 1000

  const walked = performance.now()
  let [seq, hash, isEnd] = ['0', null as string | null, false]
  while (!isEnd) {
    const { rows: steps } = await db.query('select * from private.find_audit_break($1, $2, $3)', [
      id,
      seq,
      hash,
    ])
    const step = steps[0]
    if (step.problem) throw new Error(`The chain is broken: ${step.problem} at ${step.break_seq}.`)
    ;[seq, hash, isEnd] = [step.last_seq, step.last_hash, step.is_end]
  }
  const walkSeconds = (performance.now() - walked) / 1000

  const token = await new SignJWT({
    sub: userId,
    role: 'authenticated',
    aud: 'authenticated',
    iss: `${stack.apiUrl}/auth/v1`,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(stack.jwtSecret))
  const url = `http://127.0.0.1:${stack.functionPort('registry')}/registry/tenants/${slug}/audit/export?format=csv`
  const started = performance.now()
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`The export answered ${response.status}.`)
  const residentMb = await memoryOf(stack, 'registry')
  const resident: number[] = []
  let chunks = 0
  for await (const _ of response.body!) if (chunks++ % 50 === 0) resident.push(residentMb())
  const exportSeconds = (performance.now() - started) / 1000
  // The heap reaches its size in the first half. After that it must not grow.
  const half = Math.ceil(resident.length / 2)
  const [settled, later] = [Math.max(...resident.slice(0, half)), Math.max(...resident.slice(half))]
  return [
    {
      what: 'rows chained in bulk',
      unit: 'rows/s',
      value: length / fillSeconds,
      note: '20,000 a transaction',
    },
    { what: 'chain verified', unit: 'rows/s', value: length / walkSeconds },
    {
      what: 'CSV export',
      unit: 'rows/s',
      value: length / exportSeconds,
      note: `${length.toLocaleString('en')} rows`,
    },
    {
      ...{
        what: 'memory during the export',
        unit: 'MB',
        value: later,
        baseline: settled,
      },
      ...{
        ratio: later / settled,
        goal: { atMost: 1.2 },
        note: 'the most in the second half, against the first half',
      },
    },
  ]
}

/** Reads the resident memory of the function's process, which the stack's own file names. */
async function memoryOf(stack: BenchStack, name: string): Promise<() => number> {
  const superuser = await stack.connect(stack.adminUrl)
  const { rows } = await superuser.query<{ data_directory: string }>('show data_directory')
  const file = JSON.parse(readFileSync(join(rows[0]!.data_directory, '../stack.json'), 'utf8')) as {
    runtime: { functions: Record<string, { pid: number }> }
  }
  const status = `/proc/${file.runtime.functions[name]!.pid}/status`
  return () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024
}
