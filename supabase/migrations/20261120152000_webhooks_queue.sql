-- Webhooks: the queue. Expand, claim, complete are what a dispatcher does over and over; replay, test,
-- poll and acknowledge are what a tenant does with the same rows.
--
-- Whoever locks several rows locks lanes before endpoints before deliveries, lanes in the order of
-- their endpoint_id; claiming waits for nobody. The functions on the hot path forbid plans that were
-- made when the tables were small: a session keeps such a plan, and the queue fills in seconds.

-- Inlined: no search_path, and nothing but pg_catalog's functions.
create function private.webhook_retry_wait(attempt int) returns interval
  language sql volatile
as $$
  -- A little later than said, never earlier, so that what failed together is not tried together.
  select ('{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}'::interval[])[attempt] * (1 + random() * 0.1)
$$;
comment on function private.webhook_retry_wait(int) is 'How long to wait after so many failed attempts; null after the tenth, which was the last.';

-- Inlined: asked for each event and endpoint.
create function private.wants_webhook_event(endpoint public.webhook_endpoints, event public.webhook_events, is_operational boolean)
  returns boolean
  language sql stable
as $$
  -- Who names no types gets all but the operational ones; nobody is told of their own failing, where nothing arrives.
  select case
    when is_operational then endpoint.event_types @> array[event.type]
      and event.payload::json #>> '{data,endpoint_id}' is distinct from endpoint.ref_id
    else endpoint.event_types is null or endpoint.event_types @> array[event.type] end
$$;
comment on function private.wants_webhook_event(public.webhook_endpoints, public.webhook_events, boolean) is
  'Whether an event, of an operational type or not, is one of those an endpoint asked for.';

create function private.expand_webhook_events(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  tenants uuid[];
  events uuid[];
  keys text[];
  wanted_tenants uuid[];
  wanted_events uuid[];
  wanted_endpoints uuid[];
  wanted_keys text[];
  reached_tenants uuid[];
  reached_endpoints uuid[];
begin
  -- By what is there and not by "ids above the last one": a transaction may commit late.
  select array_agg(o.tenant_id), array_agg(o.event_id), array_remove(array_agg(o.ordering_key), null)
  into tenants, events, keys
  from (
    select o.tenant_id, o.event_id, o.ordering_key from private.webhook_outbox as o
    order by o.event_id limit batch for update skip locked) as o;
  if events is null then
    return 0;
  end if;

  if keys <> '{}' then
    -- Not before an earlier event of the same key that another worker is expanding right now.
    select array_agg(o.tenant_id), array_agg(o.event_id) into tenants, events
    from unnest(tenants, events) as taken (tenant_id, event_id)
    join private.webhook_outbox as o on o.tenant_id = taken.tenant_id and o.event_id = taken.event_id
    where o.ordering_key is null or not exists (
      select from private.webhook_outbox as p
      where p.tenant_id = o.tenant_id and p.ordering_key = o.ordering_key and p.event_id < o.event_id
        and p.event_id <> all (events));
    if events is null then
      return 0;
    end if;
  end if;

  delete from private.webhook_outbox as o
  using unnest(tenants, events) as taken (tenant_id, event_id)
  where o.tenant_id = taken.tenant_id and o.event_id = taken.event_id;

  select array_agg(p.tenant_id), array_agg(e.id), array_agg(p.id), array_agg(e.ordering_key)
  into wanted_tenants, wanted_events, wanted_endpoints, wanted_keys
  from unnest(tenants, events) as taken (tenant_id, event_id)
  join public.webhook_events as e on e.tenant_id = taken.tenant_id and e.id = taken.event_id
  join public.webhook_event_types as t on t.type = e.type and t.version = e.version
  join public.webhook_endpoints as p on p.tenant_id = e.tenant_id and p.is_enabled
  where private.wants_webhook_event(p, e, t.is_operational);

  -- All lanes in one go, and before the deliveries, as whoever replays or deletes an endpoint takes them too.
  -- Under them no claim can be about to put a lane to rest, and no earlier delivery of a key about to end.
  select array_agg(l.tenant_id), array_agg(l.endpoint_id) into reached_tenants, reached_endpoints
  from (
    select l.tenant_id, l.endpoint_id from private.webhook_lanes as l
    where (l.tenant_id, l.endpoint_id) in (select * from unnest(wanted_tenants, wanted_endpoints))
    order by l.endpoint_id
    for no key update) as l;

  insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, ordering_key, next_at)
  select w.tenant_id, w.event_id, w.endpoint_id, w.ordering_key, case
    when w.ordering_key is not null and (
      row_number() over (partition by w.endpoint_id, w.ordering_key order by w.event_id) > 1 or exists (
        select from public.webhook_deliveries as d
        where d.endpoint_id = w.endpoint_id and d.ordering_key = w.ordering_key and d.status = 'pending'))
    then 'infinity' else now() end
  from unnest(wanted_tenants, wanted_events, wanted_endpoints, wanted_keys) as w (tenant_id, event_id, endpoint_id, ordering_key)
  -- It may be deleted by now.
  join private.webhook_lanes as l on l.tenant_id = w.tenant_id and l.endpoint_id = w.endpoint_id
  -- What a replay has put there before us is no reason for the next of its key to wait: it may have arrived.
  where w.ordering_key is null or not exists (
    select from public.webhook_deliveries as d
    where d.tenant_id = w.tenant_id and d.event_id = w.event_id and d.endpoint_id = w.endpoint_id)
  on conflict do nothing;

  perform private.wake_webhook_lanes(reached_tenants, reached_endpoints);
  return cardinality(events);
