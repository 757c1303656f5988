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

-- A definer, because it reads the queue, which is granted to nobody.
create function private.wake_dispatcher() returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- A dispatcher that is awake looks by itself. One call in a transaction is enough.
  if current_setting('tenantry.dispatcher_woken', true) = 'on'
    or exists (select from private.webhook_dispatchers as d where d.awake_until_at > clock_timestamp()) then
    return;
  end if;
  perform set_config('tenantry.dispatcher_woken', 'on', true);
  perform private.call_edge_function('/webhooks/dispatch', timeout_milliseconds => 150000);
end
$$;
comment on function private.wake_dispatcher() is
  'Starts a dispatcher once this transaction commits, unless one is awake. If the call is lost, cron starts one.';

select private.register_table('private.webhook_dispatchers', unaudited => 'belongs to no tenant');
