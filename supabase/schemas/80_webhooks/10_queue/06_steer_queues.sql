-- Steering: what the results of attempts change in the queues of their endpoints.

create function private.steer_endpoint_queues(results private.webhook_result[], settled bigint[], held uuid[], out turns jsonb, out tenants uuid[])
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  with summed as (
    select r.tenant_id, r.endpoint_id, bool_or(r.outcome = 'succeeded') as has_success,
      count(*) filter (where r.outcome = 'failed')::int as failures, max(r.block_seconds) as block_seconds,
      min(d.next_at) filter (where d.status = 'pending') as retry_at, avg(r.duration_ms) > 2000 as is_slow, max(r.disable) as disable
    from unnest(results) with ordinality as r
    join public.webhook_deliveries as d on d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
    where r.ordinality = any (settled) and r.endpoint_id = any (held)
    group by r.tenant_id, r.endpoint_id
  ), judged as (
    select s.*, l.failing_since_at as failed_since_at, l.warned_percent as was_warned,
      case when s.has_success then 0 else f.failure_count end as failure_count,
      case when s.has_success then 0 when f.opens then l.opened_count + 1 else l.opened_count end as opened_count,
      case when not s.has_success then coalesce(l.failing_since_at, now()) end as failing_since_at,
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
    join private.webhook_endpoint_queues as l on l.tenant_id = s.tenant_id and l.endpoint_id = s.endpoint_id
    cross join lateral (
      select l.failure_count + s.failures as failure_count,
        -- The circuit opens once for all requests that were under way together. Only requests sent after the pause count again.
        l.failure_count + s.failures >= 5 and l.blocked_until_at <= now() as opens) as f
    where s.failures > 0 or s.is_slow or s.block_seconds is not null or s.disable is not null
      or l.failure_count > 0 or l.is_capped or l.is_slow is not false
  ), steered as (
    update private.webhook_endpoint_queues as l set
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
    where l.tenant_id = j.tenant_id and l.endpoint_id = j.endpoint_id
    returning l.tenant_id
  )
  select (
      select jsonb_agg(jsonb_build_object('tenant', j.tenant_id, 'endpoint', j.endpoint_id, 'has_success', j.has_success,
        'since', coalesce(j.failed_since_at, j.failing_since_at), 'failures', j.failure_count, 'was_warned', j.was_warned, 'percent', j.warned_percent,
        'disable', case when j.disable is not null then j.disable::text when j.warned_percent = 100 then 'failing' end) order by j.endpoint_id)
      from judged as j
      where j.disable is not null or j.warned_percent > j.was_warned or j.has_success and j.was_warned > 0),
    (select array_agg(s.tenant_id) from steered as s)
  into turns, tenants;
end
$$;
comment on function private.steer_endpoint_queues(private.webhook_result[], bigint[], uuid[]) is
  'Changes the endpoint queues that the caller holds, as the settled results say: circuit, pause, and when each is served next. Returns what the tenants must be told of, and the tenants whose queues the caller must wake at its end. The next report handles what happened to another queue just now.';
