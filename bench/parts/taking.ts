import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import type pg from 'pg'
import { copyTables, insertsBetween, newestTransaction } from '../bare-rows.ts'
import { fillSessions, joinTenants } from '../fill/fill.ts'
import { openPool } from '../load/pool.ts'
import { type Figure, median, say, timed } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { makeKeyAndToken, owner } from './api-keys.ts'

const tokenOf = (n: number) => createHash('sha256').update(`session ${n}`).digest('base64url')

/** Completing sessions, and a page of the pipeline. */
export async function benchTaking(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  return [...(await benchCompleting(stack, isQuick)), ...(await benchPipeline(stack, isQuick))]
}

async function benchCompleting(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [tenants, each, compared] = isQuick ? [2, 20, 10] : [100, 60, 60]
  const admin = await stack.connect(stack.adminUrl)
  say(`taking: ${tenants * each} sessions`)
  await makeSessions(admin, tenants, each)
  const pool = openPool({ connectionString: stack.dbUrl, max: 1 })
  try {
    const tables = await copyTables(admin)
    const completed: number[] = []
    const bare: number[] = []
    const writes: string[] = []
    let written = 0
    for (let n = 0; n < compared; n++) {
      const before = await newestTransaction(admin)
      completed.push(
        await timed(() =>
          pool.query({
            name: 'complete',
            text: `select private.complete_session(sha256($1), 1, 'money-archetypes', 1, 0, $2, 'hero', 'ruler', null, 16, 16)`,
            values: [tokenOf(n), scores],
          }),
        ),
      )
      const inserts = await insertsBetween(admin, tables, before, await newestTransaction(admin))
      written = inserts.length
      const write = `begin; ${inserts.join('; ')}; commit`
      writes.push(write)
      bare.push(await timed(() => pool.query(write)))
    }
    // The first ones make plans and read pages.
    const [value, baseline] = [completed, bare].map((times) => median(times.slice(compared / 10)))
    const rest = Array.from({ length: tenants * each - compared }, (_, n) => tokenOf(compared + n))
    const perSecond = await completeAll(stack, rest)
    const barePerSecond = await writeAll(stack, admin, tables, writes)
    return [
      {
        ...{ what: 'complete_session()', unit: 'sessions/s', value: 1_000 / value! },
        ...{ baseline: 1_000 / baseline!, ratio: baseline! / value!, goal: { atLeast: 0.5 } },
        note: `${value!.toFixed(2)} ms; ${written} inserts of the same rows in one transaction ${baseline!.toFixed(2)} ms`,
      },
      {
        ...{ what: `POST …/sessions/current/complete, of ${tenants} tenants`, unit: 'sessions/s' },
        ...{ value: perSecond, goal: { atLeast: 500 } },
        note: '16 connections; scoring, result, move, usage, events, lead',
      },
      {
        ...{ what: 'the same beside inserts of the same rows', unit: 'sessions/s' },
        ...{ value: perSecond, baseline: barePerSecond, ratio: perSecond / barePerSecond },
        note: '16 connections, without HTTP',
      },
    ]
  } finally {
    await pool.end()
  }
}

const scores = JSON.stringify(
  ['hero', 'ruler', 'magician', 'artist', 'innocent', 'victim', 'martyr', 'adventurer'].map((id, n) => ({
    id,
    score: 90 - n * 10,
    band: 'high',
  })),
)

/** Sessions with sixteen answers and a contact, each tenant's one after another. */
async function makeSessions(admin: pg.Client, tenants: number, each: number): Promise<void> {
  await admin.query(
    `insert into public.tenants (slug, name, status, plan)
     select 'taking-' || n, 'Taking ' || n, 'active', 'enterprise' from generate_series(1, $1::int) as n`,
    [tenants],
  )
  await admin.query(
    `update public.tenant_brands as b set enabled_assessments = '{money-archetypes}', coach_email = t.slug || '@example.com'
     from public.tenants as t where t.id = b.tenant_id and t.slug like 'taking-%'`,
  )
  await admin.query(
    `insert into public.campaigns (tenant_id, name, assessment_type)
     select t.id, 'Spring intake', 'money-archetypes' from public.tenants as t where t.slug like 'taking-%'`,
  )
  const hashes = Array.from({ length: tenants * each }, (_, n) =>
    createHash('sha256').update(tokenOf(n)).digest(),
  )
  await admin.query(
    `with places as (
       select c.tenant_id, c.id, row_number() over (order by t.slug) - 1 as n
       from public.campaigns as c join public.tenants as t on t.id = c.tenant_id where t.slug like 'taking-%'
     ), made as (
       insert into public.participant_sessions (tenant_id, campaign_id, email, full_name, client_status, started_at, mode, consented_at, token_hash)
       select p.tenant_id, p.id, 'ada' || h.n || '@example.com', 'Ada ' || h.n, 'started', now() - interval '5 minutes', 'likert', now(), h.hash
       from unnest($1::bytea[]) with ordinality as h (hash, n) join places as p on p.n = h.n % $2
       returning tenant_id, id
     )
     insert into public.participant_answers (tenant_id, session_id, answers)
     select m.tenant_id, m.id, (select jsonb_object_agg('l' || lpad(q::text, 2, '0'), 1 + (q * 7) % 5) from generate_series(1, 16) as q)
     from made as m`,
    [hashes, tenants],
  )
  await admin.query('vacuum analyze')
}

