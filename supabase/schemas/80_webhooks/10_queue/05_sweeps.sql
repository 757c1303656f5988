-- Sweeps: removing old deliveries and events.

create function private.sweep_webhooks(batch int default 5000) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  given_up private.queue_result[];
  swept int := 0;
  n int;
begin
  -- Nobody polls for these any more. They can be replayed until they are removed.
  select array_agg(row(i.tenant_id, i.lane_id, i.item_id, i.lease_id, i.attempt_count, i.ordering_key, 'dropped', 0, null, null, null)::private.queue_result)
  into given_up
  from (
    select i.* from private.queue_lanes as l
    join private.queue_items as i on i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id
    where l.queue = 'webhooks' and not l.is_served and i.item_id < private.first_uuid_at(now() - interval '30 days')
    limit batch) as i;
  perform private.lock_lanes('webhooks', array(select g.tenant_id from unnest(given_up) as g), array(select g.lane_id from unnest(given_up) as g));
  delete from private.queue_items as i using unnest(given_up) as g
  where i.tenant_id = g.tenant_id and i.queue = 'webhooks' and i.lane_id = g.lane_id and i.item_id = g.item_id;
  update public.webhook_deliveries as d set status = 'dead', ended_at = now()
  from unnest(given_up) as g
  where d.tenant_id = g.tenant_id and d.event_id = g.item_id and d.endpoint_id = g.lane_id and d.status = 'pending';
  get diagnostics n = row_count;
  swept := swept + n;
  perform private.wake_queue_tenants('webhooks', private.release_ordered_items('webhooks', given_up));
  delete from public.webhook_deliveries as d
  where d.ctid = any (array(
    select o.ctid from public.webhook_deliveries as o
    where o.status = 'delivered' and o.ended_at < now() - interval '30 days' limit batch for update skip locked));
  get diagnostics n = row_count;
  swept := swept + n;
  delete from public.webhook_deliveries as d
  where d.ctid = any (array(
    select o.ctid from public.webhook_deliveries as o
    where o.status = 'dead' and o.ended_at < now() - interval '90 days' limit batch for update skip locked));
  get diagnostics n = row_count;
  swept := swept + n;
  -- An event is removed when it has no delivery left.
  delete from public.webhook_events as e
  where e.ctid = any (array(
    select o.ctid from public.webhook_events as o
    where o.created_at < now() - interval '30 days'
      and not exists (select from public.webhook_deliveries as d where d.tenant_id = o.tenant_id and d.event_id = o.id)
      and not exists (select from private.webhook_outbox as x where x.tenant_id = o.tenant_id and x.event_id = o.id)
    limit batch for update skip locked));
  get diagnostics n = row_count;
  return swept + n;
end
$$;
comment on function private.sweep_webhooks(int) is
  'Removes old rows, a batch of each kind: delivered after 30 days and dead after 90 days, with their attempts, and events without deliveries.';

select cron.schedule('webhooks: remove old deliveries and events', '*/10 * * * *',
  'select private.sweep_webhooks()');
