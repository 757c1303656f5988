import { type Db, readPage, sql } from '../../db/index.ts'
import {
  type LlmCall,
  type LlmCallQuery,
  type LlmCalls,
  type LlmCompletion,
  llmCallOrder,
  type NewLlmCall,
  type NewToolCall,
  type StartedLlmCall,
  type ToolCall,
  type ToolCallQuery,
  type ToolCalls,
  toolCallOrder,
} from './schema.ts'

// A cost is bounded far below 2^53, so a float8 holds each of these numbers exactly.

const llmCallColumns = sql`private.ulid(c.id) as ref_id, c.status, c.error_code, c.provider, c.model, c.agent, c.skill,
  c.activity_run_id, c.input_tokens::float8 as input_tokens, c.cached_tokens::float8 as cached_tokens,
  c.cache_write_tokens::float8 as cache_write_tokens, c.output_tokens::float8 as output_tokens, c.duration_ms, c.is_priced,
  c.cost_micros::float8 as cost_micros, c.counted_micros::float8 as counted_micros, c.held_micros::float8 as held_micros, c.is_late,
  jsonb_build_object('ref_id', private.ulid(c.model_price_id), 'input_micros', c.price_input_micros,
    'cached_input_micros', c.price_cached_input_micros, 'cache_write_micros', c.price_cache_write_micros,
    'output_micros', c.price_output_micros, 'call_micros', c.price_call_micros) as price,
  c.prompt_hash, c.response_hash, c.started_at, c.created_at as completed_at`

const toolCallColumns = sql`private.ulid(c.id) as ref_id, c.status, c.error_code, c.tool, c.method, c.agent, c.skill,
  c.activity_run_id, c.duration_ms, c.is_priced, c.cost_micros::float8 as cost_micros, c.input_hash, c.output_hash, c.created_at`

/** Holds what a call may cost at most, before it is made. 402 spend_cap_reached, limit_reached, 409 idempotency_conflict. */
export function startLlmCall(db: Db, tenantId: string, wanted: NewLlmCall): Promise<StartedLlmCall> {
  const { provider, model, max_input_tokens, max_output_tokens, idempotency_key, expires_in_seconds } = wanted
  return db.one<StartedLlmCall>(sql`
    select private.ulid(h.id) as ref_id, h.provider, h.model, h.max_input_tokens::float8 as max_input_tokens,
      h.max_output_tokens::float8 as max_output_tokens, h.is_priced, h.held_micros::float8 as held_micros, h.expires_at, h.created_at
    from public.start_llm_call(${tenantId}, ${provider}, ${model}, ${max_input_tokens}, ${max_output_tokens}, ${idempotency_key},
      ${expires_in_seconds}, ${wanted.agent}, ${wanted.skill}, ${wanted.activity_run_id}, ${wanted.prompt_sha256}) as h`)
}

/** Records what a started call took. 404 call_not_found, 409 idempotency_conflict. */
export function finishLlmCall(
  db: Db,
  tenantId: string,
  call: string,
  taken: LlmCompletion,
): Promise<LlmCall> {
  return db.one<LlmCall>(sql`
    select ${llmCallColumns}
    from public.finish_llm_call(${tenantId}, private.ulid_to_uuid(${call}), ${taken.status}, ${taken.input_tokens}, ${taken.output_tokens},
      ${taken.cached_tokens}, ${taken.cache_write_tokens}, ${taken.duration_ms}, ${taken.response_sha256}, ${taken.error_code}) as c`)
}

/** Records a call of a tool that was made. 409 idempotency_conflict. */
export function recordToolCall(db: Db, tenantId: string, made: NewToolCall): Promise<ToolCall> {
  return db.one<ToolCall>(sql`
    select ${toolCallColumns}
    from public.record_tool_call(${tenantId}, ${made.tool}, ${made.method}, ${made.status}, ${made.idempotency_key}, ${made.duration_ms},
      ${made.agent}, ${made.skill}, ${made.activity_run_id}, ${made.input_sha256}, ${made.output_sha256}, ${made.error_code}) as c`)
}

/** A page of calls of models, the newest first by their start. */
export async function listLlmCalls(
  db: Db,
  tenantId: string,
  { model, status, since, until, limit, cursor }: LlmCallQuery,
): Promise<LlmCalls> {
  // An id begins with the moment of the start, and no call is completed before: so "since" also leaves out months.
  const { rows, next_cursor } = await readPage<LlmCall>(
    db,
    llmCallOrder,
    { model, status, since, until, limit, cursor },
    (rowCount) => sql`
    select ${llmCallColumns} from public.llm_calls as c
    where c.tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or c.id < private.ulid_to_uuid(${cursor?.ref_id}))
      and (${model}::text is null or c.model = ${model})
      and (${status}::public.call_status is null or c.status = ${status})
      and (${since}::timestamptz is null or c.id >= private.first_uuid_at(${since}) and c.created_at >= ${since}::timestamptz)
      and (${until}::timestamptz is null or c.id < private.first_uuid_at(${until}))
    order by c.id desc limit ${rowCount}`,
  )
  return { llm_calls: rows, next_cursor }
}

/** A page of calls of tools, the newest first. */
export async function listToolCalls(
  db: Db,
  tenantId: string,
  { tool, status, since, until, limit, cursor }: ToolCallQuery,
): Promise<ToolCalls> {
  const { rows, next_cursor } = await readPage<ToolCall>(
    db,
    toolCallOrder,
    { tool, status, since, until, limit, cursor },
    (rowCount) => sql`
    select ${toolCallColumns} from public.tool_calls as c
    where c.tenant_id = ${tenantId} and (${cursor?.ref_id}::text is null or c.id < private.ulid_to_uuid(${cursor?.ref_id}))
      and (${tool}::text is null or c.tool = ${tool})
      and (${status}::public.call_status is null or c.status = ${status})
      and (${since}::timestamptz is null or c.id >= private.first_uuid_at(${since}) and c.created_at >= ${since}::timestamptz)
      and (${until}::timestamptz is null or c.id < private.first_uuid_at(${until}))
    order by c.id desc limit ${rowCount}`,
  )
  return { tool_calls: rows, next_cursor }
}
