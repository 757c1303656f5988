-- Completing: what happens to deliveries, queues and endpoints after attempts.

create type private.webhook_result as (
  tenant_id uuid,
  event_id uuid,
  endpoint_id uuid,
  lease_id uuid,
  attempt_number int,
  ordering_key text,
  outcome public.webhook_attempt_outcome,
  response_status int,
  response_body text,
  duration_ms int,
  error_code text,
  error_detail text,
  -- The receiver asked for a pause of this many seconds.
  block_seconds int,
  -- The receiver asked for no more messages: 'asked' or 'gone'.
  disable public.webhook_disabled_reason
);
comment on type private.webhook_result is 'The result of one leased delivery, as a dispatcher reports it.';

create function private.complete_webhook_deliveries(given json, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  -- Sorted. Every transaction that locks deliveries without their queue uses this order, and some here have no queue.
  results private.webhook_result[] := array(
    select r from json_populate_recordset(null::private.webhook_result, given) as r order by r.endpoint_id, r.event_id);
  held uuid[];
  settled bigint[];
  died bigint[];
  steered_tenants uuid[];
  turns jsonb;
  turn jsonb;
  endpoint public.webhook_endpoints;
begin
  -- Usually nothing is locked here, because a success does not change a healthy queue.
  select array_agg(l.endpoint_id) into held
  from (
    select l.endpoint_id
    from (
      select r.tenant_id, r.endpoint_id,
        bool_or(r.outcome = 'failed' or coalesce(r.ordering_key, r.disable::text, r.block_seconds::text) is not null
          or r.duration_ms > 2000) as is_notable
      from unnest(results) as r group by r.tenant_id, r.endpoint_id) as r
    join private.webhook_endpoint_queues as l on l.tenant_id = r.tenant_id and l.endpoint_id = r.endpoint_id
    where r.is_notable or l.failure_count > 0 or l.is_capped or l.is_slow is not false
    order by l.endpoint_id
    for no key update of l) as l;

  with changed as (
    update public.webhook_deliveries as d set
      -- Less than counted here if it was replayed in the meantime. Then the schedule begins with this attempt.
      attempt_count = least(d.attempt_count + 1, r.attempt_number),
      status = case when r.outcome = 'succeeded' then 'delivered'
        when private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)) is null then 'dead' else 'pending' end::public.webhook_delivery_status,
      next_at = case when r.outcome = 'failed'
        then coalesce(now() + private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)), d.next_at) else d.next_at end,
      ended_at = case when r.outcome = 'succeeded'
        or private.webhook_retry_wait(least(d.attempt_count + 1, r.attempt_number)) is null then now() end,
      lease_id = null,
      dispatched_at = null
    from unnest(results) with ordinality as r
    where d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id and d.lease_id = r.lease_id
    returning d.tenant_id, d.event_id, d.endpoint_id, d.status, r.ordinality, r.attempt_number, r.outcome, r.response_status,
      r.response_body, r.duration_ms, r.error_code, r.error_detail
  ), logged as (
    insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
      duration_ms, error_code, error_detail)
    select c.tenant_id, c.event_id, c.endpoint_id, c.attempt_number, c.outcome, c.response_status, c.response_body,
      c.duration_ms, c.error_code, c.error_detail from changed as c
  )
  select coalesce(array_agg(c.ordinality), '{}'), array_agg(c.ordinality) filter (where c.status = 'dead')
  into settled, died
  from changed as c;

  -- A statement that is not needed is not even prepared for execution. That would take longer than all else in a small report.
  if held is not null then
    select s.turns, s.tenants into turns, steered_tenants from private.steer_endpoint_queues(results, settled, held) as s;
  end if;

  if cardinality(settled) < cardinality(results) then
    -- The leases of these were lost in the meantime, but the attempts were made.
    insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
      duration_ms, error_code, error_detail)
    select r.tenant_id, r.event_id, r.endpoint_id, r.attempt_number, r.outcome, r.response_status, r.response_body,
      r.duration_ms, r.error_code, r.error_detail
    from unnest(results) with ordinality as r
    join public.webhook_deliveries as d on d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
    where r.ordinality <> all (settled)
    for key share of d;
  end if;

  if exists (select from unnest(results) as r where r.ordering_key is not null) then
    steered_tenants := steered_tenants || private.release_ordered_deliveries(results);
  end if;

  -- What follows is rare: an endpoint begins to fail or recovers, or a delivery dies.
  for turn in select * from jsonb_array_elements(turns) loop
    if turn ->> 'disable' is not null then
      update public.webhook_endpoints as p
      set is_enabled = false, disabled_at = now(), disabled_reason = (turn ->> 'disable')::public.webhook_disabled_reason
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'endpoint')::uuid and p.is_enabled
      returning * into endpoint;
    else
      select * into endpoint from public.webhook_endpoints as p
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'endpoint')::uuid and p.is_enabled;
    end if;
    continue when endpoint.id is null;
    perform private.emit_event(endpoint.tenant_id,
      case when turn ->> 'disable' is not null then 'endpoint.disabled' when (turn ->> 'has_success')::boolean then 'endpoint.recovered' else 'endpoint.failing' end,
      jsonb_build_object('endpoint_id', endpoint.ref_id, 'url', endpoint.url)
        || case when turn ->> 'disable' is null or turn ->> 'disable' = 'failing' then jsonb_build_object('failing_since', turn ->> 'since') else '{}' end
        || case when turn ->> 'disable' is not null then jsonb_build_object('reason', turn ->> 'disable')
          when not (turn ->> 'has_success')::boolean then jsonb_build_object('percent', turn -> 'percent', 'consecutive_failures', turn -> 'failures')
          else '{}' end,
      ordering_key => 'endpoint ' || endpoint.ref_id);
    perform private.notify(endpoint.tenant_id, case when turn ->> 'disable' is null then 'endpoint.failing' else 'endpoint.disabled' end, '{admins}',
      jsonb_build_object('host', substring(endpoint.url from '^https?://([^/?#]+)')), 'endpoint', endpoint.ref_id)
    where turn ->> 'disable' is not null or not (turn ->> 'has_success')::boolean;
  end loop;
  if died is not null then
    perform private.emit_event(p.tenant_id, 'delivery.exhausted', jsonb_build_object('endpoint_id', p.ref_id, 'url', p.url,
      'message_id', 'msg_' || private.ulid(e.id), 'event_type', e.type, 'attempt_count', r.attempt_number, 'last_error', r.error_detail),
      idempotency_key => format('exhausted %s %s %s', e.id, p.id, r.lease_id))
    from unnest(results) with ordinality as r
    join public.webhook_endpoints as p on p.tenant_id = r.tenant_id and p.id = r.endpoint_id
    join public.webhook_events as e on e.tenant_id = r.tenant_id and e.id = r.event_id
    join public.webhook_event_types as t on t.type = e.type and t.version = e.version and not t.is_operational
    where r.ordinality = any (died);
  end if;

  update private.webhook_dispatchers as w set
    succeeded_count = w.succeeded_count + s.succeeded,
    failed_count = w.failed_count + s.failed,
    dead_count = w.dead_count + coalesce(cardinality(died), 0),
    stale_count = w.stale_count + s.all_of_them - cardinality(settled),
    duration_ms_sum = w.duration_ms_sum + s.duration_ms,
    duration_bucket_counts = array(
      select had.count + s.buckets[had.bucket] from unnest(w.duration_bucket_counts) with ordinality as had (count, bucket) order by had.bucket)
  from (
    select count(*) filter (where r.outcome = 'succeeded') as succeeded, count(*) filter (where r.outcome = 'failed') as failed,
      count(*) as all_of_them, coalesce(sum(r.duration_ms), 0) as duration_ms,
      array[count(*) filter (where r.duration_ms <= 25), count(*) filter (where r.duration_ms <= 50),
        count(*) filter (where r.duration_ms <= 100), count(*) filter (where r.duration_ms <= 250),
        count(*) filter (where r.duration_ms <= 500), count(*) filter (where r.duration_ms <= 1000),
        count(*) filter (where r.duration_ms <= 2500), count(*) filter (where r.duration_ms <= 5000),
        count(*) filter (where r.duration_ms <= 15000)] as buckets
    from unnest(results) as r) as s
  where w.slot = dispatcher and s.all_of_them > 0;

  steered_tenants := array(
    select t.tenant_id from private.webhook_tenant_queues as t
    where t.tenant_id in (select r.tenant_id from unnest(results) as r) and (t.is_capped or t.tenant_id = any (steered_tenants)));
  if steered_tenants <> '{}' then
    perform private.wake_tenant_queues(steered_tenants, has_ended_deliveries => true);
  end if;
  return cardinality(settled);