end
$$;
comment on function private.expand_webhook_events(int) is
  'Turns events into one delivery for each endpoint that wants them, oldest first, at most a batch; answers how many. Any number of workers may.';

create function private.wake_webhook_lanes(tenants uuid[], endpoints uuid[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  update private.webhook_lanes as l set next_at = greatest(now(), l.blocked_until_at)
  from unnest(tenants, endpoints) as reached (tenant_id, endpoint_id)
  join public.webhook_endpoints as p on p.tenant_id = reached.tenant_id and p.id = reached.endpoint_id
  where l.tenant_id = reached.tenant_id and l.endpoint_id = reached.endpoint_id
    and p.kind = 'push' and p.is_enabled and l.next_at > greatest(now(), l.blocked_until_at);
end
$$;
comment on function private.wake_webhook_lanes(uuid[], uuid[]) is
  'Has these endpoints served soon: something of theirs is due. The caller has held the lanes since before it was: a claim that does not see it may be about to put them to rest.';

create function private.claim_webhook_deliveries(batch int, lease_seconds int default 60)
  returns table (tenant_id uuid, event_id uuid, endpoint_id uuid, lease_id uuid, attempt_number int, ordering_key text,
    event_type text, event_version int, payload text, endpoint_ref text, url text, revision uuid)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
  rows 50
as $$
#variable_conflict use_column
declare
  lease uuid := gen_random_uuid();
  lease_ends timestamptz := now() + make_interval(secs => lease_seconds);
  lanes private.webhook_lanes[];
begin
  -- A statement of its own: the next one then sees whatever others did under these locks. With one
  -- snapshot for both, a lane was put to rest over deliveries that came to be due just before it was locked.
  select array_agg(l.lane) into lanes
  from (
    select l as lane from private.webhook_lanes as l
    where l.next_at <= now()
    order by l.next_at limit least(batch, 50) for no key update skip locked) as l;
  if lanes is null then
    return;
  end if;

  return query
  with served as materialized (
    select l.tenant_id, l.endpoint_id, l.rate_free_at, p.ref_id, p.url, p.revision, p.rate_limit_per_second as rate,
      ceil(batch::numeric / cardinality(lanes))::int as share,
      -- One probe while the circuit is open; and no receiver may hold all our connections, a slow one fewest.
      case when l.failure_count >= 5 then 1 when l.is_slow then 4 else 16 end - under_way.count as room,
      -- What a tenth of a second allows at once: who looks every few hundredths then loses nothing by it.
      floor(extract(epoch from now() + interval '100 ms' - greatest(l.rate_free_at, now())) * p.rate_limit_per_second)::int + 1 as rate_room
    from unnest(lanes) as l
    left join public.webhook_endpoints as p
      on p.tenant_id = l.tenant_id and p.id = l.endpoint_id and p.kind = 'push' and p.is_enabled
      and exists (select from public.tenants as t where t.id = l.tenant_id and t.status <> 'archived')
    cross join lateral (
      select count(*)::int from public.webhook_deliveries as d
      where d.endpoint_id = l.endpoint_id and d.lease_id is not null and d.next_at > now()) as under_way
  ), picked as materialized (
    select d.*, s.ref_id, s.url, s.revision from served as s
    cross join lateral (
      -- Skipping here too: a snapshot may show as due what another claim, past this lane, has taken.
      select d.tenant_id, d.event_id, d.endpoint_id from public.webhook_deliveries as d
      where d.endpoint_id = s.endpoint_id and d.status = 'pending' and d.next_at <= now()
      order by d.next_at
      limit case when s.url is null then 0 else greatest(least(s.share, s.room, s.rate_room), 0) end
      for no key update skip locked) as d
  ), leased as (
    update public.webhook_deliveries as d set lease_id = lease, next_at = lease_ends
    from picked as k
    where d.tenant_id = k.tenant_id and d.event_id = k.event_id and d.endpoint_id = k.endpoint_id
    returning k.*, d.attempt_count, d.ordering_key
  ), counted as (
    select k.endpoint_id, count(*)::int as taken from picked as k group by k.endpoint_id
  ), moved as (
    update private.webhook_lanes as l set
      is_capped = o.is_capped,
      rate_free_at = case when s.rate is null then l.rate_free_at
        else greatest(l.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision) end,
      next_at = case
        when s.url is null then 'infinity'
        -- Whoever completes the next of them wakes the lane; half a second is for a completion that just missed this.
        when o.is_capped then now() + interval '500 ms'
        -- Not sooner than in half of that: one by one they would take a claim each.
        when o.taken >= s.rate_room then greatest(now() + interval '50 ms',
          greatest(s.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision - 0.1))
        -- There may be more: to the back of the line.
        when o.taken >= s.share then clock_timestamp()
        else least(case when o.taken > 0 then lease_ends end, coalesce((
          select d.next_at from public.webhook_deliveries as d
          where d.endpoint_id = s.endpoint_id and d.status = 'pending' and d.next_at > now()
          order by d.next_at limit 1), 'infinity')) end
    from served as s
    left join counted as n on n.endpoint_id = s.endpoint_id
    cross join lateral (
      select coalesce(n.taken, 0) as taken,
        s.url is not null and coalesce(n.taken, 0) >= s.room and s.room <= least(s.share, s.rate_room) as is_capped) as o
    where l.tenant_id = s.tenant_id and l.endpoint_id = s.endpoint_id
  )
  select d.tenant_id, d.event_id, d.endpoint_id, lease, d.attempt_count + 1, d.ordering_key, e.type, e.version, e.payload,
    d.ref_id, d.url, d.revision
  from leased as d
  join public.webhook_events as e on e.tenant_id = d.tenant_id and e.id = d.event_id;
end
$$;
comment on function private.claim_webhook_deliveries(int, int) is
  'Leases due deliveries: a few of each of the 50 endpoints that were served least recently. Two callers never hold a lease on the same one; a lease that ends is due again.';

create type private.webhook_result as (
  tenant_id uuid,
  event_id uuid,
  endpoint_id uuid,
  lease_id uuid,
  attempt_number int,
  ordering_key text,
  outcome public.webhook_attempt_outcome,
  response_status int,
  response_body text,
  duration_ms int,
  error_code text,
  error_detail text,
  -- The receiver asked for a pause of so long.
  block_seconds int,
  -- The receiver asked not to be told again: 'asked' or 'gone'.
  disable public.webhook_disabled_reason
);
comment on type private.webhook_result is 'What came of one leased delivery, as a dispatcher reports it.';

create function private.complete_webhook_deliveries(given json, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  -- In an order, which whoever locks deliveries without their lane keeps to: not all of us hold theirs.
  results private.webhook_result[] := array(
    select r from json_populate_recordset(null::private.webhook_result, given) as r order by r.endpoint_id, r.event_id);
  held uuid[];
  settled bigint[];
  died bigint[];
  turns jsonb;
  turn jsonb;
  endpoint public.webhook_endpoints;
begin
  -- Most of the time nothing is locked here: a success changes no lane that is well.
  select array_agg(l.endpoint_id) into held
  from (
    select l.endpoint_id
    from (
      select r.tenant_id, r.endpoint_id,
        bool_or(r.outcome = 'failed' or coalesce(r.ordering_key, r.disable::text, r.block_seconds::text) is not null
          or r.duration_ms > 2000) as is_notable
      from unnest(results) as r group by r.tenant_id, r.endpoint_id) as r
    join private.webhook_lanes as l on l.tenant_id = r.tenant_id and l.endpoint_id = r.endpoint_id
    where r.is_notable or l.failure_count > 0 or l.is_capped or l.is_slow
    order by l.endpoint_id
    for no key update of l) as l;

  with changed as (
    update public.webhook_deliveries as d set
      -- Fewer than we counted if it was replayed meanwhile: then the schedule begins with this attempt.
      attempt_count = least(d.attempt_count + 1, r.attempt_number),
      status = case when r.outcome = 'succeeded' then 'delivered'
        when private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)) is null then 'dead' else 'pending' end::public.webhook_delivery_status,
      next_at = case when r.outcome = 'failed'
        then coalesce(now() + private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)), d.next_at) else d.next_at end,
      ended_at = case when r.outcome = 'succeeded'
        or private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)) is null then now() end,
      lease_id = null
    from unnest(results) with ordinality as r
    -- "not distinct" rather than "=": the planner shall find the row by its key and not among all that are leased.
    where d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
      and d.lease_id is not distinct from r.lease_id
    returning d.tenant_id, d.event_id, d.endpoint_id, d.status, d.next_at, r.ordinality, r.attempt_number, r.outcome, r.response_status,
      r.response_body, r.duration_ms, r.error_code, r.error_detail, r.block_seconds, r.disable
  ), logged as (
    insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
      duration_ms, error_code, error_detail)
    select c.tenant_id, c.event_id, c.endpoint_id, c.attempt_number, c.outcome, c.response_status, c.response_body,
      c.duration_ms, c.error_code, c.error_detail from changed as c
  ), summed as (
    select c.tenant_id, c.endpoint_id, bool_or(c.outcome = 'succeeded') as has_success,
      count(*) filter (where c.outcome = 'failed')::int as failures, max(c.block_seconds) as block_seconds,
      min(c.next_at) filter (where c.status = 'pending') as retry_at, avg(c.duration_ms) > 2000 as is_slow, max(c.disable) as disable
    from changed as c group by c.tenant_id, c.endpoint_id
  ), judged as (
    select s.*, l.failing_since_at as failed_since_at, l.warned_percent as was_warned,
      case when s.has_success then 0 else f.failure_count end as failure_count,
      case when s.has_success then 0 when f.opens then l.opened_count + 1 else l.opened_count end as opened_count,
      case when not s.has_success then coalesce(l.failing_since_at, now()) end as failing_since_at,
      case
        -- A success closes the circuit, but does not take back a pause that was asked for.
        when s.has_success then greatest(now() + make_interval(secs => s.block_seconds),
          case when l.failure_count < 5 and l.blocked_until_at > now() then l.blocked_until_at end)
        else greatest(l.blocked_until_at, now() + make_interval(secs => s.block_seconds),
          case when f.opens then now() + least(15 * 2 ^ least(l.opened_count, 10), 600) * interval '1 second' end) end as blocked_until_at,
      case when s.has_success or f.failure_count < 10 then 0 else (
        select max(w.percent) from unnest('{0,50,70,90,100}'::int[]) as w (percent)
        where now() - l.failing_since_at >= w.percent * interval '72 minutes') end as warned_percent
    from summed as s
    join private.webhook_lanes as l on l.tenant_id = s.tenant_id and l.endpoint_id = s.endpoint_id
    cross join lateral (
      select l.failure_count + s.failures as failure_count,
        -- Once for all that were under way together: only what was sent when the pause was over can fail anew.
        l.failure_count + s.failures >= 5 and l.blocked_until_at <= now() as opens) as f
    -- Of those we hold: what happened to another's lane just now is for who reports next.
    where s.endpoint_id = any (held) and (s.failures > 0 or s.is_slow or s.block_seconds is not null or s.disable is not null
      or l.failure_count > 0 or l.is_capped or l.is_slow)
  ), steered as (
    update private.webhook_lanes as l set
      failure_count = j.failure_count,
      opened_count = j.opened_count,
      failing_since_at = j.failing_since_at,
      warned_percent = case when j.has_success then 0 else greatest(l.warned_percent, j.warned_percent) end,
      blocked_until_at = coalesce(j.blocked_until_at, '-infinity'),
      is_slow = j.is_slow,
      is_capped = false,
      next_at = greatest(j.blocked_until_at, least(l.next_at, j.retry_at,
        case when l.is_capped or l.blocked_until_at > now() then now() end))
    from judged as j
    where l.tenant_id = j.tenant_id and l.endpoint_id = j.endpoint_id
  )
  select coalesce(array_agg(c.ordinality), '{}'), array_agg(c.ordinality) filter (where c.status = 'dead'),
    (select jsonb_agg(jsonb_build_object('tenant', j.tenant_id, 'endpoint', j.endpoint_id, 'has_success', j.has_success,
        'since', coalesce(j.failed_since_at, j.failing_since_at), 'failures', j.failure_count, 'was_warned', j.was_warned, 'percent', j.warned_percent,
        'disable', case when j.disable is not null then j.disable::text when j.warned_percent = 100 then 'failing' end) order by j.endpoint_id)
      from judged as j
      where j.disable is not null or j.warned_percent > j.was_warned or j.has_success and j.was_warned > 0)
  into settled, died, turns
  from changed as c;

  if cardinality(settled) < cardinality(results) then
    -- Their leases were lost meanwhile; the attempts were made all the same.
    insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
      duration_ms, error_code, error_detail)
    select r.tenant_id, r.event_id, r.endpoint_id, r.attempt_number, r.outcome, r.response_status, r.response_body,
      r.duration_ms, r.error_code, r.error_detail
    from unnest(results) with ordinality as r
    join public.webhook_deliveries as d on d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
    where r.ordinality <> all (settled)
    for key share of d;
  end if;

  if exists (select from unnest(results) as r where r.ordering_key is not null) then
    perform private.release_ordered_deliveries(results);
  end if;

  -- What follows is rare: an endpoint takes a turn for the better or the worse, or a delivery dies.
  for turn in select * from jsonb_array_elements(turns) loop
    if turn ->> 'disable' is not null then
      update public.webhook_endpoints as p
      set is_enabled = false, disabled_at = now(), disabled_reason = (turn ->> 'disable')::public.webhook_disabled_reason
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'endpoint')::uuid and p.is_enabled
      returning * into endpoint;
    else
      select * into endpoint from public.webhook_endpoints as p
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'endpoint')::uuid and p.is_enabled;
    end if;
    continue when endpoint.id is null;
    perform private.emit_event(endpoint.tenant_id,
      case when turn ->> 'disable' is not null then 'endpoint.disabled' when (turn ->> 'has_success')::boolean then 'endpoint.recovered' else 'endpoint.failing' end,
      jsonb_build_object('endpoint_id', endpoint.ref_id, 'url', endpoint.url)
        || case when turn ->> 'disable' is null or turn ->> 'disable' = 'failing' then jsonb_build_object('failing_since', turn ->> 'since') else '{}' end
        || case when turn ->> 'disable' is not null then jsonb_build_object('reason', turn ->> 'disable')
          when not (turn ->> 'has_success')::boolean then jsonb_build_object('percent', turn -> 'percent', 'consecutive_failures', turn -> 'failures')
          else '{}' end,
      ordering_key => 'endpoint ' || endpoint.ref_id);
  end loop;
  if died is not null then
    perform private.emit_event(p.tenant_id, 'delivery.exhausted', jsonb_build_object('endpoint_id', p.ref_id, 'url', p.url,
      'message_id', 'msg_' || private.ulid(e.id), 'event_type', e.type, 'attempt_count', r.attempt_number, 'last_error', r.error_detail),
      idempotency_key => format('exhausted %s %s %s', e.id, p.id, r.lease_id))
    from unnest(results) with ordinality as r
    join public.webhook_endpoints as p on p.tenant_id = r.tenant_id and p.id = r.endpoint_id
    join public.webhook_events as e on e.tenant_id = r.tenant_id and e.id = r.event_id
    join public.webhook_event_types as t on t.type = e.type and t.version = e.version and not t.is_operational
    where r.ordinality = any (died);
  end if;

  update private.webhook_dispatchers as w set
    succeeded_count = w.succeeded_count + s.succeeded,
    failed_count = w.failed_count + s.failed,
    dead_count = w.dead_count + coalesce(cardinality(died), 0),
    stale_count = w.stale_count + s.all_of_them - cardinality(settled),
    duration_ms_sum = w.duration_ms_sum + s.duration_ms,
    duration_bucket_counts = array(
      select had.count + s.buckets[had.bucket] from unnest(w.duration_bucket_counts) with ordinality as had (count, bucket) order by had.bucket)
  from (
    select count(*) filter (where r.outcome = 'succeeded') as succeeded, count(*) filter (where r.outcome = 'failed') as failed,
      count(*) as all_of_them, coalesce(sum(r.duration_ms), 0) as duration_ms,
      array[count(*) filter (where r.duration_ms <= 25), count(*) filter (where r.duration_ms <= 50),
        count(*) filter (where r.duration_ms <= 100), count(*) filter (where r.duration_ms <= 250),
        count(*) filter (where r.duration_ms <= 500), count(*) filter (where r.duration_ms <= 1000),
        count(*) filter (where r.duration_ms <= 2500), count(*) filter (where r.duration_ms <= 5000),
        count(*) filter (where r.duration_ms <= 15000)] as buckets
    from unnest(results) as r) as s
  where w.slot = dispatcher and s.all_of_them > 0;
  return cardinality(settled);
