-- Made by "npm run generate" from supabase/schemas/25_queues. Change it there.

-- 01_queues.sql

-- Queues: what is sent to somebody else's server, how often it is tried, and whose turn it is.

-- An item of a queue goes to a lane, and a lane belongs to a tenant. A domain registers its queue, keeps its lanes, and puts
-- items into it. The item's id leads to the domain's own row, which says what is sent.
create table private.queues (
  queue text collate "C" primary key,
  -- The path of the edge function that runs a dispatcher.
  dispatch_path text not null,
  -- After each failed attempt. After one attempt more than there are waits, the item dies.
  retry_waits interval[] not null,
  -- Holds what a dispatcher has yet to turn into items.
  outbox regclass,
  constraint queue_is_a_word check (queue ~ '^[a-z][a-z_]{1,39}$'),
  constraint dispatch_path_is_a_path check (dispatch_path ~ '^(/[a-z-]+)+$')
);
comment on table private.queues is 'The queues of the domains: webhooks and others that send to servers which may be slow, or gone.';

create type private.queue_outcome as enum (
  'succeeded',
  'failed', -- it is tried again, while attempts are left
  'postponed', -- it is tried again after wait_seconds, which is no attempt, and its lane is not to blame
  'dropped' -- it is not tried again, and its lane is not to blame
);

create type private.queue_result as (
  tenant_id uuid,
  lane_id uuid,
  item_id uuid,
  lease_id uuid,
  attempt_number int,
  ordering_key text,
  outcome private.queue_outcome,
  duration_ms int,
  -- The receiver asked for a pause of this many seconds.
  block_seconds int,
  -- The receiver asked for nothing more, and why.
  stop_reason text,
  -- How long what is postponed waits.
  wait_seconds int
);
comment on type private.queue_result is 'The result of one leased item, as a dispatcher reports it.';

-- Postgres inlines it, because it has no search_path and uses only functions of pg_catalog.
create function private.retry_wait(waits interval[], attempt int) returns interval
  language sql volatile
as $$
  -- A little later than the schedule and never earlier, so that items that failed together are not sent together.
  select waits[attempt] * (1 + random() * 0.1)
$$;
comment on function private.retry_wait(interval[], int) is 'How long to wait after this many failed attempts. Null after the last one.';

select private.register_table('private.queues', plain => '{queue,dispatch_path}', unaudited => 'changed by migrations only');

-- 02_lanes.sql

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

-- 03_tenants.sql

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

-- 04_items.sql

-- Items: what waits to be sent, or is being sent. An item is deleted when it has ended.

create table private.queue_items (
  tenant_id uuid not null,
  queue text collate "C" not null,
  lane_id uuid not null,
  item_id uuid not null,
  attempt_count int not null default 0,
  -- When it is due. While a worker holds a lease, this is the end of the lease. If the worker dies, the item
  -- is due again by itself. 'infinity' means that it waits for an earlier item of its ordering key.
  next_at timestamptz not null default now(),
  lease_id uuid,
  -- When a dispatcher took it. Null while nobody holds it, and while a receiver fetches it, because that uses none of
  -- the dispatchers' connections.
  dispatched_at timestamptz,
  ordering_key text,
  primary key (tenant_id, queue, lane_id, item_id),
  constraint dispatched_under_a_lease check (dispatched_at is null or lease_id is not null)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05);
-- There is no foreign key to the lane, because checking it for each item took a fifteenth of the time of all that a delivery needs.
-- Whoever puts items into a lane holds it, so it is there. This removes the items of a lane that is deleted.
create function private.tg_remove_items() returns trigger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  delete from private.queue_items as i using removed as l
  where i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id;
  return null;
end
$$;
create trigger queue_lanes_remove_items after delete on private.queue_lanes
  referencing old table as removed for each statement execute function private.tg_remove_items();

comment on table private.queue_items is
  'What waits in the queues, one row for each item and lane. item_id is the id of the row in its domain that says what is sent.';

-- It begins with the lane alone, as no other index does. With the three columns of the primary key before next_at, the
-- planner would now and then read a whole lane to find one item.
create index queue_items_due_idx on private.queue_items (lane_id, next_at);

-- What is under way of a tenant and of a lane is counted with this. A counter on the lane caused deadlocks.
create index queue_items_dispatched_idx on private.queue_items (tenant_id, queue, lane_id) where dispatched_at is not null;
create index queue_items_ordering_key_idx on private.queue_items (tenant_id, queue, lane_id, ordering_key, item_id)
  where ordering_key is not null;

