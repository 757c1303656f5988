-- Lists of deliveries: the pending and the dead ones, which are few among many.

-- A definer. Row level security hides from the planner how many rows have a status, so it would walk along a million
-- deliveries to find the few. Here each list is read along the index that holds only its rows, endpoint by endpoint,
-- whatever the planner believes of the table: no other index begins with the endpoint.
create function public.list_webhook_deliveries(
  tenant_id uuid, status public.webhook_delivery_status, endpoint uuid default null, event_type text default null,
  before_event_id uuid default null, before_endpoint_id uuid default null, max_rows int default 50,
  since timestamptz default null, until timestamptz default null
) returns table (event_id uuid, endpoint_id uuid)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_sort = off
  set enable_incremental_sort = off
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  -- An id begins with its moment.
  first_id uuid := private.first_uuid_at(since);
  end_id uuid := private.first_uuid_at(until);
begin
  perform private.require_permission(list_webhook_deliveries.tenant_id, 'deliveries:read');
  if list_webhook_deliveries.status is null or list_webhook_deliveries.status = 'delivered' or max_rows is null or max_rows not between 1 and 1000 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 1000 deliveries that are pending or dead.');
  end if;
  if list_webhook_deliveries.status = 'dead' then
    return query
    select d.event_id, d.endpoint_id from public.webhook_endpoints as p
    cross join lateral (
      select d.event_id, d.endpoint_id from public.webhook_deliveries as d
      where d.endpoint_id = p.id and d.status = 'dead'
        and (first_id is null or d.event_id >= first_id) and (end_id is null or d.event_id < end_id)
        and (before_event_id is null or d.event_id <= before_event_id and (d.event_id, d.endpoint_id) < (before_event_id, before_endpoint_id))
        and (event_type is null or (
          select e.type from public.webhook_events as e where e.tenant_id = p.tenant_id and e.id = d.event_id) = event_type)
      order by d.event_id desc limit max_rows) as d
    where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
    order by d.event_id desc, d.endpoint_id desc limit max_rows;
    return;
  end if;

  return query
  select i.item_id, i.lane_id from public.webhook_endpoints as p
  cross join lateral (
    select i.item_id, i.lane_id from private.queue_items as i
    where i.tenant_id = p.tenant_id and i.queue = 'webhooks' and i.lane_id = p.id
      and (first_id is null or i.item_id >= first_id) and (end_id is null or i.item_id < end_id)
      and (before_event_id is null or i.item_id <= before_event_id and (i.item_id, i.lane_id) < (before_event_id, before_endpoint_id))
      and (event_type is null or (
        select e.type from public.webhook_events as e where e.tenant_id = p.tenant_id and e.id = i.item_id) = event_type)
    order by i.item_id desc limit max_rows) as i
  where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
  order by i.item_id desc, i.lane_id desc limit max_rows;
end
$$;
comment on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int, timestamptz, timestamptz) is
  'The pending or the dead deliveries of a tenant, those of the newest events first: of one endpoint or all, of one event type or all, from behind the one that is named. since and until bound when the event was made.';
grant execute on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int, timestamptz, timestamptz) to authenticated;

-- A definer, because when a delivery is due is in the queue, which is granted to nobody.
create function public.read_webhook_deliveries(tenant_id uuid, event_ids uuid[], endpoint_ids uuid[])
  returns table (event_id uuid, endpoint_id uuid, event_type text, status public.webhook_delivery_status, attempt_count int,
    next_attempt_at timestamptz, is_in_flight boolean, ordering_key text, ended_at timestamptz, created_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  perform private.require_permission(read_webhook_deliveries.tenant_id, 'deliveries:read');
  if cardinality(event_ids) > 1000 or cardinality(event_ids) is distinct from cardinality(endpoint_ids) then
    perform private.raise_problem(422, 'invalid_value', 'Name at most 1000 deliveries, each by its event and its endpoint.');
  end if;
  return query
  select d.event_id, d.endpoint_id, e.type, d.status, coalesce(i.attempt_count, d.attempt_count), nullif(i.next_at, 'infinity'),
    i.lease_id is not null and i.next_at > now(), d.ordering_key, d.ended_at, e.created_at
  from unnest(event_ids, endpoint_ids) with ordinality as k (event_id, endpoint_id, n)
  -- "limit 1" keeps each a look-up by its key: the planner may think of reading all of the tenant's instead.
  cross join lateral (
    select * from public.webhook_deliveries as d
    where d.tenant_id = read_webhook_deliveries.tenant_id and d.event_id = k.event_id and d.endpoint_id = k.endpoint_id limit 1) as d
  cross join lateral (select * from public.webhook_events as e where e.tenant_id = d.tenant_id and e.id = d.event_id limit 1) as e
  left join lateral (
    select * from private.queue_items as i
    where i.tenant_id = d.tenant_id and i.queue = 'webhooks' and i.lane_id = d.endpoint_id and i.item_id = d.event_id limit 1) as i on true
  order by k.n;
end
$$;
comment on function public.read_webhook_deliveries(uuid, uuid[], uuid[]) is
  'The deliveries that are named by event and endpoint, in this order: their state, and when each pending one is due.';
grant execute on function public.read_webhook_deliveries(uuid, uuid[], uuid[]) to authenticated;
