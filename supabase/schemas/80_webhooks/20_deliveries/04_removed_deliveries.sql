-- Removed deliveries: when a delivery is deleted, the next one of its ordering key no longer waits for it.

-- A definer, because a caller who deletes an event holds no privilege on the queue.
create function private.tg_release_after_removed_deliveries() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  removed private.webhook_result[];
begin
  -- Not if the endpoint is deleted too, and not in an archived tenant, whose endpoints are paused.
  select array_agg(row(g.tenant_id, g.event_id, g.endpoint_id, null, 0, g.ordering_key,
    null, null, null, 0, null, null, null, null)::private.webhook_result) into removed
  from (
    select distinct on (d.tenant_id, d.endpoint_id, d.ordering_key) d.* from gone as d
    where d.status = 'pending' and d.ordering_key is not null) as g
  join public.webhook_endpoints as p on p.tenant_id = g.tenant_id and p.id = g.endpoint_id
  join public.tenants as t on t.id = g.tenant_id and t.status <> 'archived';
  if removed is not null then
    perform private.wake_tenant_queues(private.release_ordered_deliveries(removed));
  end if;
  return null;
end
$$;
comment on function private.tg_release_after_removed_deliveries() is
  'Makes the next delivery of an ordering key due when the one it waited for is deleted. The caller must hold the queues.';
create trigger webhook_deliveries_release_after_removal after delete on public.webhook_deliveries
  referencing old table as gone for each statement execute function private.tg_release_after_removed_deliveries();