end
$$;
comment on function private.complete_webhook_deliveries(json, int) is
  'Takes what came of leased deliveries, [private.webhook_result]: settles those whose lease still holds, logs every attempt, steers the lanes. Answers how many were settled.';

create function private.release_ordered_deliveries(results private.webhook_result[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  tenants uuid[];
  endpoints uuid[];
begin
  -- One that failed waits its turn again, if an earlier one was replayed meanwhile.
  update public.webhook_deliveries as d set next_at = 'infinity'
  from unnest(results) as r
  where d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
    and d.status = 'pending' and d.lease_id is null and d.ordering_key is not null and exists (
      select from public.webhook_deliveries as earlier
      where earlier.endpoint_id = d.endpoint_id and earlier.ordering_key = d.ordering_key
        and earlier.status = 'pending' and earlier.event_id < d.event_id);
  with released as (
    update public.webhook_deliveries as d set next_at = now()
    from (select distinct r.tenant_id, r.endpoint_id, r.ordering_key from unnest(results) as r where r.ordering_key is not null) as k
    cross join lateral (
      select h.event_id from public.webhook_deliveries as h
      where h.endpoint_id = k.endpoint_id and h.ordering_key = k.ordering_key and h.status = 'pending'
      order by h.event_id limit 1) as head
    where d.tenant_id = k.tenant_id and d.event_id = head.event_id and d.endpoint_id = k.endpoint_id
      and d.next_at = 'infinity' and d.lease_id is null
      -- Replayed while a later one was under way, it waits for that one, and not for the one that was told of here.
      and not exists (
        select from public.webhook_deliveries as u
        where u.endpoint_id = k.endpoint_id and u.ordering_key = k.ordering_key and u.status = 'pending' and u.lease_id is not null)
    returning d.tenant_id, d.endpoint_id
  )
  select array_agg(r.tenant_id), array_agg(r.endpoint_id) into tenants, endpoints from (select distinct * from released) as r;
  perform private.wake_webhook_lanes(tenants, endpoints);
end
$$;
comment on function private.release_ordered_deliveries(private.webhook_result[]) is
  'Makes the earliest pending delivery of each ordering key due, now that one of the key came to something. The caller holds the lanes.';

-- Dispatchers -----------------------------------------------------------------------------------

create function private.begin_dispatch(run uuid) returns int
  language sql
  set search_path = ''
as $$
  -- One that is awake has room for more; a second would only take turns with it.
  update private.webhook_dispatchers as w
  set run_id = run, seen_at = clock_timestamp(), awake_until_at = clock_timestamp() + interval '2 seconds'
  where w.slot = (
      select f.slot from private.webhook_dispatchers as f
      where f.seen_at < clock_timestamp() - interval '5 seconds' or f.run_id is null
      order by f.slot limit 1 for no key update skip locked)
    and not exists (select from private.webhook_dispatchers as a where a.awake_until_at > clock_timestamp())
  returning w.slot
$$;
comment on function private.begin_dispatch(uuid) is
  'A place for a dispatcher; null when one is awake already, or all places are taken. One not heard of for five seconds has lost its place.';

create function private.keep_dispatching(run uuid, has_room boolean, is_over boolean default false) returns boolean
  language sql
  set search_path = ''
as $$
  with kept as (
    update private.webhook_dispatchers as w set
      run_id = case when not is_over then run end,
      seen_at = clock_timestamp(),
      awake_until_at = case when has_room and not is_over then clock_timestamp() + interval '2 seconds' else '-infinity' end
    where w.run_id = run
    returning 1)
  select exists (select from kept)
$$;
comment on function private.keep_dispatching(uuid, boolean, boolean) is
  'A dispatcher is alive, and has room for more or not; or is over. False when its place was given to another.';

create function private.wake_idle_dispatcher() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from private.webhook_outbox)
    and not exists (select from private.webhook_lanes as l where l.next_at <= now()) then
    return 'Nothing is due.';
  end if;
  perform private.wake_dispatcher();
  return 'Woken, unless one was awake.';
end
$$;
comment on function private.wake_idle_dispatcher() is 'What cron asks every few seconds: retries come due, and a wake-up may have been lost.';

-- A tenant's own --------------------------------------------------------------------------------

create function private.require_webhook_endpoint(tenant uuid, endpoint uuid) returns public.webhook_endpoints
  language plpgsql
  set search_path = ''
as $$
declare
  found_endpoint public.webhook_endpoints;
begin
  perform from private.webhook_lanes as l where l.tenant_id = tenant and l.endpoint_id = endpoint for no key update;
  select * into found_endpoint from public.webhook_endpoints as p where p.tenant_id = tenant and p.id = endpoint;
  if found_endpoint.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint by this ref_id.');
  elsif not found_endpoint.is_enabled then
    perform private.raise_problem(409, 'endpoint_disabled', 'This endpoint is disabled. Enable it first.');
  end if;
  return found_endpoint;
end
$$;
comment on function private.require_webhook_endpoint(uuid, uuid) is
  'An enabled endpoint, its lane locked until the transaction ends; refuses with 404 not_found or 409 endpoint_disabled.';

create function private.requeue_webhook_deliveries(endpoint public.webhook_endpoints, events uuid[]) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  queued int;
begin
  -- What is in flight stays with whoever holds it: they are about to find out, and it has its schedule anew as well.
  insert into public.webhook_deliveries as d (tenant_id, event_id, endpoint_id, ordering_key, next_at)
  select e.tenant_id, e.id, endpoint.id, e.ordering_key, case when e.ordering_key is null then now() else 'infinity' end
  from public.webhook_events as e
  where e.tenant_id = endpoint.tenant_id and e.id = any (events)
  order by e.id
  on conflict (tenant_id, event_id, endpoint_id) do update set
    status = 'pending', attempt_count = 0, ended_at = null,
    next_at = case when d.lease_id is null then excluded.next_at else d.next_at end;
  get diagnostics queued = row_count;
  -- Of each key the earliest goes first, whatever was waiting for its retry.
  update public.webhook_deliveries as d set next_at = 'infinity'
  from (select distinct e.ordering_key from public.webhook_events as e
    where e.tenant_id = endpoint.tenant_id and e.id = any (events) and e.ordering_key is not null) as k
  where d.endpoint_id = endpoint.id and d.ordering_key = k.ordering_key and d.status = 'pending'
    and d.lease_id is null and d.next_at < 'infinity';
  update public.webhook_deliveries as d set next_at = now()
  from (select distinct e.ordering_key from public.webhook_events as e
    where e.tenant_id = endpoint.tenant_id and e.id = any (events) and e.ordering_key is not null) as k
  cross join lateral (
    select h.event_id from public.webhook_deliveries as h
    where h.endpoint_id = endpoint.id and h.ordering_key = k.ordering_key and h.status = 'pending'
    order by h.event_id limit 1) as head
  where d.tenant_id = endpoint.tenant_id and d.event_id = head.event_id and d.endpoint_id = endpoint.id
    and d.next_at = 'infinity' and not exists (
      select from public.webhook_deliveries as u
      where u.endpoint_id = endpoint.id and u.ordering_key = k.ordering_key and u.status = 'pending' and u.lease_id is not null);
  perform private.wake_webhook_lanes(array[endpoint.tenant_id], array[endpoint.id]);
  perform private.wake_dispatcher();
  return queued;
end
$$;
comment on function private.requeue_webhook_deliveries(public.webhook_endpoints, uuid[]) is
  'Sends these events to an endpoint (again): the same ids, the full schedule anew. The caller holds the lane.';

-- Definer, as all that follow: nobody is granted to write deliveries.
create function public.replay_webhook_deliveries(
  tenant_id uuid, endpoint_id uuid, event_ids uuid[] default null, since timestamptz default null,
  until timestamptz default null, which text default 'all'
) returns table (replayed_count int, has_more boolean)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  chosen uuid[];
begin
  perform private.require_permission(replay_webhook_deliveries.tenant_id, 'manage');
  if which is null or which not in ('failed', 'missing', 'all') then
    perform private.raise_problem(422, 'invalid_value', 'What is replayed is "failed", "missing" or "all".',
      '[{"pointer": "/which", "detail": "must be failed, missing or all"}]');
  elsif (event_ids is null) = (since is null) then
    perform private.raise_problem(422, 'invalid_value', 'Name either the messages to replay, or the moment since when.');
  elsif cardinality(event_ids) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 messages can be named at once.',
      '[{"pointer": "/message_ids", "detail": "must not name more than 1000"}]');
  end if;
  endpoint := private.require_webhook_endpoint(replay_webhook_deliveries.tenant_id, replay_webhook_deliveries.endpoint_id);
  if event_ids is not null then
    chosen := array(
      select e.id from public.webhook_events as e
      where e.tenant_id = endpoint.tenant_id and e.id = any (event_ids));
    if cardinality(chosen) < (select count(distinct i) from unnest(event_ids) as i) then
      perform private.raise_problem(404, 'not_found', 'This tenant has no message by one of these ids.');
    end if;
  else
    -- An id begins with its moment, so that the primary key finds both ends.
    chosen := array(
      select e.id from public.webhook_events as e
      join public.webhook_event_types as t on t.type = e.type and t.version = e.version
      left join public.webhook_deliveries as d
        on d.tenant_id = e.tenant_id and d.event_id = e.id and d.endpoint_id = endpoint.id
      where e.tenant_id = endpoint.tenant_id
        and e.id >= private.first_uuid_at(since) and e.id < private.first_uuid_at(coalesce(until, now() + interval '1 day'))
        and (which in ('failed', 'all') and d.status = 'dead'
          or which in ('missing', 'all') and d.event_id is null and not e.is_test and private.wants_webhook_event(endpoint, e, t.is_operational))
      order by e.id limit 10001);
  end if;
  replayed_count := private.requeue_webhook_deliveries(endpoint, chosen[:10000]);
  has_more := cardinality(chosen) > 10000;
  return next;
