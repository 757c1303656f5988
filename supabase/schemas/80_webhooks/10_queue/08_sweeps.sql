-- Sweeps: removing old deliveries and events.

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
  -- Nobody polls for these any more. They can be replayed until they are removed.
  select array_agg(row(d.tenant_id, d.event_id, d.endpoint_id, d.lease_id, d.attempt_count, d.ordering_key,
    null, null, null, 0, null, null, null, null)::private.webhook_result) into given_up
  from (
    select d.* from public.webhook_endpoints as p
    join public.webhook_deliveries as d on d.tenant_id = p.tenant_id and d.endpoint_id = p.id
    where (p.kind = 'poll' or not p.is_enabled) and d.status = 'pending'
      and d.event_id < private.first_uuid_at(now() - interval '30 days')
    limit batch) as d;
  perform from private.webhook_endpoint_queues as l
  where (l.tenant_id, l.endpoint_id) in (select g.tenant_id, g.endpoint_id from unnest(given_up) as g)
  order by l.endpoint_id
  for no key update;
  update public.webhook_deliveries as d set status = 'dead', ended_at = now(), lease_id = null, dispatched_at = null
  from unnest(given_up) as g
  where d.tenant_id = g.tenant_id and d.event_id = g.event_id and d.endpoint_id = g.endpoint_id and d.status = 'pending';
  get diagnostics n = row_count;
  swept := swept + n;
  perform private.wake_tenant_queues(private.release_ordered_deliveries(given_up));
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
