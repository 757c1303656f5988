-- Made by "npm run generate" from supabase/schemas/70_usage. Change it there.

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

-- Two years, so that a month can be compared with the same one a year before. Their totals stay in usage_hours for ever.
select private.register_partitioned_table('public.usage_events', months_ahead => 3, months_kept => 24);

alter table public.usage_events enable row level security;
create policy "members read their tenant's usage" on public.usage_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
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
  primary key (tenant_id, starts_at, event_type, model_used),
  constraint hour_is_whole check (starts_at = date_trunc('hour', starts_at, 'UTC')),
  constraint totals_not_negative check (event_count >= 0 and tokens_used >= 0 and cost_micros >= 0)
-- Room on each page, because the rows of this hour change with every batch.
) with (fillfactor = 50);
comment on table public.usage_hours is
  'How many usage events each tenant had in each hour, and their tokens and cost. The statement that stores events adds to it, so it always agrees with them.';

alter table public.usage_hours enable row level security;
create policy "members read their tenant's usage hours" on public.usage_hours
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_hours to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:read', 'read', 'Read usage totals.')
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

-- Position n of each array is event n. An event with a null event_id has no key and is always new. It uses custom
-- plans, because the planner then sees how many events there are. A cached plan would guess.
create function private.store_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[], earliest timestamptz, latest timestamptz
) returns table (n int, id uuid, outcome text, moment timestamptz)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  started_at bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  return query
  with input as materialized (
    select i.n::int as n, private.uuid_v7_at(started_at + i.n) as id, i.event_id, i.source, i.type, i.data, i.tokens, i.model, i.cost,
      coalesce(i.moment, now()) as moment, private.judge_usage_moment(i.moment, earliest, latest) as refused,
      private.usage_payload_hash(i.type, i.data, i.tokens, i.model, i.cost, i.moment) as payload_hash
    from unnest(event_ids, sources, types, data, tokens, models, costs, moments)
      with ordinality as i (event_id, source, type, data, tokens, model, cost, moment, n)
  ), firsts as materialized (
    -- The first event of each key. Not by row_number(): a window of a thousand partitions of one row took ten times
    -- as long as everything else.
    select distinct on (source, event_id) source, event_id, payload_hash, id, n
    from input where event_id is not null and refused is null order by source, event_id, n
  ), claimed as (
    -- Sorted, so that two batches lock their keys in one order. The update changes nothing. It only returns the
    -- hash of the first event with this key.
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
  ), counted as (
    -- Sorted, so that two batches lock these rows in one order. Every batch has locked all of its keys by then.
    insert into public.usage_hours as h (tenant_id, starts_at, event_type, model_used, event_count, tokens_used, cost_micros)
    select tenant, date_trunc('hour', moment, 'UTC') as starts_at, type, coalesce(model, '') as model, count(*),
      coalesce(sum(tokens), 0), coalesce(sum(cost), 0)
    from judged where is_new
    group by starts_at, type, coalesce(model, '') order by starts_at, type, model
    on conflict (tenant_id, starts_at, event_type, model_used) do update set
      event_count = h.event_count + excluded.event_count,
      tokens_used = h.tokens_used + excluded.tokens_used,
      cost_micros = h.cost_micros + excluded.cost_micros
  )
  select j.n, case when j.is_new then j.id end,
    case when j.is_new then 'accepted' when j.refused is not null then j.refused when j.first_hash = j.payload_hash then 'duplicate' else 'conflict' end,
    j.moment
  from judged as j
  order by j.n;
end
$$;
comment on function private.store_usage_events(uuid, uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[], timestamptz, timestamptz) is
  'Stores a batch of usage events and adds them to usage_hours, in one statement. Each event is accepted, duplicate (the same event was sent before), conflict (its id was sent before with another content), too_old or in_future.';

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
begin
  -- The rows are this transaction's own, so nobody has seen them, and their locks are held already.
  with gone as (
    delete from public.usage_events as u where u.id = any (take_back_usage_events.ids) and u.tenant_id = tenant
    returning u.source, u.event_id, u.event_type, coalesce(u.model_used, '') as model_used, u.tokens_used, u.cost_micros,
      date_trunc('hour', u.occurred_at, 'UTC') as starts_at
  ), forgotten as (
    delete from public.usage_event_keys as k using gone as g
    where k.tenant_id = tenant and k.source = g.source and k.event_id = g.event_id
  )
  update public.usage_hours as h set
    event_count = h.event_count - t.events, tokens_used = h.tokens_used - t.tokens, cost_micros = h.cost_micros - t.cost
  from (
    select g.starts_at, g.event_type, g.model_used, count(*) as events, coalesce(sum(g.tokens_used), 0) as tokens,
      coalesce(sum(g.cost_micros), 0) as cost
    from gone as g group by 1, 2, 3) as t
  where h.tenant_id = tenant and h.starts_at = t.starts_at and h.event_type = t.event_type and h.model_used = t.model_used;
end
$$;
comment on function private.take_back_usage_events(uuid, uuid[]) is
  'Undoes what this transaction stored, for events that turned out to have no place in the plan.';

-- 10_events/05_ingest.sql

-- Ingest: which events of a batch are stored, and what they count towards.

select private.register_limit('usage_events', 'Usage events that were logged this month.',
  '{"trial": 10000, "starter": 10000, "professional": 100000, "business": 1000000, "enterprise": 100000000}',
  'logging a usage event', is_monthly => true);