end
$$;
comment on function public.replay_webhook_deliveries(uuid, uuid, uuid[], timestamptz, timestamptz, text) is
  'Sends messages to an endpoint again: those named, or all since a moment that failed or that it never got. At most 10,000 a call, the oldest first.';

create function public.send_webhook_test(tenant_id uuid, endpoint_id uuid, event_type text default 'webhook.test') returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  moment timestamptz := clock_timestamp();
  catalogued public.webhook_event_types;
  event_id uuid := private.uuid_v7();
begin
  perform private.require_permission(send_webhook_test.tenant_id, 'manage');
  endpoint := private.require_webhook_endpoint(send_webhook_test.tenant_id, send_webhook_test.endpoint_id);
  select * into catalogued from public.webhook_event_types as t
  where t.type = send_webhook_test.event_type order by t.version desc limit 1;
  if catalogued.type is null then
    perform private.raise_problem(422, 'unknown_event_type', format('There is no event type "%s" in the catalogue.', event_type),
      '[{"pointer": "/event_type", "detail": "is not in the catalogue"}]');
  end if;
  insert into public.webhook_events (tenant_id, id, type, version, payload, is_test, created_at)
  values (endpoint.tenant_id, event_id, catalogued.type, catalogued.version,
    private.webhook_payload(catalogued.type, moment, catalogued.example), true, moment);
  perform private.requeue_webhook_deliveries(endpoint, array[event_id]);
  return event_id;
