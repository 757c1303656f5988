import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { admin, type Queryable } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

export const freshKey = (): string => randomUUID()

/** A model with round prices: a token of the prompt costs 10 micros, one of the answer 100. */
export const model = { provider: 'test', name: 'round-1' }

export async function priceModel(
  name = model.name,
  {
    provider = model.provider,
    input = 10_000_000,
    output = 100_000_000,
    cached = 1_000_000,
    db = admin,
  } = {},
): Promise<void> {
  await db.query(`select private.set_model_price('llm', $1, $2, $3, $4, $5, $6)`, [
    ...[provider, name, input, output, cached, input],
  ])
}

/** A tenant with this cap, in millionths of a US dollar. */
export async function makeCapped(cap: number | null, db: Queryable = admin): Promise<Tenant> {
  const tenant = await makeTenant({ db })
  await setCap(tenant.id, cap, db)
  return tenant
}

export const setCap = (tenant: string, cap: number | null, db: Queryable = admin) =>
  db.query('update public.tenant_billing set monthly_spend_cap_usd_micros = $2 where tenant_id = $1', [
    ...[tenant, cap],
  ])

export interface Hold {
  id: string
  held_micros: string
  is_priced: boolean
  status: string
  month_start: Date
  prompt_hash: string | null
  model_price_id: string
}

interface Start {
  input?: unknown
  output?: unknown
  key?: unknown
  seconds?: unknown
  provider?: unknown
  name?: unknown
  prompt?: unknown
  db?: Queryable
}

/** A call that may cost 10 times input and 100 times output at most. */
export async function start(tenant: string, asked: Start = {}): Promise<Hold> {
  const { input = 0, output = 1, key = freshKey(), seconds = 900, db = admin } = asked
  const { provider = model.provider, name = model.name, prompt } = asked
  const { rows } = await db.query<Hold>(
    'select * from public.start_llm_call($1, $2, $3, $4, $5, $6, $7, prompt_sha256 => $8)',
    [tenant, provider, name, input, output, key, seconds, prompt],
  )
  return rows[0]!
}

export interface Call {
  id: string
  status: string
  cost_micros: string | null
  counted_micros: string
  is_priced: boolean
  is_late: boolean
  usage_event_id: string
  prompt_hash: string | null
  response_hash: string | null
  created_at: Date
}

interface Finish {
  status?: unknown
  input?: unknown
  output?: unknown
  cached?: unknown
  written?: unknown
  duration?: unknown
  response?: unknown
  error?: unknown
  db?: Queryable
}

export async function finish(tenant: string, call: string, taken: Finish = {}): Promise<Call> {
  const { status = 'ok', input = 0, output = 1, cached = 0, written = 0, db = admin } = taken
  const { rows } = await db.query<Call>(
    'select * from public.finish_llm_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    [tenant, call, status, input, output, cached, written, taken.duration, taken.response, taken.error],
  )
  return rows[0]!
}

export interface ToolCall {
  id: string
  is_priced: boolean
  cost_micros: string | null
  created_at: Date
}

export async function recordTool(
  tenant: string,
  {
    tool = 'search',
    method = 'find',
    status = 'ok',
    key = freshKey(),
    error = undefined as unknown,
    db = admin as Queryable,
  } = {},
): Promise<ToolCall> {
  const { rows } = await db.query<ToolCall>(
    'select * from public.record_tool_call($1, $2, $3, $4, $5, error_code => $6)',
    [tenant, tool, method, status, key, error],
  )
  return rows[0]!
}

export interface SpendRow {
  cap: number | null
  spent: number
  held: number
  open: number
  unpriced: number
}
export async function spendOf(tenant: string, db: Queryable = admin): Promise<SpendRow> {
  const { rows } = await db.query<SpendRow>(
    `select cap_micros::float8 as cap, spent_micros::float8 as spent, held_micros::float8 as held, open_count::float8 as open,
       unpriced_count::float8 as unpriced from public.read_spend($1)`,
    [tenant],
  )
  return rows[0]!
}

/** The refusal's code, or undefined. Anything that is no refusal of ours is thrown. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError && thrown.code?.startsWith('PT')) return thrown.message
    throw thrown
  }
}

/** Connections of its own, as many clients have them. */
export function connect(count: number): pg.Pool {
  const connectionString = inject('stack').db_url
  const pool = new pg.Pool({ connectionString, max: count, allowExitOnIdle: true })
  pool.on('error', () => {})
  return pool
}

/** What is broken among the promises of docs/calls.md, of one tenant: each line names one. */
export async function brokenPromises(db: Queryable, tenant: string): Promise<string[]> {
  const { rows } = await db.query<{ broken: string }>(
    `with called as (
       select month_start, 'llm' as kind, provider, model, is_priced, input_tokens, output_tokens, counted_micros as counted, usage_event_id
       from public.llm_calls where tenant_id = $1
       union all
       select month_start, 'tool', tool, method, is_priced, 0, 0, coalesce(cost_micros, 0), usage_event_id from public.tool_calls where tenant_id = $1
     ), open as (
       select month_start, sum(held_micros) as held from public.llm_call_holds where tenant_id = $1 and status = 'open' group by 1
     )
     select 'spent is not the sum of the calls in ' || s.month_start as broken from public.tenant_spends as s
     where s.tenant_id = $1 and s.spent_micros <> (select coalesce(sum(c.counted), 0) from called as c where c.month_start = s.month_start)
     union all
     select 'held is not the sum of the open calls in ' || s.month_start from public.tenant_spends as s left join open as o using (month_start)
     where s.tenant_id = $1 and s.held_micros <> coalesce(o.held, 0)
     union all
     select 'an open call is forgotten: next_due_at' from public.tenant_spends as s
     where s.tenant_id = $1 and exists (select from public.llm_call_holds as h where h.tenant_id = $1 and h.month_start = s.month_start
       and h.status = 'open' and h.expires_at < s.next_due_at)
     union all
     select 'the spend of a model is not the sum of its calls: ' || m.model from public.model_spends as m
     where m.tenant_id = $1 and array[m.spent_micros, m.call_count, m.unpriced_count, m.input_tokens, m.output_tokens]::numeric[] <> (
       select array[coalesce(sum(c.counted), 0), count(*), count(*) filter (where not c.is_priced), coalesce(sum(c.input_tokens), 0),
         coalesce(sum(c.output_tokens), 0)]
       from called as c where c.kind = m.kind::text and c.provider = m.provider and c.model = m.model and c.month_start = m.month_start)
     union all
     select 'a finished hold has no call, or two' from public.llm_call_holds as h
     where h.tenant_id = $1 and (select count(*) from public.llm_calls as c where c.tenant_id = $1 and c.id = h.id) <> (h.status = 'finished')::int
     union all
     select 'a call has no usage event of its cost' from called as c
     where not exists (select from public.usage_events as u where u.tenant_id = $1 and u.id = c.usage_event_id and coalesce(u.cost_micros, 0) = c.counted)
     union all
     select 'the totals of usage are not those of the calls' where
       (select coalesce(sum(h.cost_micros), 0) from public.usage_hours as h where h.tenant_id = $1 and h.event_type in ('llm_call', 'tool_call'))
         <> (select coalesce(sum(c.counted), 0) from called as c)`,
    [tenant],
  )
  return rows.map(({ broken }) => broken)
}