create function private.ingest_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[], is_bound boolean default false
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  window_start timestamptz;
  window_end timestamptz;
  earliest timestamptz := '-infinity';
  latest timestamptz := 'infinity';
  most bigint;
  used bigint;
  stored_ids uuid[];
  outcomes text[];
  placed uuid[];
begin
  -- JSON of very many small values takes up to six times as much stored as sent. Each value costs time here.
  if (select sum(pg_column_size(d.value)) from unnest(data) as d (value)) > 1048576 then
    perform private.raise_problem(422, 'invalid_value',
      'The data of these events takes more than 1 MiB in its stored form. Send fewer events at once.');
  end if;
  -- The constraint event_data_is_small comes too late, because the hash below writes the data as text. The query of
  -- private.has_long_number() stands here again: a thousand calls would take longer than the query.
  if exists (
    select from unnest(data) as d (value)
    where pg_column_size(d.value) > 262144 or exists (
      select from jsonb_array_elements(jsonb_path_query_array(d.value, 'strict $.** ? (@.type() == "number")')) as n (number)
      where length(n.number::text) > 400)) then
    perform private.raise_problem(422, 'invalid_value',
      'The data of an event is too large: at most 32768 bytes, and no number of more than 400 digits.');
  end if;
  -- The tenant cannot be deleted until this batch is stored.
  perform from public.tenants as t where t.id = tenant for key share;
  select w.earliest, w.latest into window_start, window_end from private.usage_window() as w;
  -- Read without a lock, so that senders wait for each other no longer than they do for the same hour. Who finds room
  -- here and none below takes back what it stored.
  select (p.limits ->> 'usage_events')::bigint, case when private.is_same_period(c.period_at, private.limit_period(t.id, 'usage_events')) then c.used else 0 end
  into most, used
  from public.tenants as t join public.plans as p on p.plan = t.plan
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = 'usage_events'
  where t.id = tenant;
  if is_bound then
    latest := window_end;
    -- The platform may bring over what was logged elsewhere, however old it is.
    if not private.is_trusted_caller() or private.caller_api_key() is not null then
      earliest := window_start;
    end if;
    if used >= most then
      return query select j.n, null::uuid, j.outcome from private.judge_usage_events(
        tenant, event_ids, sources, types, data, tokens, models, costs, moments, earliest, latest) as j;
      return;
    end if;
  end if;
  select array_agg(s.id), array_agg(s.outcome), array_agg(s.id) filter (where s.id is not null and s.moment >= window_start)
  into stored_ids, outcomes, placed
  from private.store_usage_events(
    tenant, member, event_ids, sources, types, data, tokens, models, costs, moments, earliest, latest) as s;
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
  return query select u.n::int, u.id, u.outcome from unnest(stored_ids, outcomes) with ordinality as u (id, outcome, n);
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
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_event_voids to authenticated, service_role;

-- Position n of each array is void n: an event's id, or else the source and event_id under which it was sent.
create function private.void_usage_events(
  tenant uuid, member uuid, key uuid, ids uuid[], sources text[], event_ids text[], reasons text[]
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with input as materialized (
    select i.n::int as n, coalesce(i.id, k.usage_event_id) as id, i.reason
    from unnest(ids, sources, event_ids, reasons) with ordinality as i (id, source, event_id, reason, n)
    left join public.usage_event_keys as k
      on i.id is null and k.tenant_id = tenant and k.source = i.source and k.event_id = i.event_id
  ), found as materialized (
    select i.n, i.reason, u.id, u.occurred_at, u.event_type, coalesce(u.model_used, '') as model_used, u.tokens_used, u.cost_micros
    from input as i join public.usage_events as u on u.id = i.id and u.tenant_id = tenant
  ), voided as (
    -- Sorted, so that two calls wait for each other in one order. Only the first void of an event takes it off.
    insert into public.usage_event_voids as v (tenant_id, usage_event_id, occurred_at, reason, user_id, api_key_id)
    select tenant, f.id, f.occurred_at, f.reason, member, key
    from (select distinct on (id) * from found order by id, n) as f order by f.id
    on conflict do nothing
    returning v.usage_event_id
  ), taken as materialized (
    select date_trunc('hour', f.occurred_at, 'UTC') as starts_at, f.event_type, f.model_used, count(*) as events,
      coalesce(sum(f.tokens_used), 0) as tokens, coalesce(sum(f.cost_micros), 0) as cost
    from (select distinct on (id) * from found order by id, n) as f join voided as v on v.usage_event_id = f.id
    group by 1, 2, 3
  ), locked as materialized (
    -- In the order in which a batch of events locks them.
    select h.starts_at, h.event_type, h.model_used
    from public.usage_hours as h join taken as t using (starts_at, event_type, model_used)
    where h.tenant_id = tenant order by h.starts_at, h.event_type, h.model_used
    for no key update of h
  ), counted as (
    update public.usage_hours as h set
      event_count = h.event_count - t.events, tokens_used = h.tokens_used - t.tokens, cost_micros = h.cost_micros - t.cost
    from taken as t join locked as l using (starts_at, event_type, model_used)
    where h.tenant_id = tenant and h.starts_at = t.starts_at and h.event_type = t.event_type and h.model_used = t.model_used
  )
  select i.n, f.id, case when f.id is null then 'not_found' else 'voided' end
  from input as i left join found as f on f.n = i.n
  order by i.n;
end
$$;
comment on function private.void_usage_events(uuid, uuid, uuid, uuid[], text[], text[], text[]) is
  'Voids a batch of usage events and takes them off usage_hours, in one statement. An event that was voided before is answered as voided and taken off once.';

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
