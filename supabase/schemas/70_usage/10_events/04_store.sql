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
