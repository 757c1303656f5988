-- Claiming: how a dispatcher leases due deliveries, fairly among tenants and then among their endpoints, within the limits of both.

-- Postgres inlines it, because it has no search_path and uses only functions of pg_catalog.
create function private.webhook_retry_wait(attempt int) returns interval
  language sql volatile
as $$
  -- A little later than the schedule and never earlier, so that messages that failed together are not sent together.
  select ('{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}'::interval[])[attempt] * (1 + random() * 0.1)
$$;
comment on function private.webhook_retry_wait(int) is 'How long to wait after this many failed attempts. Null after the tenth, which was the last.';

create function private.claim_webhook_deliveries(batch int, lease_seconds int default 60, slow_batch int default null)
  returns table (tenant_id uuid, event_id uuid, endpoint_id uuid, lease_id uuid, attempt_number int, ordering_key text,
    event_type text, event_version int, payload text, endpoint_ref text, url text, revision uuid, is_slow boolean)
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
  -- What a tenant may have under way, and how much of that to receivers that are slow or did not answer yet. A slow
  -- exchange lasts up to 15 seconds, and nothing can take its connection back.
  max_of_tenant constant int := 48;
  max_slow_of_tenant constant int := 16;
  lease uuid := gen_random_uuid();
  lease_ends timestamptz := now() + make_interval(secs => lease_seconds);
  max_slow constant int := coalesce(slow_batch, batch);
  tenants uuid[];
  tenant_rooms int[];
  tenant_slow_rooms int[];
  queues private.webhook_endpoint_queues[];
  served_tenants uuid[];