end
$$;
comment on function public.send_webhook_test(uuid, uuid, text) is
  'Sends an event type''s example to one endpoint, by the same way as any event. Answers the event''s id.';

create function public.poll_webhook_deliveries(tenant_id uuid, endpoint_id uuid, max_messages int default 50, lease_seconds int default 30)
  returns table (event_id uuid, type text, payload text, created_at timestamptz, attempt_number int, lease_id uuid, lease_until_at timestamptz)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  endpoint public.webhook_endpoints;
  lease uuid := gen_random_uuid();
begin
  perform private.require_permission(poll_webhook_deliveries.tenant_id, 'webhooks:write');
  if max_messages is null or max_messages not between 1 and 100 or lease_seconds is null or lease_seconds not between 5 and 3600 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 100 messages, for 5 to 3600 seconds.');
  end if;
  endpoint := private.require_webhook_endpoint(poll_webhook_deliveries.tenant_id, poll_webhook_deliveries.endpoint_id);
  if endpoint.kind <> 'poll' then
    perform private.raise_problem(409, 'not_a_polling_endpoint', 'This endpoint has a URL, and gets its messages there. Create one of the kind "poll".');
  end if;
  return query
  with picked as materialized (
    select d.tenant_id, d.event_id, d.endpoint_id from public.webhook_deliveries as d
    where d.endpoint_id = endpoint.id and d.status = 'pending' and d.next_at <= now()
    order by d.next_at, d.event_id limit max_messages for no key update skip locked
  ), leased as (
    update public.webhook_deliveries as d
    set lease_id = lease, next_at = now() + make_interval(secs => lease_seconds), attempt_count = d.attempt_count + 1
    from picked as k
    where d.tenant_id = k.tenant_id and d.event_id = k.event_id and d.endpoint_id = k.endpoint_id
    returning d.*
  )
  select e.id, e.type, e.payload, e.created_at, d.attempt_count, d.lease_id, d.next_at
  from leased as d join public.webhook_events as e on e.tenant_id = d.tenant_id and e.id = d.event_id
  order by e.id;
