import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { listParticipants } from '../../../lib/assessments/pipeline/queries.ts'
import type { Db, Sql } from '../../../lib/db/index.ts'
import { makeTenant } from '../../kit/tenants.ts'

// What a list reads must not depend on how much there is, nor on when a session has planned it. Two tenants have 2,000
// participants with a result each, in a transaction that is rolled back, and Postgres knows nothing of these rows.
const count = 2_000

let client: Client
let tenant: string

beforeAll(async () => {
  client = new Client({ connectionString: inject('stack').admin_db_url })
  await client.connect()
  await client.query('begin')
  const made = [await makeTenant({ db: client }), await makeTenant({ db: client })]
  tenant = made[0]!.id
  const owner = randomUUID()
  await client.query('insert into auth.users (id, email) values ($1, $2)', [owner, `${owner}@example.com`])
  await client.query(
    `insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, 'owner')`,
    [tenant, owner],
  )
  await client.query('set local session_replication_role = replica')
  await client.query(
    `with made as (
       insert into public.participant_sessions (tenant_id, id, full_name, client_status)
       select t, private.uuid_v7_at(1730000000000000 + n * 1000), 'Person ' || n, case when n % 2 = 0 then 'completed' else 'contacted' end
       from unnest($1::uuid[]) as t, generate_series(1, $2::int) as n
       returning tenant_id, id, full_name
     ), named as (
       insert into private.participant_names (tenant_id, session_id, words) select tenant_id, id, lower(full_name) from made
     )
     insert into public.assessment_results (tenant_id, session_id, framework_id, mode, scores, primary_id, answered_count, item_count,
       framework_version, config_version)
     select tenant_id, id, 'money-archetypes', 'likert', '[]', 'hero', 1, 16, 1, 0 from made`,
    [made.map(({ id }) => id), count],
  )
  await client.query('set local session_replication_role = origin')
  await client.query(`select set_config('request.jwt.claims', $1, true)`, [
    JSON.stringify({ role: 'authenticated', sub: owner }),
  ])
  await client.query('set local role authenticated')
})
afterAll(async () => {
  await client.query('rollback')
  await client.end()
})

const db: Db = {
  async query<Row>({ text, values, isAlongIndex }: Sql) {
    await client.query(`set local enable_sort = ${isAlongIndex ? 'off' : 'on'}`)
    return (await client.query(text, values)).rows as Row[]
  },
  one: async <Row>(statement: Sql) => (await db.query<Row>(statement))[0]!,
  transaction: (work) => work(db),
}

interface Reads {
  participant_sessions: number
  participant_names: number
  assessment_results: number
}

/** How many rows of each table a list reads, and how many participants it answers. */
async function readBy(query: object): Promise<Reads & { found: number }> {
  const counts = async () => {
    const { rows } = await client.query<{ relname: keyof Reads; rows: number }>(
      `select relname, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables
       where relname in ('participant_sessions', 'participant_names', 'assessment_results')`,
    )
    return Object.fromEntries(rows.map((row) => [row.relname, row.rows])) as unknown as Reads
  }
  const before = await counts()
  const { participants } = await listParticipants(db, tenant, { limit: 50, cursor: undefined, ...query })
  const after = await counts()
  return {
    found: participants.length,
    participant_sessions: after.participant_sessions - before.participant_sessions,
    participant_names: after.participant_names - before.participant_names,
    assessment_results: after.assessment_results - before.assessment_results,
  }
}

it('a page reads one result for each of its participants', async () => {
  for (const query of [{}, { client_status: 'completed' }, { search: 'person' }]) {
    const { found, assessment_results } = await readBy(query)
    expect([found, assessment_results]).toEqual([50, 51])
  }
})

it('a search reads the names of the tenant alone, and only the participants whom it finds', async () => {
  for (const search of ['zq', 'nobody', 'z'])
    expect(await readBy({ search })).toEqual({
      found: 0,
      participant_names: count,
      participant_sessions: 0,
      assessment_results: 0,
    })
  expect(await readBy({ search: 'person 1999' })).toMatchObject({ found: 1, participant_sessions: 1 })
})

it('a search stops where its page is full', async () => {
  const { found, participant_names, participant_sessions } = await readBy({ search: 'PERSON' })
  expect([found, participant_names, participant_sessions]).toEqual([50, 51, 51])
})

it('with a filter too, a search looks only at participants whose words fit', async () => {
  const { found, participant_sessions } = await readBy({ search: 'person 199', client_status: 'contacted' })
  // 199, and 1990 to 1999: six of them are odd. Each is looked at by the search, and six are read again for the page.
  expect(found).toBe(6)
  expect(participant_sessions).toBeLessThanOrEqual(11 + 6)
})
