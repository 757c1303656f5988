-- Ingest: how usage events are stored, alone or in batches.

-- Position n of each array is event n. An event with a null event_id has no key and is always new. It uses custom
-- plans, because the planner then sees how many events there are. A cached plan would guess.
create function private.ingest_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[]
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  started_at bigint := extract(epoch from clock_timestamp()) * 1000000;
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
  return query
  with input as materialized (
    select i.n::int as n, private.uuid_v7_at(started_at + i.n) as id, i.event_id, i.source, i.type, i.data, i.tokens, i.model, i.cost,
      coalesce(i.moment, now()) as moment,
      -- The moment counts only if the sender gave one. A retry without it is still the same event.
      md5(row(i.type, i.data, i.tokens, i.model, i.cost, i.moment)::text)::uuid as payload_hash
    from unnest(event_ids, sources, types, data, tokens, models, costs, moments)
      with ordinality as i (event_id, source, type, data, tokens, model, cost, moment, n)
  ), firsts as materialized (
    -- The first event of each key. Not by row_number(): a window of a thousand partitions of one row took ten times
    -- as long as everything else.
    select distinct on (source, event_id) source, event_id, payload_hash, id, n
    from input where event_id is not null order by source, event_id, n
  ), claimed as (
    -- Sorted, so that two batches lock their keys in one order. The update changes nothing. It only returns the
    -- hash of the first event with this key.
    insert into public.usage_event_keys as k (tenant_id, source, event_id, payload_hash, usage_event_id)
    select tenant, source, event_id, payload_hash, id from firsts order by source, event_id
    on conflict (tenant_id, source, event_id) do update set payload_hash = k.payload_hash
    returning source, event_id, payload_hash, xmax = 0 as is_new
  ), judged as (
    select i.*, i.event_id is null or (c.is_new and f.n is not null) as is_new, c.payload_hash as first_hash
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
    case when j.is_new then 'accepted' when j.first_hash = j.payload_hash then 'duplicate' else 'conflict' end
  from judged as j
  order by j.n;
end
$$;
comment on function private.ingest_usage_events(uuid, uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Stores a batch of usage events and adds them to usage_hours, in one statement. Each event is accepted, duplicate (the same event was sent before) or conflict (its id was sent before with another content).';

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
    array[coalesce(event_data, '{}')], array[tokens_used], array[model_used], array[cost_micros], array[occurred_at]);
  if stored.outcome = 'conflict' then
    perform private.raise_problem(409, 'event_conflict', format('The event id "%s" was used before for another event.', event_id));
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
    event_ids, sources, types, data, tokens, models, costs, moments);
end
$$;
comment on function public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Logs a batch of usage events, given as parallel arrays. Returns accepted, duplicate or conflict for each. The usage function calls this.';
grant execute on function
  public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz),
  public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[])
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:write', 'write', 'Log usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
