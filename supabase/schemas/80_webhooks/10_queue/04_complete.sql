-- Completing deliveries: what became of them, and of their endpoints, after attempts.

create type private.webhook_answer as (
  response_status int,
  response_body text,
  error_code text,
  error_detail text
);
comment on type private.webhook_answer is 'What a receiver answered to one leased delivery, or why there was no answer.';

create function private.complete_webhook_deliveries(given json, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  -- Both in one order. Every transaction that locks items or deliveries without their lane uses it, and some here have no lane.
  results private.queue_result[];
  answers private.webhook_answer[];
  done record;
  turn jsonb;
  endpoint public.webhook_endpoints;
begin
  select array_agg(r.result order by r.lane_id, r.item_id, r.lease_id), array_agg(r.answer order by r.lane_id, r.item_id, r.lease_id)
  into results, answers
  from (
    select g.lane_id, g.item_id, g.lease_id,
      row(g.tenant_id, g.lane_id, g.item_id, g.lease_id, g.attempt_number, g.ordering_key, g.outcome, g.duration_ms, g.block_seconds,
        g.stop_reason, null)::private.queue_result as result,
      row(g.response_status, g.response_body, g.error_code, g.error_detail)::private.webhook_answer as answer
    from json_to_recordset(given) as g (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text,
      outcome private.queue_outcome, duration_ms int, block_seconds int, stop_reason text,
      response_status int, response_body text, error_code text, error_detail text)) as r;
  select * into done from private.complete_items('webhooks', results, dispatcher);

  with settled as (
    update public.webhook_deliveries as d set
      attempt_count = done.attempt_counts[r.ordinality],
      status = case when r.outcome = 'succeeded' then 'delivered' when r.ordinality = any (done.died) then 'dead' else 'pending' end::public.webhook_delivery_status,
      ended_at = case when r.outcome = 'succeeded' or r.ordinality = any (done.died) then now() end
    from unnest(results) with ordinality as r
    where d.tenant_id = r.tenant_id and d.event_id = r.item_id and d.endpoint_id = r.lane_id and done.attempt_counts[r.ordinality] is not null
  )
  insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
    duration_ms, error_code, error_detail)
  select r.tenant_id, r.item_id, r.lane_id, r.attempt_number, r.outcome::text::public.webhook_attempt_outcome, r.response_status, r.response_body,
    r.duration_ms, r.error_code, r.error_detail
  from rows from (unnest(results), unnest(answers)) with ordinality as r
  where done.attempt_counts[r.ordinality] is not null;

  if cardinality(done.settled) < cardinality(results) then
    -- The leases of these were lost in the meantime, but the attempts were made.
    insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, response_status, response_body,
      duration_ms, error_code, error_detail)
    select r.tenant_id, r.item_id, r.lane_id, r.attempt_number, r.outcome::text::public.webhook_attempt_outcome, r.response_status, r.response_body,
      r.duration_ms, r.error_code, r.error_detail
    from rows from (unnest(results), unnest(answers)) with ordinality as r
    join public.webhook_deliveries as d on d.tenant_id = r.tenant_id and d.event_id = r.item_id and d.endpoint_id = r.lane_id
    where done.attempt_counts[r.ordinality] is null
    for key share of d;
  end if;

  -- What follows is rare: an endpoint begins to fail or recovers, or a delivery dies.
  for turn in select * from jsonb_array_elements(done.turns) loop
    if turn ->> 'stop' is not null then
      update public.webhook_endpoints as p
      set is_enabled = false, disabled_at = now(), disabled_reason = (turn ->> 'stop')::public.webhook_disabled_reason
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'lane')::uuid and p.is_enabled
      returning * into endpoint;
    else
      select * into endpoint from public.webhook_endpoints as p
      where p.tenant_id = (turn ->> 'tenant')::uuid and p.id = (turn ->> 'lane')::uuid and p.is_enabled;
    end if;
    continue when endpoint.id is null;
    perform private.emit_event(endpoint.tenant_id,
      case when turn ->> 'stop' is not null then 'endpoint.disabled' when (turn ->> 'has_success')::boolean then 'endpoint.recovered' else 'endpoint.failing' end,
      jsonb_build_object('endpoint_id', endpoint.ref_id, 'url', endpoint.url)
        || case when turn ->> 'stop' is null or turn ->> 'stop' = 'failing' then jsonb_build_object('failing_since', turn ->> 'since') else '{}' end
        || case when turn ->> 'stop' is not null then jsonb_build_object('reason', turn ->> 'stop')
          when not (turn ->> 'has_success')::boolean then jsonb_build_object('percent', turn -> 'percent', 'consecutive_failures', turn -> 'failures')
          else '{}' end,
      ordering_key => 'endpoint ' || endpoint.ref_id);
    perform private.notify(endpoint.tenant_id, case when turn ->> 'stop' is null then 'endpoint.failing' else 'endpoint.disabled' end, '{admins}',
      jsonb_build_object('host', substring(endpoint.url from '^https?://([^/?#]+)')), 'endpoint', endpoint.ref_id)
    where turn ->> 'stop' is not null or not (turn ->> 'has_success')::boolean;
  end loop;
  if done.died is not null then
    perform private.emit_event(p.tenant_id, 'delivery.exhausted', jsonb_build_object('endpoint_id', p.ref_id, 'url', p.url,
      'message_id', 'msg_' || private.ulid(e.id), 'event_type', e.type, 'attempt_count', r.attempt_number, 'last_error', r.error_detail),
      idempotency_key => format('exhausted %s %s %s', e.id, p.id, r.lease_id))
    from rows from (unnest(results), unnest(answers)) with ordinality as r
    join public.webhook_endpoints as p on p.tenant_id = r.tenant_id and p.id = r.lane_id
    join public.webhook_events as e on e.tenant_id = r.tenant_id and e.id = r.item_id
    join public.webhook_event_types as t on t.type = e.type and t.version = e.version and not t.is_operational
    where r.ordinality = any (done.died);
  end if;

  perform private.wake_tenants_after('webhooks', results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_webhook_deliveries(json, int) is
  'Takes the results of leased deliveries, [private.queue_result and private.webhook_answer in one object]. Settles those whose lease is still held, records every attempt and updates the lanes. Returns how many were settled.';
