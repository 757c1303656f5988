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
  constraint event_type_is_a_dotted_word check (event_type ~ '^[a-z0-9][a-z0-9_.:-]{0,127}$'),
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

create function private.ensure_usage_partitions(months_ahead int default 3) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  first_day date;
  partition text;
  made int := 0;
begin
  if to_regclass('private.usage_events_default') is null then
    create table private.usage_events_default partition of public.usage_events default;
    alter table private.usage_events_default enable row level security;
  end if;
  for ahead in 0 .. months_ahead loop
    first_day := date_trunc('month', now() at time zone 'utc') + make_interval(months => ahead);
    partition := 'usage_events_' || to_char(first_day, 'YYYY_MM');
    continue when to_regclass('private.' || partition) is not null;
    execute format('create table private.%I (like public.usage_events including defaults including constraints including comments)', partition);
    execute format('alter table private.%I enable row level security', partition);
    -- Events that were stored before their month's partition existed are in the default partition. Attaching the
    -- new partition would fail while they are there.
    execute format('with early as (delete from private.usage_events_default where occurred_at >= %L and occurred_at < %L returning *)
      insert into private.%I select * from early',
      first_day::timestamp at time zone 'utc', (first_day + interval '1 month') at time zone 'utc', partition);
    execute format('alter table public.usage_events attach partition private.%I for values from (%L) to (%L)', partition,
      first_day::timestamp at time zone 'utc', (first_day + interval '1 month') at time zone 'utc');
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function private.ensure_usage_partitions(int) is
  'Makes the month partitions of usage_events, from this month to this many months ahead. Returns how many it made. It may run again.';

select private.ensure_usage_partitions();

alter table public.usage_events enable row level security;
create policy "members read their tenant's usage" on public.usage_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_events to authenticated, service_role;

select cron.schedule('usage: make the coming months'' partitions', '17 3 * * *',
  'select private.ensure_usage_partitions()');

select private.register_table('public.usage_events', plain => '{source,event_id,event_type,model_used}', personal => '{event_data}', person => 'event_data',
  unaudited => 'append-only, so it is a record itself, and auditing each event would double the cost of metering');
