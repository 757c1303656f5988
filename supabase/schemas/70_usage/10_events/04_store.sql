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
  ), quarters as (
    -- Few rows, so what follows costs little however many events there are.
    select date_bin('15 minutes', moment, 'epoch') as at, type, coalesce(model, '') as model, count(*) as events,
      coalesce(sum(tokens), 0) as tokens, coalesce(sum(cost), 0) as cost, count(tokens) as told_tokens, count(cost) as told_cost
    from judged where is_new group by 1, 2, 3
  ), parts as (
    select date_trunc('hour', at, 'UTC') as starts_at, at < date_trunc('hour', at, 'UTC') + interval '15 minutes' as in_15,
      at < date_trunc('hour', at, 'UTC') + interval '30 minutes' as in_30, *
    from quarters
  ), counted as (
    -- Sorted, so that two batches lock these rows in one order. Every batch has locked all of its keys by then.
    insert into public.usage_hours as h (tenant_id, starts_at, event_type, model_used,
      event_count, event_count_15, event_count_30, tokens_used, tokens_used_15, tokens_used_30,
      cost_micros, cost_micros_15, cost_micros_30, tokens_count, tokens_count_15, tokens_count_30,
      cost_count, cost_count_15, cost_count_30)
    select tenant, starts_at, type, model,
      sum(events), coalesce(sum(events) filter (where in_15), 0), coalesce(sum(events) filter (where in_30), 0),
      sum(tokens), coalesce(sum(tokens) filter (where in_15), 0), coalesce(sum(tokens) filter (where in_30), 0),
      sum(cost), coalesce(sum(cost) filter (where in_15), 0), coalesce(sum(cost) filter (where in_30), 0),
      sum(told_tokens), coalesce(sum(told_tokens) filter (where in_15), 0), coalesce(sum(told_tokens) filter (where in_30), 0),
      sum(told_cost), coalesce(sum(told_cost) filter (where in_15), 0), coalesce(sum(told_cost) filter (where in_30), 0)
    from parts group by starts_at, type, model order by starts_at, type, model
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
      cost_count_30 = h.cost_count_30 + excluded.cost_count_30
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
