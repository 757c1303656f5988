import { everyoneId, idOf, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules, RelationRule } from '../../isolation/matrix/rules.ts'

const read = {
  key: 'tenant_id',
  select: 'read',
  scopes: ['calls:read'],
  service: 'select',
} satisfies Partial<RelationRule>
/** What it costs in a month, and the cap, is billing. */
const readSpend = { ...read, select: 'read_admin', scopes: ['spend:read'] } satisfies Partial<RelationRule>
const hold = (tenant: Parameters<typeof idOf>[0]) => rowId('llm_call_holds', tenant)
const write = { needs: 'write', scope: 'calls:write', service: true } as const

export default {
  relations: {
    model_prices: {
      key: `'${everyoneId}'::uuid`,
      // A column of text that a probe can fill; nobody is admitted that far.
      directory: 'provider',
      select: 'everyone',
      columns:
        'id kind provider model effective_at input_micros cached_input_micros cache_write_micros output_micros call_micros currency created_at',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          tries: `insert into public.model_prices (kind, provider, model, effective_at) values ('llm', 'mine', 'free', now())`,
          gives: 'denied',
        },
        {
          as: 'owner',
          before: 'grant insert on public.model_prices to authenticated',
          tries: `insert into public.model_prices (kind, provider, model, effective_at) values ('llm', 'mine', 'free', now())`,
          gives: 'refused',
        },
      ],
    },
    // The cost too, as in usage_events and their totals, which every member reads.
    llm_calls: {
      ...read,
      columns:
        `tenant_id id month_start status error_code provider model agent skill activity_run_id prompt_hash response_hash
        input_tokens cached_tokens cache_write_tokens output_tokens duration_ms is_priced cost_micros counted_micros held_micros is_late
        model_price_id price_input_micros price_cached_input_micros price_cache_write_micros price_output_micros price_call_micros
        usage_event_id user_id api_key_id started_at created_at`.replaceAll(/\s+/g, ' '),
    },
    tool_calls: {
      ...read,
      columns:
        'tenant_id id month_start status error_code tool method agent skill activity_run_id input_hash output_hash duration_ms is_priced cost_micros model_price_id usage_event_id user_id api_key_id created_at',
    },
    llm_call_holds: {
      ...read,
      columns:
        `tenant_id id month_start provider model agent skill activity_run_id prompt_hash max_input_tokens max_output_tokens
        model_price_id is_priced held_micros status idempotency_key request_hash completion_hash user_id api_key_id expires_at closed_at created_at`.replaceAll(
          /\s+/g,
          ' ',
        ),
    },
    tenant_spends: { ...readSpend, columns: 'tenant_id month_start spent_micros held_micros next_due_at' },
    model_spends: {
      ...readSpend,
      columns:
        'tenant_id month_start kind provider model call_count unpriced_count input_tokens cached_tokens output_tokens spent_micros',
    },
  },
  functions: {
    start_llm_call: {
      ...write,
      call: (tenant) =>
        `select public.start_llm_call('${idOf(tenant)}', 'openai', 'gpt-4o', 1, 1, 'matrix-start')`,
    },
    finish_llm_call: {
      ...write,
      call: (tenant) => `select public.finish_llm_call('${idOf(tenant)}', '${hold(tenant)}', 'ok', 1, 1)`,
    },
    record_tool_call: {
      ...write,
      call: (tenant) =>
        `select public.record_tool_call('${idOf(tenant)}', 'search', 'find', 'ok', 'matrix-tool')`,
    },
    read_spend: {
      needs: 'read_admin',
      scope: 'spend:read',
      service: true,
      call: (tenant) => `select public.read_spend('${idOf(tenant)}')`,
    },
  },
  // A started call that holds two millionths, and a completed one that cost three.
  rows: {
    'public.tenant_spends': (tenant) =>
      `(tenant_id, month_start, spent_micros, held_micros) values ('${tenantId(tenant)}', '2026-11-01', 3, 2)`,
    'public.model_spends': (tenant) =>
      `(tenant_id, month_start, kind, provider, model, call_count, spent_micros) values ('${tenantId(tenant)}', '2026-11-01', 'llm', 'openai', 'gpt-4o', 1, 3)`,
    'public.llm_call_holds': (
      tenant,
    ) => `(tenant_id, id, month_start, provider, model, max_input_tokens, max_output_tokens, model_price_id, is_priced, held_micros,
        idempotency_key, request_hash, expires_at)
      select '${tenantId(tenant)}', '${hold(tenant)}', '2026-11-01', 'openai', 'gpt-4o', 1, 1, p.id, true, 2,
        'matrix', '${tenantId(tenant)}', 'infinity' from private.find_model_price('llm', 'openai', 'gpt-4o') as p`,
    'public.llm_calls': (
      tenant,
    ) => `(tenant_id, month_start, status, provider, model, input_tokens, output_tokens, is_priced, cost_micros, counted_micros, held_micros,
        model_price_id, price_input_micros, price_cached_input_micros, price_cache_write_micros, price_output_micros, price_call_micros, started_at)
      values ('${tenantId(tenant)}', '2026-11-01', 'ok', 'openai', 'gpt-4o', 1, 0, true, 3, 3, 3, '${tenantId(tenant)}', 1, 1, 1, 1, 0, now())`,
    'private.tool_call_keys': (tenant) =>
      `(tenant_id, idempotency_key, request_hash, call_id, called_at) values ('${tenantId(tenant)}', 'matrix', '${tenantId(tenant)}', '${tenantId(tenant)}', now())`,
    'public.tool_calls': (tenant) =>
      `(tenant_id, month_start, status, tool, method, is_priced) values ('${tenantId(tenant)}', '2026-11-01', 'ok', 'search', 'find', false)`,
  },
} satisfies IsolationRules
