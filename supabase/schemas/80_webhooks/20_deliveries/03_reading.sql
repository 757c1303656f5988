-- Reading: the metrics of the whole queue, and the statistics of one endpoint.

create function private.read_webhook_metrics() returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object(
    'outbox', (select count(*) from private.webhook_outbox),
    'pending', (select count(*) from private.queue_items as i where i.queue = 'webhooks'),
    'due', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.next_at <= now()),
    'leased', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.lease_id is not null and i.next_at > now()),
    -- Only of deliveries that could be sent now. The deliveries of a blocked lane wait for their receiver.
    'oldest_due_seconds', coalesce((
      select extract(epoch from now() - min(i.next_at))
      from private.queue_lanes as l
      cross join lateral (
        select i.next_at from private.queue_items as i
        where i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id order by i.next_at limit 1) as i
      where l.queue = 'webhooks' and l.next_at <= now() and i.next_at <= now()), 0),
    'open_circuits', (select count(*) from private.queue_lanes as l where l.queue = 'webhooks' and l.failure_count >= 5),
    'disabled_endpoints', (select count(*) from public.webhook_endpoints as p where not p.is_enabled),
    'dispatchers', (select count(*) from private.queue_dispatchers as w where w.queue = 'webhooks' and w.slot <= 4 and w.run_id is not null and w.seen_at > now() - interval '5 seconds'),
    'succeeded', sum(w.succeeded_count), 'failed', sum(w.failed_count), 'dead', sum(w.dead_count), 'stale', sum(w.stale_count),
    'duration_ms_sum', sum(w.duration_ms_sum),
    'duration_buckets', (select array_agg(b.count order by b.n) from (
      select u.n, sum(u.count) as count from private.queue_dispatchers as x,
        unnest(x.duration_bucket_counts) with ordinality as u (count, n) where x.queue = 'webhooks' group by u.n) as b))
  from private.queue_dispatchers as w where w.queue = 'webhooks'
$$;
comment on function private.read_webhook_metrics() is 'The state of the queue over all tenants, and totals since the beginning. Only for the operator.';

-- A definer, because the state of a circuit is in its lane, which is granted to nobody.
create function public.read_webhook_stats(tenant_id uuid, endpoint_id uuid, window_hours int default 24)
  returns table (since timestamptz, succeeded_count bigint, failed_count bigint, duration_p50_ms int, duration_p95_ms int,
    pending_count bigint, dead_count bigint, oldest_pending_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
    failing_since_at timestamptz, failure_count int, blocked_until_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  asked public.webhook_endpoints;
begin
  perform private.require_permission(read_webhook_stats.tenant_id, 'deliveries:read');
  if window_hours is null or window_hours not between 1 and 720 then
    perform private.raise_problem(422, 'invalid_value', 'The window is 1 to 720 hours.',
      '[{"pointer": "/window_hours", "detail": "must be between 1 and 720"}]');
  end if;
  select * into asked from public.webhook_endpoints as e
  where e.tenant_id = read_webhook_stats.tenant_id and e.id = read_webhook_stats.endpoint_id;
  if asked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;

  -- Only the newest 100,000 of the window. More would take a second and say no more about the endpoint.
  select case when count(*) = 100000 then min(a.created_at) else now() - make_interval(hours => window_hours) end,
    count(*) filter (where a.outcome = 'succeeded'), count(*) filter (where a.outcome = 'failed'),
    percentile_disc(0.5) within group (order by a.duration_ms), percentile_disc(0.95) within group (order by a.duration_ms)
  into since, succeeded_count, failed_count, duration_p50_ms, duration_p95_ms
  from (
    select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id
      and a.id >= private.first_uuid_at(now() - make_interval(hours => window_hours))
    order by a.id desc limit 100000) as a;

  pending_count := (select count(*) from private.queue_items as i
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id);
  oldest_pending_at := (select e.created_at from private.queue_items as i
    join public.webhook_events as e on e.tenant_id = i.tenant_id and e.id = i.item_id
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id order by i.item_id limit 1);
  dead_count := (select count(*) from public.webhook_deliveries as d
    where d.tenant_id = asked.tenant_id and d.endpoint_id = asked.id and d.status = 'dead');
  last_success_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'succeeded' order by a.id desc limit 1);
  last_failure_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'failed' order by a.id desc limit 1);
  select l.failing_since_at, l.failure_count, case when l.blocked_until_at > now() then l.blocked_until_at end
  into failing_since_at, failure_count, blocked_until_at
  from private.queue_lanes as l where l.tenant_id = asked.tenant_id and l.queue = 'webhooks' and l.lane_id = asked.id;
  return next;
end
$$;
comment on function public.read_webhook_stats(uuid, uuid, int) is
  'How an endpoint works: the attempts and durations of the window, what is pending and dead, and the state of its circuit. At most 100,000 attempts are counted, and since says where they begin.';
grant execute on function public.read_webhook_stats(uuid, uuid, int) to authenticated;
