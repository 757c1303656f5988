-- Made by "npm run generate" from supabase/schemas/70_usage. Change it there.

-- 05_append_only.sql

-- Append-only: tables that are a record. A row goes only together with its tenant, or with a month that is over.

-- A definer, because nobody may read who is being purged.
create function private.tg_refuse_record_change() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stack text;
begin
  if tg_op = 'DELETE' then
    -- A row goes with its tenant, at once or in the batches of a purge.
    if not exists (select from public.tenants as t where t.id = old.tenant_id)
      or exists (select from private.tenant_purges as p where p.tenant = old.tenant_id and p.finished_at is null) then
      return old;
    end if;
    -- The upkeep of partitions moves rows out of the default partition and drops months that are over. A setting could
    -- be set by anybody; the call stack cannot.
    get diagnostics stack = pg_context;
    if stack ~ 'function private\.(make|drop)_partitions\(' then
      return old;
    end if;
  end if;
  raise exception '% is append-only: its rows cannot be changed.', coalesce(tg_argv[0], tg_table_name);
end
$$;

create function private.keep_append_only(target regclass) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
begin
  -- A missing grant stops the roles of the API. These stop the owner of the table as well, also during replication.
  execute format('create trigger %I before update or delete on %s for each row execute function private.tg_refuse_record_change(%L)',
    name || '_refuse_change', target, name);
  execute format('create trigger %I before truncate on %s for each statement execute function private.tg_refuse_change()',
    name || '_refuse_truncate', target);
  execute format('alter table %s enable always trigger %I', target, name || '_refuse_change');
  execute format('alter table %s enable always trigger %I', target, name || '_refuse_truncate');
end
$$;
comment on function private.keep_append_only(regclass) is
  'Has a table with a tenant_id refuse every update, delete and truncate, whoever asks. Its rows go with their tenant, and those of a partitioned table with their month.';

-- 10_events/01_usage_events.sql

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

-- 10_events/02_usage_event_keys.sql

-- Usage event keys: the ids of recent events, so that an event that is sent twice counts once.

-- A unique key on a partitioned table must contain the column of the partition. Then the same event with another
-- time would be accepted again. This small table prevents that.
create table public.usage_event_keys (
  -- No foreign key: checking it for each of a thousand rows took as long as storing them. Instead the trigger
  -- below removes the rows of a deleted tenant.
  tenant_id uuid not null,
  source text not null,
  event_id text not null,
  payload_hash uuid not null,
  -- The event that was stored under this key. No foreign key, for the same reason.
  usage_event_id uuid,
  created_at timestamptz not null default now(),
  primary key (tenant_id, source, event_id),
  constraint event_key_is_short check (length(source) <= 255 and length(event_id) <= 255)
);
comment on table public.usage_event_keys is 'The event ids that a tenant has sent in the last 35 days, and a hash of the content of each event.';

-- Rows arrive in order of time, so a block-range index finds the old rows and costs almost nothing per row.
create index usage_event_keys_created_at_idx on public.usage_event_keys using brin (created_at);

create function private.tg_forget_usage_keys() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.usage_event_keys where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_usage_keys after delete on public.tenants
  for each row execute function private.tg_forget_usage_keys();

