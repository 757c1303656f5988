-- Tenant queues: whose turn it is. Tenants are served one after the other, and then the endpoints of each.

-- One row for each tenant with an endpoint. Tenants are served in the order of next_at, and a tenant that was served goes
-- to the back. So a tenant with a thousand busy endpoints has its turn as often as a tenant with one. next_at is never
-- later than that of the tenant's earliest endpoint queue, unless the tenant has all under way that it may have.
create table private.webhook_tenant_queues (
  tenant_id uuid primary key references public.tenants on delete cascade,
  next_at timestamptz not null default 'infinity',
  -- Something is due, but the tenant has as much under way as it may have. The completion of one of its deliveries
  -- makes it due, and half a second does.
  is_capped boolean not null default false
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table private.webhook_tenant_queues is
  'A tenant''s place in the queue. A transaction that locks several rows locks these last, in the order of tenant_id.';
create index webhook_tenant_queues_next_at_idx on private.webhook_tenant_queues (next_at);

create function private.wake_tenant_queues(tenants uuid[], has_ended_deliveries boolean default false) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  -- A statement of its own, so that the next one sees the queue of a tenant as the last claim left it.
  perform from private.webhook_tenant_queues as t where t.tenant_id = any (tenants) order by t.tenant_id for no key update;
  update private.webhook_tenant_queues as t set
    next_at = case when has_ended_deliveries and t.is_capped then now() else least(t.next_at, s.next_at) end,
    is_capped = t.is_capped and not has_ended_deliveries
  from (
    select a.tenant_id, (
      select l.next_at from private.webhook_endpoint_queues as l where l.tenant_id = a.tenant_id order by l.next_at limit 1) as next_at
    from private.webhook_tenant_queues as a
    where a.tenant_id = any (tenants) and (a.next_at > now() or a.is_capped)) as s
  where t.tenant_id = s.tenant_id and (t.next_at > s.next_at or has_ended_deliveries and t.is_capped);
end
$$;
comment on function private.wake_tenant_queues(uuid[], boolean) is
  'Makes tenants due when the earliest of their endpoint queues is due, and at once if they were at their cap and a delivery of theirs has ended. The last that a transaction does: a claim skips tenants that somebody holds.';

select private.register_table('private.webhook_tenant_queues', keeping => 'derived', unaudited => 'a queue of tenants');