end
$$;
comment on function public.poll_webhook_deliveries(uuid, uuid, int, int) is
  'The next messages of a polling endpoint, the oldest first. What is not acknowledged before its lease ends comes again.';

create function public.acknowledge_webhook_deliveries(tenant_id uuid, endpoint_id uuid, lease_id uuid, event_ids uuid[]) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  results json;
begin
  perform private.require_permission(acknowledge_webhook_deliveries.tenant_id, 'webhooks:write');
  endpoint := private.require_webhook_endpoint(acknowledge_webhook_deliveries.tenant_id, acknowledge_webhook_deliveries.endpoint_id);
  if endpoint.kind <> 'poll' then
    perform private.raise_problem(409, 'not_a_polling_endpoint', 'This endpoint has a URL, and gets its messages there. Create one of the kind "poll".');
  end if;
  select json_agg(json_build_object('tenant_id', d.tenant_id, 'event_id', d.event_id, 'endpoint_id', d.endpoint_id,
    'lease_id', d.lease_id, 'attempt_number', d.attempt_count, 'ordering_key', d.ordering_key, 'outcome', 'succeeded', 'duration_ms', 0))
  into results
  from public.webhook_deliveries as d
  where d.tenant_id = endpoint.tenant_id and d.endpoint_id = endpoint.id and d.event_id = any (event_ids)
    and d.lease_id = acknowledge_webhook_deliveries.lease_id;
  if results is null then
    return 0;
  end if;
  return private.complete_webhook_deliveries(results);
