-- Calls of tools: what an agent asked of an integration, in one partition for each month.

create table public.tool_calls (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  month_start date not null,
  status public.call_status not null,
  error_code text,
  tool text not null,
  method text not null,
  agent text,
  skill text,
  activity_run_id uuid,
  input_hash text,
  output_hash text,
  duration_ms int,
  is_priced boolean not null,
  cost_micros bigint,
  model_price_id uuid,
  usage_event_id uuid,
  user_id uuid,
  api_key_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, created_at, id),
  constraint tool_hashes_are_hashes check (input_hash ~ '^[0-9a-f]{64}$' and output_hash ~ '^[0-9a-f]{64}$'),
  constraint unknown_tool_cost_is_null check (is_priced = (cost_micros is not null) and is_priced = (model_price_id is not null)),
  constraint tool_cost_not_negative check (cost_micros >= 0)
) partition by range (created_at);
comment on table public.tool_calls is
  'Every call of a tool: who asked which method, and how it ended. Append-only. A tool costs something only if the platform has priced it.';
create index tool_calls_id_idx on public.tool_calls (tenant_id, id);
create index tool_calls_tool_idx on public.tool_calls (tenant_id, tool, id);
create index tool_calls_status_idx on public.tool_calls (tenant_id, status, id) where status <> 'ok';
create index tool_calls_activity_run_idx on public.tool_calls (tenant_id, activity_run_id) where activity_run_id is not null;

select private.keep_append_only('public.tool_calls');
select private.register_partitioned_table('public.tool_calls', months_ahead => 3, months_kept => 24);

alter table public.tool_calls enable row level security;
create policy "members read their tenant's calls of tools" on public.tool_calls
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{calls:read}'))::uuid[]));
grant select on public.tool_calls to authenticated, service_role;

-- A unique key on a partitioned table must hold the column of the partition, so the keys stand by themselves.
create table private.tool_call_keys (
  tenant_id uuid not null references public.tenants on delete cascade,
  idempotency_key text not null,
  request_hash uuid not null,
  call_id uuid not null,
  called_at timestamptz not null,
  primary key (tenant_id, idempotency_key),
  constraint tool_call_key_is_short check (length(idempotency_key) between 1 and 200)
);
comment on table private.tool_call_keys is 'The keys under which calls of tools were recorded in the last 35 days, so that a repeated request has the first answer.';
create index tool_call_keys_called_at_idx on private.tool_call_keys using brin (called_at);

create function private.sweep_tool_call_keys(batch int default 50000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from private.tool_call_keys as k where k.ctid = any (array(
      select o.ctid from private.tool_call_keys as o where o.called_at < now() - interval '35 days' limit batch)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_tool_call_keys(int) is 'Removes keys that are older than 35 days, at most one batch. Returns how many.';
select cron.schedule('usage: forget old keys of tool calls', '*/10 * * * *', 'select private.sweep_tool_call_keys()');

select private.register_table('public.tool_calls', keeping => 'derived', plain => '{error_code,tool,method,agent,skill,input_hash,output_hash}',
  unaudited => 'append-only, so it is a record itself');
select private.register_table('private.tool_call_keys', keeping => 'derived', plain => '{idempotency_key}', unaudited => 'each key belongs to a row of tool_calls');