end
$$;
comment on function private.complete_webhook_deliveries(json, int) is
  'Takes the results of leased deliveries, [private.webhook_result]. Settles those whose lease is still held, records every attempt and updates the queues. Returns how many were settled.';

create function private.release_ordered_deliveries(results private.webhook_result[]) returns uuid[]
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  tenants uuid[];
  endpoints uuid[];
begin
  -- A failed delivery waits again if an earlier one of its key was replayed in the meantime.
  update public.webhook_deliveries as d set next_at = 'infinity'
  from unnest(results) as r
  where d.tenant_id = r.tenant_id and d.event_id = r.event_id and d.endpoint_id = r.endpoint_id
    and d.status = 'pending' and d.lease_id is null and d.ordering_key is not null and exists (
      select from public.webhook_deliveries as earlier
      where earlier.endpoint_id = d.endpoint_id and earlier.ordering_key = d.ordering_key
        and earlier.status = 'pending' and earlier.event_id < d.event_id);
  with released as (
    update public.webhook_deliveries as d set next_at = now()
    from (select distinct r.tenant_id, r.endpoint_id, r.ordering_key from unnest(results) as r where r.ordering_key is not null) as k
    cross join lateral (
      select h.event_id from public.webhook_deliveries as h
      where h.endpoint_id = k.endpoint_id and h.ordering_key = k.ordering_key and h.status = 'pending'
      order by h.event_id limit 1) as head
    where d.tenant_id = k.tenant_id and d.event_id = head.event_id and d.endpoint_id = k.endpoint_id
      and d.next_at = 'infinity' and d.lease_id is null
      -- It may have been replayed while a later delivery was under way. Then it waits for that one, and not for the
      -- delivery whose result was reported here.
      and not exists (
        select from public.webhook_deliveries as u
        where u.endpoint_id = k.endpoint_id and u.ordering_key = k.ordering_key and u.status = 'pending' and u.lease_id is not null)
    returning d.tenant_id, d.endpoint_id
  )
  select array_agg(r.tenant_id), array_agg(r.endpoint_id) into tenants, endpoints from (select distinct * from released) as r;
  perform private.wake_endpoint_queues(tenants, endpoints);
  return coalesce(tenants, '{}');
end
$$;
comment on function private.release_ordered_deliveries(private.webhook_result[]) is
  'Makes the earliest pending delivery of each ordering key due, after a delivery of that key was settled. Returns the tenants whose queues the caller must wake at its end. The caller must hold the endpoints'' queues.';
