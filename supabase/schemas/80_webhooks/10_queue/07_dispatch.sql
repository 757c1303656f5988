-- Dispatching: how a dispatcher starts, stays alive and is woken.

create function private.begin_dispatch(run uuid) returns int
  language sql
  set search_path = ''
as $$
  -- A dispatcher that is awake can take more work. A second one would only take turns with it.
  update private.webhook_dispatchers as w
  set run_id = run, seen_at = clock_timestamp(), awake_until_at = clock_timestamp() + interval '2 seconds'
  where w.slot = (
      select f.slot from private.webhook_dispatchers as f
      where f.slot <= 4 and (f.seen_at < clock_timestamp() - interval '5 seconds' or f.run_id is null)
      order by f.slot limit 1 for no key update skip locked)
    and not exists (select from private.webhook_dispatchers as a where a.awake_until_at > clock_timestamp())
  returning w.slot
$$;
comment on function private.begin_dispatch(uuid) is
  'A place for a dispatcher. Null if one is already awake, or if all places are taken. A dispatcher without a heartbeat for five seconds loses its place.';

create function private.send_dispatcher_heartbeat(run uuid, has_room boolean, is_over boolean default false) returns boolean
  language sql
  set search_path = ''
as $$
  with kept as (
    update private.webhook_dispatchers as w set
      run_id = case when not is_over then run end,
      seen_at = clock_timestamp(),
      awake_until_at = case when has_room and not is_over then clock_timestamp() + interval '2 seconds' else '-infinity' end
    where w.run_id = run
    returning 1)
  select exists (select from kept)
$$;
comment on function private.send_dispatcher_heartbeat(uuid, boolean, boolean) is
  'Records that a dispatcher is alive and whether it can take more work, or that it has ended. Returns false if its place was given to another.';

create function private.begin_drain(run uuid) returns int
  language sql
  set search_path = ''
as $$
  -- The last answers may take 15 seconds. With slow receivers, four such dispatchers would leave no place for one that
  -- takes new work.
  with place as (
    select f.slot from private.webhook_dispatchers as f
    where f.slot > 4 and (f.seen_at < clock_timestamp() - interval '5 seconds' or f.run_id is null)
    order by f.slot limit 1 for no key update skip locked
  ), left_behind as (
    update private.webhook_dispatchers as w set run_id = null, awake_until_at = '-infinity'
    where w.run_id = run and w.slot <= 4 and exists (select from place)
    returning w.slot
  )
  update private.webhook_dispatchers as w set run_id = run, seen_at = clock_timestamp(), awake_until_at = '-infinity'
  from place as p
  where w.slot = p.slot and exists (select from left_behind)
  returning w.slot
$$;
comment on function private.begin_drain(uuid) is
  'Moves a dispatcher that only waits for its last answers to one of twelve places for these, so that another can take over its work at once. Null if all twelve are taken: then it keeps its place.';

create function private.wake_idle_dispatcher() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from private.webhook_outbox)
    and not exists (select from private.webhook_tenant_queues as t where t.next_at <= now()) then
    return 'Nothing is due.';
  end if;
  perform private.wake_dispatcher(is_urgent => true);
  return 'Woken, unless one was awake.';
end
$$;
comment on function private.wake_idle_dispatcher() is 'Cron calls this every few seconds, because retries become due and a wake-up may have been lost.';

select cron.schedule('webhooks: wake a dispatcher when something is due', '5 seconds',
  'select private.wake_idle_dispatcher()');