create function private.usage_window(out earliest timestamptz, out latest timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
begin
  earliest := now() - coalesce(nullif(current_setting('tenantry.usage_past', true), ''), '35 days')::interval;
  latest := now() + coalesce(nullif(current_setting('tenantry.usage_ahead', true), ''), '1 hour')::interval;
end
$$;
comment on function private.usage_window() is
  'Between which moments an event may lie that is logged now. The settings tenantry.usage_past and tenantry.usage_ahead of the database say otherwise.';

create function private.sweep_usage_event_keys(batch int default 50000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select ctid from public.usage_event_keys 
    -- An event that lay ahead when it came may come again for so much longer.
    where created_at < (select w.earliest - (w.latest - now()) from private.usage_window() as w) limit batch
  ), swept as (
    delete from public.usage_event_keys where ctid = any (array(select ctid from old)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_keys(int) is 'Removes event ids that are older than any event may be, at most one batch. Returns how many.';

alter table public.usage_event_keys enable row level security;
create policy "members read their tenant's usage keys" on public.usage_event_keys
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_event_keys to authenticated, service_role;

select cron.schedule('usage: forget old event ids', '*/10 * * * *',
  'select private.sweep_usage_event_keys()');

select private.register_table('public.usage_event_keys', plain => '{source,event_id}', unaudited => 'each key belongs to a row of usage_events');

-- 10_events/03_usage_hours.sql

-- Usage hours: what each tenant used in each hour, so that nobody has to add up events.

create table public.usage_hours (
  tenant_id uuid not null references public.tenants on delete cascade,
  -- The beginning of the hour, in UTC.
  starts_at timestamptz not null,
  event_type text not null,
  -- Empty if the events named no model, because a key holds no null.
  model_used text not null default '',
  -- Totals have no upper limit, and a bigint does.
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  -- How many of the events said their tokens, and how many their cost. The others are in no sum.
  tokens_count numeric not null default 0,
  cost_count numeric not null default 0,
  -- How much of each lies in the first 15 and in the first 30 minutes. In some time zones an hour begins there. A row
  -- for each quarter of an hour would say the same, and a month would be four times as many rows to read.
  event_count_15 numeric not null default 0,
  event_count_30 numeric not null default 0,
  tokens_used_15 numeric not null default 0,
  tokens_used_30 numeric not null default 0,
  cost_micros_15 numeric not null default 0,
  cost_micros_30 numeric not null default 0,
  tokens_count_15 numeric not null default 0,
  tokens_count_30 numeric not null default 0,
  cost_count_15 numeric not null default 0,
  cost_count_30 numeric not null default 0,
  primary key (tenant_id, starts_at, event_type, model_used),
  constraint hour_is_whole check (starts_at = date_trunc('hour', starts_at, 'UTC')),
  constraint totals_not_negative check (event_count_15 >= 0 and tokens_used_15 >= 0 and cost_micros_15 >= 0
    and tokens_count_15 >= 0 and cost_count_15 >= 0),
  constraint parts_lie_in_their_hour check (event_count_15 <= event_count_30 and event_count_30 <= event_count
    and tokens_used_15 <= tokens_used_30 and tokens_used_30 <= tokens_used
    and cost_micros_15 <= cost_micros_30 and cost_micros_30 <= cost_micros
    and tokens_count_15 <= tokens_count_30 and tokens_count_30 <= tokens_count
    and cost_count_15 <= cost_count_30 and cost_count_30 <= cost_count)
-- Room on each page, because the rows of this hour change with every batch.
) with (fillfactor = 50);
comment on table public.usage_hours is
  'How many usage events each tenant had in each hour, and their tokens and cost. The transaction that stores events adds to it, so it always agrees with them.';

create function private.add_usage_hours(
  tenant uuid, types text[], models text[], tokens bigint[], costs bigint[], moments timestamptz[]) returns void
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  added public.usage_hours[];
  hour_at timestamptz;
  in_15 int;
  in_30 int;
begin
  if cardinality(moments) = 1 then
    -- Most calls have one event. To put it together here takes a fifth of the time of the query below.
    hour_at := date_trunc('hour', moments[1], 'UTC');
    in_15 := (moments[1] < hour_at + interval '15 minutes')::int;
    in_30 := (moments[1] < hour_at + interval '30 minutes')::int;
    added := array[row(tenant, hour_at, types[1], coalesce(models[1], ''), 1, coalesce(tokens[1], 0), coalesce(costs[1], 0),
      num_nonnulls(tokens[1]), num_nonnulls(costs[1]), in_15, in_30,
      coalesce(tokens[1], 0) * in_15, coalesce(tokens[1], 0) * in_30, coalesce(costs[1], 0) * in_15, coalesce(costs[1], 0) * in_30,
      num_nonnulls(tokens[1]) * in_15, num_nonnulls(tokens[1]) * in_30, num_nonnulls(costs[1]) * in_15, num_nonnulls(costs[1]) * in_30)
      ::public.usage_hours];
  else
    with quarters as (
      -- Few rows, so what follows costs little however many events there are.
      select date_bin('15 minutes', i.moment, 'epoch') as at, i.type, coalesce(i.model, '') as model, count(*) as events,
        coalesce(sum(i.tokens), 0) as tokens, coalesce(sum(i.cost), 0) as cost, count(i.tokens) as told_tokens, count(i.cost) as told_cost
      from unnest(types, models, tokens, costs, moments) as i (type, model, tokens, cost, moment) group by 1, 2, 3
    ), parts as (
      select date_trunc('hour', q.at, 'UTC') as starts_at, q.at < date_trunc('hour', q.at, 'UTC') + interval '15 minutes' as in_15,
        q.at < date_trunc('hour', q.at, 'UTC') + interval '30 minutes' as in_30, q.*
      from quarters as q
    ), hours as (
      select p.starts_at, p.type, p.model, sum(p.events) as events, sum(p.tokens) as tokens, sum(p.cost) as cost,
        sum(p.told_tokens) as told_tokens, sum(p.told_cost) as told_cost,
        coalesce(sum(p.events) filter (where p.in_15), 0) as events_15, coalesce(sum(p.events) filter (where p.in_30), 0) as events_30,
        coalesce(sum(p.tokens) filter (where p.in_15), 0) as tokens_15, coalesce(sum(p.tokens) filter (where p.in_30), 0) as tokens_30,
        coalesce(sum(p.cost) filter (where p.in_15), 0) as cost_15, coalesce(sum(p.cost) filter (where p.in_30), 0) as cost_30,
        coalesce(sum(p.told_tokens) filter (where p.in_15), 0) as told_tokens_15,
        coalesce(sum(p.told_tokens) filter (where p.in_30), 0) as told_tokens_30,
        coalesce(sum(p.told_cost) filter (where p.in_15), 0) as told_cost_15, coalesce(sum(p.told_cost) filter (where p.in_30), 0) as told_cost_30
      from parts as p group by p.starts_at, p.type, p.model
    )
    select array_agg(row(tenant, o.starts_at, o.type, o.model, o.events, o.tokens, o.cost, o.told_tokens, o.told_cost, o.events_15, o.events_30,
      o.tokens_15, o.tokens_30, o.cost_15, o.cost_30, o.told_tokens_15, o.told_tokens_30, o.told_cost_15, o.told_cost_30)::public.usage_hours
      -- Sorted, so that two batches lock these rows in one order. Every batch has locked all of its keys by then.
      order by o.starts_at, o.type, o.model)
    into added from hours as o;
  end if;
  insert into public.usage_hours as h select o.* from unnest(added) as o
  on conflict (tenant_id, starts_at, event_type, model_used) do update set
    event_count = h.event_count + excluded.event_count, event_count_15 = h.event_count_15 + excluded.event_count_15,
    event_count_30 = h.event_count_30 + excluded.event_count_30,
    tokens_used = h.tokens_used + excluded.tokens_used, tokens_used_15 = h.tokens_used_15 + excluded.tokens_used_15,
    tokens_used_30 = h.tokens_used_30 + excluded.tokens_used_30,
    cost_micros = h.cost_micros + excluded.cost_micros, cost_micros_15 = h.cost_micros_15 + excluded.cost_micros_15,
    cost_micros_30 = h.cost_micros_30 + excluded.cost_micros_30,
    tokens_count = h.tokens_count + excluded.tokens_count, tokens_count_15 = h.tokens_count_15 + excluded.tokens_count_15,
    tokens_count_30 = h.tokens_count_30 + excluded.tokens_count_30,
    cost_count = h.cost_count + excluded.cost_count, cost_count_15 = h.cost_count_15 + excluded.cost_count_15,
    cost_count_30 = h.cost_count_30 + excluded.cost_count_30;
end
$$;
comment on function private.add_usage_hours(uuid, text[], text[], bigint[], bigint[], timestamptz[]) is
  'Adds events to usage_hours, given as parallel arrays.';

create function private.take_off_usage_hours(
  tenant uuid, types text[], models text[], tokens bigint[], costs bigint[], moments timestamptz[]) returns void
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
begin
  with gone as (
    select date_trunc('hour', e.moment, 'UTC') as starts_at, e.type, coalesce(e.model, '') as model, e.tokens, e.cost,
      e.moment < date_trunc('hour', e.moment, 'UTC') + interval '15 minutes' as in_15,
      e.moment < date_trunc('hour', e.moment, 'UTC') + interval '30 minutes' as in_30
    from unnest(types, models, tokens, costs, moments) as e (type, model, tokens, cost, moment)
  ), taken as materialized (
    select g.starts_at, g.type, g.model, count(*) as events, coalesce(sum(g.tokens), 0) as tokens, coalesce(sum(g.cost), 0) as cost,
      count(g.tokens) as told_tokens, count(g.cost) as told_cost,
      count(*) filter (where g.in_15) as events_15, count(*) filter (where g.in_30) as events_30,
      coalesce(sum(g.tokens) filter (where g.in_15), 0) as tokens_15, coalesce(sum(g.tokens) filter (where g.in_30), 0) as tokens_30,
      coalesce(sum(g.cost) filter (where g.in_15), 0) as cost_15, coalesce(sum(g.cost) filter (where g.in_30), 0) as cost_30,
      count(g.tokens) filter (where g.in_15) as told_tokens_15, count(g.tokens) filter (where g.in_30) as told_tokens_30,
      count(g.cost) filter (where g.in_15) as told_cost_15, count(g.cost) filter (where g.in_30) as told_cost_30
    from gone as g group by 1, 2, 3
  ), locked as materialized (
    -- In the order in which a batch of events locks them.
    select h.starts_at, h.event_type, h.model_used
    from public.usage_hours as h join taken as t on t.starts_at = h.starts_at and t.type = h.event_type and t.model = h.model_used
    where h.tenant_id = tenant order by h.starts_at, h.event_type, h.model_used
    for no key update of h
  )
  update public.usage_hours as h set
    event_count = h.event_count - t.events, event_count_15 = h.event_count_15 - t.events_15, event_count_30 = h.event_count_30 - t.events_30,
    tokens_used = h.tokens_used - t.tokens, tokens_used_15 = h.tokens_used_15 - t.tokens_15, tokens_used_30 = h.tokens_used_30 - t.tokens_30,
    cost_micros = h.cost_micros - t.cost, cost_micros_15 = h.cost_micros_15 - t.cost_15, cost_micros_30 = h.cost_micros_30 - t.cost_30,
    tokens_count = h.tokens_count - t.told_tokens, tokens_count_15 = h.tokens_count_15 - t.told_tokens_15,
    tokens_count_30 = h.tokens_count_30 - t.told_tokens_30,
    cost_count = h.cost_count - t.told_cost, cost_count_15 = h.cost_count_15 - t.told_cost_15, cost_count_30 = h.cost_count_30 - t.told_cost_30
  from taken as t join locked as l on l.starts_at = t.starts_at and l.event_type = t.type and l.model_used = t.model
  where h.tenant_id = tenant and h.starts_at = t.starts_at and h.event_type = t.type and h.model_used = t.model;
end
$$;
comment on function private.take_off_usage_hours(uuid, text[], text[], bigint[], bigint[], timestamptz[]) is
  'Takes events off usage_hours again, given as parallel arrays.';

alter table public.usage_hours enable row level security;
create policy "members read their tenant's usage hours" on public.usage_hours
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_hours to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:read', 'read', 'Read usage totals and meters.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_hours', plain => '{event_type,model_used}',
  unaudited => 'it only adds up usage_events, which is a record itself');

-- 10_events/04_store.sql

-- Storing: how a batch of usage events becomes rows, keys and totals.

-- These two have no search_path, so that Postgres inlines them: a thousand calls would take longer than the batch.
create function private.usage_payload_hash(type text, data jsonb, tokens bigint, model text, cost bigint, moment timestamptz) returns uuid
  language sql stable parallel safe
as $$
  -- The moment counts only if the sender gave one. A retry without it is still the same event.
  select md5(row(type, data, tokens, model, cost, moment)::text)::uuid
$$;
comment on function private.usage_payload_hash(text, jsonb, bigint, text, bigint, timestamptz) is
  'What an event said. Two events with one id are the same if this is the same.';

create function private.judge_usage_moment(moment timestamptz, earliest timestamptz, latest timestamptz) returns text
  language sql immutable parallel safe
as $$ select case when moment < earliest then 'too_old' when moment > latest then 'in_future' end $$;
comment on function private.judge_usage_moment(timestamptz, timestamptz, timestamptz) is
  'Why an event of this moment is refused. Null if it is not, or states no moment.';

-- Position n of each array is event n. An event with a null event_id has no key and is always new. One plan serves every
-- batch, because no statement here looks anything up. It guesses few events, so nested loops are off. With a plan for each
-- batch, the check of the foreign key would be planned anew for each event, which took a third of the time.
create function private.store_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[], earliest timestamptz, latest timestamptz
) returns table (n int, id uuid, outcome text, moment timestamptz)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_nestloop = off
as $$
#variable_conflict use_column
declare
  started_at bigint := extract(epoch from clock_timestamp()) * 1000000;
  hashes uuid[];
  ids uuid[];
  found_moments timestamptz[];
  is_each_new boolean := false;
  answered record;
begin
  select array_agg(private.uuid_v7_at(started_at + i.n) order by i.n), array_agg(coalesce(i.moment, now()) order by i.n),
    array_agg(private.usage_payload_hash(i.type, i.data, i.tokens, i.model, i.cost, i.moment) order by i.n),
    count(private.judge_usage_moment(i.moment, earliest, latest)) = 0
  into ids, found_moments, hashes, is_each_new
  from unnest(types, data, tokens, models, costs, moments) with ordinality as i (type, data, tokens, model, cost, moment, n);
  if is_each_new then
    -- Nearly always no event was sent before. Then it is faster to insert their keys than to look for each of them first.
    begin
      -- Sorted, here and below, so that two batches lock their keys in one order.
      insert into public.usage_event_keys (tenant_id, source, event_id, payload_hash, usage_event_id)
      select tenant, i.source, i.event_id, i.payload_hash, i.id
      from unnest(event_ids, sources, hashes, ids) as i (event_id, source, payload_hash, id)
      where i.event_id is not null order by i.source, i.event_id;
    exception when unique_violation then
      is_each_new := false;
    end;
  end if;
  if is_each_new then
    insert into public.usage_events
      (tenant_id, id, user_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
    select tenant, i.id, member, i.source, i.event_id, i.type, i.data, i.tokens, i.model, i.cost, i.moment
    from unnest(ids, event_ids, sources, types, data, tokens, models, costs, found_moments)
      as i (id, event_id, source, type, data, tokens, model, cost, moment);
    perform private.add_usage_hours(tenant, types, models, tokens, costs, found_moments);
    return query select i.n::int, i.id, 'accepted', i.moment
    from unnest(ids, found_moments) with ordinality as i (id, moment, n) order by i.n;
    return;
  end if;
  with input as materialized (
    select i.n::int as n, i.id, i.event_id, i.source, i.type, i.data, i.tokens, i.model, i.cost, i.moment,
      private.judge_usage_moment(i.stated, earliest, latest) as refused, i.payload_hash
    from unnest(ids, event_ids, sources, types, data, tokens, models, costs, found_moments, moments, hashes)
      with ordinality as i (id, event_id, source, type, data, tokens, model, cost, moment, stated, payload_hash, n)
  ), firsts as materialized (
    -- The first event of each key. Not by row_number(): a window of a thousand partitions of one row took ten times
    -- as long as everything else.
    select distinct on (source, event_id) source, event_id, payload_hash, id, n
    from input where event_id is not null and refused is null order by source, event_id, n
  ), claimed as (
    -- The update changes nothing. It only returns the hash of the first event with this key.
    insert into public.usage_event_keys as k (tenant_id, source, event_id, payload_hash, usage_event_id)
    select tenant, source, event_id, payload_hash, id from firsts order by source, event_id
    on conflict (tenant_id, source, event_id) do update set payload_hash = k.payload_hash
    returning source, event_id, payload_hash, xmax = 0 as is_new
  ), judged as (
    select i.*, i.refused is null and (i.event_id is null or (c.is_new and f.n is not null)) as is_new, c.payload_hash as first_hash
    from input as i
    left join firsts as f on f.n = i.n
    left join claimed as c on c.source = i.source and c.event_id = i.event_id
  ), stored as (
    insert into public.usage_events
      (tenant_id, id, user_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
    select tenant, id, member, source, event_id, type, data, tokens, model, cost, moment
    from judged where is_new order by n
  )
  select array_agg(case when j.is_new then 'accepted' when j.refused is not null then j.refused
      when j.first_hash = j.payload_hash then 'duplicate' else 'conflict' end order by j.n) as outcomes,
    array_agg(case when j.is_new then j.id end order by j.n) as ids,
    array_agg(j.type) filter (where j.is_new) as types, array_agg(j.model) filter (where j.is_new) as models,
    array_agg(j.tokens) filter (where j.is_new) as tokens, array_agg(j.cost) filter (where j.is_new) as costs,
    array_agg(j.moment) filter (where j.is_new) as moments
  into answered from judged as j;
  perform private.add_usage_hours(tenant, answered.types, answered.models, answered.tokens, answered.costs, answered.moments);
  return query select i.n::int, i.id, i.outcome, i.moment
  from unnest(answered.ids, answered.outcomes, found_moments) with ordinality as i (id, outcome, moment, n) order by i.n;
end
$$;
comment on function private.store_usage_events(uuid, uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[], timestamptz, timestamptz) is
  'Stores a batch of usage events and adds them to usage_hours. Each event is accepted, duplicate (the same event was sent before), conflict (its id was sent before with another content), too_old or in_future.';

-- What the function above does for a batch, without its arrays: most calls have one event.
create function private.store_usage_event(
  tenant uuid, member uuid, event_id text, source text, type text, data jsonb, tokens bigint, model text, cost bigint,
  stated_at timestamptz, earliest timestamptz, latest timestamptz, out id uuid, out outcome text, out moment timestamptz
)
  language plpgsql
  set search_path = ''
as $$
declare
  made_id uuid := private.uuid_v7();
  payload_hash uuid;
  first record;
begin
  moment := coalesce(stated_at, now());
  outcome := private.judge_usage_moment(stated_at, earliest, latest);
  if outcome is not null then
    return;
  end if;
  if store_usage_event.event_id is not null then
    payload_hash := private.usage_payload_hash(type, data, tokens, model, cost, stated_at);
    -- The update changes nothing. It only returns the hash of the first event with this key.
    insert into public.usage_event_keys as k (tenant_id, source, event_id, payload_hash, usage_event_id)
    values (tenant, store_usage_event.source, store_usage_event.event_id, payload_hash, made_id)
    on conflict on constraint usage_event_keys_pkey do update set payload_hash = k.payload_hash
    returning k.payload_hash, k.xmax = 0 as is_new into first;
    if not first.is_new then
      outcome := case when first.payload_hash = payload_hash then 'duplicate' else 'conflict' end;
      return;
    end if;
  end if;
  insert into public.usage_events
    (tenant_id, id, user_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
  values (tenant, made_id, member, store_usage_event.source, store_usage_event.event_id, type, data, tokens, model, cost, moment);
  perform private.add_usage_hours(tenant, array[type], array[model], array[tokens], array[cost], array[moment]);
  id := made_id;
  outcome := 'accepted';
end
$$;
comment on function private.store_usage_event(uuid, uuid, text, text, text, jsonb, bigint, text, bigint, timestamptz, timestamptz, timestamptz) is
  'Stores one usage event as private.store_usage_events() stores a batch. Its id is null unless it is accepted.';

create function private.judge_usage_events(
  tenant uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[], earliest timestamptz, latest timestamptz
) returns table (n int, outcome text)
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  select i.n::int, coalesce(private.judge_usage_moment(i.moment, earliest, latest), case when k.payload_hash is null then 'limit'
    when k.payload_hash = private.usage_payload_hash(i.type, i.data, i.tokens, i.model, i.cost, i.moment) then 'duplicate'
    else 'conflict' end)
  from unnest(event_ids, sources, types, data, tokens, models, costs, moments)
    with ordinality as i (event_id, source, type, data, tokens, model, cost, moment, n)
  left join public.usage_event_keys as k on k.tenant_id = tenant and k.source = i.source and k.event_id = i.event_id
  order by i.n;
end
$$;
comment on function private.judge_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[], timestamptz, timestamptz) is
  'What each event of a batch is answered that has no place left: duplicate and conflict as ever, and limit if it is new. Stores nothing.';

create function private.take_back_usage_events(tenant uuid, ids uuid[]) returns void
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  gone record;
begin
  -- The rows are this transaction's own, so nobody has seen them, and their locks are held already.
  with gone as (
    delete from public.usage_events as u where u.id = any (take_back_usage_events.ids) and u.tenant_id = tenant
    returning u.source, u.event_id, u.event_type, u.model_used, u.tokens_used, u.cost_micros, u.occurred_at
  ), forgotten as (
    delete from public.usage_event_keys as k using gone as g
    where k.tenant_id = tenant and k.source = g.source and k.event_id = g.event_id
  )
  select array_agg(g.event_type) as types, array_agg(g.model_used) as models, array_agg(g.tokens_used) as tokens,
    array_agg(g.cost_micros) as costs, array_agg(g.occurred_at) as moments
  into gone from gone as g;
  perform private.take_off_usage_hours(tenant, gone.types, gone.models, gone.tokens, gone.costs, gone.moments);
end
$$;
comment on function private.take_back_usage_events(uuid, uuid[]) is
  'Undoes what this transaction stored, for events that turned out to have no place in the plan.';

-- 10_events/05_ingest.sql

-- Ingest: which events of a batch are stored, and what they count towards.

select private.register_limit('usage_events', 'Usage events that were logged this month.',
  '{"trial": 10000, "starter": 10000, "professional": 100000, "business": 1000000, "enterprise": 100000000}',
  'logging a usage event', is_monthly => true);

create function private.refuse_large_usage_data() returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(422, 'invalid_value',
    'The data of an event is too large: at most 32768 bytes, and no number of more than 400 digits.');
end
$$;

create function private.ingest_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[], is_bound boolean default false
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  bounds record;
  earliest timestamptz := '-infinity';
  latest timestamptz := 'infinity';
  most bigint;
  used bigint;
  stored_ids uuid[];
  outcomes text[];
  placed uuid[];
  is_one constant boolean := greatest(cardinality(event_ids), cardinality(sources), cardinality(types), cardinality(data), cardinality(tokens),
    cardinality(models), cardinality(costs), cardinality(moments)) = 1;
  one record;
begin
  -- The constraint event_data_is_small comes too late, because the hash below writes the data as text.
  if is_one then
    if pg_column_size(data[1]) > 262144 or private.has_long_number(data[1]) then
      perform private.refuse_large_usage_data();
    end if;
  else
    -- JSON of very many small values takes up to six times as much stored as sent. Each value costs time here.
    if (select sum(pg_column_size(d.value)) from unnest(data) as d (value)) > 1048576 then
      perform private.raise_problem(422, 'invalid_value',
        'The data of these events takes more than 1 MiB in its stored form. Send fewer events at once.');
    end if;
    -- The query of private.has_long_number() stands here again: a thousand calls would take longer than the query.
    if exists (
      select from unnest(data) as d (value)
      where pg_column_size(d.value) > 262144 or exists (
        select from jsonb_array_elements(jsonb_path_query_array(d.value, 'strict $.** ? (@.type() == "number")')) as n (number)
        where length(n.number::text) > 400)) then
      perform private.refuse_large_usage_data();
    end if;
  end if;
  bounds := private.usage_window();
  -- The lock: the tenant cannot be deleted until this batch is stored. The count is read without one, so that senders wait for
  -- each other no longer than they do for the same hour. Who finds room here and none below takes back what it stored. The
  -- limit is a monthly one, so this is its private.limit_period().
  select (p.limits ->> 'usage_events')::bigint,
    case when private.is_same_period(c.period_at, date_trunc('month', now(), t.time_zone)) then c.used else 0 end
  into most, used
  from public.tenants as t join public.plans as p on p.plan = t.plan
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = 'usage_events'
  where t.id = tenant for key share of t;
  if is_bound then
    latest := bounds.latest;
    -- The platform may bring over what was logged elsewhere, however old it is.
    if not private.is_trusted_caller() or private.caller_api_key() is not null then
      earliest := bounds.earliest;
    end if;
    if used >= most then
      return query select j.n, null::uuid, j.outcome from private.judge_usage_events(
        tenant, event_ids, sources, types, data, tokens, models, costs, moments, earliest, latest) as j;
      return;
    end if;
  end if;
  if is_one then
    one := private.store_usage_event(
      tenant, member, event_ids[1], sources[1], types[1], data[1], tokens[1], models[1], costs[1], moments[1], earliest, latest);
    stored_ids := array[one.id];
    outcomes := array[one.outcome];
    placed := case when one.id is not null and one.moment >= bounds.earliest then stored_ids end;
  else
    select array_agg(s.id), array_agg(s.outcome), array_agg(s.id) filter (where s.id is not null and s.moment >= bounds.earliest)
    into stored_ids, outcomes, placed
    from private.store_usage_events(
      tenant, member, event_ids, sources, types, data, tokens, models, costs, moments, earliest, latest) as s;
  end if;
  if placed is not null then
    used := private.count_places(tenant, 'usage_events', cardinality(placed));
    if used >= most * 0.5 then
      perform private.note_threshold(tenant, 'usage_events', used);
    end if;
    if is_bound and used > most then
      -- The last ones of the batch.
      placed := placed[cardinality(placed) - least(used - most, cardinality(placed)) + 1 :];
      perform private.take_back_usage_events(tenant, placed);
      perform private.count_places(tenant, 'usage_events', -cardinality(placed));
      return query
      select j.n, case when u.id <> all (placed) then u.id end, case when u.id <> all (placed) then 'accepted' else j.outcome end
      from private.judge_usage_events(
        tenant, event_ids, sources, types, data, tokens, models, costs, moments, earliest, latest) as j
      join unnest(stored_ids) with ordinality as u (id, n) on u.n = j.n
      order by j.n;
      return;
    end if;
  end if;
  if is_one then
    n := 1;
    id := one.id;
    outcome := one.outcome;
    return next;
  else
    return query select u.n::int, u.id, u.outcome from unnest(stored_ids, outcomes) with ordinality as u (id, outcome, n);
  end if;
end
$$;
comment on function private.ingest_usage_events(uuid, uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[], boolean) is
  'Logs a batch of usage events. Each is accepted, duplicate, conflict, and if the batch is bound by the window and the plan also too_old, in_future or limit. Whatever lies in the window counts towards the month''s limit.';

-- 10_events/06_log.sql

-- Logging: how a member, a server or the platform logs usage events.

-- A definer, because events are written only by this function, so that no event is stored without its key.
create function public.log_usage_event(
  tenant_id uuid, event_type text, event_data jsonb default '{}', tokens_used bigint default null,
  model_used text default null, cost_micros bigint default null, source text default 'api',
  event_id text default null, occurred_at timestamptz default null
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored record;
begin
  perform private.require_permission(log_usage_event.tenant_id, 'usage:write');
  -- Before it is copied into an array. Copying some megabytes costs more than everything else here.
  if pg_column_size(event_data) > 262144 then
    perform private.raise_problem(422, 'invalid_value', 'The data of an event is too large: at most 32768 bytes.');
  end if;
  select * into stored from private.ingest_usage_events(
    log_usage_event.tenant_id, (select auth.uid()), array[event_id], array[coalesce(source, 'api')], array[event_type],
    array[coalesce(event_data, '{}')], array[tokens_used], array[model_used], array[cost_micros], array[occurred_at], is_bound => true);
  if stored.outcome = 'conflict' then
    perform private.raise_problem(409, 'event_conflict', format('The event id "%s" was used before for another event.', event_id),
      '[{"pointer": "/event_id", "detail": "was used before for another event"}]');
  elsif stored.outcome = 'too_old' then
    perform private.raise_problem(422, 'event_too_old', 'The event is too old to be logged now.',
      '[{"pointer": "/occurred_at", "detail": "lies too far in the past"}]');
  elsif stored.outcome = 'in_future' then
    perform private.raise_problem(422, 'event_in_future', 'The event has not happened yet.',
      '[{"pointer": "/occurred_at", "detail": "lies in the future"}]');
  elsif stored.outcome = 'limit' then
    perform private.refuse_beyond(tenant_id, 'usage_events', 9223372036854775807);
  end if;
  return stored.id;
end
$$;
comment on function public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz) is
  'Logs one usage event for a tenant in which the caller may write. Returns its id, or null if the same event was logged before. 409 event_conflict.';

create function public.log_usage_events(
  tenant_id uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[]
) returns table (n int, id uuid, outcome text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(log_usage_events.tenant_id, 'usage:write');
  if greatest(cardinality(event_ids), cardinality(sources), cardinality(types), cardinality(data), cardinality(tokens),
      cardinality(models), cardinality(costs), cardinality(moments)) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 events can be logged in one call.');
  end if;
  return query select * from private.ingest_usage_events(log_usage_events.tenant_id, (select auth.uid()),
    event_ids, sources, types, data, tokens, models, costs, moments, is_bound => true);
end
$$;
comment on function public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Logs a batch of usage events, given as parallel arrays. Returns accepted, duplicate, conflict, too_old, in_future or limit for each. The usage function calls this.';
grant execute on function
  public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz),
  public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[])
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:write', 'write', 'Log usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 10_events/07_voids.sql

-- Voids: usage events that no longer count. An event is never changed, so its void is a row of its own.

create table public.usage_event_voids (
  tenant_id uuid not null references public.tenants on delete cascade,
  usage_event_id uuid not null,
  -- The moment of the event, so that a void goes when the partition of its event goes.
  occurred_at timestamptz not null,
  reason text,
  user_id uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  primary key (tenant_id, usage_event_id),
  constraint void_reason_is_short check (length(reason) between 1 and 500)
);
comment on table public.usage_event_voids is
  'Usage events that were voided: when, by whom and why. Append-only. The event itself stays, and its totals were taken off usage_hours.';
create index usage_event_voids_occurred_at_idx on public.usage_event_voids (occurred_at);
create trigger usage_event_voids_never_change before update on public.usage_event_voids
  for each row execute function private.tg_refuse_change();

alter table public.usage_event_voids enable row level security;
create policy "members read their tenant's voids" on public.usage_event_voids
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_event_voids to authenticated, service_role;

-- Position n of each array is event n: its id, or else the source and event_id under which it was sent. It looks each up
-- along an index, so one plan serves every batch. By the id alone: with the tenant, Postgres could read all of its events
-- in a partition that was empty when the plan was made.
create function private.find_usage_events(tenant uuid, ids uuid[], sources text[], event_ids text[])
  returns table (n int, id uuid, moment timestamptz, type text, model text, tokens bigint, cost bigint)
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_nestloop = on
  set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  return query
  select i.n::int, case when u.tenant_id = tenant then u.id end, u.occurred_at, u.event_type, u.model_used, u.tokens_used, u.cost_micros
  from unnest(ids, sources, event_ids) with ordinality as i (id, source, event_id, n)
  left join public.usage_event_keys as k
    on i.id is null and k.tenant_id = tenant and k.source = i.source and k.event_id = i.event_id
  left join public.usage_events as u on u.id = coalesce(i.id, k.usage_event_id)
  order by i.n;
end
$$;
comment on function private.find_usage_events(uuid, uuid[], text[], text[]) is
  'The events of a tenant with these ids, or sent under these sources and event_ids. Its id is null where it has no such event.';

-- Position n of each array is void n. One plan serves every batch, as of private.store_usage_events().
create function private.void_usage_events(
  tenant uuid, member uuid, key uuid, ids uuid[], sources text[], event_ids text[], reasons text[]
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_nestloop = off
as $$
#variable_conflict use_column
declare
  found_events record;
  taken record;
begin
  select array_agg(f.id order by f.n) as ids, array_agg(f.moment order by f.n) as moments, array_agg(f.type order by f.n) as types,
    array_agg(f.model order by f.n) as models, array_agg(f.tokens order by f.n) as tokens, array_agg(f.cost order by f.n) as costs
  into found_events from private.find_usage_events(tenant, ids, sources, event_ids) as f;
  with firsts as materialized (
    select distinct on (f.id) f.* from unnest(found_events.ids, found_events.moments, found_events.types, found_events.models,
      found_events.tokens, found_events.costs, reasons) with ordinality as f (id, moment, type, model, tokens, cost, reason, n)
    where f.id is not null order by f.id, f.n
  ), voided as (
    -- Sorted, so that two calls wait for each other in one order. Only the first void of an event takes it off.
    insert into public.usage_event_voids as v (tenant_id, usage_event_id, occurred_at, reason, user_id, api_key_id)
    select tenant, f.id, f.moment, f.reason, member, key from firsts as f order by f.id
    on conflict do nothing
    returning v.usage_event_id
  )
  select array_agg(f.type) as types, array_agg(f.model) as models, array_agg(f.tokens) as tokens, array_agg(f.cost) as costs,
    array_agg(f.moment) as moments
  into taken from firsts as f join voided as v on v.usage_event_id = f.id;
  if taken.types is not null then
    perform private.take_off_usage_hours(tenant, taken.types, taken.models, taken.tokens, taken.costs, taken.moments);
  end if;
  return query
  select a.n::int, a.id, case when a.id is null then 'not_found' else 'voided' end
  from unnest(found_events.ids) with ordinality as a (id, n) order by a.n;
end
$$;
comment on function private.void_usage_events(uuid, uuid, uuid, uuid[], text[], text[], text[]) is
  'Voids a batch of usage events and takes them off usage_hours. An event that was voided before is answered as voided and taken off once.';

-- A definer, as the functions that log events: nobody may write a void without the totals.
create function public.void_usage_events(
  tenant_id uuid, ref_ids text[], sources text[], event_ids text[], reasons text[]
) returns table (n int, id uuid, outcome text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(void_usage_events.tenant_id, 'voids:write');
  if greatest(cardinality(ref_ids), cardinality(sources), cardinality(event_ids), cardinality(reasons)) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 events can be voided in one call.');
  end if;
  return query select * from private.void_usage_events(void_usage_events.tenant_id, (select auth.uid()),
    (select private.caller_api_key()),
    -- What is no ref_id names no event. Without its null the source and event_id would be looked at.
    array(select case when r.ref is not null then coalesce(private.ulid_to_uuid(left(r.ref, 27)), '00000000-0000-0000-0000-000000000000') end
      from unnest(ref_ids) with ordinality as r (ref, n) order by r.n),
    sources, event_ids, reasons);
end
$$;
comment on function public.void_usage_events(uuid, text[], text[], text[], text[]) is
  'Voids usage events, given as parallel arrays: each by its ref_id, or by the source and event_id under which it was sent. Returns voided or not_found for each.';
grant execute on function public.void_usage_events(uuid, text[], text[], text[], text[]) to authenticated, service_role;

create function private.sweep_usage_event_voids(at timestamptz default now()) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.usage_event_voids as v
    where v.occurred_at < private.oldest_kept_month('public.usage_events', at) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_voids(timestamptz) is 'Removes the voids of events whose partition was dropped. Returns how many.';
select cron.schedule('usage: forget voids of dropped events', '47 3 * * *', 'select private.sweep_usage_event_voids()');

insert into private.api_scopes (scope, permission, description) values
  ('voids:write', 'manage', 'Void usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_event_voids', plain => '{reason}', keeping => 'history',
  unaudited => 'append-only, and it says itself who voided what');

-- 10_events/08_usage_days.sql

-- Usage days: the hours of each day together, in UTC and in the tenant's own time zone, so that a month is a few rows.

create table public.usage_days (
  tenant_id uuid not null references public.tenants on delete cascade,
  time_zone text not null,
  -- Midnight in the time zone.
  starts_at timestamptz not null,
  event_type text not null,
  model_used text not null,
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  tokens_count numeric not null,
  cost_count numeric not null,
  primary key (tenant_id, time_zone, starts_at, event_type, model_used)
-- Room on each page, because the rows of this day change with every batch. No checks: usage_hours has them, and Postgres
-- would try them on what is taken off.
) with (fillfactor = 50);
comment on table public.usage_days is
  'How many usage events each tenant had on each day, and their tokens and cost. A day is one of UTC, and one of the tenant''s own time zone. Triggers of usage_hours keep it.';

-- It sets no search_path, so that Postgres inlines it. The day of an hour, or both where midnight lies within the hour.
create function private.days_of_usage_hour(h public.usage_hours, zone text)
  returns table (starts_at timestamptz, event_count numeric, tokens_used numeric, cost_micros numeric, tokens_count numeric, cost_count numeric)
  language sql stable parallel safe
as $$
  select p.starts_at,
    p.share * h.event_count + p.share_15 * h.event_count_15 + p.share_30 * h.event_count_30,
    p.share * h.tokens_used + p.share_15 * h.tokens_used_15 + p.share_30 * h.tokens_used_30,
    p.share * h.cost_micros + p.share_15 * h.cost_micros_15 + p.share_30 * h.cost_micros_30,
    p.share * h.tokens_count + p.share_15 * h.tokens_count_15 + p.share_30 * h.tokens_count_30,
    p.share * h.cost_count + p.share_15 * h.cost_count_15 + p.share_30 * h.cost_count_30
  from (
    select date_trunc('day', h.starts_at, zone) as first_at, date_trunc('day', h.starts_at + interval '45 minutes', zone) as last_at
  ) as d
  -- A day that begins 15 or 30 minutes into the hour has the rest of it, and the day before has that part.
  cross join lateral (select case when d.last_at = h.starts_at + interval '15 minutes' then 1 else 0 end as is_15) as m
  cross join lateral (values
    (d.first_at, case when d.last_at > d.first_at then 0 else 1 end,
      case when d.last_at > d.first_at then m.is_15 else 0 end, case when d.last_at > d.first_at then 1 - m.is_15 else 0 end),
    (nullif(d.last_at, d.first_at), 1, -m.is_15, m.is_15 - 1)) as p (starts_at, share, share_15, share_30)
  where p.starts_at is not null
$$;

create function private.add_usage_days(added public.usage_hours[], taken public.usage_hours[] default '{}') returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- Nobody moves the tenant to another time zone until this is committed. Not by a lock of the tenant's row: whoever changes
  -- that row locks the tenant's credits, and who holds the credits may come here.
  perform pg_advisory_xact_lock_shared(hashtextextended('usage days ' || t.tenant_id, 0))
  from (select distinct a.tenant_id from unnest(added) as a order by 1) as t;
  -- A transaction that keeps one snapshot must fail where the tenant has moved since.
  if current_setting('transaction_isolation') <> 'read committed' then
    perform from public.tenants as t where t.id in (select a.tenant_id from unnest(added) as a) order by t.id for share;
  end if;
  insert into public.usage_days as d
    (tenant_id, time_zone, starts_at, event_type, model_used, event_count, tokens_used, cost_micros, tokens_count, cost_count)
  select c.tenant_id, z.time_zone, p.starts_at, c.event_type, c.model_used, sum(c.sign * p.event_count), sum(c.sign * p.tokens_used),
    sum(c.sign * p.cost_micros), sum(c.sign * p.tokens_count), sum(c.sign * p.cost_count)
  from (
    select a.tenant_id, a.event_type, a.model_used, a as h, 1 as sign from unnest(added) as a
    union all select t.tenant_id, t.event_type, t.model_used, t, -1 from unnest(taken) as t
  ) as c
  join public.tenants as t on t.id = c.tenant_id
  cross join lateral (select 'UTC' union select t.time_zone) as z (time_zone)
  cross join lateral private.days_of_usage_hour(c.h, z.time_zone) as p
  -- Sorted, so that two batches lock these rows in one order. Each has locked its hours by then.
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (tenant_id, time_zone, starts_at, event_type, model_used) do update set
    event_count = d.event_count + excluded.event_count, tokens_used = d.tokens_used + excluded.tokens_used,
    cost_micros = d.cost_micros + excluded.cost_micros, tokens_count = d.tokens_count + excluded.tokens_count,
    cost_count = d.cost_count + excluded.cost_count;
end
$$;
comment on function private.add_usage_days(public.usage_hours[], public.usage_hours[]) is
  'Adds hours to the days in which they lie, and takes off others.';

create function private.tg_add_usage_days() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  added public.usage_hours[];
  taken public.usage_hours[] := '{}';
begin
  -- A demo's reset puts the days back itself.
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  added := array(select n from new_rows as n);
  if tg_op = 'UPDATE' then
    taken := array(select o from old_rows as o);
  end if;
  if added <> '{}' then
    perform private.add_usage_days(added, taken);
  end if;
  return null;
end
$$;
create trigger usage_hours_add_days after insert on public.usage_hours
  referencing new table as new_rows for each statement execute function private.tg_add_usage_days();
create trigger usage_hours_change_days after update on public.usage_hours
  referencing old table as old_rows new table as new_rows for each statement execute function private.tg_add_usage_days();

create function private.rebuild_usage_days(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  month_at timestamptz;
begin
  perform from public.tenants as t where t.id = tenant for no key update;
  perform pg_advisory_xact_lock(hashtextextended('usage days ' || tenant, 0));
  delete from public.usage_days as d where d.tenant_id = tenant;
  month_at := (select date_trunc('month', min(h.starts_at), 'UTC') from public.usage_hours as h where h.tenant_id = tenant);
  -- Month by month, which bounds what is in memory.
  while month_at <= (select max(h.starts_at) from public.usage_hours as h where h.tenant_id = tenant) loop
    perform private.add_usage_days(array(select h from public.usage_hours as h
      where h.tenant_id = tenant and h.starts_at >= month_at and h.starts_at < date_add(month_at, interval '1 month', 'UTC')));
    month_at := date_add(month_at, interval '1 month', 'UTC');
  end loop;
end
$$;
comment on function private.rebuild_usage_days(uuid) is 'Makes a tenant''s days of its hours anew, as it moved to another time zone.';

create function private.tg_rebuild_usage_days() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if current_setting('tenantry.is_restoring', true) is distinct from 'on' then
    perform private.rebuild_usage_days(new.id);
  end if;
  return null;
end
$$;
create trigger tenants_rebuild_usage_days after update of time_zone on public.tenants
  for each row when (new.time_zone <> old.time_zone) execute function private.tg_rebuild_usage_days();

alter table public.usage_days enable row level security;
create policy "members read their tenant's usage days" on public.usage_days
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_days to authenticated, service_role;

select private.register_table('public.usage_days', plain => '{time_zone,event_type,model_used}',
  unaudited => 'it only adds up usage_hours');

-- 20_payments/01_order_kinds.sql

-- Order kinds: what can be bought, and which function gives it to the buyer.

create table private.order_kinds (
  kind text primary key,
  description text not null,
  -- What is called for each payment that is right: settle(order public.payment_orders, payment public.payments).
  settle text not null,
  is_recurring boolean not null default false,
  is_for_tenant boolean not null default true,
  is_paid_to_tenant boolean not null default false,
  constraint kind_is_a_word check (kind ~ '^[a-z][a-z_]{1,39}$')
);
comment on table private.order_kinds is
  'The register of what can be bought. The file of each kind registers it. Payments are settled by the function that the kind names.';
comment on column private.order_kinds.is_recurring is 'Whether the provider charges again each month. Then each period is settled once.';
comment on column private.order_kinds.is_paid_to_tenant is
  'Whether the money goes to the tenant, from its own customers. Such an order is no bill of the tenant: any tenant may have it, and the platform hears nothing of it.';
comment on column private.order_kinds.is_for_tenant is
  'Whether a customer must exist already. An order of another kind belongs to the platform''s tenant: whoever pays has no tenant yet. Its function makes one, and gives the order to it.';

create function private.register_order_kind(
  kind text, settle regprocedure, description text, is_recurring boolean default false, is_for_tenant boolean default true,
  is_paid_to_tenant boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A wrong function must fail in its migration, and not when somebody has paid.
  if (select oidvectortypes(p.proargtypes) from pg_catalog.pg_proc as p where p.oid = register_order_kind.settle)
    is distinct from 'public.payment_orders, public.payments' then
    raise exception 'register_order_kind: % must take an order and a payment.', register_order_kind.settle;
  end if;
  insert into private.order_kinds (kind, description, settle, is_recurring, is_for_tenant, is_paid_to_tenant)
  values (register_order_kind.kind, register_order_kind.description, register_order_kind.settle::oid::regproc::text,
    register_order_kind.is_recurring, register_order_kind.is_for_tenant, register_order_kind.is_paid_to_tenant)
  on conflict on constraint order_kinds_pkey do update set (description, settle, is_recurring, is_for_tenant, is_paid_to_tenant) =
    (excluded.description, excluded.settle, excluded.is_recurring, excluded.is_for_tenant, excluded.is_paid_to_tenant);
end
$$;
comment on function private.register_order_kind(text, regprocedure, text, boolean, boolean, boolean) is
  'Adds a kind of order. settle(order, payment) runs once for each order, or once for each period of a recurring kind, in the transaction that makes the payment paid. What it refuses with a problem (PT4xx) makes the payment refund_due.';

select private.register_table('private.order_kinds', plain => '{kind,description,settle}', unaudited => 'changed by migrations only');

-- 20_payments/02_orders.sql

-- Orders: what somebody wants to pay for at a provider, and the payments that came for it.

create type public.payment_provider as enum (
  'razorpay', 'stripe',
  'mpesa' -- only of what a tenant's own customers pay to the tenant
);

create type public.payment_order_status as enum (
  'created',    -- waits for a payment
  'failed',     -- a payment was tried and failed, or the provider closed the order; another may still come
  'paid',       -- a payment was right, and what was bought is given
  'refund_due', -- money came that nothing can be given for; somebody has to send it back
  'refunded'    -- all of that was sent back
);

create type public.payment_status as enum ('failed', 'paid', 'refund_due', 'refunded');

create table public.payment_orders (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  provider public.payment_provider not null,
  provider_order_id text,
  kind text not null references private.order_kinds on update cascade on delete restrict,
  amount_minor bigint not null,
  currency char(3) not null,
  bought jsonb not null,
  status public.payment_order_status not null default 'created',
  pay_url text,
  idempotency_key text,
  paid_at timestamptz,
  next_ask_at timestamptz default now() + interval '15 minutes',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint order_costs_something check (amount_minor between 1 and 100000000000),
  constraint order_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
  constraint bought_is_a_small_object check (jsonb_typeof(bought) = 'object' and private.json_fits(bought, 16384)),
  constraint provider_order_id_is_short check (length(provider_order_id) between 1 and 255),
  constraint pay_url_is_https check (length(pay_url) <= 2048 and pay_url ~ '^https?://'),
  constraint order_key_is_short check (length(idempotency_key) between 1 and 255),
  constraint paid_has_a_moment check (status <> 'paid' or paid_at is not null)
);
comment on table public.payment_orders is
  'What a tenant wants to pay for. An order of a kind without a tenant belongs to the platform''s tenant, until its payment makes one. The status follows from the order''s payments.';
comment on column public.payment_orders.bought is 'What is bought, in the words of its kind: {"plan": "business"}.';
comment on column public.payment_orders.next_ask_at is 'When the provider is asked whether the order was paid. Null when nothing is to be asked.';
create unique index payment_orders_ref_id_idx on public.payment_orders (tenant_id, ref_id) where ref_id is not null;
-- A webhook names the order and not the tenant.
create unique index payment_orders_provider_order_id_idx on public.payment_orders (provider, provider_order_id)
  where provider_order_id is not null;
create unique index payment_orders_idempotency_key_idx on public.payment_orders (tenant_id, idempotency_key)
  where idempotency_key is not null;
create index payment_orders_id_idx on public.payment_orders (id);
create index payment_orders_kind_idx on public.payment_orders (kind);
create index payment_orders_next_ask_at_idx on public.payment_orders (next_ask_at) where next_ask_at is not null;
create trigger payment_orders_touch before update on public.payment_orders
  for each row execute function private.tg_touch_updated_at();

create table public.payments (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  order_id uuid not null,
  provider public.payment_provider not null,
  provider_payment_id text not null,
  -- Which period of a recurring order it is for. An order that is paid once has one.
  period text not null default '1',
  period_ends_at timestamptz,
  amount_minor bigint not null,
  currency char(3) not null,
  status public.payment_status not null,
  reason text,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- An order that makes a tenant moves to it, and its payments go along.
  foreign key (tenant_id, order_id) references public.payment_orders on update cascade on delete cascade,
  constraint one_row_a_payment unique (tenant_id, provider, provider_payment_id),
  constraint provider_payment_id_is_short check (length(provider_payment_id) between 1 and 255),
  constraint period_is_short check (length(period) between 1 and 255),
  constraint payment_not_negative check (amount_minor >= 0),
  constraint payment_reason_is_text check (private.is_plain_text(reason, 200)),
  constraint paid_is_settled check (status <> 'paid' or settled_at is not null),
  constraint refund_due_has_a_reason check (status <> 'refund_due' or reason is not null and settled_at is null)
);
comment on table public.payments is
  'Each payment of an order, also those that failed. settled_at says that this one gave what was bought. A payment only moves forward: failed, then paid or refund_due, then refunded.';
-- The last word on giving twice.
create unique index payments_settled_once_idx on public.payments (tenant_id, order_id, period) where settled_at is not null;
create index payments_order_id_idx on public.payments (tenant_id, order_id);
create index payments_provider_payment_id_idx on public.payments (provider, provider_payment_id);
create trigger payments_touch before update on public.payments for each row execute function private.tg_touch_updated_at();

alter table public.payment_orders enable row level security;
alter table public.payments enable row level security;
create policy "managers read their tenant's payment orders" on public.payment_orders
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers read their tenant's payments" on public.payments
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
-- Nobody writes here but the functions below: a row that somebody else made would be something that nobody paid for.
grant select on public.payment_orders, public.payments to authenticated, service_role;

create function private.make_payment_order(
  tenant uuid, provider public.payment_provider, kind text, amount_minor bigint, currency text, bought jsonb,
  idempotency_key text default null
) returns public.payment_orders
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  wanted private.order_kinds;
  made public.payment_orders;
begin
  select * into strict wanted from private.order_kinds as k where k.kind = make_payment_order.kind;
  if not wanted.is_for_tenant and tenant <> private.platform_tenant_id() then
    raise exception 'An order of the kind % belongs to the platform until it is settled.', make_payment_order.kind;
  elsif wanted.is_for_tenant and not wanted.is_paid_to_tenant and exists (select from public.tenants as t where t.id = tenant and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer is billed. A demo tenant and the platform never are.');
  end if;
  insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought, idempotency_key)
  values (tenant, make_payment_order.provider, make_payment_order.kind, make_payment_order.amount_minor,
    make_payment_order.currency, make_payment_order.bought, make_payment_order.idempotency_key)
  -- Two requests with one key: the second waits here, and then finds the row of the first.
  on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
  returning * into made;
  if made.id is null then
    select * into strict made from public.payment_orders as o
    where o.tenant_id = tenant and o.idempotency_key = make_payment_order.idempotency_key;
    if (made.provider, made.kind, made.bought) is distinct from
      (make_payment_order.provider, make_payment_order.kind, make_payment_order.bought) then
      perform private.raise_problem(409, 'conflict', 'The Idempotency-Key was used before for another order. Give this order a key of its own.');
    end if;
  end if;
  return made;
end
$$;
comment on function private.make_payment_order(uuid, public.payment_provider, text, bigint, text, jsonb, text) is
  'Notes an order before the provider hears of it. The function of a kind calls it, after asking for a permission and for the price. A second call with the same key answers the first order, at its first price. 409 not_billable; 409 conflict.';

-- A definer: not even the service may write orders directly.
create function private.attach_payment_order(tenant uuid, order_id uuid, provider_order_id text, pay_url text)
  returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  attached public.payment_orders;
begin
  -- Of two requests at once the first wins. What the second made at the provider is shown to nobody.
  update public.payment_orders as o set provider_order_id = attach_payment_order.provider_order_id, pay_url = attach_payment_order.pay_url
  where o.tenant_id = tenant and o.id = attach_payment_order.order_id and o.provider_order_id is null;
  select * into attached from public.payment_orders as o where o.tenant_id = tenant and o.id = attach_payment_order.order_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no such order.');
  end if;
  return attached;
end
$$;
comment on function private.attach_payment_order(uuid, uuid, text, text) is 'Notes how the provider calls an order, and where it is paid. For the service.';

select private.register_table('public.payment_orders', keeping => 'history',
  plain => '{provider_order_id,kind,currency,bought,pay_url,idempotency_key}', quiet => '{next_ask_at}');
select private.register_table('public.payments', keeping => 'history',
  plain => '{provider_payment_id,period,currency,reason}');

-- 20_payments/03_billing_events.sql

-- Billing events: what happened to a tenant's payments and subscriptions, one row each, never changed.

create table public.billing_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  event_type text not null,
  provider public.payment_provider not null,
  provider_entity_id text,
  amount_minor bigint,
  currency char(3),
  plan text,
  payload jsonb not null default '{}',
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint billing_event_type_is_dotted check (event_type ~ '^(payment|subscription)\.[a-z_]{1,40}$'),
  constraint entity_id_is_short check (length(provider_entity_id) between 1 and 255),
  constraint amount_has_a_currency check ((amount_minor is null) = (currency is null)),
  constraint billing_payload_is_small check (jsonb_typeof(payload) = 'object' and private.json_fits(payload, 4096))
);
comment on table public.billing_events is
  'What happened to a tenant''s payments and subscriptions, append-only. The payload holds ids and reasons, and nothing about the person who paid.';
comment on column public.billing_events.provider_entity_id is 'The payment or the subscription at the provider.';
create unique index billing_events_ref_id_idx on public.billing_events (tenant_id, ref_id) where ref_id is not null;
create trigger billing_events_never_change before update on public.billing_events
  for each row execute function private.tg_refuse_change();

alter table public.billing_events enable row level security;
create policy "managers read their tenant's billing events" on public.billing_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.billing_events to authenticated, service_role;

-- A definer, as every function that emits.
create function private.tg_emit_billing_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  tenant public.tenants;
  data jsonb;
  is_bill boolean := not coalesce((select k.is_paid_to_tenant from private.order_kinds as k where k.kind = new.payload ->> 'kind'), false);
begin
  if new.event_type not in ('payment.paid', 'payment.failed', 'payment.refund_due', 'payment.refunded',
    'subscription.activated', 'subscription.charged', 'subscription.failed', 'subscription.cancelled') then
    raise exception 'There is no billing event %.', new.event_type;
  end if;
  select * into tenant from public.tenants as t where t.id = new.tenant_id;
  data := jsonb_build_object(
    'tenant', jsonb_build_object('ref_id', tenant.ref_id, 'slug', tenant.slug),
    'order', jsonb_build_object('ref_id', new.payload ->> 'order', 'kind', new.payload ->> 'kind'),
    'provider', new.provider, 'provider_entity_id', new.provider_entity_id,
    'amount_minor', new.amount_minor, 'currency', new.currency, 'plan', new.plan, 'reason', new.payload ->> 'reason');
  perform private.emit_event(new.tenant_id, new.event_type, data, 'order ' || (new.payload ->> 'order'), has_row_lock => true);
  -- What a tenant's own customers pay to it is nothing that its managers can pay, and the platform has none of it.
  if not is_bill then
    return null;
  end if;
  -- Those who can pay are told what needs them. What went well, they did themselves. The platform pays for nothing: its
  -- orders are those of strangers.
  if new.event_type in ('payment.failed', 'subscription.failed', 'subscription.cancelled') and tenant.kind <> 'platform' then
    perform private.notify(new.tenant_id, new.event_type, '{admins}', jsonb_build_object('provider', initcap(new.provider::text)),
      'order', new.payload ->> 'order', new.event_type || ' ' || coalesce(new.provider_entity_id, new.id::text));
  end if;
  -- The platform took the money, so the platform is told to send it back.
  if new.event_type = 'payment.refund_due' and new.tenant_id <> private.platform_tenant_id() then
    perform private.emit_event(private.platform_tenant_id(), 'payment.refund_due', data);
  end if;
  return null;
end
$$;
create trigger billing_events_emit after insert on public.billing_events
  for each row execute function private.tg_emit_billing_events();

select private.register_event_type(t.type, t.description,
  '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "order": {"ref_id": "ref_id", "kind": "text"}, "provider": "razorpay|stripe|mpesa",
    "provider_entity_id?": "text", "amount_minor?": "count", "currency?": "text", "plan?": "text", "reason?": "text"}',
  jsonb_build_object('tenant', '{"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "our-studio"}'::jsonb,
    'order', '{"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "kind": "subscription"}'::jsonb, 'provider', 'stripe',
    'provider_entity_id', 'in_1example', 'amount_minor', 14900, 'currency', 'CHF', 'plan', 'professional', 'reason', t.reason))
from (values
  ('payment.paid', 'A payment was right, and what it bought was given.', null),
  ('payment.failed', 'A payment of an order failed.', 'card_declined'),
  ('payment.refund_due', 'Money came that nothing can be given for: a second payment, or a wrong amount or currency.', 'wrong_amount'),
  ('payment.refunded', 'A payment was sent back.', null),
  ('subscription.activated', 'The first payment of a subscription was settled.', null),
  ('subscription.charged', 'A later payment of a subscription was settled.', null),
  ('subscription.failed', 'A subscription could not be charged and is past due.', 'card_declined'),
  ('subscription.cancelled', 'A subscription was cancelled and is not charged again.', null)
) as t (type, description, reason);

select private.register_notification_type('payment.failed', 'billing', 'A payment failed.',
  '{"en": "A payment at {{provider}} failed. Try again, or pay in another way.",
    "de": "Eine Zahlung bei {{provider}} ist fehlgeschlagen. Versuche es noch einmal, oder zahle anders.",
    "fr": "Un paiement chez {{provider}} a échoué. Réessayez, ou payez autrement."}', '{"provider": "Stripe"}', is_critical => true);
select private.register_notification_type('subscription.failed', 'billing', 'A subscription could not be charged.',
  '{"en": "{{provider}} could not charge your subscription. Pay within a week, or your account is frozen.",
    "de": "{{provider}} konnte dein Abonnement nicht belasten. Zahle innerhalb einer Woche, sonst wird dein Konto eingefroren.",
    "fr": "{{provider}} n’a pas pu débiter votre abonnement. Payez sous une semaine, sinon votre compte sera gelé."}', '{"provider": "Stripe"}', is_critical => true);
select private.register_notification_type('subscription.cancelled', 'billing', 'A subscription was cancelled.',
  '{"en": "Your subscription at {{provider}} was cancelled. It works until the end of the month that is paid.",
    "de": "Dein Abonnement bei {{provider}} wurde gekündigt. Es läuft bis zum Ende des bezahlten Monats.",
    "fr": "Votre abonnement chez {{provider}} a été résilié. Il reste actif jusqu’à la fin du mois payé."}', '{"provider": "Stripe"}');

create function private.record_billing_event(
  order_row public.payment_orders, event_type text, entity text, reason text default null,
  amount_minor bigint default null, currency text default null
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into public.billing_events (tenant_id, event_type, provider, provider_entity_id, amount_minor, currency, plan, payload)
  values (order_row.tenant_id, record_billing_event.event_type, order_row.provider, record_billing_event.entity,
    record_billing_event.amount_minor, record_billing_event.currency, order_row.bought ->> 'plan',
    jsonb_strip_nulls(jsonb_build_object('order', order_row.ref_id, 'kind', order_row.kind,
      'provider_order_id', order_row.provider_order_id, 'reason', record_billing_event.reason)));
end
$$;
comment on function private.record_billing_event(public.payment_orders, text, text, text, bigint, text) is
  'Adds a row to billing_events. A trigger tells webhooks.';

select private.register_table('public.billing_events', keeping => 'history',
  plain => '{event_type,provider_entity_id,currency,plan,payload}', unaudited => 'append-only, a log itself');

-- 20_payments/04_subscriptions.sql

-- Subscriptions: a plan that a tenant pays for each month, and what its payments do to the tenant.

create type public.subscription_status as enum (
  'pending',  -- nothing was paid yet
  'active',   -- paid
  'past_due', -- a charge failed and was not made good yet
  'cancelled' -- not charged again
);

create table public.subscriptions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  order_id uuid not null,
  provider public.payment_provider not null,
  provider_subscription_id text,
  plan text not null references public.plans on update cascade on delete restrict,
  status public.subscription_status not null default 'pending',
  paid_until_at timestamptz,
  cancel_requested_at timestamptz,
  cancelled_at timestamptz,
  replaced_at timestamptz,
  next_cancel_at timestamptz,
  freezes_at timestamptz,
  froze_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, order_id) references public.payment_orders on update cascade on delete cascade,
  constraint one_subscription_an_order unique (tenant_id, order_id),
  constraint provider_subscription_id_is_short check (length(provider_subscription_id) between 1 and 255)
);
comment on table public.subscriptions is
  'A plan that is paid for each month. Its status follows from the payments of its order. The newest one of a tenant moves the tenant''s plan and status.';
comment on column public.subscriptions.freezes_at is 'When the tenant is frozen unless somebody pays. Null if nothing is owed.';
comment on column public.subscriptions.froze_at is 'The frozen_at of the tenant, if this subscription froze it. Only then can a payment make it active again.';
comment on column public.subscriptions.cancel_requested_at is 'When somebody of the tenant cancelled it, or when it became one that can give nothing. The provider is then asked to.';
comment on column public.subscriptions.replaced_at is 'When a newer subscription took its place. The provider is then asked to cancel this one.';
comment on column public.subscriptions.next_cancel_at is 'When the provider is asked to cancel it. Null if it is not to be cancelled, or is.';
create unique index subscriptions_ref_id_idx on public.subscriptions (tenant_id, ref_id) where ref_id is not null;
-- A renewal names the subscription, and neither the tenant nor the order.
create unique index subscriptions_provider_subscription_id_idx on public.subscriptions (provider, provider_subscription_id)
  where provider_subscription_id is not null;
create index subscriptions_plan_idx on public.subscriptions (plan);
create index subscriptions_freezes_at_idx on public.subscriptions (freezes_at) where freezes_at is not null and froze_at is null;
create index subscriptions_next_cancel_at_idx on public.subscriptions (next_cancel_at) where next_cancel_at is not null;
create trigger subscriptions_touch before update on public.subscriptions for each row execute function private.tg_touch_updated_at();

alter table public.subscriptions enable row level security;
create policy "managers read their tenant's subscriptions" on public.subscriptions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.subscriptions to authenticated, service_role;

create function private.payment_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '7 days' $$;
comment on function private.payment_grace() is 'How long a tenant whose charge failed works on before it is frozen.';

create function private.is_frozen_for_payment(tenant public.tenants) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- Not by the text of status_reason: an owner who cancels writes any text.
  select tenant.status = 'frozen' and exists (
    select from public.subscriptions as s where s.tenant_id = tenant.id and s.froze_at = tenant.frozen_at)
$$;
comment on function private.is_frozen_for_payment(public.tenants) is 'Whether what froze the tenant was a subscription that was not paid, or that ended.';

create function private.may_buy_plan(tenant public.tenants) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- cron is the only one to write that reason on a tenant that has the plan of a trial, and an owner who writes it
  -- froze the own trial.
  select tenant.status in ('trial', 'active') or private.is_frozen_for_payment(tenant)
    or tenant.status = 'frozen' and private.is_trial_plan(tenant.plan) and tenant.status_reason = 'The trial ended.'
$$;
comment on function private.may_buy_plan(public.tenants) is
  'Whether a payment may change the tenant''s plan. Not in a tenant that somebody froze for another reason: money does not settle that.';

create function private.settle_subscription(order_row public.payment_orders, payment public.payments) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  tenant public.tenants;
  is_first boolean := not exists (select from public.payments as p
    where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null and p.id <> payment.id);
begin
  select * into tenant from public.tenants as t where t.id = order_row.tenant_id;
  if tenant.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  elsif not private.may_buy_plan(tenant) then
    perform private.raise_problem(403, 'tenant_frozen', 'The tenant was frozen for another reason than a payment.');
  elsif exists (select from public.subscriptions as s where s.tenant_id = tenant.id and s.order_id > order_row.id
    and s.status <> 'pending' and s.replaced_at is null) then
    perform private.raise_problem(409, 'conflict', 'A newer subscription has taken the place of this one.');
  end if;
  update public.subscriptions as s set replaced_at = now(), freezes_at = null,
    next_cancel_at = case when s.cancelled_at is null and s.provider_subscription_id is not null then now() end
  where s.tenant_id = tenant.id and s.order_id < order_row.id and s.replaced_at is null;
  -- A later charge pays for the plan that the tenant has. The platform may have changed it since.
  if is_first then
    perform private.change_plan(tenant.id, order_row.bought ->> 'plan');
  end if;
  update public.tenants as t set status = 'active', status_reason = null
  where t.id = tenant.id and t.status = 'frozen' and private.is_frozen_for_payment(t);
  if order_row.provider = 'razorpay' then
    update public.tenant_billing as b set razorpay_subscription_id = order_row.provider_order_id
    where b.tenant_id = tenant.id and b.razorpay_subscription_id is distinct from order_row.provider_order_id;
  end if;
  perform private.record_billing_event(order_row, case when is_first then 'subscription.activated' else 'subscription.charged' end,
    payment.provider_payment_id, null, payment.amount_minor, payment.currency);
end
$$;
comment on function private.settle_subscription(public.payment_orders, public.payments) is
  'What a right payment of a subscription does: the first one gives the plan, and each one ends a freeze for not having paid. Refuses an archived tenant, one frozen for another reason, and a subscription that was replaced.';

create function private.gives_nothing_ever(order_row public.payment_orders) returns boolean
  language sql stable
  set search_path = ''
as $$
  select not k.is_for_tenant and exists (
    select from public.payments as p
    where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id
      and p.status in ('refund_due', 'refunded') and p.settled_at is null and p.reason not in ('wrong_amount', 'wrong_currency', 'paid_twice'))
  from private.order_kinds as k where k.kind = order_row.kind
$$;
comment on function private.gives_nothing_ever(public.payment_orders) is
  'Whether the kind of an order without a tenant refused its payment, as that of a second order of one registration. Then nobody could cancel the subscription, so the provider is asked to.';

create function private.review_subscription(order_row public.payment_orders, subscription text, is_cancelled boolean) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  before public.subscriptions;
  after public.subscriptions;
  failing timestamptz;
begin
  insert into public.subscriptions (tenant_id, order_id, provider, plan)
  values (order_row.tenant_id, order_row.id, order_row.provider, order_row.bought ->> 'plan')
  on conflict on constraint one_subscription_an_order do nothing;
  select * into strict before from public.subscriptions as s
  where s.tenant_id = order_row.tenant_id and s.order_id = order_row.id for no key update;
  -- All of it follows from the rows there are, and from nothing that depends on the order in which they came.
  select min(f.created_at) into failing from public.payments as f
  where f.tenant_id = order_row.tenant_id and f.order_id = order_row.id and f.status = 'failed'
    and not exists (select from public.payments as p where p.tenant_id = f.tenant_id and p.order_id = f.order_id
      and p.settled_at is not null and (p.period = f.period or p.period_ends_at > f.period_ends_at));
  after := before;
  after.provider_subscription_id := coalesce(before.provider_subscription_id, review_subscription.subscription);
  after.cancelled_at := coalesce(before.cancelled_at, case when is_cancelled then now() end);
  -- One that was replaced may begin later: its payment was on the way.
  if private.gives_nothing_ever(order_row) then
    after.cancel_requested_at := coalesce(before.cancel_requested_at, now());
  end if;
  after.next_cancel_at := case
    when after.cancelled_at is null and after.provider_subscription_id is not null and coalesce(before.replaced_at, after.cancel_requested_at) is not null
    then coalesce(before.next_cancel_at, now()) end;
  select max(p.period_ends_at) into after.paid_until_at from public.payments as p
  where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null;
  after.status := case
    when after.cancelled_at is not null then 'cancelled'
    when not exists (select from public.payments as p
      where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null) then 'pending'
    when failing is not null then 'past_due'
    else 'active' end;
  if before.replaced_at is null and exists (select from public.payments as p
      where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null) then
    after.freezes_at := least(failing + private.payment_grace(), greatest(after.cancelled_at, case when after.cancelled_at is not null then after.paid_until_at end));
  end if;
  -- What froze the tenant is over when a payment made it active again.
  if exists (select from public.tenants as t where t.id = order_row.tenant_id and t.status = 'active') then
    after.froze_at := null;
  end if;
  update public.subscriptions as s set
    (provider_subscription_id, cancel_requested_at, cancelled_at, next_cancel_at, paid_until_at, status, freezes_at, froze_at) =
    (after.provider_subscription_id, after.cancel_requested_at, after.cancelled_at, after.next_cancel_at, after.paid_until_at, after.status, after.freezes_at, after.froze_at)
  where s.tenant_id = after.tenant_id and s.id = after.id and s is distinct from after;
  if after.status = 'past_due' and before.status <> 'past_due' then
    perform private.record_billing_event(order_row, 'subscription.failed', after.provider_subscription_id);
  elsif after.status = 'cancelled' and before.status <> 'cancelled' then
    perform private.record_billing_event(order_row, 'subscription.cancelled', after.provider_subscription_id);
  end if;
end
$$;
comment on function private.review_subscription(public.payment_orders, text, boolean) is
  'Works out the state of a subscription from the payments of its order. Called whenever one of them has changed.';

create function private.freeze_unpaid_tenants(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  frozen_count int := 0;
begin
  for due in
    select s.tenant_id, s.id from public.subscriptions as s join public.tenants as t on t.id = s.tenant_id
    where s.freezes_at <= now() and s.froze_at is null and s.replaced_at is null and t.status = 'active'
    order by s.freezes_at limit batch
  loop
    -- The tenant first, as settling does. What was true when the batch was read may have been paid since.
    perform from public.tenants as t where t.id = due.tenant_id for no key update;
    with frozen as (
      update public.tenants as t set status = 'frozen', status_reason = 'Not paid.'
      where t.id = due.tenant_id and t.status = 'active' and exists (select from public.subscriptions as s
        where s.tenant_id = due.tenant_id and s.id = due.id and s.freezes_at <= now() and s.replaced_at is null)
      returning t.id, t.frozen_at
    )
    update public.subscriptions as s set froze_at = f.frozen_at from frozen as f where s.tenant_id = f.id and s.id = due.id;
    if found then
      frozen_count := frozen_count + 1;
    end if;
  end loop;
  return frozen_count;
end
$$;
comment on function private.freeze_unpaid_tenants(int) is
  'Freezes tenants whose subscription was past due for the grace, or ended. Those that wait longest come first. Returns how many.';

select private.register_order_kind('subscription', 'private.settle_subscription(public.payment_orders, public.payments)',
  'A plan, paid each month until it is cancelled.', is_recurring => true);

select cron.schedule('usage: freeze tenants that did not pay', '41 * * * *', 'select private.freeze_unpaid_tenants()');

select private.register_table('public.subscriptions', keeping => 'history', plain => '{provider_subscription_id,plan}',
  quiet => '{next_cancel_at}');

-- 20_payments/05_inbox.sql

-- The inbox: what providers told us, verified before it came here.

create table private.payment_events (
  provider public.payment_provider not null,
  event_id text not null,
  -- Another id in a header that nobody signed would otherwise make a second event of the same words.
  body_hash bytea not null,
  body bytea,
  fact jsonb,
  outcome text,
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (provider, event_id),
  constraint one_row_a_body unique (provider, body_hash),
  constraint payment_event_id_is_short check (length(event_id) between 1 and 255),
  constraint fact_is_a_small_object check (fact is null or jsonb_typeof(fact) = 'object' and private.json_fits(fact, 8192)),
  constraint settled_has_an_outcome check ((settled_at is null) = (outcome is null)),
  constraint outcome_is_known check (outcome in ('ignored', 'unknown_order', 'nothing_new', 'applied'))
);
comment on table private.payment_events is
  'Every event of a provider, once. The raw bytes are kept for 30 days. A fact is what the event says about an order; null if it says nothing of ours.';
create index payment_events_open_idx on private.payment_events (received_at) where settled_at is null;
create index payment_events_received_at_idx on private.payment_events (received_at) where body is not null;

-- A definer, as the function that settles: not even the service may write these tables directly.
create function private.receive_payment_event(provider public.payment_provider, event_id text, body bytea, fact jsonb) returns text
  language sql volatile security definer
  set search_path = ''
as $$
  with received as (
    insert into private.payment_events (provider, event_id, body_hash, body, fact)
    values (receive_payment_event.provider, receive_payment_event.event_id, sha256(receive_payment_event.body),
      receive_payment_event.body, receive_payment_event.fact)
    -- Without a target: the id or the words may be known.
    on conflict do nothing
    returning payment_events.event_id
  )
  select r.event_id from received as r
  union all
  -- The id under which it was received first. It may be open still, if settling it failed.
  select e.event_id from private.payment_events as e
  where e.provider = receive_payment_event.provider
    and (e.event_id = receive_payment_event.event_id or e.body_hash = sha256(receive_payment_event.body))
  limit 1
$$;
comment on function private.receive_payment_event(public.payment_provider, text, bytea, jsonb) is
  'Stores an event whose signature was verified, and returns the id under which it stands. Receiving it again changes nothing. Null if another receives it in this moment.';

create function private.settle_waiting_payment_events(batch int default 100) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  waiting record;
  settled_count int := 0;
begin
  for waiting in
    select e.provider, e.event_id from private.payment_events as e
    where e.settled_at is null and e.received_at <= now() - interval '1 minute'
    order by e.received_at limit batch
  loop
    begin
      perform private.settle_payment_event(waiting.provider, waiting.event_id);
      settled_count := settled_count + 1;
    exception when others then
      -- One that fails must not keep the others waiting. It is tried again, and the log says why it failed.
      raise warning 'The payment event % of % was not settled: %', waiting.event_id, waiting.provider, sqlerrm;
    end;
  end loop;
  return settled_count;
end
$$;
comment on function private.settle_waiting_payment_events(int) is
  'Settles events that were received and not settled, because the function that received them was stopped. Returns how many.';

create function private.forget_payment_bodies(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select e.provider, e.event_id from private.payment_events as e
    where e.body is not null and e.settled_at is not null and e.received_at <= now() - interval '30 days'
    order by e.received_at limit batch
  ), forgotten as (
    update private.payment_events as e set body = null from old as o
    where e.provider = o.provider and e.event_id = o.event_id returning 1
  )
  select count(*)::int from forgotten
$$;
comment on function private.forget_payment_bodies(int) is
  'Removes the raw bytes of events that arrived 30 days ago, because they hold what the payer typed. The id and the hash stay, so that a replay is still known.';

select cron.schedule('usage: settle payment events that wait', '* * * * *', 'select private.settle_waiting_payment_events()');
select cron.schedule('usage: forget the bytes of payment events', '47 3 * * *', 'select private.forget_payment_bodies()');

select private.register_table('private.payment_events', plain => '{event_id,fact,outcome}', personal => '{body}', secret => '{body_hash}',
  on_forget => 'keep', kept_because => 'The provider''s own words prove what was paid. They are removed after 30 days.',
  unaudited => 'an inbox that belongs to no tenant; what it changes has rows in the log');

-- 20_payments/06_settling.sql

-- Settling: what an event of the inbox does to payments, orders and subscriptions. Everything only moves forward.

create function private.find_payment_order(provider public.payment_provider, fact jsonb) returns public.payment_orders
  language plpgsql stable
  set search_path = ''
as $$
declare
  found_row public.payment_orders;
begin
  -- Always of the same provider: another one may use the same ids. One index after the other, because a condition with
  -- "or" would read all orders.
  select o.* into found_row from public.payment_orders as o
  where o.provider = find_payment_order.provider and o.provider_order_id = fact ->> 'order_id';
  if found_row.id is null then
    select o.* into found_row from public.payment_orders as o
    where o.id = private.ulid_to_uuid(fact ->> 'order_ref') and o.provider = find_payment_order.provider;
  end if;
  if found_row.id is null then
    select o.* into found_row from public.subscriptions as s
    join public.payment_orders as o on o.tenant_id = s.tenant_id and o.id = s.order_id
    where s.provider = find_payment_order.provider and s.provider_subscription_id = fact ->> 'subscription_id';
  end if;
  if found_row.id is null then
    select o.* into found_row from public.payments as p
    join public.payment_orders as o on o.tenant_id = p.tenant_id and o.id = p.order_id
    where p.provider = find_payment_order.provider and p.provider_payment_id = fact ->> 'payment_id'
    order by p.id limit 1;
  end if;
  return found_row;
end
$$;
comment on function private.find_payment_order(public.payment_provider, jsonb) is
  'The order that a fact is about: by the provider''s id, by our own that the provider gives back, by its subscription, or by a payment.';

create function private.settle_payment(order_row public.payment_orders, payment public.payments) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  settle text;
begin
  if payment.currency <> order_row.currency then
    return 'wrong_currency';
  elsif payment.amount_minor <> order_row.amount_minor then
    return 'wrong_amount';
  elsif exists (select from public.payments as p where p.tenant_id = payment.tenant_id and p.order_id = payment.order_id
    and p.period = payment.period and p.settled_at is not null) then
    return 'paid_twice';
  end if;
  select k.settle into strict settle from private.order_kinds as k where k.kind = order_row.kind;
  begin
    execute format('select %s($1, $2)', settle) using order_row, payment;
  exception when others then
    -- What the kind refuses will be refused again tomorrow. Whatever else went wrong may go well next time.
    if sqlstate not like 'PT4%' then
      raise;
    end if;
    return left(sqlerrm, 200);
  end;
  return null;
end
$$;
comment on function private.settle_payment(public.payment_orders, public.payments) is
  'Gives what a payment bought, and returns null. Or returns why nothing can be given for it, which makes it refund_due.';

create function private.apply_payment_fact(order_row public.payment_orders, fact jsonb) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  what text := fact ->> 'what';
  payment public.payments;
  before public.payments;
  reason text;
begin
  select * into before from public.payments as p
  where p.tenant_id = order_row.tenant_id and p.provider = order_row.provider and p.provider_payment_id = fact ->> 'payment_id';
  payment := before;
  payment.tenant_id := order_row.tenant_id;
  payment.id := coalesce(before.id, private.uuid_v7());
  payment.order_id := order_row.id;
  payment.provider := order_row.provider;
  payment.provider_payment_id := fact ->> 'payment_id';
  payment.period := coalesce(before.period, fact ->> 'period', '1');
  payment.period_ends_at := coalesce((fact ->> 'period_ends_at')::timestamptz, before.period_ends_at);
  payment.created_at := coalesce(before.created_at, now());
  payment.updated_at := now();
  if what = 'failed' and before.id is null then
    payment.status := 'failed';
    payment.reason := left(fact ->> 'reason', 200);
    payment.amount_minor := coalesce((fact ->> 'amount_minor')::bigint, order_row.amount_minor);
    payment.currency := coalesce(fact ->> 'currency', order_row.currency);
  elsif what = 'refunded' and before.status is distinct from 'refunded'
    -- A part that is sent back leaves the rest paid.
    and (fact ->> 'amount_minor')::bigint >= coalesce(nullif(before.amount_minor, 0), order_row.amount_minor) then
    payment.status := 'refunded';
    payment.amount_minor := coalesce(before.amount_minor, (fact ->> 'amount_minor')::bigint);
    payment.currency := coalesce(before.currency, fact ->> 'currency');
  -- A refund that arrived before its payment must not change what the payment gave.
  elsif what = 'captured' and before.settled_at is null and coalesce(before.status, 'failed') in ('failed', 'refunded')
    and not coalesce(before.status = 'refunded' and before.reason is not null, false) then
    payment.amount_minor := (fact ->> 'amount_minor')::bigint;
    payment.currency := fact ->> 'currency';
    reason := private.settle_payment(order_row, payment);
    -- The kind may have given the order to a tenant that it made.
    select * into order_row from public.payment_orders as o where o.id = order_row.id;
    payment.tenant_id := order_row.tenant_id;
    payment.status := case when before.status = 'refunded' then 'refunded' when reason is null then 'paid' else 'refund_due' end;
    payment.settled_at := case when reason is null then now() end;
    payment.reason := reason;
  else
    return false;
  end if;
  insert into public.payments select payment.*
  on conflict on constraint one_row_a_payment do update set
    (period_ends_at, amount_minor, currency, status, reason, settled_at) =
    (excluded.period_ends_at, excluded.amount_minor, excluded.currency, excluded.status, excluded.reason, excluded.settled_at);
  perform private.record_billing_event(order_row, 'payment.' || payment.status, payment.provider_payment_id, payment.reason,
    payment.amount_minor, payment.currency)
  where payment.status is distinct from before.status;
  return true;
end
$$;
comment on function private.apply_payment_fact(public.payment_orders, jsonb) is
  'Moves one payment forward: failed, then paid or refund_due, then refunded. Returns whether anything changed. The order''s row must be locked.';

create function private.review_payment_order(order_row public.payment_orders, is_closed boolean) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A definition by all payments at once: whichever came first, the same rows give the same status.
  update public.payment_orders as o set
    status = n.status,
    paid_at = coalesce(o.paid_at, n.settled_at),
    next_ask_at = case when n.status in ('created', 'failed') and not (review_payment_order.is_closed) then o.next_ask_at end
  from (select
      case
        when bool_or(p.status = 'refund_due') then 'refund_due'
        when bool_or(p.status = 'paid') then 'paid'
        when bool_or(p.status = 'refunded') then 'refunded'
        when bool_or(p.status = 'failed') or review_payment_order.is_closed then 'failed'
        else order_row.status end::public.payment_order_status as status,
      min(p.settled_at) as settled_at
    from public.payments as p where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id) as n
  where o.tenant_id = order_row.tenant_id and o.id = order_row.id;
end
$$;

create function private.settle_payment_event(provider public.payment_provider, event_id text) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  event private.payment_events;
  order_row public.payment_orders;
  order_id uuid;
  what text;
  is_new boolean := false;
  result text;
begin
  select * into event from private.payment_events as e
  where e.provider = settle_payment_event.provider and e.event_id = settle_payment_event.event_id for update;
  if not found or event.settled_at is not null then
    return coalesce(event.outcome, 'ignored');
  end if;
  what := event.fact ->> 'what';
  while event.fact is not null loop
    order_row := private.find_payment_order(event.provider, event.fact);
    order_id := order_row.id;
    exit when order_id is null;
    -- The tenant first, then the order: whoever changes a tenant's plan or status locks in this order. All payments of
    -- one tenant are settled one after the other.
    perform from public.tenants as t where t.id = order_row.tenant_id for no key update;
    select * into order_row from public.payment_orders as o
    where o.tenant_id = order_row.tenant_id and o.id = order_row.id for no key update;
    -- While this waited, the order may have moved to the tenant that its payment made.
    exit when found;
  end loop;
  if event.fact is null then
    result := 'ignored';
  elsif order_id is null then
    result := 'unknown_order';
  else
    if what in ('captured', 'failed', 'refunded') then
      is_new := private.apply_payment_fact(order_row, event.fact);
      select * into order_row from public.payment_orders as o where o.id = order_id;
    end if;
    perform private.review_payment_order(order_row, coalesce(what = 'closed', false));
    if (select k.is_recurring from private.order_kinds as k where k.kind = order_row.kind) then
      perform private.review_subscription(order_row, event.fact ->> 'subscription_id', coalesce(what = 'cancelled', false));
    end if;
    result := case when is_new or what in ('closed', 'cancelled') then 'applied' else 'nothing_new' end;
  end if;
  update private.payment_events as e set settled_at = clock_timestamp(), outcome = result
  where e.provider = event.provider and e.event_id = event.event_id;
  return result;
end
$$;
comment on function private.settle_payment_event(public.payment_provider, text) is
  'Does what an event says, once, in one transaction: it moves the payment, the order and the subscription forward and gives what was bought. Returns the outcome. No moment in an event decides anything: the state that is reached does.';

-- 20_payments/07_ordering.sql

-- Ordering: how a tenant's managers order a plan, and which orders the provider is asked about.

create function private.take_order_turn(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if not private.take_turn(take_order_turn.tenant, 'payment_order', 30, 'hour') then
    perform private.raise_problem(429, 'too_many_orders', 'This tenant has made 30 orders in this hour.');
  end if;
end
$$;
comment on function private.take_order_turn(uuid) is
  'Counts an order of whatever kind, because each one is a request to the provider. 429 too_many_orders.';

-- A definer, because nobody may write an order directly. It asks for read_admin and not for manage: a frozen tenant and
-- one whose trial ended must be able to pay.
create function private.order_plan(
  tenant uuid, provider public.payment_provider, plan text, idempotency_key text default null
) returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  wanted public.plans;
  buyer public.tenants;
begin
  perform private.require_permission(order_plan.tenant, 'read_admin');
  select * into buyer from public.tenants as t where t.id = order_plan.tenant;
  -- Asked before anything about the plan, because money would not help.
  if buyer.kind = 'customer' and not private.may_buy_plan(buyer) then
    perform private.raise_problem(403, 'tenant_frozen',
      'This tenant was frozen for another reason than a payment. Ask the platform.');
  end if;
  select * into wanted from public.plans as p where p.plan = order_plan.plan and p.trial_days is null and p.price_minor > 0;
  if not found then
    perform private.raise_problem(422, 'invalid_value', format('The plans that can be ordered are: %s.',
      (select string_agg(p.plan, ', ' order by p.price_minor) from public.plans as p where p.trial_days is null and p.price_minor > 0)),
      '[{"pointer": "/plan", "detail": "must be a plan that can be ordered"}]');
  end if;
  perform private.take_order_turn(order_plan.tenant);
  return private.make_payment_order(order_plan.tenant, order_plan.provider, 'subscription', wanted.price_minor, wanted.currency,
    jsonb_build_object('plan', wanted.plan), order_plan.idempotency_key);
end
$$;
comment on function private.order_plan(uuid, public.payment_provider, text, text) is
  'Orders a plan, for an owner or an admin. The provider does not know of it yet. A second call with the same key answers the first order. 403 tenant_frozen; 409 not_billable, conflict; 422 for a plan without a price; 429 too_many_orders.';
grant execute on function private.order_plan(uuid, public.payment_provider, text, text) to authenticated;

-- A definer: not even the service may write orders directly.
create function private.claim_open_orders(
  batch int default 50, providers public.payment_provider[] default '{razorpay,stripe}', least_wait interval default '15 minutes'
)
  returns table (tenant_id uuid, id uuid, ref_id text, provider public.payment_provider, provider_order_id text, is_recurring boolean)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select o.tenant_id, o.id from public.payment_orders as o
    where o.next_ask_at <= now() and o.provider = any (providers)
    order by o.next_ask_at limit batch
    for no key update skip locked
  ), claimed as (
    -- Asked after 15 minutes, then half an hour, and so on to once a day. Where a payment takes a minute, from less on. After four days nobody pays an order any more,
    -- and what a provider sends later is still settled.
    update public.payment_orders as o set
      next_ask_at = case when o.created_at > now() - interval '4 days' and o.provider_order_id is not null
        then now() + least(greatest(now() - o.created_at, least_wait), interval '1 day') end
    from due as d where o.tenant_id = d.tenant_id and o.id = d.id
    returning o.tenant_id, o.id, o.ref_id, o.provider, o.provider_order_id, o.kind
  )
  select c.tenant_id, c.id, c.ref_id, c.provider, c.provider_order_id, k.is_recurring
  from claimed as c join private.order_kinds as k on k.kind = c.kind
  where c.provider_order_id is not null
$$;
comment on function private.claim_open_orders(int, public.payment_provider[], interval) is
  'The orders that nobody has paid, as far as we know, and about which the provider is to be asked now. Two callers never get the same one.';

grant execute on function private.attach_payment_order(uuid, uuid, text, text), private.claim_open_orders(int, public.payment_provider[], interval),
  private.receive_payment_event(public.payment_provider, text, bytea, jsonb),
  private.settle_payment_event(public.payment_provider, text) to service_role;

-- 20_payments/08_cancelling.sql

-- Cancelling: how a tenant's managers end a subscription, and how the provider is told until it has heard.

-- A definer, because nobody may write a subscription directly. It asks for read_admin and not for manage: who is frozen
-- because of a charge that failed must be able to end the charges.
create function private.request_cancellation(tenant uuid, ref text) returns public.subscriptions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  found_row public.subscriptions;
begin
  perform private.require_permission(request_cancellation.tenant, 'read_admin');
  -- The tenant first, as settling does.
  perform from public.tenants as t where t.id = request_cancellation.tenant for no key update;
  select * into found_row from public.subscriptions as s
  where s.tenant_id = request_cancellation.tenant and s.ref_id = request_cancellation.ref for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no such subscription.');
  elsif found_row.status = 'cancelled' or found_row.cancel_requested_at is not null then
    return found_row;
  elsif found_row.status = 'pending' or found_row.replaced_at is not null then
    perform private.raise_problem(409, 'conflict', 'Nothing is charged for this subscription. Cancel the one that is active.');
  end if;
  update public.subscriptions as s set cancel_requested_at = now(), next_cancel_at = now()
  where s.tenant_id = found_row.tenant_id and s.id = found_row.id
  returning * into found_row;
  return found_row;
end
$$;
comment on function private.request_cancellation(uuid, text) is
  'Notes that a subscription is to be cancelled, for an owner or an admin. The provider is told by the edge function, and again by cron until it has heard. A second call changes nothing. 404 not_found; 409 conflict for one that is not charged.';
grant execute on function private.request_cancellation(uuid, text) to authenticated;

-- A definer: not even the service may write subscriptions directly.
create function private.claim_subscriptions_to_cancel(batch int default 20)
  returns table (provider public.payment_provider, provider_subscription_id text, at_period_end boolean)
  language sql volatile security definer
  set search_path = ''
as $$
  -- Asked again after 5 minutes, then 10, and so on to once a day: one that the provider refuses must not keep others waiting.
  update public.subscriptions as s set
    next_cancel_at = now() + least(greatest(now() - coalesce(s.replaced_at, s.cancel_requested_at), interval '5 minutes'), interval '1 day')
  from (select d.tenant_id, d.id from public.subscriptions as d
    where d.next_cancel_at <= now()
    order by d.next_cancel_at limit batch for no key update skip locked) as due
  where s.tenant_id = due.tenant_id and s.id = due.id
  returning s.provider, s.provider_subscription_id, s.replaced_at is null and s.status = 'active'
$$;
comment on function private.claim_subscriptions_to_cancel(int) is
  'Subscriptions that a newer one replaced or that somebody cancelled, and that the provider still charges. at_period_end: what was paid is used to its end.';
grant execute on function private.claim_subscriptions_to_cancel(int) to service_role;

create function private.request_order_checks() returns text
  language plpgsql
  set search_path = ''
as $$
declare
  request bigint;
begin
  if not exists (select from public.payment_orders as o where o.next_ask_at <= now())
    and not exists (select from public.subscriptions as s where s.next_cancel_at <= now()) then
    return 'Nothing is due.';
  end if;
  request := private.call_edge_function('/usage/payments/check', timeout_milliseconds => 120000);
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || request || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_order_checks() is
  'If an order is open for 15 minutes or a subscription is to be cancelled, wakes the edge function that asks the provider, because only that function knows the provider''s keys. Returns what it did.';

select cron.schedule('usage: ask providers about open orders', '*/5 * * * *', 'select private.request_order_checks()');

-- 30_credits/01_plan_credits.sql

-- Plan credits: how many credits a month each plan brings.

create table private.plan_credits (
  plan text primary key references public.plans on update cascade on delete cascade,
  credits_monthly bigint not null,
  constraint monthly_credits_in_range check (credits_monthly between 0 and 1000000000)
);
comment on table private.plan_credits is 'How many credits a tenant of each plan gets at the beginning of a month.';

create function private.register_plan_credits(credits jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A plan without a number would have no credits, and nobody would notice.
  if array(select p.plan from public.plans as p order by 1) <> array(select k from jsonb_object_keys(register_plan_credits.credits) as k order by 1) then
    raise exception 'register_plan_credits: give one number for each plan.';
  end if;
  insert into private.plan_credits (plan, credits_monthly)
  select e.key, e.value::bigint from jsonb_each_text(register_plan_credits.credits) as e
  on conflict (plan) do update set credits_monthly = excluded.credits_monthly
  where plan_credits.credits_monthly <> excluded.credits_monthly;
end
$$;
comment on function private.register_plan_credits(jsonb) is 'Sets the credits a month of every plan: {"trial": 100, ...}.';

select private.register_table('private.plan_credits', plain => '{plan}', unaudited => 'changed by migrations only');
select private.register_plan_credits('{"trial": 100, "starter": 500, "professional": 2000, "business": 10000, "enterprise": 100000}');

-- 30_credits/02_credit_balances.sql

-- Credit balances: what each tenant has, and how much of it is reserved. Every operation locks this row first.

create table public.credit_balances (
  tenant_id uuid primary key references public.tenants on delete cascade,
  credits_monthly bigint not null default 0,
  credits_available bigint not null default 0,
  credits_reserved bigint not null default 0,
  credits_consumed bigint not null default 0,
  credits_topup bigint not null default 0,
  period_start date not null default '-infinity',
  period_end date not null default '-infinity',
  next_reset_at timestamptz not null default '-infinity',
  next_due_at timestamptz not null default '-infinity',
  version bigint not null default 0,
  entered_at timestamptz not null default '-infinity',
  constraint reserved_not_negative check (credits_reserved >= 0),
  -- Two and no more: Postgres reads the text of each for every statement, which costs as much as the update itself.
  constraint reserved_within_available check (credits_available >= credits_reserved)
-- Room on each page, because a row changes with every operation.
) with (fillfactor = 30);
comment on table public.credit_balances is
  'What each tenant has in credits (1:1 with tenants, from its first use of credits on). The functions of this folder change it together with the ledger.';
comment on column public.credit_balances.credits_available is 'What the tenant has, with what is reserved.';
comment on column public.credit_balances.credits_consumed is 'What was consumed in this period.';
comment on column public.credit_balances.credits_topup is 'What is left of top-ups. They are consumed first.';
comment on column public.credit_balances.next_due_at is
  'Before this moment nothing ends: no reservation, no lot, no month. From then on settle_credits() comes first.';
comment on column public.credit_balances.version is 'The version of the newest entry in the ledger.';
comment on column public.credit_balances.entered_at is 'When the newest entry was made. The next one is not older, even if the clock moves back.';
create index credit_balances_next_due_at_idx on public.credit_balances (next_due_at);

alter table public.credit_balances enable row level security;
create policy "members read their tenant's credit balance" on public.credit_balances
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_balances to authenticated, service_role;

create table public.credit_periods (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  period_start date not null,
  period_end date not null,
  first_version bigint not null,
  opening bigint not null,
  allocated bigint not null default 0,
  topped_up bigint not null default 0,
  consumed bigint not null default 0,
  refunded bigint not null default 0,
  adjusted bigint not null default 0,
  expired bigint not null default 0,
  closing bigint,
  primary key (tenant_id, period_start),
  constraint period_ends_after_it_starts check (period_end >= period_start),
  constraint statement_adds_up check (closing = opening + allocated + topped_up - consumed + refunded + adjusted - expired)
);
comment on table public.credit_periods is
  'A statement for each month of a tenant. Of the present month, consumed and closing stand in credit_balances until it ends.';
comment on column public.credit_periods.first_version is 'The first entry of the ledger that belongs to this month.';

alter table public.credit_periods enable row level security;
create policy "members read their tenant's credit statements" on public.credit_periods
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_periods to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('credits:read', 'read', 'Read the balance of credits, its ledger and its statements.'),
  ('credits:write', 'write', 'Reserve, consume and release credits.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.credit_balances', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');
select private.register_table('public.credit_periods', keeping => 'derived', unaudited => 'adds up credit_ledger');

-- 30_credits/03_credit_lots.sql

-- Credit lots: where a tenant's credits came from, and until when they last.

-- In the order in which they are consumed.
create type public.credit_lot_kind as enum ('topup', 'allocation', 'refund', 'adjustment');

create table public.credit_lots (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  id uuid not null default private.uuid_v7(),
  kind public.credit_lot_kind not null,
  credits bigint not null,
  credits_left bigint not null,
  version bigint not null,
  expires_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  constraint lot_has_credits check (credits > 0),
  constraint left_within_lot check (credits_left between 0 and credits),
  constraint empty_lot_is_closed check ((credits_left = 0) = (closed_at is not null))
) with (fillfactor = 50);
comment on table public.credit_lots is
  'What was allocated, topped up, refunded or added by an adjustment, and how much of it is left. The lots that are left add up to the balance.';
comment on column public.credit_lots.version is 'The entry of the ledger that made the lot.';
comment on column public.credit_lots.expires_at is
  'When what is left of it expires. What is reserved at that moment expires once its reservation ends without using it. Null for never.';

-- Top-ups first, then what expires first. It holds only lots that have something left.
create index credit_lots_order_idx on public.credit_lots (tenant_id, (kind <> 'topup'), expires_at, id) where closed_at is null;

create function private.burn_credits(tenant uuid, credits bigint) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  remaining bigint := credits;
  of_topups bigint := 0;
begin
  while remaining > 0 loop
    select l.id, l.kind, l.credits_left into lot from public.credit_lots as l
    where l.tenant_id = tenant and l.closed_at is null
    order by l.kind <> 'topup', l.expires_at, l.id limit 1;
    if not found then
      raise exception 'The lots of tenant % hold less than its balance.', tenant;
    end if;
    taken := least(remaining, lot.credits_left);
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then clock_timestamp() end
    where l.tenant_id = tenant and l.id = lot.id;
    remaining := remaining - taken;
    if lot.kind = 'topup' then
      of_topups := of_topups + taken;
    end if;
  end loop;
  return of_topups;
end
$$;
comment on function private.burn_credits(uuid, bigint) is
  'Takes credits out of a tenant''s lots, in their order. Returns how many came from top-ups. The caller holds the lock on the balance.';

alter table public.credit_lots enable row level security;
create policy "members read their tenant's credit lots" on public.credit_lots
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_lots to authenticated, service_role;

select private.register_table('public.credit_lots', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');

-- 30_credits/04_credit_reservations.sql

-- Credit reservations: what is held for work that is not finished.

create type public.credit_reservation_status as enum ('open', 'consumed', 'released', 'expired');

create table public.credit_reservations (
  -- No foreign key, here and in the ledger: it would take as long as storing the row. A trigger goes with the tenant.
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  credits bigint not null,
  status public.credit_reservation_status not null default 'open',
  credits_consumed bigint not null default 0,
  credits_refunded bigint not null default 0,
  activity_run_id uuid,
  deliverable_type text,
  expires_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (tenant_id, id),
  constraint reservation_ends_once check ((status = 'open') = (closed_at is null)),
  constraint refunded_within_consumed check (credits_refunded between 0 and credits_consumed)
);
comment on table public.credit_reservations is
  'Credits that are held for work in progress. Each ends once: consumed, released, or expired. One that is open after expires_at holds nothing any more.';
create index credit_reservations_open_idx on public.credit_reservations (tenant_id, expires_at) where status = 'open';

alter table public.credit_reservations enable row level security;
create policy "members read their tenant's credit reservations" on public.credit_reservations
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_reservations to authenticated, service_role;

select private.register_table('public.credit_reservations', keeping => 'derived', plain => '{deliverable_type}',
  unaudited => 'each change has an entry in credit_ledger');

-- 30_credits/05_credit_ledger.sql

-- Credit ledger: every change of a balance, in order. Nobody changes or deletes an entry.

create type public.credit_entry_type as enum (
  'allocated', 'topup', 'reserved', 'consumed', 'released', 'refunded', 'adjusted', 'expired');

create table public.credit_ledger (
  tenant_id uuid not null,
  version bigint not null,
  type public.credit_entry_type not null,
  credits bigint not null,
  credits_held bigint not null default 0,
  balance_after bigint not null,
  reserved_after bigint not null,
  reservation_id uuid,
  activity_run_id uuid,
  deliverable_type text,
  topup_order_id text,
  expires_at timestamptz,
  actor text not null,
  note text,
  idempotency_key text,
  request_hash uuid,
  created_at timestamptz not null,
  primary key (tenant_id, version)
);
comment on table public.credit_ledger is
  'Every change of a tenant''s credits. The versions of a tenant count from 1 without a gap. An entry is never changed.';
comment on column public.credit_ledger.credits is 'By how much credits_available changed.';
comment on column public.credit_ledger.credits_held is 'By how much credits_reserved changed.';
comment on column public.credit_ledger.expires_at is 'Until when what was reserved, allocated or topped up lasts.';
create unique index credit_ledger_idempotency_key_idx on public.credit_ledger (tenant_id, idempotency_key) where idempotency_key is not null;
-- A reservation ends once, whatever the functions do.
create unique index credit_ledger_reservation_end_idx on public.credit_ledger (tenant_id, reservation_id)
  where type in ('consumed', 'released', 'expired') and reservation_id is not null;
create index credit_ledger_activity_run_idx on public.credit_ledger (tenant_id, activity_run_id) where activity_run_id is not null;

-- The rules of an entry. Not check constraints: Postgres reads their text anew for every statement, which took four
-- times as long as storing the row. A trigger keeps what it has read, and prepares only the branch that it takes.
create function private.tg_check_ledger_entry() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  is_right boolean;
begin
  if new.type = 'reserved' then
    is_right := new.credits = 0 and new.credits_held > 0 and new.reservation_id is not null;
  elsif new.type = 'consumed' then
    is_right := new.credits <= 0 and new.credits_held < 0 and new.reservation_id is not null;
  elsif new.type = 'released' then
    is_right := new.credits = 0 and new.credits_held < 0 and new.reservation_id is not null;
  elsif new.type = 'expired' then
    is_right := new.credits <= 0 and new.credits_held <= 0 and (new.reservation_id is not null or new.credits_held = 0);
  elsif new.type = 'adjusted' then
    is_right := new.credits <> 0 and new.credits_held = 0 and new.note is not null;
  else
    is_right := new.credits > 0 and new.credits_held = 0 and (new.reservation_id is not null or new.type <> 'refunded');
  end if;
  if is_right and new.reserved_after between 0 and new.balance_after and (new.idempotency_key is null) = (new.request_hash is null) then
    return new;
  end if;
  raise exception using errcode = '23514', message = format('An entry of the type "%s" does not move credits like this.', new.type);
end
$$;
create trigger credit_ledger_check_entry before insert on public.credit_ledger
  for each row execute function private.tg_check_ledger_entry();
alter table public.credit_ledger enable always trigger credit_ledger_check_entry;

create function private.tg_forget_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.credit_reservations where tenant_id = old.id;
  delete from public.credit_ledger where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_credits after delete on public.tenants
  for each row execute function private.tg_forget_credits();

select private.keep_append_only('public.credit_ledger');

alter table public.credit_ledger enable row level security;
create policy "members read their tenant's credit ledger" on public.credit_ledger
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_ledger to authenticated, service_role;

select private.register_table('public.credit_ledger', keeping => 'derived', personal => '{actor,note}',
  plain => '{deliverable_type,topup_order_id,idempotency_key}', unaudited => 'append-only, so it is a record itself',
  on_forget => 'keep', kept_because => 'The ledger proves how a balance came about, and who changed it. Its rows cannot be changed.');

-- 30_credits/06_settle.sql

-- Settling: what ended by itself is entered before anything else happens. So it holds when it is read, and cron only
-- does it for tenants who do nothing.

create function private.credits_of_plan(tenant uuid) returns bigint
  language sql stable
  set search_path = ''
as $$
  -- A tenant that may not change anything gets nothing, until it may again.
  select coalesce((select c.credits_monthly from public.tenants as t join private.plan_credits as c on c.plan = t.plan
    where t.id = tenant and private.is_writable(t.status, t.trial_ends_at)), 0)
$$;
comment on function private.credits_of_plan(uuid) is 'How many credits a month the tenant''s plan brings now.';

-- Each step enters what it does and moves these on. One update of the balance at the end, so that events are about
-- what came of it all.
create function private.expire_credits(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  ended record;
begin
  with overdue as (
    select r.id, r.credits, row_number() over w as n, sum(r.credits) over w as total
    from public.credit_reservations as r
    where r.tenant_id = balance.tenant_id and r.status = 'open' and r.expires_at <= moment
    window w as (order by r.expires_at, r.id)
  ), closed as (
    update public.credit_reservations as r set status = 'expired', closed_at = moment
    from overdue as o where r.tenant_id = balance.tenant_id and r.id = o.id
    returning o.n, o.total, r.id, r.credits, r.activity_run_id, r.deliverable_type
  ), entered as (
    insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after,
      reservation_id, activity_run_id, deliverable_type, actor, created_at)
    select balance.tenant_id, balance.version + c.n, 'expired', 0, -c.credits, balance.credits_available,
      balance.credits_reserved - c.total, c.id, c.activity_run_id, c.deliverable_type, 'system', moment
    from closed as c
  )
  select count(*) as entries, coalesce(sum(c.credits), 0)::bigint as credits into ended from closed as c;
  balance.version := balance.version + ended.entries;
  balance.credits_reserved := balance.credits_reserved - ended.credits;

  for lot in
    select l.id, l.kind, l.credits_left from public.credit_lots as l
    where l.tenant_id = balance.tenant_id and l.closed_at is null and l.expires_at <= moment
    order by l.kind <> 'topup', l.expires_at, l.id
  loop
    -- What is reserved was there when it was reserved. It stays until the reservation ends.
    taken := least(lot.credits_left, balance.credits_available - balance.credits_reserved);
    exit when taken = 0;
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then moment end
    where l.tenant_id = balance.tenant_id and l.id = lot.id;
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available - taken;
    if lot.kind = 'topup' then
      balance.credits_topup := balance.credits_topup - taken;
    end if;
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, actor, created_at)
    values (balance.tenant_id, balance.version, 'expired', -taken, balance.credits_available, balance.credits_reserved, 'system', moment);
    update public.credit_periods as p set expired = p.expired + taken
    where p.tenant_id = balance.tenant_id and p.period_start = balance.period_start;
  end loop;
  return balance;
end
$$;
comment on function private.expire_credits(public.credit_balances, timestamptz) is
  'Enters the reservations and the lots that are over at this moment. Returns the balance as it is then, for settle_credits() to store.';

create function private.begin_credit_period(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
begin
  update public.credit_periods as p set consumed = balance.credits_consumed, closing = balance.credits_available
  where p.tenant_id = balance.tenant_id and p.closing is null;
  balance.credits_consumed := 0;
  balance.credits_monthly := private.credits_of_plan(balance.tenant_id);
  insert into public.credit_periods (tenant_id, period_start, period_end, first_version, opening, allocated)
  values (balance.tenant_id, balance.period_start, balance.period_end, balance.version + 1, balance.credits_available, balance.credits_monthly);
  if balance.credits_monthly > 0 then
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available + balance.credits_monthly;
    insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
    values (balance.tenant_id, 'allocation', balance.credits_monthly, balance.credits_monthly, balance.version, balance.next_reset_at);
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, expires_at, actor, created_at)
    values (balance.tenant_id, balance.version, 'allocated', balance.credits_monthly, balance.credits_available,
      balance.credits_reserved, balance.next_reset_at, 'system', moment);
  end if;
  return balance;
end
$$;
comment on function private.begin_credit_period(public.credit_balances, timestamptz) is
  'Closes the statement of the month before, and allocates the credits of the new one. Returns the balance as it is then.';

create function private.settle_credits(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  moment timestamptz;
  zone text;
  month_start date;
  month_end_at timestamptz;
  is_new_month boolean := false;
begin
  insert into public.credit_balances (tenant_id) values (tenant) on conflict do nothing;
  select * into balance from public.credit_balances as b where b.tenant_id = tenant for no key update;
  moment := greatest(clock_timestamp(), balance.entered_at);
  if balance.next_due_at > moment then
    return;
  end if;
  if balance.next_reset_at <= moment then
    zone := (select t.time_zone from public.tenants as t where t.id = tenant);
    month_start := date_trunc('month', moment at time zone zone)::date;
    month_end_at := (month_start + interval '1 month') at time zone zone;
    is_new_month := month_start > balance.period_start;
    if not is_new_month then
      -- The tenant moved to a zone in which this month is not over yet. A month never begins twice.
      update public.credit_lots as l set expires_at = month_end_at
      where l.tenant_id = tenant and l.closed_at is null and l.expires_at = balance.next_reset_at;
    end if;
    balance.next_reset_at := month_end_at;
  end if;
  balance := private.expire_credits(balance, moment);
  if is_new_month then
    balance.period_start := month_start;
    balance.period_end := (month_start + interval '1 month')::date - 1;
    balance := private.begin_credit_period(balance, moment);
  end if;
  update public.credit_balances as b set
    credits_monthly = balance.credits_monthly, credits_available = balance.credits_available,
    credits_reserved = balance.credits_reserved, credits_consumed = balance.credits_consumed, credits_topup = balance.credits_topup,
    period_start = balance.period_start, period_end = balance.period_end, next_reset_at = balance.next_reset_at,
    version = balance.version, entered_at = moment,
    next_due_at = least(balance.next_reset_at,
      (select min(r.expires_at) from public.credit_reservations as r where r.tenant_id = tenant and r.status = 'open'),
      (select min(l.expires_at) from public.credit_lots as l where l.tenant_id = tenant and l.closed_at is null))
  where b.tenant_id = tenant;
end
$$;
comment on function private.settle_credits(uuid) is
  'Enters what is over: reservations, lots, the month. Makes the balance of a tenant that has none. Locks the balance.';

create function private.lock_credits(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  due_at timestamptz;
  free bigint;
begin
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = tenant for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    perform private.settle_credits(tenant);
    free := (select b.credits_available - b.credits_reserved from public.credit_balances as b where b.tenant_id = tenant);
  end if;
  return free;
end
$$;
comment on function private.lock_credits(uuid) is
  'Locks a tenant''s balance, settles what is over, and returns how many credits can be reserved. Whatever looks up a key or changes credits calls this first.';

create function private.settle_due_credits(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due uuid;
  settled int := 0;
begin
  -- Only rows that nobody holds: who holds one settles it.
  for due in
    select b.tenant_id from public.credit_balances as b
    where b.next_due_at <= clock_timestamp()
      and not exists (select from public.tenants as t where t.id = b.tenant_id and t.status = 'archived')
    order by b.next_due_at limit batch
    for no key update of b skip locked
  loop
    begin
      perform private.settle_credits(due);
      settled := settled + 1;
    exception when others then
      -- One tenant must not keep the others from being settled.
      raise warning 'The credits of tenant % could not be settled: %', due, sqlerrm;
    end;
  end loop;
  return settled;
end
$$;
comment on function private.settle_due_credits(int) is
  'Settles the credits of at most one batch of tenants for whom something is over. Returns for how many.';

select cron.schedule('usage: settle credits', '* * * * *', 'select private.settle_due_credits()');

-- 30_credits/07_reserve.sql

-- Reserving credits: held at once, in the caller's transaction, or refused.

create function private.require_credits(credits bigint, least_credits bigint default 1) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if credits is null or credits not between least_credits and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', format('Credits are a whole number from %s to 1000000000.', least_credits),
      jsonb_build_array(jsonb_build_object('pointer', '/credits', 'detail', format('must be a whole number from %s to 1000000000', least_credits))));
  end if;
end
$$;

create function private.require_idempotency_key(key text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if key is null or length(key) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'Give each operation a key of its own, and use it again only to repeat the operation.',
      '[{"pointer": "/idempotency_key", "detail": "must have 1 to 200 characters"}]');
  end if;
end
$$;

-- In plpgsql, which keeps its plans. An SQL function would be planned anew for each entry, which took a millisecond.
create function private.credit_actor() returns text
  language plpgsql stable
  set search_path = ''
as $$
declare
  person uuid := auth.uid();
  key uuid;
begin
  if person is not null then
    return 'member:' || private.ulid(person);
  end if;
  key := private.caller_api_key();
  if key is not null then
    return 'api_key:' || private.ulid(key);
  end if;
  -- Not one expression with the above: preparing private.ulid() costs more than all the rest, also where it is not called.
  return 'system';
end
$$;
comment on function private.credit_actor() is 'Who changes credits, as the ledger names them.';

create function private.refuse_credits(free bigint, needed bigint) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(402, 'insufficient_credits', format('This needs %s credits, and %s are left.', needed, free),
    members => jsonb_build_object('needed', needed, 'left', free));
end
$$;

create function private.refuse_other_request(key text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(409, 'idempotency_conflict', format('The key "%s" was used before for another operation. Give this one a key of its own.', key));
end
$$;

-- Whoever holds the lock on the balance sees every entry that was made before, so a key is looked up once, and two
-- calls with one key cannot both find it unused.
create function private.find_credit_entry(tenant uuid, key text, hash uuid) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
declare
  found_entry public.credit_ledger;
begin
  select * into found_entry from public.credit_ledger as e where e.tenant_id = tenant and e.idempotency_key = key;
  if found_entry.request_hash <> hash then
    perform private.refuse_other_request(key);
  end if;
  return found_entry;
end
$$;
comment on function private.find_credit_entry(uuid, text, uuid) is
  'The entry that an operation with this key made before. Null if there is none. 409 idempotency_conflict if it was another operation.';

-- A definer, as all that change credits: they are changed only by functions, so that each change has its entry.
-- Without sequential scans, here and in the others: a session that plans them while the tables are new and empty would
-- read all of them for every later call.
create function public.reserve_credits(
  tenant_id uuid, credits bigint, idempotency_key text, expires_in_seconds int default 900,
  activity_run_id uuid default null, deliverable_type text default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid;
  free bigint;
  due_at timestamptz;
  after record;
  actor text := private.credit_actor();
  held_id uuid := private.uuid_v7();
  ends_at timestamptz;
begin
  perform private.require_permission(reserve_credits.tenant_id, 'credits:write');
  if reserve_credits.credits is null or reserve_credits.credits not between 1 and 1000000000 then
    perform private.require_credits(reserve_credits.credits);
  end if;
  if reserve_credits.idempotency_key is null or length(reserve_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(reserve_credits.idempotency_key);
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  if deliverable_type is not null and not private.is_plain_text(deliverable_type, 100) then
    perform private.raise_problem(422, 'invalid_value', 'A type of deliverable is text of at most 100 characters.',
      '[{"pointer": "/deliverable_type", "detail": "must be text of at most 100 characters"}]');
  end if;
  hash := md5(row('reserved', reserve_credits.credits, expires_in_seconds, reserve_credits.activity_run_id, reserve_credits.deliverable_type)::text)::uuid;
  ends_at := clock_timestamp() + make_interval(secs => expires_in_seconds);
  -- Before the lock, for which others wait. A refusal takes it back.
  insert into public.credit_reservations as r (tenant_id, id, credits, activity_run_id, deliverable_type, expires_at)
  values (reserve_credits.tenant_id, held_id, reserve_credits.credits, reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at);
  -- As private.lock_credits(), without a call.
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = reserve_credits.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    -- If the lock took long, settling would find this reservation over that never began.
    delete from public.credit_reservations as r where r.tenant_id = reserve_credits.tenant_id and r.id = held_id;
    free := private.lock_credits(reserve_credits.tenant_id);
    ends_at := clock_timestamp() + make_interval(secs => expires_in_seconds);
    insert into public.credit_reservations as r (tenant_id, id, credits, activity_run_id, deliverable_type, expires_at)
    values (reserve_credits.tenant_id, held_id, reserve_credits.credits, reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at);
  end if;
  -- Statements of their own are cheaper than one with all of it, because Postgres keeps the rows of a "with" in between.
  update public.credit_balances as b set credits_reserved = b.credits_reserved + reserve_credits.credits, version = b.version + 1,
    next_due_at = least(b.next_due_at, ends_at), entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = reserve_credits.tenant_id and free >= reserve_credits.credits
    and not exists (select from public.credit_ledger as e
      where e.tenant_id = reserve_credits.tenant_id and e.idempotency_key = reserve_credits.idempotency_key)
  returning b.version, b.credits_available, b.credits_reserved, b.entered_at into after;
  if found then
    insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
      activity_run_id, deliverable_type, expires_at, actor, idempotency_key, request_hash, created_at)
    values (reserve_credits.tenant_id, after.version, 'reserved', 0, reserve_credits.credits, after.credits_available, after.credits_reserved, held_id,
      reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at, actor, reserve_credits.idempotency_key, hash, after.entered_at)
    returning e.* into entry;
    return entry;
  end if;
  entry := private.find_credit_entry(reserve_credits.tenant_id, reserve_credits.idempotency_key, hash);
  if entry.version is null then
    perform private.refuse_credits(free, reserve_credits.credits);
  end if;
  delete from public.credit_reservations as r where r.tenant_id = reserve_credits.tenant_id and r.id = held_id;
  return entry;
end
$$;
comment on function public.reserve_credits(uuid, bigint, text, int, uuid, text) is
  'Holds credits for work that begins now, until it is consumed, released, or expires. Returns the entry of the ledger, also to a call that is repeated with its key. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function public.reserve_credits(uuid, bigint, text, int, uuid, text) to authenticated, service_role;

-- 30_credits/08_reserve_batch.sql

-- Reserving in batches: up to 100 reservations in one statement, which costs a hot tenant one lock instead of 100.

create function public.reserve_credits_batch(
  tenant_id uuid, credits bigint[], idempotency_keys text[], expires_in_seconds int default 900
) returns table (n int, outcome text, version bigint, reservation_id uuid, expires_at timestamptz)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  count_of int := cardinality(credits);
  free bigint;
  due_at timestamptz;
  held bigint := 0;
  reserved_count int := 0;
  started_at timestamptz := clock_timestamp();
  ends_at timestamptz;
  actor text;
  hashes uuid[];
  ids uuid[];
  outcomes text[] := '{}';
  totals bigint[] := '{}';
  places int[] := '{}';
  is_known boolean;
  known jsonb;
  before record;
  i int;
begin
  perform private.require_permission(reserve_credits_batch.tenant_id, 'credits:write');
  if count_of is null or count_of not between 1 and 100 or count_of <> coalesce(cardinality(idempotency_keys), 0) then
    perform private.raise_problem(422, 'invalid_value', 'A batch has 1 to 100 reservations, each with a key.');
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  for i in 1..count_of loop
    if credits[i] is null or credits[i] not between 1 and 1000000000 then
      perform private.require_credits(credits[i]);
    end if;
    if idempotency_keys[i] is null or length(idempotency_keys[i]) not between 1 and 200 then
      perform private.require_idempotency_key(idempotency_keys[i]);
    end if;
  end loop;
  if (select count(distinct k) from unnest(idempotency_keys) as k) < count_of then
    perform private.raise_problem(422, 'invalid_value', 'A batch holds a key twice.', '[{"pointer": "/reservations", "detail": "must have different keys"}]');
  end if;
  -- The same as of a single reservation, so that one may be repeated as the other.
  hashes := array(select md5(row('reserved', c.credits, expires_in_seconds, null::uuid, null::text)::text)::uuid
    from unnest(credits) with ordinality as c (credits, n) order by c.n);
  actor := private.credit_actor();
  ids := array(select private.uuid_v7_at((extract(epoch from started_at) * 1000000)::bigint + g.n) from generate_series(1, count_of) as g (n) order by g.n);
  ends_at := started_at + make_interval(secs => expires_in_seconds);
  -- Before the lock, for which others wait. What turns out not to be reserved is taken back.
  insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
  select reserve_credits_batch.tenant_id, c.id, c.credits, ends_at, started_at from unnest(credits, ids) as c (credits, id);
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    -- If the lock took long, settling would find reservations over that never began.
    delete from public.credit_reservations as r where r.tenant_id = reserve_credits_batch.tenant_id and r.id = any (ids);
    free := private.lock_credits(reserve_credits_batch.tenant_id);
    started_at := clock_timestamp();
    ends_at := started_at + make_interval(secs => expires_in_seconds);
    insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
    select reserve_credits_batch.tenant_id, c.id, c.credits, ends_at, started_at from unnest(credits, ids) as c (credits, id);
  end if;
  known := (select jsonb_object_agg(e.idempotency_key, e.request_hash) from public.credit_ledger as e
    where e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = any (idempotency_keys));
  for i in 1..count_of loop
    is_known := known ? idempotency_keys[i];
    if is_known then
      outcomes[i] := case when (known ->> idempotency_keys[i])::uuid = hashes[i] then 'repeated' else 'conflict' end;
    elsif credits[i] <= free - held then
      held := held + credits[i];
      reserved_count := reserved_count + 1;
      outcomes[i] := 'reserved';
    else
      outcomes[i] := 'insufficient';
    end if;
    totals[i] := held;
    places[i] := reserved_count;
  end loop;
  select b.version, b.credits_available, b.credits_reserved, greatest(clock_timestamp(), b.entered_at) as entered_at into before
  from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id;
  insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    expires_at, actor, idempotency_key, request_hash, created_at)
  select reserve_credits_batch.tenant_id, before.version + a.place, 'reserved', 0, a.credits, before.credits_available,
    before.credits_reserved + a.total, a.id, ends_at, actor, a.key, a.hash, before.entered_at
  from unnest(credits, idempotency_keys, hashes, outcomes, ids, totals, places) as a (credits, key, hash, outcome, id, total, place)
  where a.outcome = 'reserved';
  if reserved_count > 0 then
    update public.credit_balances as b set credits_reserved = b.credits_reserved + held, entered_at = before.entered_at,
      version = b.version + reserved_count, next_due_at = least(b.next_due_at, ends_at)
    where b.tenant_id = reserve_credits_batch.tenant_id;
  end if;
  if reserved_count = count_of then
    return query
    select a.place, a.outcome, before.version + a.place, a.id, ends_at
    from unnest(outcomes, ids, places) as a (outcome, id, place) order by a.place;
    return;
  end if;
  delete from public.credit_reservations as r
  using unnest(outcomes, ids) as a (outcome, id)
  where r.tenant_id = reserve_credits_batch.tenant_id and r.id = a.id and a.outcome <> 'reserved';
  return query
  select a.n::int, a.outcome, case when a.outcome = 'reserved' then before.version + a.place else e.version end,
    case when a.outcome = 'reserved' then a.id else e.reservation_id end, case when a.outcome = 'reserved' then ends_at else e.expires_at end
  from unnest(outcomes, ids, places, idempotency_keys) with ordinality as a (outcome, id, place, key, n)
  left join public.credit_ledger as e
    on a.outcome = 'repeated' and e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = a.key
  order by a.n;
end
$$;
comment on function public.reserve_credits_batch(uuid, bigint[], text[], int) is
  'Holds credits for up to 100 pieces of work, in their order. Each is reserved, repeated (its key made the same reservation before), conflict (its key was another operation) or insufficient.';
grant execute on function public.reserve_credits_batch(uuid, bigint[], text[], int) to authenticated, service_role;

-- 30_credits/09_close.sql

-- Closing reservations: what the work took is consumed and the rest released, or all of it is released; and refunds of what was consumed.

create function private.require_open_reservation(tenant uuid, reservation uuid) returns bigint
  language plpgsql stable
  set search_path = ''
as $$
declare
  held bigint;
  found_status public.credit_reservation_status;
begin
  select r.credits, r.status into held, found_status from public.credit_reservations as r
  where r.tenant_id = tenant and r.id = reservation;
  if held is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif found_status <> 'open' then
    perform private.raise_problem(409, 'reservation_closed', format('This reservation is %s. It ends only once.', found_status),
      members => jsonb_build_object('reservation_status', found_status));
  end if;
  return held;
end
$$;
comment on function private.require_open_reservation(uuid, uuid) is
  'How many credits an open reservation holds. 404 reservation_not_found, 409 reservation_closed. The caller holds the lock on the balance.';

create function public.consume_credits(tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text)
  returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid;
  free bigint;
  due_at timestamptz;
  of_topups bigint := 0;
  held record;
  after record;
  actor text := private.credit_actor();
begin
  perform private.require_permission(consume_credits.tenant_id, 'credits:write');
  -- None may be right: the work took nothing.
  if consume_credits.credits is null or consume_credits.credits not between 0 and 1000000000 then
    perform private.require_credits(consume_credits.credits, 0);
  end if;
  if consume_credits.idempotency_key is null or length(consume_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(consume_credits.idempotency_key);
  end if;
  hash := md5(row('consumed', consume_credits.reservation_id, consume_credits.credits)::text)::uuid;
  -- As private.lock_credits(), without a call.
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = consume_credits.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    free := private.lock_credits(consume_credits.tenant_id);
  end if;
  -- More than was reserved comes from what nobody has reserved. If that is too little, the reservation stays open. Not
  -- by its status: Postgres could then read the index of all that are open.
  update public.credit_reservations as r set status = 'consumed', credits_consumed = consume_credits.credits, closed_at = clock_timestamp()
  where r.tenant_id = consume_credits.tenant_id and r.id = consume_credits.reservation_id and r.closed_at is null
    and consume_credits.credits <= r.credits + free
    and not exists (select from public.credit_ledger as e
      where e.tenant_id = consume_credits.tenant_id and e.idempotency_key = consume_credits.idempotency_key)
  returning r.credits, r.activity_run_id, r.deliverable_type into held;
  if not found then
    entry := private.find_credit_entry(consume_credits.tenant_id, consume_credits.idempotency_key, hash);
    if entry.version is null then
      perform private.refuse_credits(free + private.require_open_reservation(consume_credits.tenant_id, consume_credits.reservation_id),
        consume_credits.credits);
    end if;
    return entry;
  end if;
  if consume_credits.credits > 0 then
    -- Nearly always the first lot has enough. Only otherwise it takes a loop, while others wait for the lock.
    update public.credit_lots as l set credits_left = l.credits_left - consume_credits.credits
    where l.tenant_id = consume_credits.tenant_id and l.credits_left > consume_credits.credits and l.id = (
      select f.id from public.credit_lots as f where f.tenant_id = consume_credits.tenant_id and f.closed_at is null
      order by f.kind <> 'topup', f.expires_at, f.id limit 1)
    returning case when l.kind = 'topup' then consume_credits.credits else 0 end into of_topups;
    if not found then
      of_topups := private.burn_credits(consume_credits.tenant_id, consume_credits.credits);
    end if;
  end if;
  update public.credit_balances as b set credits_available = b.credits_available - consume_credits.credits,
    credits_reserved = b.credits_reserved - held.credits, credits_consumed = b.credits_consumed + consume_credits.credits,
    credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = consume_credits.tenant_id
  returning b.version, b.credits_available, b.credits_reserved, b.entered_at into after;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  values (consume_credits.tenant_id, after.version, 'consumed', -consume_credits.credits, -held.credits, after.credits_available,
    after.credits_reserved, consume_credits.reservation_id, held.activity_run_id, held.deliverable_type, actor,
    consume_credits.idempotency_key, hash, after.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.consume_credits(uuid, uuid, bigint, text) is
  'Ends a reservation with what its work took, from 0. The rest is free again; more than was reserved is taken from what is free. Returns the entry of the ledger. 402 insufficient_credits, 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';

create function public.release_credits(tenant_id uuid, reservation_id uuid, idempotency_key text) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('released', release_credits.reservation_id)::text)::uuid;
  held bigint;
begin
  perform private.require_permission(release_credits.tenant_id, 'credits:write');
  perform private.require_idempotency_key(release_credits.idempotency_key);
  perform private.lock_credits(release_credits.tenant_id);
  entry := private.find_credit_entry(release_credits.tenant_id, release_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  held := private.require_open_reservation(release_credits.tenant_id, release_credits.reservation_id);
  with closed as (
    update public.credit_reservations as r set status = 'released', closed_at = clock_timestamp()
    where r.tenant_id = release_credits.tenant_id and r.id = release_credits.reservation_id
    returning r.activity_run_id, r.deliverable_type
  ), changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved - held, version = b.version + 1,
      entered_at = greatest(clock_timestamp(), b.entered_at)
    where b.tenant_id = release_credits.tenant_id
    returning b.version, b.credits_available, b.credits_reserved, b.entered_at
  )
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  select release_credits.tenant_id, c.version, 'released', 0, -held, c.credits_available, c.credits_reserved, release_credits.reservation_id,
    r.activity_run_id, r.deliverable_type, private.credit_actor(), release_credits.idempotency_key, hash, c.entered_at
  from changed as c, closed as r
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.release_credits(uuid, uuid, text) is
  'Ends a reservation that was not used. Returns the entry of the ledger. 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';
grant execute on function public.consume_credits(uuid, uuid, bigint, text), public.release_credits(uuid, uuid, text)
  to authenticated, service_role;

create function private.refund_credits(
  tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('refunded', refund_credits.reservation_id, refund_credits.credits, refund_credits.actor, refund_credits.note,
    refund_credits.expires_at)::text)::uuid;
  refundable bigint;
begin
  perform private.require_tenant_with_credits(refund_credits.tenant_id);
  perform private.require_credits(refund_credits.credits);
  perform private.require_idempotency_key(refund_credits.idempotency_key);
  perform private.require_credit_note(refund_credits.actor, refund_credits.note);
  perform private.lock_credits(refund_credits.tenant_id);
  entry := private.find_credit_entry(refund_credits.tenant_id, refund_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if refund_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  select r.credits_consumed - r.credits_refunded into refundable from public.credit_reservations as r
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  if refundable is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif refundable < refund_credits.credits then
    perform private.raise_problem(409, 'refund_too_large', format('Of this reservation %s credits can be refunded.', refundable),
      members => jsonb_build_object('refundable', refundable));
  end if;
  update public.credit_reservations as r set credits_refunded = r.credits_refunded + refund_credits.credits
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  return private.add_credits(refund_credits.tenant_id, 'refunded', 'refund', refund_credits.credits, nullif(refund_credits.expires_at, 'infinity'),
    refund_credits.idempotency_key, hash, refund_credits.actor, refund_credits.note, reservation => refund_credits.reservation_id);
end
$$;
comment on function private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz) is
  'Gives back what a reservation consumed, or a part of it, as credits that last until expires_at, or for ever. For the service. 404 reservation_not_found, 409 refund_too_large, idempotency_conflict.';

-- 30_credits/10_grants.sql

-- Grants: what only the platform does. Allocations, top-ups and adjustments.

create function private.add_credits(
  tenant uuid, type public.credit_entry_type, kind public.credit_lot_kind, credits bigint, expires_at timestamptz,
  key text, hash uuid, actor text, note text default null, topup_order_id text default null, reservation uuid default null
) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_variable
declare
  entry public.credit_ledger;
  balance public.credit_balances;
begin
  -- JSON has no larger number that every reader understands.
  if (select b.credits_available + add_credits.credits > 9007199254740991 from public.credit_balances as b where b.tenant_id = tenant) then
    perform private.raise_problem(422, 'invalid_value', 'A tenant cannot have more than 9007199254740991 credits.',
      '[{"pointer": "/credits", "detail": "is more than the balance can hold"}]');
  end if;
  update public.credit_balances as b set credits_available = b.credits_available + add_credits.credits, version = b.version + 1,
    credits_topup = b.credits_topup + case when kind = 'topup' then add_credits.credits else 0 end,
    next_due_at = least(b.next_due_at, add_credits.expires_at), entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = tenant
  returning * into balance;
  insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
  values (tenant, kind, add_credits.credits, add_credits.credits, balance.version, add_credits.expires_at);
  update public.credit_periods as p set
    allocated = p.allocated + case when add_credits.type = 'allocated' then add_credits.credits else 0 end,
    topped_up = p.topped_up + case when add_credits.type = 'topup' then add_credits.credits else 0 end,
    refunded = p.refunded + case when add_credits.type = 'refunded' then add_credits.credits else 0 end,
    adjusted = p.adjusted + case when add_credits.type = 'adjusted' then add_credits.credits else 0 end
  where p.tenant_id = tenant and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, reservation_id,
    topup_order_id, expires_at, actor, note, idempotency_key, request_hash, created_at)
  values (tenant, balance.version, add_credits.type, add_credits.credits, balance.credits_available, balance.credits_reserved, reservation,
    topup_order_id, add_credits.expires_at, actor, note, key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.add_credits(uuid, public.credit_entry_type, public.credit_lot_kind, bigint, timestamptz, text, uuid, text, text, text, uuid) is
  'Adds a lot, and its entry. The caller holds the lock on the balance and has looked up the key.';

create function private.require_tenant_with_credits(tenant uuid) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  -- A frozen tenant may be refunded, and what it bought is its own.
  if not exists (select from public.tenants as t where t.id = tenant and t.status <> 'archived') then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  end if;
end
$$;

create function private.require_credit_note(actor text, note text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if coalesce(btrim(actor), '') = '' or not private.is_plain_text(actor, 200) then
    perform private.raise_problem(422, 'invalid_value', 'Say who does this.', '[{"pointer": "/actor", "detail": "must be text of 1 to 200 characters"}]');
  elsif coalesce(btrim(note), '') = '' or not private.is_plain_text(note, 1000) then
    perform private.raise_problem(422, 'invalid_value', 'Say why this is done.', '[{"pointer": "/note", "detail": "must be text of 1 to 1000 characters"}]');
  end if;
end
$$;

create function private.add_missing_allocation(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  missing bigint;
begin
  perform private.lock_credits(tenant);
  select * into balance from public.credit_balances as b where b.tenant_id = tenant;
  missing := greatest(private.credits_of_plan(tenant) - balance.credits_monthly, 0);
  if missing > 0 then
    perform private.add_credits(tenant, 'allocated', 'allocation', missing, balance.next_reset_at, null, null, 'system');
    update public.credit_balances as b set credits_monthly = b.credits_monthly + missing where b.tenant_id = tenant;
  end if;
  return missing;
end
$$;
comment on function private.add_missing_allocation(uuid) is
  'Brings this month''s allocation up to what the tenant''s plan brings, and never down. Returns how many were added.';

create function private.tg_allocate_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  -- A tenant that never used credits gets them when it first does.
  if exists (select from public.credit_balances as b where b.tenant_id = new.id) then
    perform private.add_missing_allocation(new.id);
  end if;
  return null;
end
$$;
create trigger tenants_allocate_credits after update of plan, status on public.tenants
  for each row when (new.status <> 'archived' and (old.plan <> new.plan or old.status <> new.status))
  execute function private.tg_allocate_credits();

-- Definers, the rest of them, because even the service writes no row of credits itself. Granted only to the service.
create function private.allocate_credits(tenant_id uuid) returns bigint
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  perform private.require_tenant_with_credits(allocate_credits.tenant_id);
  return private.add_missing_allocation(allocate_credits.tenant_id);
end
$$;
comment on function private.allocate_credits(uuid) is
  'Allocates what this month''s allocation lacks of what the plan brings. For the service. Returns how many were added: 0 for a second call.';

create function private.top_up_credits(
  tenant_id uuid, credits bigint, order_ref text, expires_at timestamptz default null, actor text default 'system'
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  key text := 'topup ' || order_ref;
  hash uuid := md5(row('topup', top_up_credits.credits, top_up_credits.expires_at)::text)::uuid;
  ends_at timestamptz;
begin
  perform private.require_tenant_with_credits(top_up_credits.tenant_id);
  perform private.require_credits(top_up_credits.credits);
  if order_ref is null or length(order_ref) not between 1 and 190 or not private.is_plain_text(order_ref, 190) then
    perform private.raise_problem(422, 'invalid_value', 'Name the order that paid for this.',
      '[{"pointer": "/order_ref", "detail": "must be text of 1 to 190 characters"}]');
  end if;
  perform private.lock_credits(top_up_credits.tenant_id);
  entry := private.find_credit_entry(top_up_credits.tenant_id, key, hash);
  if entry.version is not null then
    return entry;
  end if;
  ends_at := case when top_up_credits.expires_at is null
    then (select b.next_reset_at from public.credit_balances as b where b.tenant_id = top_up_credits.tenant_id)
    else nullif(top_up_credits.expires_at, 'infinity') end;
  if ends_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  entry := private.add_credits(top_up_credits.tenant_id, 'topup', 'topup', top_up_credits.credits, ends_at, key, hash,
    top_up_credits.actor, topup_order_id => order_ref);
  perform private.emit_event(top_up_credits.tenant_id, 'credits.topped_up', jsonb_build_object('credits', jsonb_build_object(
    'added', top_up_credits.credits, 'available', entry.balance_after, 'order_ref', order_ref, 'expires_at', private.event_moment(ends_at))),
    'credits', has_row_lock => true);
  return entry;
end
$$;
comment on function private.top_up_credits(uuid, bigint, text, timestamptz, text) is
  'Adds credits that an order paid for. One order adds once: a second call returns the first entry. They expire with the month, at expires_at, or never (infinity). For the service. 409 idempotency_conflict.';

create function private.adjust_credits(
  tenant_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('adjusted', adjust_credits.credits, adjust_credits.actor, adjust_credits.note, adjust_credits.expires_at)::text)::uuid;
  free bigint;
  of_topups bigint;
  balance public.credit_balances;
begin
  perform private.require_tenant_with_credits(adjust_credits.tenant_id);
  if adjust_credits.credits is null or adjust_credits.credits = 0 or adjust_credits.credits not between -1000000000 and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', 'An adjustment adds or takes up to 1000000000 credits.',
      '[{"pointer": "/credits", "detail": "must be a whole number from -1000000000 to 1000000000, and not 0"}]');
  end if;
  perform private.require_idempotency_key(adjust_credits.idempotency_key);
  perform private.require_credit_note(adjust_credits.actor, adjust_credits.note);
  free := private.lock_credits(adjust_credits.tenant_id);
  entry := private.find_credit_entry(adjust_credits.tenant_id, adjust_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if adjust_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  if adjust_credits.credits > 0 then
    return private.add_credits(adjust_credits.tenant_id, 'adjusted', 'adjustment', adjust_credits.credits, nullif(adjust_credits.expires_at, 'infinity'),
      adjust_credits.idempotency_key, hash, adjust_credits.actor, adjust_credits.note);
  end if;
  -- What is reserved stays with the work that reserved it.
  if free < -adjust_credits.credits then
    perform private.refuse_credits(free, -adjust_credits.credits);
  end if;
  of_topups := private.burn_credits(adjust_credits.tenant_id, -adjust_credits.credits);
  update public.credit_balances as b set credits_available = b.credits_available + adjust_credits.credits,
    credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = adjust_credits.tenant_id
  returning * into balance;
  update public.credit_periods as p set adjusted = p.adjusted + adjust_credits.credits
  where p.tenant_id = adjust_credits.tenant_id and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, actor, note, idempotency_key, request_hash, created_at)
  values (adjust_credits.tenant_id, balance.version, 'adjusted', adjust_credits.credits, balance.credits_available, balance.credits_reserved,
    adjust_credits.actor, adjust_credits.note, adjust_credits.idempotency_key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.adjust_credits(uuid, bigint, text, text, text, timestamptz) is
  'Corrects a balance by hand, up or down, never below what is reserved. Needs who does it and why. For the service. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function private.allocate_credits(uuid), private.top_up_credits(uuid, bigint, text, timestamptz, text),
  private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz),
  private.adjust_credits(uuid, bigint, text, text, text, timestamptz) to service_role;

-- 30_credits/11_reading.sql

-- Reading credits: what is there now.

-- A definer that may write: what has ended by now is entered before it is read.
create function public.read_credits(tenant_id uuid) returns public.credit_balances
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  balance public.credit_balances;
begin
  perform private.require_permission(read_credits.tenant_id, 'credits:read');
  select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  if balance.next_due_at is null or balance.next_due_at <= clock_timestamp() then
    perform private.lock_credits(read_credits.tenant_id);
    select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  end if;
  return balance;
end
$$;
comment on function public.read_credits(uuid) is
  'The balance of credits at this moment, without what has expired. The table itself shows it as of its last entry.';
grant execute on function public.read_credits(uuid) to authenticated, service_role;

-- 30_credits/12_events.sql

-- Credit events: credits come to an end, or somebody added some.

create function private.tg_emit_credit_level() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, case when new.credits_available = 0 then 'credits.exhausted' else 'credits.low' end,
    jsonb_build_object('credits', jsonb_build_object('available', new.credits_available, 'monthly', new.credits_monthly,
      'resets_at', private.event_moment(new.next_reset_at))), 'credits', has_row_lock => true);
  perform private.notify(new.tenant_id, case when new.credits_available = 0 then 'credits.exhausted' else 'credits.low' end, '{admins}',
    jsonb_build_object('available', new.credits_available, 'resets_on', to_char(new.period_end + 1, 'YYYY-MM-DD')));
  return null;
end
$$;
-- Only where the number passes a mark on its way down. So there is one event for each time, and none for the rest.
create trigger credit_balances_emit_level after update of credits_available on public.credit_balances
  for each row when (new.credits_available < old.credits_available and (new.credits_available = 0
    or new.credits_available * 5 <= new.credits_monthly and old.credits_available * 5 > old.credits_monthly))
  execute function private.tg_emit_credit_level();

select private.register_event_type('credits.low', 'A fifth of the month''s credits is left, or less. Reserved credits count as left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 96, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.exhausted', 'No credits are left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 0, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.topped_up', 'Credits were bought.',
  '{"credits": {"added": "count", "available": "count", "order_ref": "text", "expires_at?": "moment"}}',
  '{"credits": {"added": 1000, "available": 1096, "order_ref": "order_IluGWxBm9U8zJ8", "expires_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_notification_type('credits.low', 'billing', 'A fifth of the month''s credits is left, or less.',
  '{"en": "{{available}} credits are left. New ones come on {{resets_on}}.",
    "de": "Es sind noch {{available}} Credits übrig. Neue kommen am {{resets_on}}.",
    "fr": "Il reste {{available}} crédits. De nouveaux arrivent le {{resets_on}}."}', '{"available": 96, "resets_on": "2026-12-01"}');

select private.register_notification_type('credits.exhausted', 'billing', 'No credits are left.',
  '{"en": "No credits are left. New ones come on {{resets_on}}, or buy some.",
    "de": "Es sind keine Credits mehr übrig. Neue kommen am {{resets_on}}, oder kaufe welche.",
    "fr": "Il ne reste aucun crédit. De nouveaux arrivent le {{resets_on}}, ou achetez-en."}', '{"available": 0, "resets_on": "2026-12-01"}', is_critical => true);

-- 40_topups/01_topup_bundles.sql

-- Top-up bundles: which credits can be bought, and at what price.

create table public.topup_bundles (
  bundle text primary key,
  name text not null,
  credits bigint not null,
  price_minor bigint not null,
  currency char(3) not null default 'CHF',
  is_offered boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint bundle_name_is_a_word check (bundle ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint bundle_title_is_text check (private.is_plain_text(name, 100)),
  constraint bundle_credits_in_range check (credits between 1 and 1000000000),
  constraint bundle_costs_something check (price_minor between 1 and 100000000000),
  constraint bundle_currency_is_a_code check (currency ~ '^[A-Z]{3}$')
);
comment on table public.topup_bundles is
  'The price list of credits. A bundle that is no longer offered stays, because orders name it.';
comment on column public.topup_bundles.price_minor is 'In minor units of the currency.';

insert into public.topup_bundles (bundle, name, credits, price_minor) values
  ('credits_500', '500 credits', 500, 1900),
  ('credits_2000', '2,000 credits', 2000, 5900),
  ('credits_10000', '10,000 credits', 10000, 24900)
on conflict (bundle) do update set (name, credits, price_minor) = (excluded.name, excluded.credits, excluded.price_minor);
create trigger topup_bundles_touch before update on public.topup_bundles
  for each row execute function private.tg_touch_updated_at();

alter table public.topup_bundles enable row level security;
-- The price list belongs to no tenant.
create policy "everyone signed in reads the bundles" on public.topup_bundles
  for select to authenticated using (true);
grant select on public.topup_bundles to authenticated, service_role;

select private.register_table('public.topup_bundles', plain => '{bundle,name,currency}', unaudited => 'changed by migrations only');

-- 40_topups/02_topup_orders.sql

-- Top-up orders: a payment order whose payment adds credits.

create view public.credit_topup_orders with (security_invoker = true) as
select o.tenant_id, o.id, o.ref_id, o.provider, o.provider_order_id, o.bought ->> 'bundle' as bundle,
  (o.bought ->> 'credits')::bigint as credits, o.amount_minor, o.currency, o.status, o.paid_at, e.expires_at, o.created_at
from public.payment_orders as o
left join public.credit_ledger as e on e.tenant_id = o.tenant_id and e.idempotency_key = 'topup ' || o.ref_id
where o.kind = 'topup';
comment on view public.credit_topup_orders is
  'The orders of credits, with when the credits expire that each one brought. Their rows are in payment_orders and credit_ledger.';
grant select on public.credit_topup_orders to authenticated, service_role;

create function private.settle_topup(order_row public.payment_orders, payment public.payments) returns void
  language sql volatile
  set search_path = ''
as $$
  select from private.top_up_credits(order_row.tenant_id, (order_row.bought ->> 'credits')::bigint, order_row.ref_id)
$$;
comment on function private.settle_topup(public.payment_orders, public.payments) is
  'What a right payment of a top-up does: it adds the credits that were ordered, until the end of the month. Refuses an archived tenant.';

select private.register_order_kind('topup', 'private.settle_topup(public.payment_orders, public.payments)',
  'Credits, paid once.');

-- A definer, because nobody may write an order directly. It asks for manage: a tenant that is frozen could not use the
-- credits before they expire.
create function private.order_topup(
  tenant uuid, provider public.payment_provider, bundle text, idempotency_key text default null
) returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  wanted public.topup_bundles;
begin
  perform private.require_permission(order_topup.tenant, 'manage');
  select * into wanted from public.topup_bundles as b where b.bundle = order_topup.bundle and b.is_offered;
  if not found then
    perform private.raise_problem(422, 'invalid_value', format('The bundles that can be ordered are: %s.',
      (select string_agg(b.bundle, ', ' order by b.credits) from public.topup_bundles as b where b.is_offered)),
      '[{"pointer": "/bundle", "detail": "must be a bundle that can be ordered"}]');
  end if;
  perform private.take_order_turn(order_topup.tenant);
  return private.make_payment_order(order_topup.tenant, order_topup.provider, 'topup', wanted.price_minor, wanted.currency,
    jsonb_build_object('bundle', wanted.bundle, 'credits', wanted.credits), order_topup.idempotency_key);
end
$$;
comment on function private.order_topup(uuid, public.payment_provider, text, text) is
  'Orders a bundle of credits, for an owner or an admin. The provider does not know of it yet. A second call with the same key answers the first order, with the credits and the price of then. 409 not_billable, conflict; 422 for a bundle that is not offered; 429 too_many_orders.';
grant execute on function private.order_topup(uuid, public.payment_provider, text, text) to authenticated;

-- 50_calls/01_hashes.sql

-- Hashes: of a prompt or a response only a keyed hash is kept. A bare SHA-256 of a short text can be guessed by trying
-- texts. The key lies in Vault, so neither a dump nor a reader of the table can try.

create type public.call_kind as enum ('llm', 'tool');

create type public.call_status as enum (
  'ok',
  'error',   -- the provider failed, or the call was cut off
  'refused'  -- the model, or a rule before it, would not answer
);

-- Made at its first use. A migration would make another one in each copy of a database.
create function private.call_hash_key() returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  key text := (select s.decrypted_secret from vault.decrypted_secrets as s where s.name = 'tenantry_call_hash_key');
begin
  if key is null then
    begin
      key := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      perform vault.create_secret(key, 'tenantry_call_hash_key', 'key of the hashes of prompts and responses');
    exception when unique_violation then
      key := (select s.decrypted_secret from vault.decrypted_secrets as s where s.name = 'tenantry_call_hash_key');
    end;
  end if;
  return key;
end
$$;

create function private.call_hash(tenant uuid, sha256 text) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  key bytea;
begin
  if call_hash.sha256 is null then
    return null;
  end if;
  key := convert_to(private.call_hash_key(), 'UTF8');
  -- The tenant is hashed too, so that two tenants with one prompt have two hashes. Every input has one length.
  return encode(sha256(key || sha256(key || convert_to(call_hash.tenant::text || lower(call_hash.sha256), 'UTF8'))), 'hex');
end
$$;
comment on function private.call_hash(uuid, text) is
  'What is stored of a text whose SHA-256 is given: a hash with the platform''s key and the tenant. For the service, to compare a text with a call.';
grant execute on function private.call_hash(uuid, text) to service_role;

create function private.require_call_hash(field text, value text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if length(value) > 64 or value !~ '^[0-9a-fA-F]{64}$' then
    perform private.raise_problem(422, 'invalid_value', 'Send the SHA-256 of the text and never the text itself.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', 'must be 64 hexadecimal digits')));
  end if;
end
$$;

create function private.require_call_text(field text, value text, most int, is_needed boolean default false) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null and not is_needed then
    return;
  end if;
  if value is null or length(value) not between 1 and most or not private.is_plain_text(value, most) or btrim(value) <> value then
    perform private.raise_problem(422, 'invalid_value', 'A name is text without spaces around it.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', format('must be text of 1 to %s characters', most))));
  end if;
end
$$;

create function private.require_call_number(field text, value bigint, most bigint, is_needed boolean default true) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null and is_needed or value not between 0 and most then
    perform private.raise_problem(422, 'invalid_value', format('A whole number from 0 to %s is needed.', most),
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', format('must be a whole number from 0 to %s', most))));
  end if;
end
$$;

create function private.require_error_code(value text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- A message could quote the prompt. A code cannot.
  if length(value) > 100 or value !~ '^[a-z0-9][a-z0-9_.:-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'Name the error by a code, because a message may quote the prompt.',
      '[{"pointer": "/error_code", "detail": "must be a word of at most 100 lowercase letters, digits and _ . : -"}]');
  end if;
end
$$;

-- 50_calls/02_model_prices.sql

-- Model prices: what a model or a tool costs, from which moment on. The past is never rewritten.

create table public.model_prices (
  id uuid primary key default private.uuid_v7(),
  kind public.call_kind not null,
  provider text not null,
  model text not null,
  effective_at timestamptz not null,
  input_micros bigint not null default 0,
  cached_input_micros bigint not null default 0,
  cache_write_micros bigint not null default 0,
  output_micros bigint not null default 0,
  call_micros bigint not null default 0,
  currency char(3) not null default 'USD',
  created_at timestamptz not null default now(),
  -- The key by which a price is found: the newest row that is not after the moment.
  constraint model_prices_moment_idx unique (kind, provider, model, effective_at),
  constraint price_provider_is_a_word check (provider ~ '^([a-z0-9][a-z0-9_.-]{0,99}|\*)$'),
  constraint price_model_is_lowercase check (length(model) between 1 and 255 and private.is_plain_text(model, 255) and model = lower(model)),
  constraint fallback_is_of_every_model check (provider <> '*' or model = '*'),
  constraint prices_in_range check (input_micros between 0 and 10000000000 and cached_input_micros between 0 and 10000000000
    and cache_write_micros between 0 and 10000000000 and output_micros between 0 and 10000000000 and call_micros between 0 and 10000000000),
  constraint tool_is_priced_by_call check (kind = 'llm' or input_micros + cached_input_micros + cache_write_micros + output_micros = 0),
  constraint priced_in_us_dollars check (currency = 'USD')
);
comment on table public.model_prices is
  'What a model or a tool costs, from effective_at until the next row. Tokens: in millionths of a US dollar for a million of them. A price that was ever in effect is never changed.';
comment on column public.model_prices.provider is 'Who is paid; of a tool its name. * in provider and model is the fallback for what nobody has priced.';
comment on column public.model_prices.model is 'In lowercase; of a tool its method. * is every model of the provider without a row of its own.';
comment on column public.model_prices.call_micros is 'What each call costs beside its tokens.';

create function private.tg_keep_prices() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if old.effective_at > clock_timestamp() then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  raise exception 'model_prices keeps every price that was in effect. Add a row with a later effective_at.';
end
$$;
create trigger model_prices_keep before update or delete on public.model_prices
  for each row execute function private.tg_keep_prices();
create trigger model_prices_refuse_truncate before truncate on public.model_prices
  for each statement execute function private.tg_refuse_change();
alter table public.model_prices enable always trigger model_prices_keep;
alter table public.model_prices enable always trigger model_prices_refuse_truncate;

create function private.model_family(model text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return regexp_replace(model, '[-@](20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|latest)$', '');
end
$$;
comment on function private.model_family(text) is
  'The model of which a dated name is one version: gpt-4o of gpt-4o-2024-08-06. Other names stay as they are.';

create function private.find_model_price(
  kind public.call_kind, provider text, model text, at timestamptz default clock_timestamp()
) returns public.model_prices
  language plpgsql stable
  set search_path = ''
as $$
declare
  name text := lower(find_model_price.model);
  family text := private.model_family(lower(find_model_price.model));
  price public.model_prices;
begin
  -- The exact name first, because a version may have a price of its own. Then its family, then all of the provider.
  select p.* into price
  from unnest(array[lower(find_model_price.provider), lower(find_model_price.provider), lower(find_model_price.provider), '*'],
    array[name, family, '*', '*']) with ordinality as w (provider, model, n)
  cross join lateral (
    select m.* from public.model_prices as m
    where m.kind = find_model_price.kind and m.provider = w.provider and m.model = w.model and m.effective_at <= find_model_price.at
    order by m.effective_at desc limit 1) as p
  order by w.n limit 1;
  return price;
end
$$;
comment on function private.find_model_price(public.call_kind, text, text, timestamptz) is
  'The price of a model at a moment: of its exact name, else of its name without a date, else of its provider. The fallback, whose provider is *, if nobody has priced it. Null if there is no fallback.';

create function private.price_call(
  price public.model_prices, input_tokens bigint, cached_tokens bigint, cache_write_tokens bigint, output_tokens bigint
) returns bigint
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- Rounded up, so that no call with a price is free.
  return price.call_micros + ceil(((input_tokens - cached_tokens - cache_write_tokens)::numeric * price.input_micros
    + cached_tokens::numeric * price.cached_input_micros + cache_write_tokens::numeric * price.cache_write_micros
    + output_tokens::numeric * price.output_micros) / 1000000)::bigint;
end
$$;
comment on function private.price_call(public.model_prices, bigint, bigint, bigint, bigint) is
  'What a call costs at a price, in millionths of a US dollar. input_tokens holds the cached ones and those written to the cache.';

-- A definer, because even the service holds no grant to write prices: a price goes through these rules.
create function private.set_model_price(
  kind public.call_kind, provider text, model text, input_micros bigint default 0, output_micros bigint default 0,
  cached_input_micros bigint default null, cache_write_micros bigint default null, call_micros bigint default 0,
  effective_at timestamptz default null
) returns public.model_prices
  language plpgsql security definer
  set search_path = ''
as $$
declare
  price public.model_prices;
  starts_at timestamptz := coalesce(set_model_price.effective_at, clock_timestamp());
begin
  if set_model_price.provider is null or length(set_model_price.provider) > 100
    or set_model_price.provider !~ '^([a-z0-9][a-z0-9_.-]{0,99}|\*)$' then
    perform private.raise_problem(422, 'invalid_value', 'A provider is a word in lowercase, or * for the fallback.',
      '[{"pointer": "/provider", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('model', set_model_price.model, 255, is_needed => true);
  if set_model_price.provider = '*' and set_model_price.model <> '*' then
    perform private.raise_problem(422, 'invalid_value', 'The fallback is for every model.', '[{"pointer": "/model", "detail": "must be * with the provider *"}]');
  end if;
  perform private.require_call_number(n.field, n.value, 10000000000, n.is_needed)
  from (values ('input_micros', set_model_price.input_micros, true), ('output_micros', set_model_price.output_micros, true),
    ('cached_input_micros', set_model_price.cached_input_micros, false), ('cache_write_micros', set_model_price.cache_write_micros, false),
    ('call_micros', set_model_price.call_micros, true)) as n (field, value, is_needed);
  if set_model_price.kind = 'tool' and greatest(set_model_price.input_micros, set_model_price.output_micros,
    set_model_price.cached_input_micros, set_model_price.cache_write_micros) > 0 then
    perform private.raise_problem(422, 'invalid_value', 'A tool has a price for each call and none for tokens.', '[{"pointer": "/kind", "detail": "has no tokens"}]');
  end if;
  -- What calls were priced by stays what it was.
  if set_model_price.effective_at < clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'A price begins now or later. The past is never rewritten.',
      '[{"pointer": "/effective_at", "detail": "lies in the past"}]');
  end if;
  insert into public.model_prices as p (kind, provider, model, effective_at, input_micros, cached_input_micros, cache_write_micros, output_micros, call_micros)
  values (set_model_price.kind, set_model_price.provider, lower(set_model_price.model), starts_at, set_model_price.input_micros,
    coalesce(set_model_price.cached_input_micros, set_model_price.input_micros),
    coalesce(set_model_price.cache_write_micros, set_model_price.input_micros), set_model_price.output_micros, set_model_price.call_micros)
  -- A price that has not begun may be said again.
  on conflict on constraint model_prices_moment_idx do update set (input_micros, cached_input_micros, cache_write_micros, output_micros, call_micros) =
    (excluded.input_micros, excluded.cached_input_micros, excluded.cache_write_micros, excluded.output_micros, excluded.call_micros)
  returning p.* into price;
  return price;
end
$$;
comment on function private.set_model_price(public.call_kind, text, text, bigint, bigint, bigint, bigint, bigint, timestamptz) is
  'Sets the price of a model or a tool, from now or from a later moment on. For the service. Cached tokens cost as much as others unless said otherwise.';
grant execute on function private.set_model_price(public.call_kind, text, text, bigint, bigint, bigint, bigint, bigint, timestamptz) to service_role;

alter table public.model_prices enable row level security;
-- The price list belongs to no tenant.
create policy "everyone signed in reads the prices of models" on public.model_prices
  for select to authenticated using (true);
grant select on public.model_prices to authenticated, service_role;

select private.register_table('public.model_prices', plain => '{provider,model,currency}', unaudited => 'append-only, so it is a record itself');

-- 50_calls/03_listed_prices.sql

-- Listed prices: what providers ask for, in US dollars for a million tokens. A new price is a new row with its moment.

insert into public.model_prices (id, kind, provider, model, effective_at, input_micros, cached_input_micros, cache_write_micros, output_micros)
-- The same id in every database: made of the moment and the name, in the form of a UUIDv7.
select (left(private.first_uuid_at(p.effective_at)::text, 14) || '7' || substr(n.hash, 1, 3) || '-8' || substr(n.hash, 4, 3) || '-' ||
    substr(n.hash, 7, 12))::uuid, 'llm', p.provider, p.model, p.effective_at, p.input * 1000000, p.cached * 1000000, coalesce(p.written, p.input) * 1000000, p.output * 1000000
from (values
  ('openai', 'gpt-4o', timestamptz '2025-01-01Z', 2.5, 1.25, null, 10),
  -- The first version never became cheaper, so it has a row of its own.
  ('openai', 'gpt-4o-2024-05-13', '2025-01-01Z', 5, 5, null, 15),
  ('openai', 'gpt-4o-mini', '2025-01-01Z', 0.15, 0.075, null, 0.6),
  ('openai', 'gpt-4.1', '2025-04-14Z', 2, 0.5, null, 8),
  ('openai', 'gpt-4.1-mini', '2025-04-14Z', 0.4, 0.1, null, 1.6),
  ('openai', 'gpt-4.1-nano', '2025-04-14Z', 0.1, 0.025, null, 0.4),
  ('openai', 'o3', '2025-04-16Z', 10, 2.5, null, 40),
  ('openai', 'o3', '2025-06-10Z', 2, 0.5, null, 8),
  ('openai', 'o4-mini', '2025-04-16Z', 1.1, 0.275, null, 4.4),
  ('openai', 'gpt-5', '2025-08-07Z', 1.25, 0.125, null, 10),
  ('openai', 'gpt-5-mini', '2025-08-07Z', 0.25, 0.025, null, 2),
  ('openai', 'gpt-5-nano', '2025-08-07Z', 0.05, 0.005, null, 0.4),
  ('openai', 'text-embedding-3-small', '2025-01-01Z', 0.02, 0.02, null, 0),
  ('openai', 'text-embedding-3-large', '2025-01-01Z', 0.13, 0.13, null, 0),
  ('anthropic', 'claude-3-5-haiku', '2025-01-01Z', 0.8, 0.08, 1, 4),
  ('anthropic', 'claude-opus-4-1', '2025-08-05Z', 15, 1.5, 18.75, 75),
  ('anthropic', 'claude-sonnet-4-5', '2025-09-29Z', 3, 0.3, 3.75, 15),
  ('anthropic', 'claude-haiku-4-5', '2025-10-15Z', 1, 0.1, 1.25, 5),
  ('anthropic', 'claude-opus-4-5', '2025-11-24Z', 5, 0.5, 6.25, 25),
  ('anthropic', 'claude-sonnet-4-6', '2026-02-17Z', 3, 0.3, 3.75, 15),
  ('google', 'gemini-2.5-flash', '2025-06-17Z', 0.3, 0.075, null, 2.5),
  ('google', 'gemini-2.5-flash-lite', '2025-07-22Z', 0.1, 0.025, null, 0.4),
  ('mistral', 'mistral-large', '2025-01-01Z', 2, 2, null, 6),
  ('mistral', 'mistral-small', '2025-01-01Z', 0.1, 0.1, null, 0.3),
  -- What runs on the tenant's own machine costs nothing by the token. That is a price, and known.
  ('ollama', '*', '2025-01-01Z', 0, 0, null, 0),
  -- The fallback for what nobody has priced: above every price of this list, so that a cap holds for such a model too.
  ('*', '*', '2025-01-01Z', 30, 30, 37.5, 150)
) as p (provider, model, effective_at, input, cached, written, output)
cross join lateral (select md5(p.provider || ' ' || p.model) as hash) as n
on conflict on constraint model_prices_moment_idx do nothing;

-- 50_calls/04_spends.sql

-- Spends: what a tenant's calls cost in each month, and what calls that are not finished hold of it.

create table public.tenant_spends (
  tenant_id uuid not null references public.tenants on delete cascade,
  month_start date not null,
  spent_micros bigint not null default 0,
  held_micros bigint not null default 0,
  next_due_at timestamptz not null default 'infinity',
  primary key (tenant_id, month_start),
  constraint spent_not_negative check (spent_micros >= 0),
  constraint held_not_negative check (held_micros >= 0)
-- Room on each page, because a row changes with every call.
) with (fillfactor = 50);
comment on table public.tenant_spends is
  'What the calls of a tenant cost in a month of its time zone, in millionths of a US dollar, and what open calls hold. Every change locks the row. It stays when the calls are dropped.';
comment on column public.tenant_spends.held_micros is 'What is held for started calls, with those that expired after next_due_at. read_spend() leaves them out.';
comment on column public.tenant_spends.next_due_at is 'Before this moment no started call expires.';
create index tenant_spends_next_due_at_idx on public.tenant_spends (next_due_at) where next_due_at < 'infinity';

create table public.model_spends (
  tenant_id uuid not null references public.tenants on delete cascade,
  month_start date not null,
  kind public.call_kind not null,
  provider text not null,
  model text not null,
  call_count bigint not null default 0,
  unpriced_count bigint not null default 0,
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  spent_micros bigint not null default 0,
  primary key (tenant_id, month_start, kind, provider, model),
  constraint counts_not_negative check (call_count >= 0 and unpriced_count between 0 and call_count
    and input_tokens >= 0 and cached_tokens >= 0 and output_tokens >= 0 and spent_micros >= 0)
) with (fillfactor = 50);
comment on table public.model_spends is
  'What each model and tool cost a tenant in a month. The rows of a month add up to its row in tenant_spends, and stay when the calls are dropped.';
comment on column public.model_spends.provider is 'Of a tool its name, and in model its method.';

-- What it costs is billing, and only managers read that.
alter table public.tenant_spends enable row level security;
create policy "managers read their tenant's spend" on public.tenant_spends
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{spend:read}'))::uuid[]));
grant select on public.tenant_spends to authenticated, service_role;
alter table public.model_spends enable row level security;
create policy "managers read what each model cost their tenant" on public.model_spends
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{spend:read}'))::uuid[]));
grant select on public.model_spends to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('spend:read', 'read_admin', 'Read what model calls cost this month, and the cap.'),
  ('calls:read', 'read', 'Read calls of models and tools, and their prices.'),
  ('calls:write', 'write', 'Start and complete calls of models, and record calls of tools.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

create function private.spend_month(tenant uuid, out month_start date, out starts_at timestamptz, out resets_at timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
declare
  zone text := (select t.time_zone from public.tenants as t where t.id = spend_month.tenant);
begin
  month_start := date_trunc('month', now() at time zone zone)::date;
  starts_at := month_start::timestamp at time zone zone;
  resets_at := (month_start + interval '1 month') at time zone zone;
end
$$;
comment on function private.spend_month(uuid) is 'The present month of a tenant, in its time zone, and when the next one begins.';

select private.register_table('public.tenant_spends', keeping => 'derived', unaudited => 'adds up calls, which are records themselves');
select private.register_table('public.model_spends', keeping => 'derived', plain => '{provider,model}', unaudited => 'adds up calls, which are records themselves');

-- 50_calls/05_llm_call_holds.sql

-- Holds: what a started call of a model may cost at most, held of the month's cap until the call is completed.

create type public.llm_call_hold_status as enum ('open', 'finished', 'expired');

create table public.llm_call_holds (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  month_start date not null,
  provider text not null,
  model text not null,
  agent text,
  skill text,
  activity_run_id uuid,
  prompt_hash text,
  max_input_tokens bigint not null,
  max_output_tokens bigint not null,
  model_price_id uuid not null,
  is_priced boolean not null,
  held_micros bigint not null,
  status public.llm_call_hold_status not null default 'open',
  idempotency_key text not null,
  request_hash uuid not null,
  completion_hash uuid,
  user_id uuid,
  api_key_id uuid,
  expires_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  constraint hold_is_closed_once check ((status = 'open') = (closed_at is null)),
  constraint finished_hold_has_an_answer check ((status = 'finished') = (completion_hash is not null)),
  constraint hold_not_negative check (held_micros >= 0)
) with (fillfactor = 70);
comment on table public.llm_call_holds is
  'Calls of models that were started: what each holds of the month''s spend cap, and until when. Kept for 35 days after its end, so that a repeated request has the first answer.';
comment on column public.llm_call_holds.month_start is 'The month of the tenant whose cap admitted the call. Its cost counts there, whenever it ends.';
comment on column public.llm_call_holds.is_priced is 'Whether its model has a price. If not, the price is the fallback.';
create unique index llm_call_holds_idempotency_key_idx on public.llm_call_holds (tenant_id, idempotency_key);
create index llm_call_holds_open_idx on public.llm_call_holds (tenant_id, month_start, expires_at) where status = 'open';
create index llm_call_holds_closed_at_idx on public.llm_call_holds (closed_at) where closed_at is not null;

alter table public.llm_call_holds enable row level security;
create policy "members read their tenant's started calls" on public.llm_call_holds
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{calls:read}'))::uuid[]));
grant select on public.llm_call_holds to authenticated, service_role;

create function private.lock_spend(tenant uuid, month date) returns public.tenant_spends
  language plpgsql
  set search_path = ''
as $$
declare
  spend public.tenant_spends;
  moment timestamptz := clock_timestamp();
  freed bigint;
begin
  select * into spend from public.tenant_spends as s
  where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month for no key update;
  if not found then
    insert into public.tenant_spends (tenant_id, month_start) values (lock_spend.tenant, lock_spend.month) on conflict do nothing;
    select * into spend from public.tenant_spends as s
    where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month for no key update;
  end if;
  if spend.next_due_at <= moment then
    with ended as (
      update public.llm_call_holds as h set status = 'expired', closed_at = moment
      where h.tenant_id = lock_spend.tenant and h.month_start = lock_spend.month and h.status = 'open' and h.expires_at <= moment
      returning h.held_micros
    )
    select coalesce(sum(e.held_micros), 0)::bigint into freed from ended as e;
    update public.tenant_spends as s set held_micros = s.held_micros - freed, next_due_at = coalesce((
      select min(h.expires_at) from public.llm_call_holds as h
      where h.tenant_id = lock_spend.tenant and h.month_start = lock_spend.month and h.status = 'open'), 'infinity')
    where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month
    returning * into spend;
  end if;
  return spend;
end
$$;
comment on function private.lock_spend(uuid, date) is
  'Locks a tenant''s spend of a month, and frees what expired calls hold. Whatever changes a spend calls this first, before it locks anything of usage.';

create function private.expire_llm_calls(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due record;
  settled int := 0;
begin
  -- Only rows that nobody holds: who holds one frees it.
  for due in
    select s.tenant_id, s.month_start from public.tenant_spends as s
    where s.next_due_at <= clock_timestamp() and s.next_due_at < 'infinity'
    order by s.next_due_at limit batch for no key update skip locked
  loop
    perform private.lock_spend(due.tenant_id, due.month_start);
    settled := settled + 1;
  end loop;
  return settled;
end
$$;
comment on function private.expire_llm_calls(int) is
  'Frees what expired calls hold, for at most one batch of tenants who do nothing themselves. Returns for how many.';

create function private.sweep_llm_call_holds(batch int default 20000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.llm_call_holds as h where h.ctid = any (array(
      select o.ctid from public.llm_call_holds as o where o.closed_at < now() - interval '35 days' limit batch)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_llm_call_holds(int) is 'Removes holds that ended 35 days ago, at most one batch. Returns how many.';

select cron.schedule('usage: expire calls that were not completed', '* * * * *', 'select private.expire_llm_calls()');
select cron.schedule('usage: forget ended holds of calls', '*/10 * * * *', 'select private.sweep_llm_call_holds()');

select private.register_table('public.llm_call_holds', keeping => 'derived', plain => '{provider,model,agent,skill,prompt_hash,idempotency_key}',
  unaudited => 'each call that is completed has a row in llm_calls, which is a record itself');

-- 50_calls/06_llm_calls.sql

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

-- 50_calls/07_tool_calls.sql

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

-- 50_calls/08_starting.sql

-- Starting: before a model is called, what the call may cost at most is held of the month's cap, or the call is refused.

create function private.refuse_spend(needed bigint, resets_at timestamptz) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- Whoever may start calls need not know the cap, nor what was spent. Managers read both.
  perform private.raise_problem(402, 'spend_cap_reached',
    'This call could cost more than is left of the tenant''s spend cap for this month. An owner can raise the cap. Or ask for fewer tokens or a cheaper model, or wait for the calls that run, or for the next month.',
    members => jsonb_build_object('needed_micros', needed, 'resets_at', private.event_moment(resets_at)));
end
$$;

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.start_llm_call(
  tenant uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text,
  expires_in_seconds int default 900, agent text default null, skill text default null,
  activity_run_id uuid default null, prompt_sha256 text default null
) returns public.llm_call_holds
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  hold public.llm_call_holds;
  known public.llm_call_holds;
  spend public.tenant_spends;
  price public.model_prices;
  month_resets_at timestamptz;
  cap bigint;
  most_events bigint;
  used_events bigint;
begin
  if start_llm_call.provider is null or length(start_llm_call.provider) > 100 or start_llm_call.provider !~ '^[a-z0-9][a-z0-9_.-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'A provider is a word in lowercase.',
      '[{"pointer": "/provider", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('model', start_llm_call.model, 255, is_needed => true);
  perform private.require_call_text('agent', start_llm_call.agent, 100);
  perform private.require_call_text('skill', start_llm_call.skill, 100);
  perform private.require_call_number('max_input_tokens', start_llm_call.max_input_tokens, 100000000);
  perform private.require_call_number('max_output_tokens', start_llm_call.max_output_tokens, 100000000);
  perform private.require_call_hash('prompt_sha256', start_llm_call.prompt_sha256);
  if start_llm_call.idempotency_key is null or length(start_llm_call.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(start_llm_call.idempotency_key);
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A call is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  hold.tenant_id := start_llm_call.tenant;
  hold.id := private.uuid_v7();
  hold.prompt_hash := private.call_hash(start_llm_call.tenant, start_llm_call.prompt_sha256);
  -- Over the keyed hash: the SHA-256 of the prompt itself must not be stored, in no form.
  hold.request_hash := md5(row(start_llm_call.provider, start_llm_call.model, start_llm_call.max_input_tokens, start_llm_call.max_output_tokens,
    expires_in_seconds, start_llm_call.agent, start_llm_call.skill, start_llm_call.activity_run_id, hold.prompt_hash)::text)::uuid;
  price := private.find_model_price('llm', start_llm_call.provider, start_llm_call.model);
  if price.id is null then
    raise exception 'model_prices has no fallback price.';
  end if;
  hold.model_price_id := price.id;
  hold.is_priced := price.provider <> '*';
  -- The dearest that it can become: all of the prompt at the highest of its three prices.
  price.input_micros := greatest(price.input_micros, price.cached_input_micros, price.cache_write_micros);
  hold.held_micros := private.price_call(price, start_llm_call.max_input_tokens, 0, 0, start_llm_call.max_output_tokens);
  select m.month_start, m.resets_at into hold.month_start, month_resets_at from private.spend_month(start_llm_call.tenant) as m;

  spend := private.lock_spend(start_llm_call.tenant, hold.month_start);
  -- Two calls with one key wait for each other at the lock, so the second one finds the first.
  select * into known from public.llm_call_holds as h
  where h.tenant_id = start_llm_call.tenant and h.idempotency_key = start_llm_call.idempotency_key;
  if found then
    if known.request_hash <> hold.request_hash then
      perform private.refuse_other_request(start_llm_call.idempotency_key);
    end if;
    return known;
  end if;
  select b.monthly_spend_cap_usd_micros, (p.limits ->> 'usage_events')::bigint,
    case when private.is_same_period(c.period_at, private.limit_period(t.id, 'usage_events')) then c.used else 0 end
  into cap, most_events, used_events
  from public.tenants as t join public.plans as p on p.plan = t.plan
  left join public.tenant_billing as b on b.tenant_id = t.id
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = 'usage_events'
  where t.id = start_llm_call.tenant;
  -- What costs nothing needs nothing of the cap.
  if hold.held_micros > 0 and hold.held_micros > cap - spend.spent_micros - spend.held_micros then
    perform private.refuse_spend(hold.held_micros, month_resets_at);
  end if;
  -- Asked here and never at the end: a call that was made is always recorded.
  if used_events >= most_events then
    perform private.refuse_beyond(start_llm_call.tenant, 'usage_events', 9223372036854775807);
  end if;
  hold.created_at := clock_timestamp();
  hold.expires_at := hold.created_at + make_interval(secs => expires_in_seconds);
  insert into public.llm_call_holds as h (tenant_id, id, month_start, provider, model, agent, skill, activity_run_id, prompt_hash,
    max_input_tokens, max_output_tokens, model_price_id, is_priced, held_micros, idempotency_key, request_hash, user_id, api_key_id,
    expires_at, created_at)
  values (hold.tenant_id, hold.id, hold.month_start, start_llm_call.provider, start_llm_call.model, start_llm_call.agent, start_llm_call.skill,
    start_llm_call.activity_run_id, hold.prompt_hash, start_llm_call.max_input_tokens, start_llm_call.max_output_tokens,
    hold.model_price_id, hold.is_priced, hold.held_micros, start_llm_call.idempotency_key, hold.request_hash,
    auth.uid(), private.caller_api_key(), hold.expires_at, hold.created_at)
  returning h.* into hold;
  update public.tenant_spends as s set held_micros = s.held_micros + hold.held_micros, next_due_at = least(s.next_due_at, hold.expires_at)
  where s.tenant_id = hold.tenant_id and s.month_start = hold.month_start;
  return hold;
end
$$;
comment on function private.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) is
  'Holds what a call of a model may cost at most, before it is made. Asks no permission: for definer functions of other domains. 402 spend_cap_reached or limit_reached, 409 idempotency_conflict.';

-- A definer, as all that change a spend: it is changed only together with its calls.
create function public.start_llm_call(
  tenant_id uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text,
  expires_in_seconds int default 900, agent text default null, skill text default null,
  activity_run_id uuid default null, prompt_sha256 text default null
) returns public.llm_call_holds
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(start_llm_call.tenant_id, 'calls:write');
  return private.start_llm_call(tenant_id, provider, model, max_input_tokens, max_output_tokens, idempotency_key,
    expires_in_seconds, agent, skill, activity_run_id, prompt_sha256);
end
$$;
comment on function public.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) is
  'Asks whether a call of a model may be made, and holds what it may cost at most of the month''s spend cap until it is completed. 402 spend_cap_reached or limit_reached, 409 idempotency_conflict.';
grant execute on function public.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) to authenticated, service_role;

-- 50_calls/09_finishing.sql

-- Finishing: what a call took is priced and recorded, counts towards the month, and is a usage event, all at once.

create function private.count_spend(
  tenant uuid, month date, kind public.call_kind, provider text, model text, is_priced boolean,
  input_tokens bigint, cached_tokens bigint, output_tokens bigint, counted bigint
) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  is_first boolean;
begin
  insert into public.model_spends as s
    (tenant_id, month_start, kind, provider, model, call_count, unpriced_count, input_tokens, cached_tokens, output_tokens, spent_micros)
  values (count_spend.tenant, count_spend.month, count_spend.kind, count_spend.provider, count_spend.model, 1, (not count_spend.is_priced)::int,
    count_spend.input_tokens, count_spend.cached_tokens, count_spend.output_tokens, count_spend.counted)
  on conflict on constraint model_spends_pkey do update set
    call_count = s.call_count + 1, unpriced_count = s.unpriced_count + excluded.unpriced_count,
    input_tokens = s.input_tokens + excluded.input_tokens, cached_tokens = s.cached_tokens + excluded.cached_tokens,
    output_tokens = s.output_tokens + excluded.output_tokens, spent_micros = s.spent_micros + excluded.spent_micros
  returning s.unpriced_count = 1 and not count_spend.is_priced into is_first;
  return is_first;
end
$$;
comment on function private.count_spend(uuid, date, public.call_kind, text, text, boolean, bigint, bigint, bigint, bigint) is
  'Adds a call to what its model cost this month. Returns whether it is the month''s first call of the model that has no price.';

create function private.announce_spend(tenant uuid, month date, spent bigint) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  cap bigint := (select b.monthly_spend_cap_usd_micros from public.tenant_billing as b where b.tenant_id = announce_spend.tenant);
begin
  -- A call that began last month says nothing about the present one.
  if cap > 0 and spent >= cap * 0.5 and announce_spend.month = (select m.month_start from private.spend_month(announce_spend.tenant) as m) then
    insert into private.tenant_counts (tenant_id, gate) values (announce_spend.tenant, 'monthly_spend_cap_usd_micros') on conflict do nothing;
    if private.announce_threshold(announce_spend.tenant, 'monthly_spend_cap_usd_micros', spent, cap) and spent >= cap * 0.8 then
      perform private.notify(announce_spend.tenant, case when spent >= cap then 'spend.reached' else 'spend.near' end, '{admins}',
        jsonb_build_object('spent', to_char(spent / 1000000.0, 'FM999999990.00'), 'cap', to_char(cap / 1000000.0, 'FM999999990.00')));
    end if;
  end if;
end
$$;
comment on function private.announce_spend(uuid, date, bigint) is 'Announces that 50, 80 or 100 % of the spend cap are spent, each once a month.';

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.finish_llm_call(
  tenant uuid, call uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null
) returns public.llm_calls
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  finished public.llm_calls;
  hold public.llm_call_holds;
  price public.model_prices;
  spent bigint;
  hash uuid;
  response_hash text;
begin
  if finish_llm_call.status is null then
    perform private.raise_problem(422, 'invalid_value', 'Say how the call ended.', '[{"pointer": "/status", "detail": "must be ok, error or refused"}]');
  end if;
  perform private.require_call_number('input_tokens', finish_llm_call.input_tokens, 100000000);
  perform private.require_call_number('output_tokens', finish_llm_call.output_tokens, 100000000);
  perform private.require_call_number('cached_tokens', finish_llm_call.cached_tokens, 100000000);
  perform private.require_call_number('cache_write_tokens', finish_llm_call.cache_write_tokens, 100000000);
  perform private.require_call_number('duration_ms', finish_llm_call.duration_ms, 2147483647, is_needed => false);
  perform private.require_call_hash('response_sha256', finish_llm_call.response_sha256);
  perform private.require_error_code(finish_llm_call.error_code);
  if finish_llm_call.cached_tokens + finish_llm_call.cache_write_tokens > finish_llm_call.input_tokens then
    perform private.raise_problem(422, 'invalid_value', 'The tokens of the prompt include those of the cache.',
      '[{"pointer": "/input_tokens", "detail": "must be at least cached_tokens and cache_write_tokens together"}]');
  end if;
  response_hash := private.call_hash(finish_llm_call.tenant, finish_llm_call.response_sha256);
  hash := md5(row(finish_llm_call.status, finish_llm_call.input_tokens, finish_llm_call.output_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.duration_ms, response_hash, finish_llm_call.error_code)::text)::uuid;
  select * into hold from public.llm_call_holds as h where h.tenant_id = finish_llm_call.tenant and h.id = finish_llm_call.call;
  if not found then
    perform private.raise_problem(404, 'call_not_found', 'This tenant has started no such call, or it ended 35 days ago.');
  end if;
  perform private.lock_spend(hold.tenant_id, hold.month_start);
  -- As it is now: somebody else may have completed it, and it may have expired.
  select * into hold from public.llm_call_holds as h where h.tenant_id = finish_llm_call.tenant and h.id = finish_llm_call.call;
  if hold.status = 'finished' then
    if hold.completion_hash <> hash then
      perform private.raise_problem(409, 'idempotency_conflict', 'This call was completed before, with other numbers. What was recorded stays.');
    end if;
    select * into finished from public.llm_calls as c
    where c.tenant_id = hold.tenant_id and c.created_at = hold.closed_at and c.id = hold.id;
    return finished;
  end if;

  -- The price that admitted it, also if there is a newer one by now.
  select * into price from public.model_prices as p where p.id = hold.model_price_id;
  finished.counted_micros := private.price_call(price, finish_llm_call.input_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.output_tokens);
  finished.created_at := clock_timestamp();
  -- The spend first and then usage, in every function of this folder, so that two calls lock them in one order.
  update public.llm_call_holds as h set status = 'finished', closed_at = finished.created_at, completion_hash = hash
  where h.tenant_id = hold.tenant_id and h.id = hold.id;
  update public.tenant_spends as s set spent_micros = s.spent_micros + finished.counted_micros,
    held_micros = s.held_micros - case when hold.status = 'open' then hold.held_micros else 0 end
  where s.tenant_id = hold.tenant_id and s.month_start = hold.month_start
  returning s.spent_micros into spent;
  if private.count_spend(hold.tenant_id, hold.month_start, 'llm', hold.provider, hold.model, hold.is_priced,
    finish_llm_call.input_tokens, finish_llm_call.cached_tokens, finish_llm_call.output_tokens, finished.counted_micros) then
    -- The platform sets prices, so the platform is told: once a month for each model, by whichever tenant.
    perform private.emit_event(private.platform_tenant_id(), 'model.unpriced',
      jsonb_build_object('provider', hold.provider, 'model', hold.model, 'month', to_char(hold.month_start, 'YYYY-MM')),
      idempotency_key => format('model.unpriced %s %s', to_char(hold.month_start, 'YYYY-MM'), md5(row(hold.provider, hold.model)::text)));
  end if;
  -- Not bound by the plan's limit of usage events: the call was made, and is never lost. The start has asked.
  finished.usage_event_id := (select u.id from private.ingest_usage_events(hold.tenant_id, hold.user_id, array[null]::text[], array['tenantry'],
    array['llm_call'], array[jsonb_strip_nulls(jsonb_build_object('call', private.ulid(hold.id), 'provider', hold.provider,
      'status', finish_llm_call.status, 'agent', hold.agent, 'skill', hold.skill, 'is_priced', hold.is_priced))],
    array[finish_llm_call.input_tokens + finish_llm_call.output_tokens], array[hold.model], array[finished.counted_micros],
    array[null]::timestamptz[]) as u);
  insert into public.llm_calls as c (tenant_id, id, month_start, status, error_code, provider, model, agent, skill, activity_run_id,
    prompt_hash, response_hash, input_tokens, cached_tokens, cache_write_tokens, output_tokens, duration_ms, is_priced, cost_micros,
    counted_micros, held_micros, is_late, model_price_id, price_input_micros, price_cached_input_micros, price_cache_write_micros,
    price_output_micros, price_call_micros, usage_event_id, user_id, api_key_id, started_at, created_at)
  values (hold.tenant_id, hold.id, hold.month_start, finish_llm_call.status, finish_llm_call.error_code, hold.provider, hold.model, hold.agent,
    hold.skill, hold.activity_run_id, hold.prompt_hash, response_hash, finish_llm_call.input_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.output_tokens, finish_llm_call.duration_ms, hold.is_priced,
    case when hold.is_priced then finished.counted_micros end, finished.counted_micros, hold.held_micros, hold.status = 'expired', price.id,
    price.input_micros, price.cached_input_micros, price.cache_write_micros, price.output_micros, price.call_micros,
    finished.usage_event_id, hold.user_id, hold.api_key_id, hold.created_at, finished.created_at)
  returning c.* into finished;
  perform private.announce_spend(hold.tenant_id, hold.month_start, spent);
  return finished;
end
$$;
comment on function private.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a started call took, counts its cost and frees what it held. Asks no permission: for definer functions of other domains. 404 call_not_found, 409 idempotency_conflict.';

-- A definer, as the start.
create function public.finish_llm_call(
  tenant_id uuid, call_id uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null
) returns public.llm_calls
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(finish_llm_call.tenant_id, 'calls:write');
  return private.finish_llm_call(tenant_id, call_id, status, input_tokens, output_tokens, cached_tokens, cache_write_tokens, duration_ms,
    response_sha256, error_code);
end
$$;
comment on function public.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a started call of a model took. The cost counts, and the rest of what it held is free again. A repeated call has the first answer. 404 call_not_found, 409 idempotency_conflict.';
grant execute on function public.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) to authenticated, service_role;

-- 50_calls/10_tools.sql

-- Recording: a call of a tool is recorded after it was made. It costs something only if the platform has priced it.

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.record_tool_call(
  tenant uuid, tool text, method text, status public.call_status, idempotency_key text, duration_ms bigint default null,
  agent text default null, skill text default null, activity_run_id uuid default null,
  input_sha256 text default null, output_sha256 text default null, error_code text default null
) returns public.tool_calls
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  made public.tool_calls;
  price public.model_prices;
  known private.tool_call_keys;
  spent bigint;
  hash uuid;
begin
  if record_tool_call.status is null then
    perform private.raise_problem(422, 'invalid_value', 'Say how the call ended.', '[{"pointer": "/status", "detail": "must be ok, error or refused"}]');
  end if;
  if record_tool_call.tool is null or length(record_tool_call.tool) > 100 or record_tool_call.tool !~ '^[a-z0-9][a-z0-9_.-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'A tool is named by a word in lowercase.',
      '[{"pointer": "/tool", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('method', record_tool_call.method, 100, is_needed => true);
  perform private.require_call_text('agent', record_tool_call.agent, 100);
  perform private.require_call_text('skill', record_tool_call.skill, 100);
  perform private.require_call_number('duration_ms', record_tool_call.duration_ms, 2147483647, is_needed => false);
  perform private.require_call_hash('input_sha256', record_tool_call.input_sha256);
  perform private.require_call_hash('output_sha256', record_tool_call.output_sha256);
  perform private.require_error_code(record_tool_call.error_code);
  if record_tool_call.idempotency_key is null or length(record_tool_call.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(record_tool_call.idempotency_key);
  end if;
  made.tenant_id := record_tool_call.tenant;
  made.id := private.uuid_v7();
  made.created_at := clock_timestamp();
  made.input_hash := private.call_hash(record_tool_call.tenant, record_tool_call.input_sha256);
  made.output_hash := private.call_hash(record_tool_call.tenant, record_tool_call.output_sha256);
  hash := md5(row(record_tool_call.tool, record_tool_call.method, record_tool_call.status, record_tool_call.duration_ms, record_tool_call.agent,
    record_tool_call.skill, record_tool_call.activity_run_id, made.input_hash, made.output_hash, record_tool_call.error_code)::text)::uuid;
  -- Whoever comes second waits here for the first, and then finds its call.
  insert into private.tool_call_keys (tenant_id, idempotency_key, request_hash, call_id, called_at)
  values (made.tenant_id, record_tool_call.idempotency_key, hash, made.id, made.created_at) on conflict do nothing;
  if not found then
    select * into known from private.tool_call_keys as k
    where k.tenant_id = made.tenant_id and k.idempotency_key = record_tool_call.idempotency_key;
    if known.request_hash <> hash then
      perform private.refuse_other_request(record_tool_call.idempotency_key);
    end if;
    select * into made from public.tool_calls as c
    where c.tenant_id = made.tenant_id and c.created_at = known.called_at and c.id = known.call_id;
    return made;
  end if;

  price := private.find_model_price('tool', record_tool_call.tool, record_tool_call.method);
  select m.month_start into made.month_start from private.spend_month(made.tenant_id) as m;
  made.is_priced := price.id is not null;
  made.cost_micros := price.call_micros;
  if made.cost_micros > 0 then
    perform private.lock_spend(made.tenant_id, made.month_start);
    update public.tenant_spends as s set spent_micros = s.spent_micros + made.cost_micros
    where s.tenant_id = made.tenant_id and s.month_start = made.month_start
    returning s.spent_micros into spent;
  end if;
  perform private.count_spend(made.tenant_id, made.month_start, 'tool', record_tool_call.tool, record_tool_call.method, made.is_priced,
    0, 0, 0, coalesce(made.cost_micros, 0));
  -- Not bound by the plan's limit of usage events, as a call of a model.
  made.usage_event_id := (select u.id from private.ingest_usage_events(made.tenant_id, auth.uid(), array[null]::text[], array['tenantry'],
    array['tool_call'], array[jsonb_strip_nulls(jsonb_build_object('call', private.ulid(made.id), 'tool', record_tool_call.tool,
      'method', record_tool_call.method, 'status', record_tool_call.status, 'agent', record_tool_call.agent, 'skill', record_tool_call.skill))],
    array[null]::bigint[], array[null]::text[], array[made.cost_micros], array[null]::timestamptz[]) as u);
  insert into public.tool_calls as c (tenant_id, id, month_start, status, error_code, tool, method, agent, skill, activity_run_id, input_hash,
    output_hash, duration_ms, is_priced, cost_micros, model_price_id, usage_event_id, user_id, api_key_id, created_at)
  values (made.tenant_id, made.id, made.month_start, record_tool_call.status, record_tool_call.error_code, record_tool_call.tool,
    record_tool_call.method, record_tool_call.agent, record_tool_call.skill, record_tool_call.activity_run_id, made.input_hash, made.output_hash,
    record_tool_call.duration_ms, made.is_priced, made.cost_micros, price.id, made.usage_event_id, auth.uid(), private.caller_api_key(), made.created_at)
  returning c.* into made;
  if made.cost_micros > 0 then
    perform private.announce_spend(made.tenant_id, made.month_start, spent);
  end if;
  return made;
end
$$;
comment on function private.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) is
  'Records a call of a tool, and counts its cost if it has a price. Asks no permission: for definer functions of other domains. 409 idempotency_conflict.';

-- A definer, as all that record calls.
create function public.record_tool_call(
  tenant_id uuid, tool text, method text, status public.call_status, idempotency_key text, duration_ms bigint default null,
  agent text default null, skill text default null, activity_run_id uuid default null,
  input_sha256 text default null, output_sha256 text default null, error_code text default null
) returns public.tool_calls
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(record_tool_call.tenant_id, 'calls:write');
  return private.record_tool_call(tenant_id, tool, method, status, idempotency_key, duration_ms, agent, skill, activity_run_id,
    input_sha256, output_sha256, error_code);
end
$$;
comment on function public.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) is
  'Records a call of a tool that was made. A repeated call has the first answer. 409 idempotency_conflict.';
grant execute on function public.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) to authenticated, service_role;

-- 50_calls/11_reading.sql

-- Reading the spend: what is left of the cap at this moment.

-- A definer, because it also counts holds, of which it says no more than the sum.
create function public.read_spend(
  tenant_id uuid, out month_start date, out resets_at timestamptz, out cap_micros bigint, out spent_micros bigint,
  out held_micros bigint, out open_count bigint, out unpriced_count bigint
)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.require_permission(read_spend.tenant_id, 'spend:read');
  select m.month_start, m.resets_at into month_start, resets_at from private.spend_month(read_spend.tenant_id) as m;
  cap_micros := (select b.monthly_spend_cap_usd_micros from public.tenant_billing as b where b.tenant_id = read_spend.tenant_id);
  spent_micros := coalesce((select s.spent_micros from public.tenant_spends as s
    where s.tenant_id = read_spend.tenant_id and s.month_start = read_spend.month_start), 0);
  -- Counted from the holds, so that one that has expired is not in it, whether cron came or not.
  select coalesce(sum(h.held_micros), 0), count(*) into held_micros, open_count from public.llm_call_holds as h
  where h.tenant_id = read_spend.tenant_id and h.month_start = read_spend.month_start and h.status = 'open' and h.expires_at > clock_timestamp();
  unpriced_count := coalesce((select sum(s.unpriced_count) from public.model_spends as s
    where s.tenant_id = read_spend.tenant_id and s.month_start = read_spend.month_start and s.kind = 'llm'), 0);
end
$$;
comment on function public.read_spend(uuid) is
  'What the calls of this month cost so far, what open calls hold, and the cap (null for none), in millionths of a US dollar.';
grant execute on function public.read_spend(uuid) to authenticated, service_role;

-- 50_calls/12_events.sql

-- Events of calls, and what people are told of their cost. What is left of the cap is announced by limit.threshold_reached, as every limit.

select private.register_event_type('model.unpriced',
  'A tenant called a model that has no price. Only the platform''s own tenant receives it, once a month for each model.',
  '{"provider": "text", "model": "text", "month": "text"}',
  '{"provider": "openai", "model": "gpt-7", "month": "2026-11"}');

select private.register_notification_type('spend.near', 'billing', 'Four fifths of the month''s spend cap are spent.',
  '{"en": "Calls of AI models cost {{spent}} of the {{cap}} US dollars that you allow this month.",
    "de": "Aufrufe von KI-Modellen haben {{spent}} der {{cap}} US-Dollar gekostet, die du diesen Monat erlaubst.",
    "fr": "Les appels de modèles d’IA ont coûté {{spent}} des {{cap}} dollars américains que vous autorisez ce mois-ci."}',
  '{"spent": "40.00", "cap": "50.00"}');

select private.register_notification_type('spend.reached', 'billing', 'The month''s spend cap is reached.',
  '{"en": "Calls of AI models have cost {{spent}} US dollars, and you allow {{cap}} this month. Further calls are refused.",
    "de": "Aufrufe von KI-Modellen haben {{spent}} US-Dollar gekostet, und du erlaubst {{cap}} diesen Monat. Weitere Aufrufe werden abgelehnt.",
    "fr": "Les appels de modèles d’IA ont coûté {{spent}} dollars américains, et vous en autorisez {{cap}} ce mois-ci. Les prochains appels seront refusés."}',
  '{"spent": "50.12", "cap": "50.00"}', is_critical => true);

-- 55_models/01_llm_providers.sql

-- LLM providers: which language model writes for a tenant, and by whose key. Without one of its own, the platform's does.

create type public.llm_provider_type as enum (
  'openai',    -- whatever speaks OpenAI's chat completions, wherever it is
  'anthropic'  -- whatever speaks Anthropic's messages
);

create table public.llm_providers (
  tenant_id uuid primary key references public.tenants on delete cascade,
  provider_type public.llm_provider_type not null,
  base_url text not null,
  default_model text not null,
  api_key_secret_id uuid,
  is_active boolean not null default true,
  verified_at timestamptz,
  last_error text,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  constraint llm_base_url_is_a_url check (length(base_url) <= 500 and base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$'),
  constraint llm_model_is_text check (length(default_model) between 1 and 255 and private.is_plain_text(default_model, 255)),
  constraint llm_provider_error_is_short check (length(last_error) <= 1000)
);
comment on table public.llm_providers is
  'Which language model writes for a tenant, at most one. It is asked only while it is active and verified; otherwise the platform''s is. The key is in Vault.';
comment on column public.llm_providers.verified_at is 'When a test was answered with exactly these settings.';
comment on column public.llm_providers.revision is 'Changes with every change of the settings, so that a test of older ones cannot verify newer ones.';
create trigger llm_providers_touch before update on public.llm_providers for each row execute function private.tg_touch_updated_at();
create trigger llm_providers_stamp_editor before insert or update on public.llm_providers for each row execute function private.tg_stamp_editor();
create trigger llm_providers_drop_secret after delete or update of api_key_secret_id on public.llm_providers
  for each row execute function private.tg_drop_secrets('api_key_secret_id');

alter table public.llm_providers enable row level security;
create policy "managers read their tenant's LLM provider" on public.llm_providers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's LLM provider" on public.llm_providers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: settings, key and trust change together, in the functions below.
grant select, delete on public.llm_providers to authenticated;
grant select on public.llm_providers to service_role;

create function private.llm_key_goes_to(provider public.llm_providers) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select provider.provider_type || ' ' || lower(substring(provider.base_url from '^[a-z]+://[^/]+')) $$;
comment on function private.llm_key_goes_to(public.llm_providers) is 'Where the key of a provider is sent to. If that changes, the key must be given again.';

-- A definer, because the key goes to Vault. Only for the service: the edge function has checked the settings and the
-- caller's permission.
create function private.set_llm_provider(
  tenant_id uuid, provider_type public.llm_provider_type, base_url text, default_model text, api_key text default null, is_active boolean default true
) returns public.llm_providers
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  stored public.llm_providers;
  next public.llm_providers;
begin
  if length(set_llm_provider.api_key) > 4096 then
    perform private.raise_problem(422, 'invalid_value', 'The key is too long.', '[{"pointer": "/api_key", "detail": "must have 4096 characters at most"}]');
  end if;
  insert into public.llm_providers as p (tenant_id, provider_type, base_url, default_model)
  values (set_llm_provider.tenant_id, set_llm_provider.provider_type, set_llm_provider.base_url, set_llm_provider.default_model)
  on conflict on constraint llm_providers_pkey do nothing;
  select * into stored from public.llm_providers as p where p.tenant_id = set_llm_provider.tenant_id for update;
  next := stored;
  next.provider_type := set_llm_provider.provider_type;
  next.base_url := set_llm_provider.base_url;
  next.default_model := set_llm_provider.default_model;
  next.api_key_secret_id := private.keep_secret(set_llm_provider.api_key, stored.api_key_secret_id,
    private.llm_key_goes_to(stored) is distinct from private.llm_key_goes_to(next), 'key of an LLM provider', 'api_key');
  if next is distinct from stored then
    next.verified_at := null;
    next.last_error := null;
    next.revision := private.uuid_v7();
  end if;
  update public.llm_providers as p set provider_type = next.provider_type, base_url = next.base_url, default_model = next.default_model,
    api_key_secret_id = next.api_key_secret_id, is_active = set_llm_provider.is_active, verified_at = next.verified_at,
    last_error = next.last_error, revision = next.revision
  where p.tenant_id = stored.tenant_id
  returning p.* into stored;
  return stored;
end
$$;
comment on function private.set_llm_provider(uuid, public.llm_provider_type, text, text, text, boolean) is
  'Sets which language model writes for a tenant, and puts the key in Vault. Whatever changes has to be tested again.';

-- A definer, as the next ones: what a test found is written by nobody else. Only for the service.
create function private.begin_llm_provider_test(tenant uuid, out provider_type public.llm_provider_type, out base_url text,
    out default_model text, out revision uuid, out api_key text)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  select p.provider_type, p.base_url, p.default_model, p.revision,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.api_key_secret_id)
  into provider_type, base_url, default_model, revision, api_key
  from public.llm_providers as p where p.tenant_id = begin_llm_provider_test.tenant;
  if begin_llm_provider_test.revision is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no LLM provider of its own.');
  end if;
  if not private.take_turn(tenant, 'llm_provider_test', 20, 'hour') then
    perform private.raise_problem(429, 'too_many_llm_tests', 'This tenant has tested its LLM provider 20 times in this hour. Wait until the next.');
  end if;
  perform private.record_audit(tenant, 'llm_provider.key_read', 'llm_providers', private.ulid(tenant));
end
$$;
comment on function private.begin_llm_provider_test(uuid) is
  'The settings and the key of a tenant''s LLM provider, for a test. At most 20 times an hour. Only for the service.';

create function private.record_llm_provider_test(tenant uuid, revision uuid, error text default null) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.llm_providers as p set
    verified_at = case when record_llm_provider_test.error is null then now() end, last_error = left(record_llm_provider_test.error, 1000)
  where p.tenant_id = record_llm_provider_test.tenant and p.revision = record_llm_provider_test.revision;
  if not found then
    perform private.raise_problem(409, 'conflict', 'The settings of the provider were changed during the test. Test them again.');
  end if;
end
$$;
comment on function private.record_llm_provider_test(uuid, uuid, text) is
  'Stores whether a test was answered, for the settings that were tested. This is the only way to verified_at.';

create function private.find_llm_provider(tenant uuid)
  returns table (owner_id uuid, is_own boolean, provider_type public.llm_provider_type, base_url text, default_model text, revision uuid, api_key text)
  language sql stable security definer
  set search_path = ''
as $$
  select p.tenant_id, p.tenant_id = find_llm_provider.tenant, p.provider_type, p.base_url, p.default_model, p.revision,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.api_key_secret_id)
  from public.llm_providers as p
  where p.tenant_id in (find_llm_provider.tenant, private.platform_tenant_id()) and p.is_active and p.verified_at is not null
  order by p.tenant_id = find_llm_provider.tenant desc limit 1
$$;
comment on function private.find_llm_provider(uuid) is
  'The language model that writes for a tenant now, with its key: its own, else the platform''s. No row if there is none. Only for the service.';

create function private.refuse_llm_provider(provider uuid, revision uuid, error text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  refused public.llm_providers;
begin
  -- Nobody takes the place of the platform's own, so it goes on being asked. Its operators hear it once, until it is set again.
  update public.llm_providers as p set last_error = left(refuse_llm_provider.error, 1000),
    verified_at = case when p.tenant_id = private.platform_tenant_id() then p.verified_at end
  where p.tenant_id = refuse_llm_provider.provider and p.revision = refuse_llm_provider.revision and p.verified_at is not null
    and p.last_error is null
  returning p.* into refused;
  if refused.tenant_id is not null then
    perform private.notify(refused.tenant_id, 'llm_provider.refused', '{admins}', jsonb_build_object('model', refused.default_model),
      'llm_provider', private.ulid(refused.tenant_id));
  end if;
end
$$;
comment on function private.refuse_llm_provider(uuid, uuid, text) is
  'Takes back the trust in a provider that does not accept its key, and tells the admins once. Only for the service.';
grant execute on function private.set_llm_provider(uuid, public.llm_provider_type, text, text, text, boolean),
  private.begin_llm_provider_test(uuid), private.record_llm_provider_test(uuid, uuid, text), private.find_llm_provider(uuid),
  private.refuse_llm_provider(uuid, uuid, text) to service_role;

select private.register_notification_type('llm_provider.refused', 'billing', 'A language model does not accept the key of the tenant.',
  '{"en": "The language model {{model}} does not accept your key any more. Set a new key and test it.",
    "de": "Das Sprachmodell {{model}} nimmt deinen Schlüssel nicht mehr an. Setze einen neuen und teste ihn.",
    "fr": "Le modèle de langage {{model}} n’accepte plus votre clé. Définissez-en une nouvelle et testez-la."}',
  '{"model": "gpt-4o-mini"}', is_critical => true);
select private.register_audit_action('llm_provider.key_read', 'r');
select private.register_table('public.llm_providers', quiet => '{revision}', plain => '{base_url,default_model,last_error}', secret => '{api_key_secret_id}');

-- 55_models/02_model_calls.sql

-- Model calls: those that Tenantry makes for a tenant. Each is a started call, and holds credits for its cost as well.

create function private.credits_for(micros bigint) returns bigint
  language sql immutable parallel safe
  set search_path = ''
as $$ select ceil(micros / 10000.0)::bigint $$;
comment on function private.credits_for(bigint) is 'How many credits a call takes: one for each US cent that is begun.';

-- Definers, and for the service alone: the edge functions ask for what the caller may, and never show what is left.
create function private.begin_model_call(
  tenant uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text, expires_in_seconds int,
  agent text, prompt_sha256 text
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  began_at timestamptz;
  hold public.llm_call_holds;
  credits bigint;
begin
  -- Two with one key wait for each other here, so whatever the second one finds began before this moment.
  perform private.lock_spend(tenant, m.month_start) from private.spend_month(tenant) as m;
  began_at := clock_timestamp();
  hold := private.start_llm_call(tenant, provider, model, max_input_tokens, max_output_tokens, idempotency_key, expires_in_seconds, agent,
    prompt_sha256 => prompt_sha256);
  -- What the model answered the first time is kept nowhere here. To ask again would be paid again.
  if hold.created_at < began_at then
    perform private.refuse_other_request(idempotency_key);
  end if;
  credits := private.credits_for(hold.held_micros);
  if credits > 0 then
    perform public.reserve_credits(tenant, credits, 'model call ' || private.ulid(hold.id), expires_in_seconds, deliverable_type => agent);
  end if;
  return hold.id;
end
$$;
comment on function private.begin_model_call(uuid, text, text, bigint, bigint, text, int, text, text) is
  'Holds what a call of a model may cost at most, of the spend cap and of the credits, or refuses it. 402 spend_cap_reached, limit_reached or insufficient_credits, 409 idempotency_conflict if the key was used before. Asks no permission: the edge function has.';

create function private.end_model_call(
  tenant uuid, call uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null,
  out cost_micros bigint, out credits bigint
)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  finished public.llm_calls;
  held public.credit_reservations;
begin
  finished := private.finish_llm_call(tenant, call, status, input_tokens, output_tokens, cached_tokens, cache_write_tokens, duration_ms,
    response_sha256, error_code);
  end_model_call.cost_micros := finished.cost_micros;
  end_model_call.credits := 0;
  -- What is over is entered first, so that a reservation is open here only if it still holds something.
  perform private.lock_credits(tenant);
  select r.* into held from public.credit_ledger as e
  join public.credit_reservations as r on r.tenant_id = e.tenant_id and r.id = e.reservation_id
  where e.tenant_id = end_model_call.tenant and e.idempotency_key = 'model call ' || private.ulid(end_model_call.call);
  if held.status = 'open' then
    end_model_call.credits := least(private.credits_for(finished.counted_micros), held.credits);
    begin
      perform public.consume_credits(tenant, held.id, end_model_call.credits, 'model call ' || private.ulid(end_model_call.call) || ' done');
    exception when sqlstate 'PT403' then
      -- The tenant was frozen meanwhile. Its credits are free again when the reservation expires.
      end_model_call.credits := 0;
    end;
  end if;
end
$$;
comment on function private.end_model_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a call took, and consumes the credits of its cost: no more than it held. The rest is free again. 404 call_not_found, 409 idempotency_conflict.';
grant execute on function private.begin_model_call(uuid, text, text, bigint, bigint, text, int, text, text),
  private.end_model_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) to service_role;

-- 60_meters/01_meters.sql

-- Meters: what a tenant wants to know about its usage events. A meter stores nothing: it reads the events when it is asked,
-- so it knows of those before it too, a void counts at once, and logging costs the same with meters or without.

create type public.meter_aggregation as enum ('count', 'sum', 'unique', 'max', 'latest');

-- What follows "data." is the path of a key in the event's data.
create function private.is_meter_property(property text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return coalesce(property ~ '^(event_type|model_used|source|data(\.[A-Za-z0-9_-]{1,64}){1,4})$', false);
end
$$;

create function private.is_meter_grouping(properties text[]) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return cardinality(properties) <= 5 and coalesce(array_ndims(properties), 1) = 1
    and not exists (select from unnest(properties) as p (property) where not private.is_meter_property(p.property))
    and (select count(*) = count(distinct p.property) from unnest(properties) as p (property));
end
$$;
grant execute on function private.is_meter_property(text), private.is_meter_grouping(text[]) to authenticated, service_role;

create table public.usage_meters (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  slug text not null,
  name text not null,
  -- Which events it looks at. Null for all.
  event_type text,
  aggregation public.meter_aggregation not null,
  value_property text,
  group_by text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  primary key (tenant_id, id),
  constraint meter_slug_is_free unique (tenant_id, slug),
  constraint meter_slug_format check (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}[a-z0-9]$'),
  constraint meter_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint meter_event_type_is_a_dotted_word check (event_type ~ '^[a-z0-9][a-z0-9_.:-]{0,127}$'),
  constraint meter_value_fits_aggregation check (case aggregation
    when 'count' then value_property is null
    when 'unique' then private.is_meter_property(value_property)
    else coalesce(value_property in ('tokens_used', 'cost_micros')
      or value_property like 'data.%' and private.is_meter_property(value_property), false) end),
  constraint meter_groups_are_properties check (private.is_meter_grouping(group_by))
);
create unique index usage_meters_ref_id_idx on public.usage_meters (tenant_id, ref_id) where ref_id is not null;
comment on table public.usage_meters is
  'What a tenant measures of its usage events: which events, which value of them, how values are put together, and what they can be split by.';
create trigger usage_meters_touch before update on public.usage_meters for each row execute function private.tg_touch_updated_at();

create function private.tg_archive_meter() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.archived_at := case when new.archived_at is not null then coalesce(old.archived_at, now()) end;
  return new;
end
$$;
comment on function private.tg_archive_meter() is 'Whoever archives a meter does it now, whatever moment they give.';
create trigger usage_meters_archive before update of archived_at on public.usage_meters
  for each row execute function private.tg_archive_meter();

alter table public.usage_meters enable row level security;
create policy "members read their tenant's meters" on public.usage_meters
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
create policy "managers define their tenant's meters" on public.usage_meters
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers change their tenant's meters" on public.usage_meters
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select on public.usage_meters to authenticated;
-- What was measured keeps its meaning: another value, type or aggregation is another meter.
grant insert (tenant_id, slug, name, event_type, aggregation, value_property, group_by), update (name, group_by, archived_at)
  on public.usage_meters to authenticated;
grant select, insert, update, delete on public.usage_meters to service_role;

select private.register_table('public.usage_meters', plain => '{slug,name,event_type,value_property,group_by}');

-- 70_overview.sql

-- The overview: a language model that does not accept its key.

create function private.find_refusing_llm_provider(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, p.default_model, p.updated_at from public.llm_providers as p
  where p.tenant_id = find_refusing_llm_provider.tenant and p.is_active and p.last_error is not null
$$;
select private.register_overview('llm_provider_refusing', 'error', 'read_admin', 'llm_provider', '/usage/llm-provider', 'find_refusing_llm_provider',
  'The language model of the tenant refuses its settings, so the platform''s is asked instead.');
