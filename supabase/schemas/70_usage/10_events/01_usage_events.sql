-- Usage events: what each tenant used, in one partition for each month.

create table public.usage_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  user_id uuid,
  source text not null default 'api',
  event_id text,
  event_type text not null,
  event_data jsonb not null default '{}',
  tokens_used bigint,
  model_used text,
  cost_micros bigint,
  occurred_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, occurred_at, id),
  constraint event_type_is_a_dotted_word check (event_type ~ '^[a-z0-9][a-z0-9_.:-]*$' and length(event_type) <= 128),
  constraint event_data_is_an_object check (jsonb_typeof(event_data) = 'object'),
  -- The size of the stored form, which costs nothing to read. Writing it as text would cost a part of the ingest.
  constraint event_data_is_small check (pg_column_size(event_data) <= 262144),
  constraint event_names_are_short check (length(source) <= 255 and length(event_id) <= 255 and length(model_used) <= 255),
  constraint tokens_not_negative check (tokens_used >= 0),
  constraint cost_not_negative check (cost_micros >= 0)
) partition by range (occurred_at);
comment on table public.usage_events is 'What a tenant used, one row for each event. Append-only. Money is in millionths of a US dollar.';
create index usage_events_event_type_idx on public.usage_events (tenant_id, event_type, occurred_at desc);
-- Finds one event by its ref_id. Ids are in order of time, so each new one goes to the end of this index. An index that
-- begins with the tenant would be written all over.
create index usage_events_id_idx on public.usage_events (id);

-- Two years, so that a month can be compared with the same one a year before. Their totals stay in usage_hours for ever.
select private.register_partitioned_table('public.usage_events', months_ahead => 3, months_kept => 24);

alter table public.usage_events enable row level security;
create policy "members read their tenant's usage" on public.usage_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_events to authenticated, service_role;

select private.register_table('public.usage_events', plain => '{source,event_id,event_type,model_used}', personal => '{event_data}', person => 'event_data',
  unaudited => 'append-only, so it is a record itself, and auditing each event would double the cost of metering');
