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
