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
