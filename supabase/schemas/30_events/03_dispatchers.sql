-- Dispatchers: the workers that deliver events, and how the database wakes one.

-- Four dispatchers may take work at once, in the places 1 to 4. In the others are those that only wait for their last
-- answers. The counts are totals since the beginning, for /webhooks/metrics. Each worker counts in its own row, so
-- workers never wait for each other.
create table private.webhook_dispatchers (
  slot int primary key,
  run_id uuid,
  -- Until this moment the dispatcher looks for new events by itself, and need not be woken.
  awake_until_at timestamptz not null default '-infinity',
  seen_at timestamptz not null default '-infinity',
  succeeded_count bigint not null default 0,
  failed_count bigint not null default 0,
  dead_count bigint not null default 0,
  stale_count bigint not null default 0,
  duration_ms_sum bigint not null default 0,
  duration_bucket_counts bigint[] not null default array_fill(0::bigint, '{9}')
) with (fillfactor = 20);
comment on table private.webhook_dispatchers is 'The places for dispatchers that run at the same time, and the counts of each.';

insert into private.webhook_dispatchers (slot) select generate_series(1, 16) on conflict do nothing;

create table private.webhook_dispatcher_calls (
  is_only boolean primary key default true check (is_only),
  called_at timestamptz not null default '-infinity'
) with (fillfactor = 20);
comment on table private.webhook_dispatcher_calls is 'One row: when a transaction last asked for a dispatcher.';
insert into private.webhook_dispatcher_calls default values on conflict do nothing;

-- A definer, because it reads the queue, which is granted to nobody.
create function private.wake_dispatcher(is_urgent boolean default false) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- A dispatcher that is awake looks by itself. One call in a transaction is enough.
  if current_setting('tenantry.dispatcher_woken', true) = 'on'
    or exists (select from private.webhook_dispatchers as d where d.awake_until_at > clock_timestamp()) then
    return;
  end if;
  -- Another transaction has just called one, and it has not come yet. If it came and went, it may not have seen us.
  if not is_urgent and exists (
    select from private.webhook_dispatcher_calls as c
    where c.called_at between clock_timestamp() - interval '250 ms' and clock_timestamp()
      and not exists (select from private.webhook_dispatchers as d where d.seen_at >= c.called_at)) then
    return;
  end if;
  begin
    -- Whoever holds the row may commit much later, so nobody waits for it: then both call.
    update private.webhook_dispatcher_calls as c set called_at = clock_timestamp()
    where c.is_only = (select o.is_only from private.webhook_dispatcher_calls as o for no key update skip locked);
  exception when serialization_failure then
    -- In a repeatable read transaction, which does not see that another has called since it began. It calls too.
    null;
  end;
  perform set_config('tenantry.dispatcher_woken', 'on', true);
  perform private.call_edge_function('/webhooks/dispatch', timeout_milliseconds => 150000);
end
$$;
comment on function private.wake_dispatcher(boolean) is
  'Starts a dispatcher once this transaction commits, unless one is awake or was called in the last 250 ms. An urgent call is always made. If the call is lost, cron starts one.';

select private.register_table('private.webhook_dispatchers', unaudited => 'belongs to no tenant');
select private.register_table('private.webhook_dispatcher_calls', unaudited => 'belongs to no tenant');
