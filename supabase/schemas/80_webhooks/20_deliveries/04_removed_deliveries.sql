-- Removed events: their deliveries no longer wait, and the next ones of their ordering keys no longer wait for them.

-- Definers, these two, because a caller who deletes an event holds no privilege on the queue.
create function private.tg_drop_items_of_event() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Before the deliveries go with their event: whoever completes one locks the item first as well.
  delete from private.queue_items as i
  using public.webhook_deliveries as d
  where d.tenant_id = old.tenant_id and d.event_id = old.id and d.status = 'pending'
    and i.tenant_id = d.tenant_id and i.queue = 'webhooks' and i.lane_id = d.endpoint_id and i.item_id = d.event_id;
  return old;
end
$$;
create trigger webhook_events_drop_items before delete on public.webhook_events
  for each row execute function private.tg_drop_items_of_event();

create function private.tg_release_after_removed_deliveries() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  removed private.queue_result[];
begin
  -- Not if the endpoint is deleted too, and not in an archived tenant, whose lanes are paused.
  select array_agg(row(g.tenant_id, g.endpoint_id, g.event_id, null, 0, g.ordering_key, 'dropped', 0, null, null, null)::private.queue_result) into removed
  from (
    select distinct on (d.tenant_id, d.endpoint_id, d.ordering_key) d.* from gone as d
    where d.status = 'pending' and d.ordering_key is not null) as g
  join public.webhook_endpoints as p on p.tenant_id = g.tenant_id and p.id = g.endpoint_id
  join public.tenants as t on t.id = g.tenant_id and t.status <> 'archived';
  if removed is not null then
    perform private.wake_queue_tenants('webhooks', private.release_ordered_items('webhooks', removed));
  end if;
  return null;
end
$$;
comment on function private.tg_release_after_removed_deliveries() is
  'Makes the next delivery of an ordering key due when the one it waited for is deleted. The caller must hold the lanes.';
create trigger webhook_deliveries_release_after_removal after delete on public.webhook_deliveries
  referencing old table as gone for each statement execute function private.tg_release_after_removed_deliveries();
