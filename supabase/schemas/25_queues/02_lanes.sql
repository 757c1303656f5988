-- Lanes: when each receiver of a tenant is served next, and the state of its circuit.

-- A lane is what goes to one receiver: a webhook endpoint, or a provider of e-mail. The lanes of a tenant are served in the
-- order of next_at, and a served lane goes to the back. So a lane with 100,000 due items is served as often as a lane
-- with one. Which tenant is served is in queue_tenants.
create table private.queue_lanes (
  tenant_id uuid not null references public.tenants on delete cascade,
  queue text collate "C" not null references private.queues on delete restrict,
  -- No two tenants have lanes with one id: what is due is searched by the lane.
  lane_id uuid not null,
  -- Whether a dispatcher sends its items. The items of others wait, or somebody fetches them.
  is_served boolean not null default true,
  rate_limit_per_second int,
  next_at timestamptz not null default 'infinity',
  blocked_until_at timestamptz not null default '-infinity',
  -- Failed attempts since the last success. From the fifth on the circuit is open: only one probe at a time is sent.
  failure_count int not null default 0,
  -- How often in a row the circuit opened. Each time it stays open twice as long.
  opened_count int not null default 0,
  failing_since_at timestamptz,
  -- How much of the five days that a lane may fail is over, as its people were told last.
  warned_percent int not null default 0,
  -- Null until its receiver has answered. Until then it may be slow, so it gets as few requests as a slow one.
  is_slow boolean,
  is_capped boolean not null default false,
  -- When the rate limit allows the next request (GCRA's theoretical arrival time).
  rate_free_at timestamptz not null default '-infinity',
  primary key (tenant_id, queue, lane_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table private.queue_lanes is
  'A receiver''s place in its tenant''s queue, and the state of its circuit. A transaction that locks several rows locks these first, in the order of lane_id.';
create index queue_lanes_next_at_idx on private.queue_lanes (tenant_id, queue, next_at);
create index queue_lanes_queue_idx on private.queue_lanes (queue);

create function private.lock_lanes(queue text, tenants uuid[], lanes uuid[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  perform from private.queue_lanes as l
  where l.queue = lock_lanes.queue and (l.tenant_id, l.lane_id) in (select * from unnest(tenants, lanes))
  order by l.lane_id
  for no key update;
end
$$;
comment on function private.lock_lanes(text, uuid[], uuid[]) is
  'Holds these lanes until the transaction ends, locked in the one order. While they are held, no claim sets them to rest, and no earlier item of an ordering key ends.';

create function private.restart_lane(queue text, tenant uuid, lane uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A new start: earlier failures say nothing about the present.
  update private.queue_lanes as l
  set next_at = now(), blocked_until_at = '-infinity', failure_count = 0, opened_count = 0, failing_since_at = null, warned_percent = 0,
    is_slow = null
  where l.tenant_id = restart_lane.tenant and l.queue = restart_lane.queue and l.lane_id = restart_lane.lane;
  perform private.wake_queue_tenants(restart_lane.queue, array[restart_lane.tenant]);
end
$$;
comment on function private.restart_lane(text, uuid, uuid) is 'Serves a lane as if it were new, because its receiver was changed or enabled.';

create function private.wake_lanes(queue text, tenants uuid[], lanes uuid[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  update private.queue_lanes as l set next_at = greatest(now(), l.blocked_until_at)
  from unnest(tenants, lanes) as reached (tenant_id, lane_id)
  where l.tenant_id = reached.tenant_id and l.queue = wake_lanes.queue and l.lane_id = reached.lane_id
    and l.is_served and l.next_at > greatest(now(), l.blocked_until_at);
end
$$;
comment on function private.wake_lanes(text, uuid[], uuid[]) is
  'Makes the dispatcher serve these lanes soon, because something of theirs is due. The caller must hold the lanes from before it was due. Otherwise a claim that does not see it could set the lane to rest. It must wake the tenants at its end.';

-- A definer, because whoever archives a tenant holds no privilege on queues.
create function private.tg_pause_lanes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  queue text;
begin
  -- Nothing is sent for an archived tenant. When it is restored, what waits is sent.
  perform from private.queue_lanes as l where l.tenant_id = new.id order by l.lane_id for no key update;
  update private.queue_lanes as l
  set next_at = case when new.status = 'archived' then 'infinity' else greatest(now(), l.blocked_until_at) end
  where l.tenant_id = new.id;
  for queue in select q.queue from private.queue_tenants as q where q.tenant_id = new.id order by q.queue loop
    perform private.wake_queue_tenants(queue, array[new.id]);
  end loop;
  return null;
end
$$;
create trigger tenants_pause_lanes after update of status on public.tenants
  for each row when ((old.status = 'archived') <> (new.status = 'archived'))
  execute function private.tg_pause_lanes();

select private.register_table('private.queue_lanes', keeping => 'derived', plain => '{queue}', is_locked_first => true, unaudited => 'a queue of receivers');
