import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { fillTenants, type JoinedTenant, joinTenants } from '../fill/fill.ts'
import { openPool } from '../load/pool.ts'
import { type Figure, interleave, median, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'
import { benchReading } from './usage-reading.ts'

const batchSize = 1_000
/** At four at once. One sender alone has a figure without a goal. */
const goals = { rate: { atLeast: 40_000 }, sql: { atLeast: 0.5 }, route: { atLeast: 0.4 } }
const userId = '00000000-0000-4000-8000-0000000000ff'

interface UsageEvent {
  id: string
  type: string
  data: object
  tokens_used: number
  model_used: string
  cost_micros: number
  time: string
}

/** Logging usage in batches of 1,000, compared with a bare insert of the same rows into the same table. */
export async function benchUsage(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3
  const batches = isQuick ? 4 : 30
  const admin = await stack.connect(stack.adminUrl)
  await fillTenants(admin, 200)
  const tenants = await joinTenants(admin, userId, 4)
  // A plan that has room for everything that is sent here.
  await admin.query(`update public.tenants set plan = 'enterprise' where id = any ($1)`, [
    tenants.map(({ id }) => id),
  ])
  const token = await tokenFor(stack)
  const url = `http://127.0.0.1:${stack.functionPort('usage')}/usage/events`
  const pool = openPool({ connectionString: stack.dbUrl, max: 4 })

  const byInsert = (statement: { name: string; text: string }) =>
    timed(batches, columns, (values, tenant) =>
      pool.query(statement, [tenant.id, userId, ...values, ...(statement === givenIds ? [newIds()] : [])]),
    )
  const ways = [
    timed(batches, asJson, (body, tenant) => post(url, token, tenant.slug, body)),
    timed(batches, columns, (values, tenant) => pool.query(ingest, [tenant.id, userId, ...values])),
    byInsert(bareInsert),
    byInsert(givenIds),
  ]
  const figures: Figure[] = []
  try {
    for (const atOnce of [1, 4]) {
      say(`usage: ${atOnce} at once`)
      const senders = tenants.slice(0, atOnce)
      const rates = await interleave(
        rounds,
        ways.map((run) => () => run(senders)),
      )
      const [route, sql, bare, given] = rates.map(median) as [number, number, number, number]
      const best = atOnce === 4
      const figure = (what: string, value: number, goal: Figure['goal'], baseline?: number): Figure => ({
        ...{ what: `${what}, ${atOnce} at once`, unit: 'rows/s', value },
        ...(baseline !== undefined && { baseline, ratio: value / baseline }),
        ...(best && goal && { goal }),
      })
      figures.push(
        figure('its SQL function alone', sql, goals.rate),
        figure('the same beside a bare insert with ids given', sql, goals.sql, given),
        figure('the same beside a bare insert', sql, undefined, bare),
        figure('by the route, beside a bare insert with ids given', route, goals.route, given),
        figure('by the route, beside a bare insert', route, undefined, bare),
      )
    }
  } finally {
    await pool.end()
  }
  return [...figures, ...(await benchReading(stack, admin, tenants[0]!.id, isQuick))]
}

/** Rows a second of this many batches. All senders take batches from one list, which is made before the clock starts. */
function timed<Batch>(
  batches: number,
  prepare: (events: UsageEvent[]) => Batch,
  send: (batch: Batch, tenant: JoinedTenant) => Promise<unknown>,
) {
  return async (senders: JoinedTenant[]): Promise<number> => {
    const pile = Array.from({ length: batches }, () => prepare(someEvents()))
    const start = performance.now()
    const work = async (tenant: JoinedTenant) => {
      for (let batch = pile.pop(); batch !== undefined; batch = pile.pop()) await send(batch, tenant)
    }
    await Promise.all(senders.map(work))
    return (batches * batchSize * 1000) / (performance.now() - start)
  }
}

/** One statement. Only the table itself checks the rows. */
const bareInsert = {
  name: 'bare_insert',
  text: `insert into public.usage_events
      (tenant_id, user_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
    select $1, $2, source, event_id, type, data, tokens, model, cost, moment
    from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bigint[], $8::text[], $9::bigint[],
      $10::timestamptz[]) as i (event_id, source, type, data, tokens, model, cost, moment)`,
}
/** The same without the column's default for the id. */
const givenIds = {
  name: 'bare_insert_with_ids',
  text: bareInsert.text
    .replace('occurred_at)', 'occurred_at, id)')
    .replace('moment\n', 'moment, id\n')
    .replace('$10::timestamptz[]', '$10::timestamptz[], $11::uuid[]')
    .replace('cost, moment)', 'cost, moment, id)'),
}
const ingest = {
  name: 'ingest',
  text: `select n, id, outcome from private.ingest_usage_events(
    $1, $2, $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bigint[], $8::text[], $9::bigint[], $10::timestamptz[], is_bound => true)`,
}

function someEvents(): UsageEvent[] {
  return Array.from({ length: batchSize }, (_, n) => ({
    id: randomUUID(),
    type: 'llm.call',
    data: { conversation: `c-${n % 50}`, purpose: 'report', language: 'en' },
    tokens_used: 200 + n,
    model_used: `example-model-${n % 3}`,
    cost_micros: 40 * n,
    time: new Date(Date.now() - n).toISOString(),
  }))
}

const asJson = (events: UsageEvent[]) => JSON.stringify({ events })

function columns(events: UsageEvent[]): unknown[][] {
  return [
    events.map((event) => event.id),
    events.map(() => 'api'),
    events.map((event) => event.type),
    events.map((event) => JSON.stringify(event.data)),
    events.map((event) => event.tokens_used),
    events.map((event) => event.model_used),
    events.map((event) => event.cost_micros),
    events.map((event) => event.time),
  ]
}

/** UUIDv7 of this millisecond, as the route makes them. */
function newIds(): string[] {
  const time = Date.now().toString(16).padStart(12, '0')
  return Array.from({ length: batchSize }, () => {
    const random = randomUUID()
    return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
  })
}

async function post(url: string, token: string, tenant: string, body: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-tenant': tenant }
  const response = await fetch(url, { method: 'POST', headers, body })
  const answer = (await response.json()) as { accepted?: number }
  if (answer.accepted !== batchSize)
    throw new Error(`Not every event was accepted: ${JSON.stringify(answer).slice(0, 300)}`)
}

function tokenFor(stack: BenchStack): Promise<string> {
  return new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(`${stack.apiUrl}/auth/v1`)
    .setAudience('authenticated')
    .setExpirationTime('2h')
    .sign(new TextEncoder().encode(stack.jwtSecret))
}
