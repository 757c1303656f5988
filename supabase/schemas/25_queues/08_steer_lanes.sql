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