begin
  select array_agg(t.tenant_id) into tenants
  from (
    select t.tenant_id from private.webhook_tenant_queues as t
    where t.next_at <= now()
    order by t.next_at limit least(batch, 50) for no key update skip locked) as t;
  if tenants is null then
    return;
  end if;
  -- The commit does not wait for the disk. If a crash of the server undoes it, the deliveries are claimed again, as when a
  -- dispatcher is killed.
  perform set_config('synchronous_commit', 'off', true);

  -- A statement of its own, so that this and the next one see what other transactions did before these locks. With one
  -- snapshot for all, a queue was set to rest although deliveries became due just before it was locked. And no other
  -- claim can take anything of these tenants now, so that the limits of a tenant are exact.
  select array_agg(max_of_tenant - u.under_way order by t.n), array_agg(max_slow_of_tenant - u.slow_under_way order by t.n)
  into tenant_rooms, tenant_slow_rooms
  from unnest(tenants) with ordinality as t (tenant_id, n)
  cross join lateral (
    select coalesce(sum(d.count), 0)::int as under_way,
      coalesce(sum(d.count) filter (where (
        select l.is_slow is not false from private.webhook_endpoint_queues as l
        where l.tenant_id = t.tenant_id and l.endpoint_id = d.endpoint_id)), 0)::int as slow_under_way
    from (
      select d.endpoint_id, count(*) from public.webhook_deliveries as d
      where d.tenant_id = t.tenant_id and d.dispatched_at is not null and d.next_at > now()
      group by d.endpoint_id) as d) as u;

  select array_agg(l.queue), array_agg(distinct t.tenant_id) into queues, served_tenants
  from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
  cross join lateral (
    select l as queue from private.webhook_endpoint_queues as l
    where l.tenant_id = t.tenant_id and l.next_at <= now()
      and (l.is_slow is false or t.slow_room > 0) and (l.is_slow is not true or max_slow > 0)
    order by l.next_at limit greatest(least(ceil(least(batch, 50)::numeric / cardinality(tenants)), t.room), 0)
    for no key update skip locked) as l;

  return query
  with lined as (
    -- How many queues share a tenant's room, its room for slow ones, and what of the batch may be slow.
    select l.*, t.room, t.slow_room, l.is_slow is not false as may_be_slow,
      count(*) over (partition by l.tenant_id) as of_tenant,
      count(*) over (partition by l.tenant_id, l.is_slow is not false) as of_its_slow,
      row_number() over (partition by l.tenant_id, l.is_slow is not false order by l.next_at) as place_in_its_slow,
      count(*) over (partition by l.is_slow is true) as of_slow,
      row_number() over (partition by l.is_slow is true order by l.next_at) as place_among_slow
    from unnest(queues) as l
    join unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room) on t.tenant_id = l.tenant_id
  ), served as materialized (
    select l.tenant_id, l.endpoint_id, l.rate_free_at, l.may_be_slow, p.ref_id, p.url, p.revision, p.rate_limit_per_second as rate,
      greatest(least(l.room, ceil(batch::numeric / cardinality(served_tenants))::int) / l.of_tenant, 1)::int as share,
      least(
        -- One probe while the circuit is open. No receiver may hold all connections, and a slow one gets the fewest.
        case when l.failure_count >= 5 then 1 when l.may_be_slow then 4 else 16 end - under_way.count,
        case when l.may_be_slow then case when l.place_in_its_slow <= l.slow_room then greatest(l.slow_room / l.of_its_slow, 1) else 0 end end,
        case when l.is_slow then case when l.place_among_slow <= max_slow then greatest(max_slow / l.of_slow, 1) else 0 end end)::int as room,
      -- What the limit allows in the next tenth of a second. A dispatcher that looks more often than that loses nothing.
      floor(extract(epoch from now() + interval '100 ms' - greatest(l.rate_free_at, now())) * p.rate_limit_per_second)::int + 1 as rate_room
    from lined as l
    left join public.webhook_endpoints as p
      on p.tenant_id = l.tenant_id and p.id = l.endpoint_id and p.kind = 'push' and p.is_enabled
      and exists (select from public.tenants as t where t.id = l.tenant_id and t.status <> 'archived')
    cross join lateral (
      select count(*)::int from public.webhook_deliveries as d
      where d.tenant_id = l.tenant_id and d.endpoint_id = l.endpoint_id and d.dispatched_at is not null and d.next_at > now()) as under_way
  ), picked as materialized (
    select d.*, s.ref_id, s.url, s.revision, s.may_be_slow from served as s
    cross join lateral (
      -- Locked rows are skipped here too: the snapshot may show as due what another claim has just leased.
      select d.ctid as place from public.webhook_deliveries as d
      where d.endpoint_id = s.endpoint_id and d.status = 'pending' and d.next_at <= now()
      order by d.next_at
      limit case when s.url is null then 0 else greatest(least(s.share, s.room, s.rate_room), 0) end
      for no key update skip locked) as d
  ), leased as (
    update public.webhook_deliveries as d set lease_id = lease, next_at = lease_ends, dispatched_at = now()
    from picked as k
    where d.ctid = k.place
    returning k.*, d.tenant_id, d.event_id, d.endpoint_id, d.attempt_count, d.ordering_key
  ), counted as (
    select k.endpoint_id, count(*)::int as taken from leased as k group by k.endpoint_id
  ), moved as (
    update private.webhook_endpoint_queues as l set
      is_capped = o.is_capped,
      rate_free_at = case when s.rate is null then l.rate_free_at
        else greatest(l.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision) end,
      next_at = case
        when s.url is null then 'infinity'
        -- The completion of the next delivery wakes the queue. Half a second covers a completion that just missed this.
        when o.is_capped then now() + interval '500 ms'
        -- At the earliest in 50 ms. Otherwise each delivery would need a claim of its own.
        when o.taken >= s.rate_room then greatest(now() + interval '50 ms',
          greatest(s.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision - 0.1))
        -- There may be more, so the queue goes to the back.
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
    d.ref_id, d.url, d.revision, d.may_be_slow
  from leased as d
  join public.webhook_events as e on e.tenant_id = d.tenant_id and e.id = d.event_id;

  -- A tenant goes to the back, or rests until something of it is due. What it may not have now it may have when one of
  -- its deliveries has ended, or in half a second.
  update private.webhook_tenant_queues as q set
    is_capped = s.is_capped,
    next_at = case when s.is_capped then now() + interval '500 ms' else greatest(s.next_at, clock_timestamp()) end
  from (
    select t.tenant_id, h.next_at,
      h.next_at <= now() and t.tenant_id <> all (coalesce(served_tenants, '{}')) and least(t.room, t.slow_room, max_slow) <= 0 as is_capped
    from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
    cross join lateral (
      select coalesce((select l.next_at from private.webhook_endpoint_queues as l
        where l.tenant_id = t.tenant_id order by l.next_at limit 1), 'infinity') as next_at) as h) as s
  where q.tenant_id = s.tenant_id;
end
$$;
comment on function private.claim_webhook_deliveries(int, int, int) is
  'Leases due deliveries: a few for each of the 50 tenants that were served least recently, and of their endpoints. At most slow_batch of them to receivers known to be slow; of all others about one batch. Two callers never lease the same delivery. When a lease ends, the delivery is due again.';
