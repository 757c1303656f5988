-- Lanes of webhooks: each endpoint is a lane of its tenant's queue.

select private.register_queue('webhooks', '/webhooks/dispatch', '{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}', 'private.webhook_outbox');

-- A definer, because people who change an endpoint hold no privilege on queues.
create function private.tg_keep_webhook_lane() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue = 'webhooks' and l.lane_id = old.id;
    return null;
  elsif tg_op = 'INSERT' then
    insert into private.queue_lanes (tenant_id, queue, lane_id, is_served, rate_limit_per_second)
    values (new.tenant_id, 'webhooks', new.id, new.kind = 'push' and new.is_enabled, new.rate_limit_per_second);
    insert into private.queue_tenants (tenant_id, queue) values (new.tenant_id, 'webhooks') on conflict do nothing;
    return null;
  end if;
  update private.queue_lanes as l set
    is_served = new.kind = 'push' and new.is_enabled,
    rate_limit_per_second = new.rate_limit_per_second,
    next_at = case when new.is_enabled then l.next_at else 'infinity' end
  where l.tenant_id = new.tenant_id and l.queue = 'webhooks' and l.lane_id = new.id;
  if new.is_enabled and (not old.is_enabled or new.url <> old.url) then
    perform private.restart_lane('webhooks', new.tenant_id, new.id);
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_keep_lane after insert or delete or update of is_enabled, url, rate_limit_per_second on public.webhook_endpoints
  for each row execute function private.tg_keep_webhook_lane();
