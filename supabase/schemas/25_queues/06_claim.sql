-- Claiming: how a dispatcher leases due items, fairly among tenants and then among their lanes, within the limits of both.

create function private.claim_items(queue text, batch int, lease_seconds int, slow_batch int default null)
  returns table (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  -- What is due of a lane is read along its index, and no further than what is taken. The planner does not know how little
  -- that is, and would rather read and sort all that is due.
  set enable_bitmapscan = off
  set enable_sort = off
  set enable_incremental_sort = off
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
  lanes private.queue_lanes[];
  served_tenants uuid[];
begin
  select array_agg(t.tenant_id) into tenants
  from (
    select t.tenant_id from private.queue_tenants as t
    where t.queue = claim_items.queue and t.next_at <= now()
    order by t.next_at limit least(batch, 50) for no key update skip locked) as t;
  if tenants is null then
    return;
  end if;
  -- The commit does not wait for the disk. If a crash of the server undoes it, the items are claimed again, as when a
  -- dispatcher is killed.
  perform set_config('synchronous_commit', 'off', true);

  -- A statement of its own, so that this and the next one see what other transactions did before these locks. With one
  -- snapshot for all, a lane was set to rest although items became due just before it was locked. And no other
  -- claim can take anything of these tenants now, so that the limits of a tenant are exact.
  select array_agg(max_of_tenant - u.under_way order by t.n), array_agg(max_slow_of_tenant - u.slow_under_way order by t.n)
  into tenant_rooms, tenant_slow_rooms
  from unnest(tenants) with ordinality as t (tenant_id, n)
  cross join lateral (
    select coalesce(sum(i.count), 0)::int as under_way,
      coalesce(sum(i.count) filter (where (
        select l.is_slow is not false from private.queue_lanes as l
        where l.tenant_id = t.tenant_id and l.queue = claim_items.queue and l.lane_id = i.lane_id)), 0)::int as slow_under_way
    from (
      select i.lane_id, count(*) from private.queue_items as i
      where i.tenant_id = t.tenant_id and i.queue = claim_items.queue and i.dispatched_at is not null and i.next_at > now()
      group by i.lane_id) as i) as u;

  select array_agg(l.lane), array_agg(distinct t.tenant_id) into lanes, served_tenants
  from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
  cross join lateral (
    select l as lane from private.queue_lanes as l
    where l.tenant_id = t.tenant_id and l.queue = claim_items.queue and l.next_at <= now()
      and (l.is_slow is false or t.slow_room > 0) and (l.is_slow is not true or max_slow > 0)
    order by l.next_at limit greatest(least(ceil(least(batch, 50)::numeric / cardinality(tenants)), t.room), 0)
    for no key update skip locked) as l;

  return query
  with lined as (
    -- How many lanes share a tenant's room, its room for slow ones, and what of the batch may be slow.
    select l.*, t.room, t.slow_room, l.is_slow is not false as may_be_slow,
      count(*) over (partition by l.tenant_id) as of_tenant,
      count(*) over (partition by l.tenant_id, l.is_slow is not false) as of_its_slow,
      row_number() over (partition by l.tenant_id, l.is_slow is not false order by l.next_at) as place_in_its_slow,
      count(*) over (partition by l.is_slow is true) as of_slow,
      row_number() over (partition by l.is_slow is true order by l.next_at) as place_among_slow
    from unnest(lanes) as l
    join unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room) on t.tenant_id = l.tenant_id
  ), served as materialized (
    select l.tenant_id, l.lane_id, l.rate_free_at, l.may_be_slow, l.rate_limit_per_second as rate,
      l.is_served and exists (select from public.tenants as t where t.id = l.tenant_id and t.status <> 'archived') as is_served,
      greatest(least(l.room, ceil(batch::numeric / cardinality(served_tenants))::int) / l.of_tenant, 1)::int as share,
      least(
        -- One probe while the circuit is open. No receiver may hold all connections, and a slow one gets the fewest.
        case when l.failure_count >= 5 then 1 when l.may_be_slow then 4 else 16 end - under_way.count,
        case when l.may_be_slow then case when l.place_in_its_slow <= l.slow_room then greatest(l.slow_room / l.of_its_slow, 1) else 0 end end,
        case when l.is_slow then case when l.place_among_slow <= max_slow then greatest(max_slow / l.of_slow, 1) else 0 end end)::int as room,
      -- What the limit allows in the next tenth of a second. A dispatcher that looks more often than that loses nothing.
      floor(extract(epoch from now() + interval '100 ms' - greatest(l.rate_free_at, now())) * l.rate_limit_per_second)::int + 1 as rate_room
    from lined as l
    cross join lateral (
      select count(*)::int from private.queue_items as i
      where i.tenant_id = l.tenant_id and i.queue = claim_items.queue and i.lane_id = l.lane_id
        and i.dispatched_at is not null and i.next_at > now()) as under_way
  ), picked as materialized (
    select i.*, s.may_be_slow from served as s
    cross join lateral (
      -- Locked rows are skipped here too: the snapshot may show as due what another claim has just leased.
      select i.ctid as place from private.queue_items as i
      where i.tenant_id = s.tenant_id and i.queue = claim_items.queue and i.lane_id = s.lane_id and i.next_at <= now()
      order by i.next_at
      limit case when not s.is_served then 0 else greatest(least(s.share, s.room, s.rate_room), 0) end
      for no key update skip locked) as i
  ), leased as (
    update private.queue_items as i set lease_id = lease, next_at = lease_ends, dispatched_at = now()
    from picked as k
    where i.ctid = k.place
    returning k.may_be_slow, i.tenant_id, i.lane_id, i.item_id, i.attempt_count, i.ordering_key
  ), counted as (
    select k.tenant_id, k.lane_id, count(*)::int as taken from leased as k group by k.tenant_id, k.lane_id
  ), moved as (
    update private.queue_lanes as l set
      is_capped = o.is_capped,
      rate_free_at = case when s.rate is null then l.rate_free_at
        else greatest(l.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision) end,
      next_at = case
        when not s.is_served then 'infinity'
        -- The completion of the next item wakes the lane. Half a second covers a completion that just missed this.
        when o.is_capped then now() + interval '500 ms'
        -- At the earliest in 50 ms. Otherwise each item would need a claim of its own.
        when o.taken >= s.rate_room then greatest(now() + interval '50 ms',
          greatest(s.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision - 0.1))
        -- There may be more, so the lane goes to the back.
        when o.taken >= s.share then clock_timestamp()
        else least(case when o.taken > 0 then lease_ends end, coalesce((
          select i.next_at from private.queue_items as i
          where i.tenant_id = s.tenant_id and i.queue = claim_items.queue and i.lane_id = s.lane_id and i.next_at > now()
          order by i.next_at limit 1), 'infinity')) end
    from served as s
    left join counted as n on n.tenant_id = s.tenant_id and n.lane_id = s.lane_id
    cross join lateral (
      select coalesce(n.taken, 0) as taken,
        s.is_served and coalesce(n.taken, 0) >= s.room and s.room <= least(s.share, s.rate_room) as is_capped) as o
    where l.tenant_id = s.tenant_id and l.queue = claim_items.queue and l.lane_id = s.lane_id
  )
  select k.tenant_id, k.lane_id, k.item_id, lease, k.attempt_count + 1, k.ordering_key, k.may_be_slow from leased as k;

  -- A tenant goes to the back, or rests until something of it is due. What it may not have now it may have when one of
  -- its items has ended, or in half a second.
  update private.queue_tenants as q set
    is_capped = s.is_capped,
    next_at = case when s.is_capped then now() + interval '500 ms' else greatest(s.next_at, clock_timestamp()) end
  from (
    select t.tenant_id, h.next_at,
      h.next_at <= now() and t.tenant_id <> all (coalesce(served_tenants, '{}')) and least(t.room, t.slow_room, max_slow) <= 0 as is_capped
    from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
    cross join lateral (
      select coalesce((select l.next_at from private.queue_lanes as l
        where l.tenant_id = t.tenant_id and l.queue = claim_items.queue order by l.next_at limit 1), 'infinity') as next_at) as h) as s
  where q.tenant_id = s.tenant_id and q.queue = claim_items.queue;
end
$$;
comment on function private.claim_items(text, int, int, int) is
  'Leases due items of a queue: a few for each of the 50 tenants that were served least recently, and of their lanes. At most slow_batch of them to receivers known to be slow; of all others about one batch. Two callers never lease the same item. When a lease ends, the item is due again. The domain''s own function calls it, and joins what is sent in a statement of its own.';