end
$$;
comment on function public.acknowledge_webhook_deliveries(uuid, uuid, uuid, uuid[]) is
  'Says that polled messages arrived; answers of how many. One whose lease was lost is not counted, and comes again.';

create function private.first_uuid_at(moment timestamptz) returns uuid
  language sql immutable strict parallel safe
  set search_path = ''
as $$
  select (lpad(to_hex(greatest((extract(epoch from moment) * 1000)::bigint, 0)), 12, '0') || '00000000000000000000')::uuid
$$;
comment on function private.first_uuid_at(timestamptz) is 'The id before every UUIDv7 of a moment: created_at >= moment, said of ids.';

-- Keeping house ---------------------------------------------------------------------------------

create function private.sweep_webhooks(batch int default 5000) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  given_up private.webhook_result[];
  swept int := 0;
  n int;
begin
  -- Nobody comes for these any more; they can be replayed for as long as they are kept.
  select array_agg(row(d.tenant_id, d.event_id, d.endpoint_id, d.lease_id, d.attempt_count, d.ordering_key,
    null, null, null, 0, null, null, null, null)::private.webhook_result) into given_up
  from (
    select d.* from public.webhook_endpoints as p
    join public.webhook_deliveries as d on d.tenant_id = p.tenant_id and d.endpoint_id = p.id
    where (p.kind = 'poll' or not p.is_enabled) and d.status = 'pending'
      and d.event_id < private.first_uuid_at(now() - interval '30 days')
    limit batch) as d;
  perform from private.webhook_lanes as l
  where (l.tenant_id, l.endpoint_id) in (select g.tenant_id, g.endpoint_id from unnest(given_up) as g)
  order by l.endpoint_id
  for no key update;
  update public.webhook_deliveries as d set status = 'dead', ended_at = now(), lease_id = null
  from unnest(given_up) as g
  where d.tenant_id = g.tenant_id and d.event_id = g.event_id and d.endpoint_id = g.endpoint_id and d.status = 'pending';
  get diagnostics n = row_count;
  swept := swept + n;
  perform private.release_ordered_deliveries(given_up);
  delete from public.webhook_deliveries as d
  where (d.tenant_id, d.event_id, d.endpoint_id) in (
    select o.tenant_id, o.event_id, o.endpoint_id from public.webhook_deliveries as o
    where o.status = 'delivered' and o.ended_at < now() - interval '30 days' limit batch for update skip locked);
  get diagnostics n = row_count;
  swept := swept + n;
  delete from public.webhook_deliveries as d
  where (d.tenant_id, d.event_id, d.endpoint_id) in (
    select o.tenant_id, o.event_id, o.endpoint_id from public.webhook_deliveries as o
    where o.status = 'dead' and o.ended_at < now() - interval '90 days' limit batch for update skip locked);
  get diagnostics n = row_count;
  swept := swept + n;
  -- An event goes when nothing of it is left to show.
  delete from public.webhook_events as e
  where (e.tenant_id, e.id) in (
    select o.tenant_id, o.id from public.webhook_events as o
    where o.created_at < now() - interval '30 days'
      and not exists (select from public.webhook_deliveries as d where d.tenant_id = o.tenant_id and d.event_id = o.id)
      and not exists (select from private.webhook_outbox as x where x.tenant_id = o.tenant_id and x.event_id = o.id)
    limit batch for update skip locked);
  get diagnostics n = row_count;
  return swept + n;
