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
