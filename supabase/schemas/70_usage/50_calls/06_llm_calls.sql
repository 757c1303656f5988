-- Calls of models: what each took and cost, in one partition for each month. Hashes only, and never the prompt.

create table public.llm_calls (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  month_start date not null,
  status public.call_status not null,
  error_code text,
  provider text not null,
  model text not null,
  agent text,
  skill text,
  activity_run_id uuid,
  prompt_hash text,
  response_hash text,
  input_tokens bigint not null,
  cached_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  output_tokens bigint not null,
  duration_ms int,
  is_priced boolean not null,
  cost_micros bigint,
  counted_micros bigint not null,
  held_micros bigint not null,
  is_late boolean not null default false,
  model_price_id uuid not null,
  price_input_micros bigint not null,
  price_cached_input_micros bigint not null,
  price_cache_write_micros bigint not null,
  price_output_micros bigint not null,
  price_call_micros bigint not null,
  usage_event_id uuid,
  user_id uuid,
  api_key_id uuid,
  started_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, created_at, id),
  constraint hashes_are_hashes check (prompt_hash ~ '^[0-9a-f]{64}$' and response_hash ~ '^[0-9a-f]{64}$'),
  constraint tokens_add_up check (cached_tokens >= 0 and cache_write_tokens >= 0 and output_tokens >= 0
    and input_tokens >= cached_tokens + cache_write_tokens),
  -- What has no price costs an unknown amount, which is not zero.
  constraint unknown_cost_is_null check (is_priced = (cost_micros is not null)),
  constraint known_cost_counts check (cost_micros = counted_micros),
  constraint counted_not_negative check (counted_micros >= 0)
) partition by range (created_at);
comment on table public.llm_calls is
  'Every completed call of a model: its tokens, its cost and the price it was computed by. Append-only. Money is in millionths of a US dollar.';
comment on column public.llm_calls.cost_micros is 'Null if the model had no price. counted_micros is what counts towards the cap, then by the fallback.';
comment on column public.llm_calls.held_micros is 'What the call held of the cap before it was made.';
comment on column public.llm_calls.is_late is 'Whether it was completed after its hold had expired.';
comment on column public.llm_calls.input_tokens is 'All tokens of the prompt, with those that were read from a cache or written to it.';
comment on column public.llm_calls.month_start is 'The month of the tenant in which the cost counts: that of the start.';
create index llm_calls_id_idx on public.llm_calls (tenant_id, id);
create index llm_calls_model_idx on public.llm_calls (tenant_id, model, id);
create index llm_calls_status_idx on public.llm_calls (tenant_id, status, id) where status <> 'ok';
create index llm_calls_activity_run_idx on public.llm_calls (tenant_id, activity_run_id) where activity_run_id is not null;

-- Before its months are made, so that they get the same triggers.
select private.keep_append_only('public.llm_calls');

-- As long as usage events. What they cost stays in model_spends for ever.
select private.register_partitioned_table('public.llm_calls', months_ahead => 3, months_kept => 24);

alter table public.llm_calls enable row level security;
create policy "members read their tenant's calls of models" on public.llm_calls
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{calls:read}'))::uuid[]));
grant select on public.llm_calls to authenticated, service_role;

select private.register_table('public.llm_calls', keeping => 'derived', plain => '{error_code,provider,model,agent,skill,prompt_hash,response_hash}',
  unaudited => 'append-only, so it is a record itself');
