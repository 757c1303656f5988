-- Tenants' places: whose turn it is. Tenants are served one after the other, and then the lanes of each.

-- One row for each tenant with a lane. Tenants are served in the order of next_at, and a tenant that was served goes
-- to the back. So a tenant with a thousand busy lanes has its turn as often as a tenant with one. next_at is never
-- later than that of the tenant's earliest lane, unless the tenant has all under way that it may have.
create table private.queue_tenants (
  tenant_id uuid not null references public.tenants on delete cascade,
  queue text collate "C" not null references private.queues on delete restrict,
  next_at timestamptz not null default 'infinity',
  -- Something is due, but the tenant has as much under way as it may have. The completion of one of its items
  -- makes it due, and half a second does.
  is_capped boolean not null default false,
  primary key (tenant_id, queue)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table private.queue_tenants is
  'A tenant''s place in a queue. A transaction that locks several rows locks these last, in the order of tenant_id.';
create index queue_tenants_next_at_idx on private.queue_tenants (queue, next_at);

create function private.wake_queue_tenants(queue text, tenants uuid[], has_ended_items boolean default false) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  -- A statement of its own, so that the next one sees the place of a tenant as the last claim left it.
  perform from private.queue_tenants as t
  where t.tenant_id = any (tenants) and t.queue = wake_queue_tenants.queue order by t.tenant_id for no key update;
  update private.queue_tenants as t set
    next_at = case when has_ended_items and t.is_capped then now() else least(t.next_at, s.next_at) end,
    is_capped = t.is_capped and not has_ended_items
  from (
    select a.tenant_id, (
      select l.next_at from private.queue_lanes as l
      where l.tenant_id = a.tenant_id and l.queue = wake_queue_tenants.queue order by l.next_at limit 1) as next_at
    from private.queue_tenants as a
    where a.tenant_id = any (tenants) and a.queue = wake_queue_tenants.queue and (a.next_at > now() or a.is_capped)) as s
  where t.tenant_id = s.tenant_id and t.queue = wake_queue_tenants.queue
    and (t.next_at > s.next_at or has_ended_items and t.is_capped);
end
$$;
comment on function private.wake_queue_tenants(text, uuid[], boolean) is
  'Makes tenants due when the earliest of their lanes is due, and at once if they were at their cap and an item of theirs has ended. The last that a transaction does: a claim skips tenants that somebody holds.';

create function private.open_lane(queue text, tenant uuid, lane uuid, rate_limit_per_second int default null) returns void
  language sql
  set search_path = ''
as $$
  insert into private.queue_lanes (tenant_id, queue, lane_id, rate_limit_per_second)
  values (tenant, open_lane.queue, open_lane.lane, open_lane.rate_limit_per_second) on conflict do nothing;
  insert into private.queue_tenants (tenant_id, queue) values (tenant, open_lane.queue) on conflict do nothing
$$;
comment on function private.open_lane(text, uuid, uuid, int) is 'Makes a lane of a tenant, and its place in the queue. It may be there already.';

create function private.wake_tenants_after(queue text, results private.queue_result[], tenants uuid[]) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  tenants := array(
    select t.tenant_id from private.queue_tenants as t
    where t.tenant_id in (select r.tenant_id from unnest(results) as r) and t.queue = wake_tenants_after.queue
      and (t.is_capped or t.tenant_id = any (tenants)));
  if tenants <> '{}' then
    perform private.wake_queue_tenants(wake_tenants_after.queue, tenants, has_ended_items => true);
  end if;
end
$$;
comment on function private.wake_tenants_after(text, private.queue_result[], uuid[]) is
  'What a transaction that completed items does at its very end: wakes the tenants that complete_items() named, and those that were at their cap.';

select private.register_table('private.queue_tenants', keeping => 'derived', plain => '{queue}', unaudited => 'a queue of tenants');