end
$$;
comment on function private.sweep_webhooks(int) is
  'Removes what is past its time, a batch of each: delivered after 30 days, dead after 90, with their attempts; events of which nothing is left.';

create function private.read_webhook_metrics() returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object(
    'outbox', (select count(*) from private.webhook_outbox),
    'pending', (select count(*) from public.webhook_deliveries as d where d.status = 'pending'),
    'due', (select count(*) from public.webhook_deliveries as d where d.status = 'pending' and d.next_at <= now()),
    'leased', (select count(*) from public.webhook_deliveries as d where d.lease_id is not null and d.next_at > now()),
    -- Of what could be sent: what a blocked lane holds back waits for its receiver, not for us.
    'oldest_due_seconds', coalesce((
      select extract(epoch from now() - min(d.next_at))
      from private.webhook_lanes as l
      cross join lateral (
        select d.next_at from public.webhook_deliveries as d
        where d.endpoint_id = l.endpoint_id and d.status = 'pending' order by d.next_at limit 1) as d
      where l.next_at <= now() and d.next_at <= now()), 0),
    'open_circuits', (select count(*) from private.webhook_lanes as l where l.failure_count >= 5),
    'disabled_endpoints', (select count(*) from public.webhook_endpoints as p where not p.is_enabled),
    'dispatchers', (select count(*) from private.webhook_dispatchers as w where w.run_id is not null and w.seen_at > now() - interval '5 seconds'),
    'succeeded', sum(w.succeeded_count), 'failed', sum(w.failed_count), 'dead', sum(w.dead_count), 'stale', sum(w.stale_count),
    'duration_ms_sum', sum(w.duration_ms_sum),
    'duration_buckets', (select array_agg(b.count order by b.n) from (
      select u.n, sum(u.count) as count from private.webhook_dispatchers as x,
        unnest(x.duration_bucket_counts) with ordinality as u (count, n) group by u.n) as b))
  from private.webhook_dispatchers as w
$$;
comment on function private.read_webhook_metrics() is 'How the queue stands, and what was counted since the beginning, over all tenants. For the operator alone.';

grant execute on function
  public.replay_webhook_deliveries(uuid, uuid, uuid[], timestamptz, timestamptz, text), public.send_webhook_test(uuid, uuid, text),
  public.poll_webhook_deliveries(uuid, uuid, int, int), public.acknowledge_webhook_deliveries(uuid, uuid, uuid, uuid[])
  to authenticated;