/** Completes each of them once, over 16 connections. Returns how many a second. */
async function completeAll(stack: BenchStack, tokens: string[]): Promise<number> {
  const url = `http://127.0.0.1:${stack.functionPort('assessments')}/assessments/sessions/current/complete`
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const complete = (token: string) =>
    new Promise<void>((resolve, reject) => {
      request(url, { method: 'POST', agent, headers: { 'x-session-token': token } })
        .on('response', (response) => {
          response.resume().on('end', () => {
            if (response.statusCode === 200) resolve()
            else reject(new Error(`${url} answered ${response.statusCode}.`))
          })
        })
        .on('error', reject)
        .end()
    })
  let next = 0
  const work = async () => {
    while (next < tokens.length) await complete(tokens[next++]!)
  }
  const milliseconds = await timed(() => Promise.all(Array.from({ length: 16 }, work)))
  agent.destroy()
  return (tokens.length / milliseconds) * 1_000
}

/** Makes each of these writes once more, over 16 connections. Returns how many a second, the median of five rounds. */
async function writeAll(
  stack: BenchStack,
  admin: pg.Client,
  tables: { copy: string }[],
  writes: string[],
): Promise<number> {
  const pool = openPool({ connectionString: stack.dbUrl, max: 16 })
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    await admin.query(`truncate ${tables.map(({ copy }) => copy).join(', ')}`)
    rounds.push(await timed(() => Promise.all(writes.map((write) => pool.query(write)))))
  }
  await pool.end()
  return (writes.length / median(rounds)) * 1_000
}

/** Pages of one tenant's participants, among those of all. */
async function benchPipeline(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [tenants, rounds, many] = isQuick ? [20, 20, 1_000] : [1_000, 500, 100_000]
  const admin = await stack.connect(stack.adminUrl)
  await fillSessions(admin, tenants)
  const { token } = await makeKeyAndToken(stack)
  const [tenant] = await joinTenants(admin, owner, 1)
  const read = async (query: string, expected: number) => {
    const url = `http://127.0.0.1:${stack.functionPort('assessments')}/assessments/participants?limit=50&${query}`
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, 'x-tenant': tenant!.slug },
    })
    const { participants } = (await response.json()) as { participants: unknown[] }
    if (participants?.length !== expected) throw new Error(`${url} answered ${response.status}.`)
  }
  const p50 = async (query: string, expected: number, times: number) => {
    const waits: number[] = []
    for (let n = 0; n < times; n++) waits.push(await timed(() => read(query, expected)))
    return median(waits.slice(times / 10))
  }
  const note = `${(tenants * 1_000).toLocaleString('en')} participants of ${tenants.toLocaleString('en')} tenants; one request at a time`
  const page: Figure = {
    ...{ what: 'GET …/participants, 50 of one status, p50', unit: 'ms' },
    ...{ value: await p50('client_status=completed', 50, rounds), goal: { atMost: 5 }, note },
  }
  say(`taking: a search among ${many.toLocaleString('en')}`)
  await admin.query('set session_replication_role = replica')
  await admin.query('select bench.fill_sessions_of($1, $2)', [tenant!.id, many])
  await admin.query('reset session_replication_role')
  await admin.query('vacuum (analyze) public.participant_sessions, private.participant_names')
  const searches: Figure[] = []
  for (const [what, search, expected] of [
    ['nobody, by two letters', 'zq', 0],
    ['nobody, by a name', 'Example Person', 0],
    ['many, by a part of the address', 'example.com', 50],
  ] as const)
    searches.push({
      ...{ what: `GET …/participants?search=, finds ${what}, p50`, unit: 'ms' },
      ...{
        value: await p50(`search=${encodeURIComponent(search)}`, expected, rounds / 5),
        goal: { atMost: 50 },
      },
      note: `${many.toLocaleString('en')} participants of this tenant, beside those of all`,
    })
  return [page, ...searches]
}
