-- Statistics: how a tenant's endpoints work, each and all together, and over time.

create type private.webhook_stats as (
  endpoint_id uuid, since timestamptz, succeeded_count bigint, failed_count bigint, duration_p50_ms int, duration_p95_ms int,
  pending_count bigint, dead_count bigint, oldest_pending_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
  failing_since_at timestamptz, failure_count int, blocked_until_at timestamptz, most_attempts int
);

create function private.require_stats_window(window_hours int) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if window_hours is null or window_hours not between 1 and 720 then
    perform private.raise_problem(422, 'invalid_value', 'The window is 1 to 720 hours.',
      '[{"pointer": "/window_hours", "detail": "must be between 1 and 720"}]');
  end if;
end
$$;

create function private.webhook_stats_of(asked public.webhook_endpoints, window_hours int, most_attempts int) returns private.webhook_stats
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  stats private.webhook_stats;
begin
  stats.endpoint_id := asked.id;
  stats.most_attempts := most_attempts;
  -- Only the newest of the window. More would take long and say no more about the endpoint.
  select case when count(*) = most_attempts then min(a.created_at) else now() - make_interval(hours => window_hours) end,
    count(*) filter (where a.outcome = 'succeeded'), count(*) filter (where a.outcome = 'failed'),
    percentile_disc(0.5) within group (order by a.duration_ms), percentile_disc(0.95) within group (order by a.duration_ms)
  into stats.since, stats.succeeded_count, stats.failed_count, stats.duration_p50_ms, stats.duration_p95_ms
  from (
    select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id
      and a.id >= private.first_uuid_at(now() - make_interval(hours => window_hours))
    order by a.id desc limit most_attempts) as a;

  stats.pending_count := (select count(*) from private.queue_items as i
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id);
  stats.oldest_pending_at := (select e.created_at from private.queue_items as i
    join public.webhook_events as e on e.tenant_id = i.tenant_id and e.id = i.item_id
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id order by i.item_id limit 1);
  stats.dead_count := (select count(*) from public.webhook_deliveries as d
    where d.tenant_id = asked.tenant_id and d.endpoint_id = asked.id and d.status = 'dead');
  stats.last_success_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'succeeded' order by a.id desc limit 1);
  stats.last_failure_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'failed' order by a.id desc limit 1);
  select l.failing_since_at, l.failure_count, case when l.blocked_until_at > now() then l.blocked_until_at end
  into stats.failing_since_at, stats.failure_count, stats.blocked_until_at
  from private.queue_lanes as l where l.tenant_id = asked.tenant_id and l.queue = 'webhooks' and l.lane_id = asked.id;
  return stats;
end
$$;
comment on function private.webhook_stats_of(public.webhook_endpoints, int, int) is
  'The statistics of one endpoint, of at most so many of its newest attempts. Checks nobody''s permission.';

-- A definer, because the state of a circuit is in its lane, which is granted to nobody.
create function public.read_webhook_stats(tenant_id uuid, endpoint_id uuid, window_hours int default 24)
  returns table (since timestamptz, succeeded_count bigint, failed_count bigint, duration_p50_ms int, duration_p95_ms int,
    pending_count bigint, dead_count bigint, oldest_pending_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
    failing_since_at timestamptz, failure_count int, blocked_until_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  asked public.webhook_endpoints;
begin
  perform private.require_permission(read_webhook_stats.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  select * into asked from public.webhook_endpoints as e
  where e.tenant_id = read_webhook_stats.tenant_id and e.id = read_webhook_stats.endpoint_id;
  if asked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  return query
    select s.since, s.succeeded_count, s.failed_count, s.duration_p50_ms, s.duration_p95_ms, s.pending_count, s.dead_count,
      s.oldest_pending_at, s.last_success_at, s.last_failure_at, s.failing_since_at, s.failure_count, s.blocked_until_at
    from private.webhook_stats_of(asked, window_hours, 100000) as s;
end
$$;
comment on function public.read_webhook_stats(uuid, uuid, int) is
  'How an endpoint works: the attempts and durations of the window, what is pending and dead, and the state of its circuit. At most 100,000 attempts are counted, and since says where they begin.';

-- A definer, as the one above.
create function public.list_webhook_stats(tenant_id uuid, window_hours int default 24, before_endpoint_id uuid default null, max_rows int default 50)
  returns setof private.webhook_stats
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.require_permission(list_webhook_stats.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  if max_rows is null or max_rows not between 1 and 101 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 101 endpoints.');
  end if;
  return query
    select s.* from (
      select p as endpoint from public.webhook_endpoints as p
      where p.tenant_id = list_webhook_stats.tenant_id and (before_endpoint_id is null or p.id < before_endpoint_id)
      order by p.id desc limit max_rows) as p
    -- All endpoints of a page together read no more attempts than one endpoint alone may.
    cross join lateral private.webhook_stats_of(p.endpoint, window_hours, 100000 / max_rows) as s
    order by s.endpoint_id desc;
end
$$;
comment on function public.list_webhook_stats(uuid, int, uuid, int) is
  'read_webhook_stats() of the tenant''s endpoints, the newest first, from behind the one that is named. Together they count at most 100,000 attempts.';

-- A definer, because a policy would be asked for each of the attempts.
create function public.read_webhook_series(tenant_id uuid, step text default 'hour', window_hours int default 24, endpoint uuid default null)
  returns table (start_at timestamptz, succeeded_count bigint, failed_count bigint, duration_p95_ms int, since timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  zone text;
  from_at timestamptz := now() - make_interval(hours => window_hours);
begin
  perform private.require_permission(read_webhook_series.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  if step is null or step not in ('hour', 'day') then
    perform private.raise_problem(422, 'invalid_value', 'A step is an hour or a day.', '[{"pointer": "/step", "detail": "must be hour or day"}]');
  end if;
  if endpoint is not null and not exists (
    select from public.webhook_endpoints as p where p.tenant_id = read_webhook_series.tenant_id and p.id = endpoint) then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  select t.time_zone into zone from public.tenants as t where t.id = read_webhook_series.tenant_id;
  return query
    with newest as materialized (
      select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
      where a.tenant_id = read_webhook_series.tenant_id and (endpoint is null or a.endpoint_id = endpoint)
        and a.id >= private.first_uuid_at(from_at)
      order by a.id desc limit 100000
    ), counted as (
      select date_trunc(step, n.created_at, zone) as start_at, count(*) filter (where n.outcome = 'succeeded') as succeeded,
        count(*) filter (where n.outcome = 'failed') as failed, percentile_disc(0.95) within group (order by n.duration_ms) as p95
      from newest as n group by 1
    ), bounds as (
      select case when count(*) = 100000 then min(n.created_at) else from_at end as since from newest as n
    )
    select s.start_at, coalesce(c.succeeded, 0), coalesce(c.failed, 0), c.p95, b.since
    from bounds as b
    cross join lateral generate_series(date_trunc(step, b.since, zone), now(), ('1 ' || step)::interval, zone) as s (start_at)
    left join counted as c on c.start_at = s.start_at
    order by s.start_at;
end
$$;
comment on function public.read_webhook_series(uuid, text, int, uuid) is
  'The attempts of the window by hour or by day of the tenant''s time zone, of one endpoint or all. At most the newest 100,000, and since says where they begin.';
revoke all on function private.webhook_stats_of(public.webhook_endpoints, int, int), private.require_stats_window(int) from public;
grant execute on function public.read_webhook_stats(uuid, uuid, int), public.list_webhook_stats(uuid, int, uuid, int),
  public.read_webhook_series(uuid, text, int, uuid) to authenticated;
