-- Expanding: one event becomes one delivery for each endpoint that receives it.

-- Postgres inlines it, because it is called for each event and endpoint.
create function private.wants_webhook_event(endpoint public.webhook_endpoints, event public.webhook_events, is_operational boolean)
  returns boolean
  language sql stable
as $$
  -- An endpoint without event_types receives every type except operational ones. An endpoint never receives
  -- operational events about itself, because a failing endpoint receives nothing.
  select case
    when is_operational then endpoint.event_types @> array[event.type]
      and event.payload::json #>> '{data,endpoint_id}' is distinct from endpoint.ref_id
    else endpoint.event_types is null or endpoint.event_types @> array[event.type] end
$$;
comment on function private.wants_webhook_event(public.webhook_endpoints, public.webhook_events, boolean) is
  'Whether an endpoint receives an event, which may be of an operational type.';

-- Each search starts behind another tenant, so that everybody has a turn even if more than 50 tenants wait.
create function private.tenants_with_events(max_tenants int) returns uuid[]
  language plpgsql volatile
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  oldest timestamptz;
  place uuid;
  start uuid;
  next uuid;
  found uuid[];
begin
  select e.created_at, o.tenant_id into oldest, start
  from private.webhook_outbox as o
  join public.webhook_events as e on e.tenant_id = o.tenant_id and e.id = o.event_id
  order by o.event_id limit 1;
  if start is null then
    return null;
  end if;
  -- The tenant that told something first after a random moment. A tenant with a thousand events of one moment is found
  -- no more often than one with a single event. The moment is chosen before the search: in its condition it would be
  -- chosen again for each row, and one of the first rows would nearly always win.
  place := private.first_uuid_at(oldest + random() * (now() - oldest));
  start := coalesce((
    select o.tenant_id from private.webhook_outbox as o where o.event_id >= place order by o.event_id limit 1), start);
  next := start;
  -- One search in the index for each tenant, however many events it has.
  loop
    found := found || next;
    exit when cardinality(found) = max_tenants;
    select o.tenant_id into next from private.webhook_outbox as o where o.tenant_id > next order by o.tenant_id limit 1;
    if next is null then
      select o.tenant_id into next from private.webhook_outbox as o order by o.tenant_id limit 1;
    end if;
    -- Others may have taken the last events of the tenant at which this began.
    exit when next is null or next = any (found);
  end loop;
  return found;
end
$$;
comment on function private.tenants_with_events(int) is
  'Tenants with events that were not yet expanded, at most so many. Null if there are none.';

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
  turn uuid[] := private.tenants_with_events(least(batch, 50));
  wanted_tenants uuid[];
  wanted_events uuid[];
  wanted_endpoints uuid[];
  wanted_keys text[];
begin
  -- Searches the rows that are there, and not "ids after the last one", because a transaction may commit late.
  select array_agg(o.tenant_id), array_agg(o.event_id), array_remove(array_agg(o.ordering_key), null)
  into tenants, events, keys
  from unnest(turn) as t (tenant_id)
  cross join lateral (
    select o.tenant_id, o.event_id, o.ordering_key from private.webhook_outbox as o
    where o.tenant_id = t.tenant_id
    order by o.event_id limit batch / cardinality(turn) for update skip locked) as o;
  if events is null then
    return 0;
  end if;
  -- The commit does not wait for the disk, and holds its locks no longer than it must. A crash of the server may undo it
  -- as a whole: then the events are expanded again. What was written before a reported result is never undone.
  perform set_config('synchronous_commit', 'off', true);

  if keys <> '{}' then
    -- An event waits while another worker is expanding an earlier event of the same key.
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

  -- Holds all lanes at once, and before the deliveries. Replaying and deleting an endpoint lock in the same order.
  perform private.lock_lanes('webhooks', wanted_tenants, wanted_endpoints);
  with made as (
    insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, ordering_key)
    select w.tenant_id, w.event_id, w.endpoint_id, w.ordering_key
    from unnest(wanted_tenants, wanted_events, wanted_endpoints, wanted_keys) as w (tenant_id, event_id, endpoint_id, ordering_key)
    -- The endpoint may be deleted by now.
    join private.queue_lanes as l on l.tenant_id = w.tenant_id and l.queue = 'webhooks' and l.lane_id = w.endpoint_id
    -- A replay may have put it there already. Nobody can do so now, because replays hold the lane.
    where not exists (
      select from public.webhook_deliveries as d
      where d.tenant_id = w.tenant_id and d.event_id = w.event_id and d.endpoint_id = w.endpoint_id)
    returning tenant_id, event_id, endpoint_id, ordering_key
  )
  select array_agg(m.tenant_id), array_agg(m.event_id), array_agg(m.endpoint_id), array_agg(m.ordering_key)
  into wanted_tenants, wanted_events, wanted_endpoints, wanted_keys
  from made as m;
  if wanted_tenants is not null then
    perform private.enqueue_items('webhooks', wanted_tenants, wanted_endpoints, wanted_events, wanted_keys);
  end if;
  return cardinality(events);
end
$$;
comment on function private.expand_webhook_events(int) is
  'Turns events into one delivery for each endpoint that receives them: of up to 50 tenants in turn, the oldest of each first, at most one batch. Returns how many events. Many workers may run it at once.';
