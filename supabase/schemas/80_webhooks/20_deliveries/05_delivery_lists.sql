-- Lists of deliveries: the pending and the dead ones, which are few among many.

-- A definer. Row level security hides from the planner how many rows have a status, so it would walk along a million
-- deliveries to find the few. Here each list is read along the index that holds only its rows, endpoint by endpoint,
-- whatever the planner believes of the table: no other index begins with the endpoint.
create function public.list_webhook_deliveries(
  tenant_id uuid, status public.webhook_delivery_status, endpoint uuid default null, event_type text default null,
  before_event_id uuid default null, before_endpoint_id uuid default null, max_rows int default 50
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
  -- Up to this many are sorted faster than found by walking along the index of all deliveries.
  max_sorted constant int := 20000;
  can_be_sorted boolean;
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
        and (before_event_id is null or d.event_id <= before_event_id and (d.event_id, d.endpoint_id) < (before_event_id, before_endpoint_id))
        and (event_type is null or (
          select e.type from public.webhook_events as e where e.tenant_id = p.tenant_id and e.id = d.event_id) = event_type)
      order by d.event_id desc limit max_rows) as d
    where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
    order by d.event_id desc, d.endpoint_id desc limit max_rows;
    return;
  end if;

  select count(*) < max_sorted into can_be_sorted
  from (
    select from public.webhook_endpoints as p
    cross join lateral (
      select from public.webhook_deliveries as d where d.endpoint_id = p.id and d.status = 'pending' limit max_sorted) as d
    where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
    limit max_sorted) as found;
  if can_be_sorted then
    return query
    with waiting as materialized (
      select d.event_id, d.endpoint_id from public.webhook_endpoints as p
      cross join lateral (
        select d.event_id, d.endpoint_id from public.webhook_deliveries as d where d.endpoint_id = p.id and d.status = 'pending' offset 0) as d
      where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
    )
    select d.event_id, d.endpoint_id from waiting as d
    where (before_event_id is null or (d.event_id, d.endpoint_id) < (before_event_id, before_endpoint_id))
      and (event_type is null or (
        select e.type from public.webhook_events as e where e.tenant_id = list_webhook_deliveries.tenant_id and e.id = d.event_id) = event_type)
    order by d.event_id desc, d.endpoint_id desc limit max_rows;
    return;
  end if;
  return query
  select d.event_id, d.endpoint_id from public.webhook_deliveries as d
  where d.tenant_id = list_webhook_deliveries.tenant_id and d.status = 'pending'
    and (endpoint is null or d.endpoint_id = endpoint)
    and (before_event_id is null or (d.event_id, d.endpoint_id) < (before_event_id, before_endpoint_id))
    and (event_type is null or (
      select e.type from public.webhook_events as e where e.tenant_id = list_webhook_deliveries.tenant_id and e.id = d.event_id) = event_type)
  order by d.event_id desc, d.endpoint_id desc limit max_rows;
end
$$;
comment on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int) is
  'The pending or the dead deliveries of a tenant, those of the newest events first: of one endpoint or all, of one event type or all, from behind the one that is named.';
grant execute on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int) to authenticated;
