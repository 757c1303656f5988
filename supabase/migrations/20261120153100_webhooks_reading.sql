-- Webhooks: what a tenant looks up. Lists are read through the policies, each with a key to go on from.

-- Rows of the kinds that are looked for and rare: all others are found by walking the newest. What is
-- delivered at once, as most is, is in neither.
create index webhook_deliveries_dead_idx on public.webhook_deliveries (tenant_id, event_id, endpoint_id) where status = 'dead';
create index webhook_deliveries_dead_of_endpoint_idx on public.webhook_deliveries (tenant_id, endpoint_id, event_id) where status = 'dead';
create index webhook_attempts_failed_idx on public.webhook_attempts (tenant_id, id) where outcome = 'failed';
create index webhook_attempts_failed_of_endpoint_idx on public.webhook_attempts (tenant_id, endpoint_id, id) where outcome = 'failed';
create index webhook_events_type_idx on public.webhook_events (tenant_id, type, id);

-- Definer: the state of a circuit lies with the lanes, which nobody is granted.
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
  perform private.require_permission(read_webhook_stats.tenant_id, 'inspect');
  if window_hours is null or window_hours not between 1 and 720 then
    perform private.raise_problem(422, 'invalid_value', 'The window is 1 to 720 hours.',
      '[{"pointer": "/window_hours", "detail": "must be between 1 and 720"}]');
  end if;
  select * into asked from public.webhook_endpoints as e
  where e.tenant_id = read_webhook_stats.tenant_id and e.id = read_webhook_stats.endpoint_id;
  if asked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint by this ref_id.');
  end if;

  -- The newest 100,000 of the window: more say no more about how an endpoint does, and cost a second.
  select case when count(*) = 100000 then min(a.created_at) else now() - make_interval(hours => window_hours) end,
    count(*) filter (where a.outcome = 'succeeded'), count(*) filter (where a.outcome = 'failed'),
    percentile_disc(0.5) within group (order by a.duration_ms), percentile_disc(0.95) within group (order by a.duration_ms)
  into since, succeeded_count, failed_count, duration_p50_ms, duration_p95_ms
  from (
    select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id
      and a.id >= private.first_uuid_at(now() - make_interval(hours => window_hours))
    order by a.id desc limit 100000) as a;

  select count(*), (select e.created_at from public.webhook_events as e
    where e.tenant_id = asked.tenant_id and e.id = min(d.event_id::text)::uuid)
  into pending_count, oldest_pending_at
  from public.webhook_deliveries as d where d.endpoint_id = asked.id and d.status = 'pending';

  dead_count := (select count(*) from public.webhook_deliveries as d
    where d.tenant_id = asked.tenant_id and d.endpoint_id = asked.id and d.status = 'dead');
  last_success_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'succeeded' order by a.id desc limit 1);
  last_failure_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'failed' order by a.id desc limit 1);
  select l.failing_since_at, l.failure_count, case when l.blocked_until_at > now() then l.blocked_until_at end
  into failing_since_at, failure_count, blocked_until_at
  from private.webhook_lanes as l where l.tenant_id = asked.tenant_id and l.endpoint_id = asked.id;
  return next;
end
$$;
comment on function public.read_webhook_stats(uuid, uuid, int) is
  'How an endpoint does: attempts and durations of the window (since says where it begins: 100,000 are counted at most), what is pending and dead, the state of its circuit.';

grant execute on function public.read_webhook_stats(uuid, uuid, int) to authenticated;
-- Pure; lists begin and end at a moment by it.
grant execute on function private.first_uuid_at(timestamptz) to authenticated;