create function private.enqueue_items(queue text, tenants uuid[], lanes uuid[], items uuid[], keys text[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  resting_tenants uuid[];
  resting_lanes uuid[];
begin
  insert into private.queue_items (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
  select w.tenant_id, enqueue_items.queue, w.lane_id, w.item_id, w.ordering_key, case
    when w.ordering_key is not null and (
      row_number() over (partition by w.lane_id, w.ordering_key order by w.item_id) > 1
      -- Not "exists": for that the planner may read and hash all items of the queue.
      or (select true from private.queue_items as i
        where i.tenant_id = w.tenant_id and i.queue = enqueue_items.queue and i.lane_id = w.lane_id and i.ordering_key = w.ordering_key limit 1))
    then 'infinity' else now() end
  from unnest(tenants, lanes, items, keys) as w (tenant_id, lane_id, item_id, ordering_key);

  select array_agg(l.tenant_id), array_agg(l.lane_id) into resting_tenants, resting_lanes
  from (select distinct * from unnest(tenants, lanes) as w (tenant_id, lane_id)) as w
  join private.queue_lanes as l on l.tenant_id = w.tenant_id and l.queue = enqueue_items.queue and l.lane_id = w.lane_id
  where l.next_at > greatest(now(), l.blocked_until_at);
  -- A statement that is not needed is not even prepared for execution.
  if resting_lanes is not null then
    perform private.wake_lanes(enqueue_items.queue, resting_tenants, resting_lanes);
  end if;
  perform private.wake_queue_tenants(enqueue_items.queue, array(select distinct t from unnest(tenants) as t));
end
$$;
comment on function private.enqueue_items(text, uuid[], uuid[], uuid[], text[]) is
  'Puts items into lanes, due at once, or behind the earlier items of their ordering key. None of them may be there already. The caller must hold the lanes (lock_lanes), and does nothing after this.';

create function private.requeue_items(queue text, tenant uuid, lane uuid, items uuid[], keys text[]) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A leased item stays with its worker, which will report a result. It gets a new schedule as well.
  insert into private.queue_items as i (tenant_id, queue, lane_id, item_id, ordering_key, next_at)
  select tenant, requeue_items.queue, lane, w.item_id, w.ordering_key, case when w.ordering_key is null then now() else 'infinity' end
  from unnest(items, keys) as w (item_id, ordering_key)
  order by w.item_id
  on conflict on constraint queue_items_pkey do update set
    attempt_count = 0, next_at = case when i.lease_id is null then excluded.next_at else i.next_at end;
  -- The earliest item of each key goes first. All others of the key wait, also those that waited for a retry.
  update private.queue_items as i set next_at = 'infinity'
  from (select distinct k as ordering_key from unnest(keys) as k where k is not null) as k
  where i.tenant_id = tenant and i.queue = requeue_items.queue and i.lane_id = lane and i.ordering_key = k.ordering_key
    and i.lease_id is null and i.next_at < 'infinity';
  update private.queue_items as i set next_at = now()
  from (select distinct k as ordering_key from unnest(keys) as k where k is not null) as k
  cross join lateral (
    select h.item_id from private.queue_items as h
    where h.tenant_id = tenant and h.queue = requeue_items.queue and h.lane_id = lane and h.ordering_key = k.ordering_key
    order by h.item_id limit 1) as head
  where i.tenant_id = tenant and i.queue = requeue_items.queue and i.lane_id = lane and i.item_id = head.item_id
    and i.next_at = 'infinity' and not exists (
      select from private.queue_items as u
      where u.tenant_id = tenant and u.queue = requeue_items.queue and u.lane_id = lane and u.ordering_key = k.ordering_key
        and u.lease_id is not null);
  perform private.wake_lanes(requeue_items.queue, array[tenant], array[lane]);
end
$$;
comment on function private.requeue_items(text, uuid, uuid, uuid[], text[]) is
  'Puts items into a lane (again), each with a new schedule of attempts. The caller must hold the lane, and must wake the tenant and a dispatcher at its end.';

create function private.release_ordered_items(queue text, results private.queue_result[]) returns uuid[]
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  tenants uuid[];
  lanes uuid[];
begin
  -- A failed item waits again if an earlier one of its key was put back in the meantime.
  update private.queue_items as i set next_at = 'infinity'
  from unnest(results) as r
  where i.tenant_id = r.tenant_id and i.queue = release_ordered_items.queue and i.lane_id = r.lane_id and i.item_id = r.item_id
    and i.lease_id is null and i.ordering_key is not null and exists (
      select from private.queue_items as earlier
      where earlier.tenant_id = i.tenant_id and earlier.queue = i.queue and earlier.lane_id = i.lane_id
        and earlier.ordering_key = i.ordering_key and earlier.item_id < i.item_id);
  with released as (
    update private.queue_items as i set next_at = now()
    from (select distinct r.tenant_id, r.lane_id, r.ordering_key from unnest(results) as r where r.ordering_key is not null) as k
    cross join lateral (
      select h.item_id from private.queue_items as h
      where h.tenant_id = k.tenant_id and h.queue = release_ordered_items.queue and h.lane_id = k.lane_id and h.ordering_key = k.ordering_key
      order by h.item_id limit 1) as head
    where i.tenant_id = k.tenant_id and i.queue = release_ordered_items.queue and i.lane_id = k.lane_id and i.item_id = head.item_id
      and i.next_at = 'infinity' and i.lease_id is null
      -- It may have been put back while a later item was under way. Then it waits for that one, and not for the
      -- item whose result was reported here.
      and not exists (
        select from private.queue_items as u
        where u.tenant_id = k.tenant_id and u.queue = release_ordered_items.queue and u.lane_id = k.lane_id
          and u.ordering_key = k.ordering_key and u.lease_id is not null)
    returning i.tenant_id, i.lane_id
  )
  select array_agg(r.tenant_id), array_agg(r.lane_id) into tenants, lanes from (select distinct * from released) as r;
  perform private.wake_lanes(release_ordered_items.queue, tenants, lanes);
  return coalesce(tenants, '{}');
end
$$;
comment on function private.release_ordered_items(text, private.queue_result[]) is
  'Makes the earliest item of each ordering key due, after an item of that key has ended. Returns the tenants that the caller must wake at its end. The caller must hold the lanes.';

select private.register_table('private.queue_items', keeping => 'derived', plain => '{queue,ordering_key}', unaudited => 'a queue of items');

-- 05_dispatchers.sql

-- Dispatchers: the workers that send what is due, how each starts and stays alive, and how the database wakes one.

-- Of each queue, four dispatchers may take work at once, in the places 1 to 4. In the others are those that only wait for
-- their last answers. The counts are totals since the beginning. Each worker counts in its own row, so workers never wait
-- for each other.
create table private.queue_dispatchers (
  queue text collate "C" not null references private.queues on delete cascade,
  slot int not null,
  run_id uuid,
  -- Until this moment the dispatcher looks for new items by itself, and need not be woken.
  awake_until_at timestamptz not null default '-infinity',
  seen_at timestamptz not null default '-infinity',
  succeeded_count bigint not null default 0,
  failed_count bigint not null default 0,
  dead_count bigint not null default 0,
  stale_count bigint not null default 0,
  duration_ms_sum bigint not null default 0,
  duration_bucket_counts bigint[] not null default array_fill(0::bigint, '{9}'),
  primary key (queue, slot)
) with (fillfactor = 20);
comment on table private.queue_dispatchers is 'The places for dispatchers that run at the same time, and the counts of each.';

create table private.queue_calls (
  queue text collate "C" primary key references private.queues on delete cascade,
  called_at timestamptz not null default '-infinity'
) with (fillfactor = 20);
comment on table private.queue_calls is 'When a transaction last asked for a dispatcher of a queue.';

create function private.register_queue(queue text, dispatch_path text, retry_waits interval[], outbox regclass default null) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into private.queues as q (queue, dispatch_path, retry_waits, outbox)
  values (register_queue.queue, register_queue.dispatch_path, register_queue.retry_waits, register_queue.outbox)
  on conflict on constraint queues_pkey do update
    set (dispatch_path, retry_waits, outbox) = (excluded.dispatch_path, excluded.retry_waits, excluded.outbox);
  insert into private.queue_dispatchers (queue, slot)
  select register_queue.queue, n from generate_series(1, 16) as n on conflict do nothing;
  insert into private.queue_calls (queue) values (register_queue.queue) on conflict do nothing;
end
$$;
comment on function private.register_queue(text, text, interval[], regclass) is
  'Adds a queue, or updates it. The file of the domain that sends calls this. While the outbox has a row, a dispatcher has work.';

-- A definer, because it reads the queue, which is granted to nobody.
create function private.wake_dispatcher(queue text, is_urgent boolean default false) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- A dispatcher that is awake looks by itself. One call in a transaction is enough.
  if current_setting('tenantry.woken_' || wake_dispatcher.queue, true) = 'on' or exists (
    select from private.queue_dispatchers as d
    where d.queue = wake_dispatcher.queue and d.awake_until_at > clock_timestamp()) then
    return;
  end if;
  -- Another transaction has just called one, and it has not come yet. If it came and went, it may not have seen us.
  if not is_urgent and exists (
    select from private.queue_calls as c
    where c.queue = wake_dispatcher.queue and c.called_at between clock_timestamp() - interval '250 ms' and clock_timestamp()
      and not exists (
        select from private.queue_dispatchers as d where d.queue = wake_dispatcher.queue and d.seen_at >= c.called_at)) then
    return;
  end if;
  begin
    -- Whoever holds the row may commit much later, so nobody waits for it: then both call.
    update private.queue_calls as c set called_at = clock_timestamp()
    where c.queue = (
      select o.queue from private.queue_calls as o where o.queue = wake_dispatcher.queue for no key update skip locked);
  exception when serialization_failure then
    -- In a repeatable read transaction, which does not see that another has called since it began. It calls too.
    null;
  end;
  perform set_config('tenantry.woken_' || wake_dispatcher.queue, 'on', true);
  perform private.call_edge_function(q.dispatch_path, timeout_milliseconds => 150000)
  from private.queues as q where q.queue = wake_dispatcher.queue;
end
$$;
comment on function private.wake_dispatcher(text, boolean) is
  'Starts a dispatcher once this transaction commits, unless one is awake or was called in the last 250 ms. An urgent call is always made. If the call is lost, cron starts one.';

create function private.wake_idle_dispatcher(queue text) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  outbox regclass := (select q.outbox from private.queues as q where q.queue = wake_idle_dispatcher.queue);
  has_more boolean := false;
begin
  if outbox is not null then
    execute format('select exists (select from %s)', outbox) into has_more;
  end if;
  if not has_more and not exists (
    select from private.queue_tenants as t where t.queue = wake_idle_dispatcher.queue and t.next_at <= now()) then
    return 'Nothing is due.';
  end if;
  perform private.wake_dispatcher(wake_idle_dispatcher.queue, is_urgent => true);
  return 'Woken, unless one was awake.';
end
$$;
comment on function private.wake_idle_dispatcher(text) is 'Cron calls this every few seconds, because retries become due and a wake-up may have been lost.';

select cron.schedule('queues: wake a dispatcher when something is due', '5 seconds',
  'select private.wake_idle_dispatcher(q.queue) from private.queues as q');

create function private.begin_dispatch(queue text, run uuid) returns int
  language sql
  set search_path = ''
as $$
  -- A dispatcher that is awake can take more work. A second one would only take turns with it.
  update private.queue_dispatchers as w
  set run_id = run, seen_at = clock_timestamp(), awake_until_at = clock_timestamp() + interval '2 seconds'
  where w.queue = begin_dispatch.queue and w.slot = (
      select f.slot from private.queue_dispatchers as f
      where f.queue = begin_dispatch.queue and f.slot <= 4 and (f.seen_at < clock_timestamp() - interval '5 seconds' or f.run_id is null)
      order by f.slot limit 1 for no key update skip locked)
    and not exists (
      select from private.queue_dispatchers as a where a.queue = begin_dispatch.queue and a.awake_until_at > clock_timestamp())
  returning w.slot
$$;
comment on function private.begin_dispatch(text, uuid) is
  'A place for a dispatcher. Null if one is already awake, or if all places are taken. A dispatcher without a heartbeat for five seconds loses its place.';

create function private.send_dispatcher_heartbeat(queue text, run uuid, has_room boolean, is_over boolean default false) returns boolean
  language sql
  set search_path = ''
as $$
  with kept as (
    update private.queue_dispatchers as w set
      run_id = case when not is_over then run end,
      seen_at = clock_timestamp(),
      awake_until_at = case when has_room and not is_over then clock_timestamp() + interval '2 seconds' else '-infinity' end
    where w.queue = send_dispatcher_heartbeat.queue and w.run_id = run
    returning 1)
  select exists (select from kept)
$$;
comment on function private.send_dispatcher_heartbeat(text, uuid, boolean, boolean) is
  'Records that a dispatcher is alive and whether it can take more work, or that it has ended. Returns false if its place was given to another.';

create function private.begin_drain(queue text, run uuid) returns int
  language sql
  set search_path = ''
as $$
  -- The last answers may take 15 seconds. With slow receivers, four such dispatchers would leave no place for one that
  -- takes new work.
  with place as (
    select f.slot from private.queue_dispatchers as f
    where f.queue = begin_drain.queue and f.slot > 4 and (f.seen_at < clock_timestamp() - interval '5 seconds' or f.run_id is null)
    order by f.slot limit 1 for no key update skip locked
  ), left_behind as (
    update private.queue_dispatchers as w set run_id = null, awake_until_at = '-infinity'
    where w.queue = begin_drain.queue and w.run_id = run and w.slot <= 4 and exists (select from place)
    returning w.slot
  )
  update private.queue_dispatchers as w set run_id = run, seen_at = clock_timestamp(), awake_until_at = '-infinity'
  from place as p
  where w.queue = begin_drain.queue and w.slot = p.slot and exists (select from left_behind)
  returning w.slot
$$;
comment on function private.begin_drain(text, uuid) is
  'Moves a dispatcher that only waits for its last answers to one of twelve places for these, so that another can take over its work at once. Null if all twelve are taken: then it keeps its place.';

select private.register_table('private.queue_dispatchers', plain => '{queue}', unaudited => 'belongs to no tenant');
select private.register_table('private.queue_calls', plain => '{queue}', unaudited => 'belongs to no tenant');

-- 06_claim.sql

-- Claiming: how a dispatcher leases due items, fairly among tenants and then among their lanes, within the limits of both.

create function private.claim_items(queue text, batch int, lease_seconds int, slow_batch int default null)
  returns table (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  -- What is due of a lane is read along its index, and no further than what is taken. The planner does not know how little
  -- that is, and would rather read and sort all that is due.
  set enable_bitmapscan = off
  set enable_sort = off
  set enable_incremental_sort = off
  set plan_cache_mode = force_generic_plan
  rows 50
as $$
#variable_conflict use_column
declare
  -- What a tenant may have under way, and how much of that to receivers that are slow or did not answer yet. A slow
  -- exchange lasts up to 15 seconds, and nothing can take its connection back.
  max_of_tenant constant int := 48;
  max_slow_of_tenant constant int := 16;
  lease uuid := gen_random_uuid();
  lease_ends timestamptz := now() + make_interval(secs => lease_seconds);
  max_slow constant int := coalesce(slow_batch, batch);
  tenants uuid[];
  tenant_rooms int[];
  tenant_slow_rooms int[];
  lanes private.queue_lanes[];
  served_tenants uuid[];
begin
  select array_agg(t.tenant_id) into tenants
  from (
    select t.tenant_id from private.queue_tenants as t
    where t.queue = claim_items.queue and t.next_at <= now()
    order by t.next_at limit least(batch, 50) for no key update skip locked) as t;
  if tenants is null then
    return;
  end if;
  -- The commit does not wait for the disk. If a crash of the server undoes it, the items are claimed again, as when a
  -- dispatcher is killed.
  perform set_config('synchronous_commit', 'off', true);

  -- A statement of its own, so that this and the next one see what other transactions did before these locks. With one
  -- snapshot for all, a lane was set to rest although items became due just before it was locked. And no other
  -- claim can take anything of these tenants now, so that the limits of a tenant are exact.
  select array_agg(max_of_tenant - u.under_way order by t.n), array_agg(max_slow_of_tenant - u.slow_under_way order by t.n)
  into tenant_rooms, tenant_slow_rooms
  from unnest(tenants) with ordinality as t (tenant_id, n)
  cross join lateral (
    select coalesce(sum(i.count), 0)::int as under_way,
      coalesce(sum(i.count) filter (where (
        select l.is_slow is not false from private.queue_lanes as l
        where l.tenant_id = t.tenant_id and l.queue = claim_items.queue and l.lane_id = i.lane_id)), 0)::int as slow_under_way
    from (
      select i.lane_id, count(*) from private.queue_items as i
      where i.tenant_id = t.tenant_id and i.queue = claim_items.queue and i.dispatched_at is not null and i.next_at > now()
      group by i.lane_id) as i) as u;

  select array_agg(l.lane), array_agg(distinct t.tenant_id) into lanes, served_tenants
  from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
  cross join lateral (
    select l as lane from private.queue_lanes as l
    where l.tenant_id = t.tenant_id and l.queue = claim_items.queue and l.next_at <= now()
      and (l.is_slow is false or t.slow_room > 0) and (l.is_slow is not true or max_slow > 0)
    order by l.next_at limit greatest(least(ceil(least(batch, 50)::numeric / cardinality(tenants)), t.room), 0)
    for no key update skip locked) as l;

  return query
  with lined as (
    -- How many lanes share a tenant's room, its room for slow ones, and what of the batch may be slow.
    select l.*, t.room, t.slow_room, l.is_slow is not false as may_be_slow,
      count(*) over (partition by l.tenant_id) as of_tenant,
      count(*) over (partition by l.tenant_id, l.is_slow is not false) as of_its_slow,
      row_number() over (partition by l.tenant_id, l.is_slow is not false order by l.next_at) as place_in_its_slow,
      count(*) over (partition by l.is_slow is true) as of_slow,
      row_number() over (partition by l.is_slow is true order by l.next_at) as place_among_slow
    from unnest(lanes) as l
    join unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room) on t.tenant_id = l.tenant_id
  ), served as materialized (
    select l.tenant_id, l.lane_id, l.rate_free_at, l.may_be_slow, l.rate_limit_per_second as rate,
      l.is_served and exists (select from public.tenants as t where t.id = l.tenant_id and t.status <> 'archived') as is_served,
      greatest(least(l.room, ceil(batch::numeric / cardinality(served_tenants))::int) / l.of_tenant, 1)::int as share,
      least(
        -- One probe while the circuit is open. No receiver may hold all connections, and a slow one gets the fewest.
        case when l.failure_count >= 5 then 1 when l.may_be_slow then 4 else 16 end - under_way.count,
        case when l.may_be_slow then case when l.place_in_its_slow <= l.slow_room then greatest(l.slow_room / l.of_its_slow, 1) else 0 end end,
        case when l.is_slow then case when l.place_among_slow <= max_slow then greatest(max_slow / l.of_slow, 1) else 0 end end)::int as room,
      -- What the limit allows in the next tenth of a second. A dispatcher that looks more often than that loses nothing.
      floor(extract(epoch from now() + interval '100 ms' - greatest(l.rate_free_at, now())) * l.rate_limit_per_second)::int + 1 as rate_room
    from lined as l
    cross join lateral (
      select count(*)::int from private.queue_items as i
      where i.tenant_id = l.tenant_id and i.queue = claim_items.queue and i.lane_id = l.lane_id
        and i.dispatched_at is not null and i.next_at > now()) as under_way
  ), picked as materialized (
    select i.*, s.may_be_slow from served as s
    cross join lateral (
      -- Locked rows are skipped here too: the snapshot may show as due what another claim has just leased.
      select i.ctid as place from private.queue_items as i
      where i.tenant_id = s.tenant_id and i.queue = claim_items.queue and i.lane_id = s.lane_id and i.next_at <= now()
      order by i.next_at
      limit case when not s.is_served then 0 else greatest(least(s.share, s.room, s.rate_room), 0) end
      for no key update skip locked) as i
  ), leased as (
    update private.queue_items as i set lease_id = lease, next_at = lease_ends, dispatched_at = now()
    from picked as k
    where i.ctid = k.place
    returning k.may_be_slow, i.tenant_id, i.lane_id, i.item_id, i.attempt_count, i.ordering_key
  ), counted as (
    select k.tenant_id, k.lane_id, count(*)::int as taken from leased as k group by k.tenant_id, k.lane_id
  ), moved as (
    update private.queue_lanes as l set
      is_capped = o.is_capped,
      rate_free_at = case when s.rate is null then l.rate_free_at
        else greatest(l.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision) end,
      next_at = case
        when not s.is_served then 'infinity'
        -- The completion of the next item wakes the lane. Half a second covers a completion that just missed this.
        when o.is_capped then now() + interval '500 ms'
        -- At the earliest in 50 ms. Otherwise each item would need a claim of its own.
        when o.taken >= s.rate_room then greatest(now() + interval '50 ms',
          greatest(s.rate_free_at, now()) + make_interval(secs => o.taken / s.rate::double precision - 0.1))
        -- There may be more, so the lane goes to the back.
        when o.taken >= s.share then clock_timestamp()
        else least(case when o.taken > 0 then lease_ends end, coalesce((
          select i.next_at from private.queue_items as i
          where i.tenant_id = s.tenant_id and i.queue = claim_items.queue and i.lane_id = s.lane_id and i.next_at > now()
          order by i.next_at limit 1), 'infinity')) end
    from served as s
    left join counted as n on n.tenant_id = s.tenant_id and n.lane_id = s.lane_id
    cross join lateral (
      select coalesce(n.taken, 0) as taken,
        s.is_served and coalesce(n.taken, 0) >= s.room and s.room <= least(s.share, s.rate_room) as is_capped) as o
    where l.tenant_id = s.tenant_id and l.queue = claim_items.queue and l.lane_id = s.lane_id
  )
  select k.tenant_id, k.lane_id, k.item_id, lease, k.attempt_count + 1, k.ordering_key, k.may_be_slow from leased as k;

  -- A tenant goes to the back, or rests until something of it is due. What it may not have now it may have when one of
  -- its items has ended, or in half a second.
  update private.queue_tenants as q set
    is_capped = s.is_capped,
    next_at = case when s.is_capped then now() + interval '500 ms' else greatest(s.next_at, clock_timestamp()) end
  from (
    select t.tenant_id, h.next_at,
      h.next_at <= now() and t.tenant_id <> all (coalesce(served_tenants, '{}')) and least(t.room, t.slow_room, max_slow) <= 0 as is_capped
    from unnest(tenants, tenant_rooms, tenant_slow_rooms) as t (tenant_id, room, slow_room)
    cross join lateral (
      select coalesce((select l.next_at from private.queue_lanes as l
        where l.tenant_id = t.tenant_id and l.queue = claim_items.queue order by l.next_at limit 1), 'infinity') as next_at) as h) as s
  where q.tenant_id = s.tenant_id and q.queue = claim_items.queue;
end
$$;
comment on function private.claim_items(text, int, int, int) is
  'Leases due items of a queue: a few for each of the 50 tenants that were served least recently, and of their lanes. At most slow_batch of them to receivers known to be slow; of all others about one batch. Two callers never lease the same item. When a lease ends, the item is due again. The domain''s own function calls it, and joins what is sent in a statement of its own.';

-- 07_complete.sql

-- Completing: what happens to items and lanes after attempts.

create function private.complete_items(
  queue text, results private.queue_result[], dispatcher int,
  out settled bigint[], out attempt_counts int[], out died bigint[], out turns jsonb, out tenants uuid[]
)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  waits constant interval[] := (select q.retry_waits from private.queues as q where q.queue = complete_items.queue);
  held uuid[];
begin
  -- Usually nothing is locked here, because a success does not change a healthy lane.
  select array_agg(l.lane_id) into held
  from (
    select l.lane_id
    from (
      select r.tenant_id, r.lane_id,
        bool_or(r.outcome <> 'succeeded' or coalesce(r.ordering_key, r.stop_reason, r.block_seconds::text) is not null
          or r.duration_ms > 2000) as is_notable
      from unnest(results) as r group by r.tenant_id, r.lane_id) as r
    join private.queue_lanes as l on l.tenant_id = r.tenant_id and l.queue = complete_items.queue and l.lane_id = r.lane_id
    where r.is_notable or l.failure_count > 0 or l.is_capped or l.is_slow is not false
    order by l.lane_id
    for no key update of l) as l;

  -- One statement for what fails and what ends, so that it locks items in one order. It locks also an item that somebody
  -- else took after this statement began, and leaves it as it is.
  with reported as (
    merge into private.queue_items as i
    using unnest(results) with ordinality as r
    on i.tenant_id = r.tenant_id and i.queue = complete_items.queue and i.lane_id = r.lane_id and i.item_id = r.item_id
      and i.lease_id = r.lease_id
    when matched and r.outcome = 'failed' and least(i.attempt_count + 1, r.attempt_number) <= cardinality(waits) then
      update set
        -- Less than counted here if it was put back in the meantime. Then the schedule begins with this attempt.
        attempt_count = least(i.attempt_count + 1, r.attempt_number),
        next_at = now() + private.retry_wait(waits, least(i.attempt_count + 1, r.attempt_number)),
        lease_id = null,
        dispatched_at = null
    when matched and r.outcome = 'postponed' then
      update set next_at = now() + make_interval(secs => r.wait_seconds), lease_id = null, dispatched_at = null
    when matched then delete
    returning r.ordinality, r.outcome = 'failed' and merge_action() = 'DELETE' as has_died,
      case merge_action() when 'UPDATE' then i.attempt_count else least(i.attempt_count + 1, r.attempt_number) end as attempt_count
  )
  select coalesce(array_agg(c.ordinality) filter (where c.attempt_count is not null), '{}'), array_agg(c.attempt_count order by c.ordinality),
    array_agg(c.ordinality) filter (where c.has_died)
  into settled, attempt_counts, died
  from (
    select s.ordinality, max(s.attempt_count) as attempt_count, bool_or(s.has_died) as has_died
    from (
      select d.ordinality, d.attempt_count, d.has_died from reported as d
      union all select n, null, null from generate_series(1, cardinality(results)) as n) as s
    group by s.ordinality) as c;

  -- A statement that is not needed is not even prepared for execution. That would take longer than all else in a small report.
  if held is not null then
    select s.turns, s.tenants into turns, tenants from private.steer_lanes(complete_items.queue, results, settled, held) as s;
  end if;
  if exists (select from unnest(results) as r where r.ordering_key is not null) then
    tenants := tenants || private.release_ordered_items(complete_items.queue, results);
  end if;

  update private.queue_dispatchers as w set
    succeeded_count = w.succeeded_count + s.succeeded,
    failed_count = w.failed_count + s.failed,
    dead_count = w.dead_count + coalesce(cardinality(died), 0),
    stale_count = w.stale_count + s.all_of_them - cardinality(settled),
    duration_ms_sum = w.duration_ms_sum + s.duration_ms,
    duration_bucket_counts = array(
      select had.count + s.buckets[had.bucket] from unnest(w.duration_bucket_counts) with ordinality as had (count, bucket) order by had.bucket)
  from (
    select count(*) filter (where r.outcome = 'succeeded') as succeeded, count(*) filter (where r.outcome <> 'succeeded') as failed,
      count(*) as all_of_them, coalesce(sum(r.duration_ms), 0) as duration_ms,
      array[count(*) filter (where r.duration_ms <= 25), count(*) filter (where r.duration_ms <= 50),
        count(*) filter (where r.duration_ms <= 100), count(*) filter (where r.duration_ms <= 250),
        count(*) filter (where r.duration_ms <= 500), count(*) filter (where r.duration_ms <= 1000),
        count(*) filter (where r.duration_ms <= 2500), count(*) filter (where r.duration_ms <= 5000),
        count(*) filter (where r.duration_ms <= 15000)] as buckets
    from unnest(results) as r) as s
  where w.queue = complete_items.queue and w.slot = dispatcher and s.all_of_them > 0;
end
$$;
comment on function private.complete_items(text, private.queue_result[], int) is
  'Takes the results of leased items, in the order of lane_id and item_id. Settles those whose lease is still held, and steers their lanes. Returns the places of the settled results and of those that died, how many attempts each item has had (null where the lease was lost), what the domain may tell people of the lanes (steer_lanes), and the tenants for wake_tenants_after(), which the domain calls at its end.';

create function private.complete_queue_items(queue text, given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
begin
  select * into done from private.complete_items(complete_queue_items.queue, results, dispatcher);
  perform private.wake_tenants_after(complete_queue_items.queue, results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_queue_items(text, jsonb, int) is
  'Takes the results of leased items of a queue whose domain has nothing to record about them. Returns how many were settled.';

-- 08_steer_lanes.sql

-- Steering: what the results of attempts change in their lanes.

create function private.steer_lanes(queue text, results private.queue_result[], settled bigint[], held uuid[], out turns jsonb, out tenants uuid[])
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  with summed as (
    select r.tenant_id, r.lane_id, bool_or(r.outcome = 'succeeded') as has_success,
      count(*) filter (where r.outcome = 'failed')::int as failures, max(r.block_seconds) as block_seconds,
      min(i.next_at) as retry_at, avg(r.duration_ms) > 2000 as is_slow, max(r.stop_reason) as stop_reason
    from unnest(results) with ordinality as r
    left join private.queue_items as i
      on i.tenant_id = r.tenant_id and i.queue = steer_lanes.queue and i.lane_id = r.lane_id and i.item_id = r.item_id
    where r.ordinality = any (settled) and r.lane_id = any (held)
    group by r.tenant_id, r.lane_id
  ), judged as (
    select s.*, l.failing_since_at as failed_since_at, l.warned_percent as was_warned,
      case when s.has_success then 0 else f.failure_count end as failure_count,
      case when s.has_success then 0 when f.opens then l.opened_count + 1 else l.opened_count end as opened_count,
      case when s.has_success then null when s.failures > 0 then coalesce(l.failing_since_at, now()) else l.failing_since_at end as failing_since_at,
      case
        -- A success closes the circuit, but a pause that the receiver asked for stays.
        when s.has_success then greatest(now() + make_interval(secs => s.block_seconds),
          case when l.failure_count < 5 and l.blocked_until_at > now() then l.blocked_until_at end)
        else greatest(l.blocked_until_at, now() + make_interval(secs => s.block_seconds),
          case when f.opens then now() + least(15 * 2 ^ least(l.opened_count, 10), 600) * interval '1 second' end) end as blocked_until_at,
      case when s.has_success or f.failure_count < 10 then 0 else (
        select max(w.percent) from unnest('{0,50,70,90,100}'::int[]) as w (percent)
        where now() - l.failing_since_at >= w.percent * interval '72 minutes') end as warned_percent
    from summed as s
    join private.queue_lanes as l on l.tenant_id = s.tenant_id and l.queue = steer_lanes.queue and l.lane_id = s.lane_id
    cross join lateral (
      select l.failure_count + s.failures as failure_count,
        -- The circuit opens once for all requests that were under way together. Only requests sent after the pause count again.
        s.failures > 0 and l.failure_count + s.failures >= 5 and l.blocked_until_at <= now() as opens) as f
    where s.failures > 0 or s.retry_at is not null or s.is_slow or s.block_seconds is not null or s.stop_reason is not null
      or l.failure_count > 0 or l.is_capped or l.is_slow is not false
  ), steered as (
    update private.queue_lanes as l set
      failure_count = j.failure_count,
      opened_count = j.opened_count,
      failing_since_at = j.failing_since_at,
      warned_percent = case when j.has_success then 0 else greatest(l.warned_percent, j.warned_percent) end,
      blocked_until_at = coalesce(j.blocked_until_at, '-infinity'),
      is_slow = j.is_slow,
      is_capped = false,
      next_at = greatest(j.blocked_until_at, least(l.next_at, j.retry_at,
        case when l.is_capped or l.blocked_until_at > now() then now() end))
    from judged as j
    where l.tenant_id = j.tenant_id and l.queue = steer_lanes.queue and l.lane_id = j.lane_id
    returning l.tenant_id
  )
  select (
      select jsonb_agg(jsonb_build_object('tenant', j.tenant_id, 'lane', j.lane_id, 'has_success', j.has_success,
        'since', coalesce(j.failed_since_at, j.failing_since_at), 'failures', j.failure_count, 'was_warned', j.was_warned, 'percent', j.warned_percent,
        'stop', case when j.stop_reason is not null then j.stop_reason when j.warned_percent = 100 then 'failing' end) order by j.lane_id)
      from judged as j
      where j.stop_reason is not null or j.warned_percent > j.was_warned or j.has_success and j.was_warned > 0),
    (select array_agg(s.tenant_id) from steered as s)
  into turns, tenants;
end
$$;
comment on function private.steer_lanes(text, private.queue_result[], bigint[], uuid[]) is
  'Changes the lanes that the caller holds, as the settled results say: circuit, pause, and when each is served next. Returns the turns that people may be told of: {tenant, lane, has_success, since, failures, percent, stop}, where stop says why nothing more should be sent; and the tenants to wake. The next report handles what happened to another lane just now.';
