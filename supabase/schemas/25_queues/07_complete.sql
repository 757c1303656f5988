-- Completing: what happens to items and lanes after attempts.

create function private.complete_items(
  queue text, results private.queue_result[], dispatcher int,
  out settled bigint[], out attempt_counts int[], out died bigint[], out turns jsonb, out tenants uuid[]
)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  waits constant interval[] := (select q.retry_waits from private.queues as q where q.queue = complete_items.queue);
  held uuid[];
begin
  -- Usually nothing is locked here, because a success does not change a healthy lane.
  select array_agg(l.lane_id) into held
  from (
    select l.lane_id
    from (
      select r.tenant_id, r.lane_id,
        bool_or(r.outcome <> 'succeeded' or coalesce(r.ordering_key, r.stop_reason, r.block_seconds::text) is not null
          or r.duration_ms > 2000) as is_notable
      from unnest(results) as r group by r.tenant_id, r.lane_id) as r
    join private.queue_lanes as l on l.tenant_id = r.tenant_id and l.queue = complete_items.queue and l.lane_id = r.lane_id
    where r.is_notable or l.failure_count > 0 or l.is_capped or l.is_slow is not false
    order by l.lane_id
    for no key update of l) as l;

  -- One statement for what fails and what ends, so that it locks items in one order. It locks also an item that somebody
  -- else took after this statement began, and leaves it as it is.
  with reported as (
    merge into private.queue_items as i
    using unnest(results) with ordinality as r
    on i.tenant_id = r.tenant_id and i.queue = complete_items.queue and i.lane_id = r.lane_id and i.item_id = r.item_id
      and i.lease_id = r.lease_id
    when matched and r.outcome = 'failed' and least(i.attempt_count + 1, r.attempt_number) <= cardinality(waits) then
      update set
        -- Less than counted here if it was put back in the meantime. Then the schedule begins with this attempt.
        attempt_count = least(i.attempt_count + 1, r.attempt_number),
        next_at = now() + private.retry_wait(waits, least(i.attempt_count + 1, r.attempt_number)),
        lease_id = null,
        dispatched_at = null
    when matched and r.outcome = 'postponed' then
      update set next_at = now() + make_interval(secs => r.wait_seconds), lease_id = null, dispatched_at = null
    when matched then delete
    returning r.ordinality, r.outcome = 'failed' and merge_action() = 'DELETE' as has_died,
      case merge_action() when 'UPDATE' then i.attempt_count else least(i.attempt_count + 1, r.attempt_number) end as attempt_count
  )
  select coalesce(array_agg(c.ordinality) filter (where c.attempt_count is not null), '{}'), array_agg(c.attempt_count order by c.ordinality),
    array_agg(c.ordinality) filter (where c.has_died)
  into settled, attempt_counts, died
  from (
    select s.ordinality, max(s.attempt_count) as attempt_count, bool_or(s.has_died) as has_died
    from (
      select d.ordinality, d.attempt_count, d.has_died from reported as d
      union all select n, null, null from generate_series(1, cardinality(results)) as n) as s
    group by s.ordinality) as c;

  -- A statement that is not needed is not even prepared for execution. That would take longer than all else in a small report.
  if held is not null then
    select s.turns, s.tenants into turns, tenants from private.steer_lanes(complete_items.queue, results, settled, held) as s;
  end if;
  if exists (select from unnest(results) as r where r.ordering_key is not null) then
    tenants := tenants || private.release_ordered_items(complete_items.queue, results);
  end if;

  update private.queue_dispatchers as w set
    succeeded_count = w.succeeded_count + s.succeeded,
    failed_count = w.failed_count + s.failed,
    dead_count = w.dead_count + coalesce(cardinality(died), 0),
    stale_count = w.stale_count + s.all_of_them - cardinality(settled),
    duration_ms_sum = w.duration_ms_sum + s.duration_ms,
    duration_bucket_counts = array(
      select had.count + s.buckets[had.bucket] from unnest(w.duration_bucket_counts) with ordinality as had (count, bucket) order by had.bucket)
  from (
    select count(*) filter (where r.outcome = 'succeeded') as succeeded, count(*) filter (where r.outcome <> 'succeeded') as failed,
      count(*) as all_of_them, coalesce(sum(r.duration_ms), 0) as duration_ms,
      array[count(*) filter (where r.duration_ms <= 25), count(*) filter (where r.duration_ms <= 50),
        count(*) filter (where r.duration_ms <= 100), count(*) filter (where r.duration_ms <= 250),
        count(*) filter (where r.duration_ms <= 500), count(*) filter (where r.duration_ms <= 1000),
        count(*) filter (where r.duration_ms <= 2500), count(*) filter (where r.duration_ms <= 5000),
        count(*) filter (where r.duration_ms <= 15000)] as buckets
    from unnest(results) as r) as s
  where w.queue = complete_items.queue and w.slot = dispatcher and s.all_of_them > 0;
end
$$;
comment on function private.complete_items(text, private.queue_result[], int) is
  'Takes the results of leased items, in the order of lane_id and item_id. Settles those whose lease is still held, and steers their lanes. Returns the places of the settled results and of those that died, how many attempts each item has had (null where the lease was lost), what the domain may tell people of the lanes (steer_lanes), and the tenants for wake_tenants_after(), which the domain calls at its end.';

create function private.complete_queue_items(queue text, given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
begin
  select * into done from private.complete_items(complete_queue_items.queue, results, dispatcher);
  perform private.wake_tenants_after(complete_queue_items.queue, results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_queue_items(text, jsonb, int) is
  'Takes the results of leased items of a queue whose domain has nothing to record about them. Returns how many were settled.';
