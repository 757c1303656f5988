-- Replays: sending messages to an endpoint again, and sending tests.

create function private.require_webhook_endpoint(tenant uuid, endpoint uuid, is_locked boolean default true) returns public.webhook_endpoints
  language plpgsql
  set search_path = ''
as $$
declare
  found_endpoint public.webhook_endpoints;
begin
  if is_locked then
    perform private.lock_lanes('webhooks', array[tenant], array[endpoint]);
  end if;
  select * into found_endpoint from public.webhook_endpoints as p where p.tenant_id = tenant and p.id = endpoint;
  if found_endpoint.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  elsif not found_endpoint.is_enabled then
    perform private.raise_problem(409, 'endpoint_disabled', 'This endpoint is disabled. Enable it first.');
  end if;
  return found_endpoint;
end
$$;
comment on function private.require_webhook_endpoint(uuid, uuid, boolean) is
  'An enabled endpoint. Its lane is locked until the transaction ends, unless nothing will be sent. Refuses with 404 not_found or 409 endpoint_disabled.';

create function private.requeue_webhook_deliveries(endpoint public.webhook_endpoints, events uuid[]) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  queued int;
begin
  -- Items before deliveries, as everybody locks them.
  perform private.requeue_items('webhooks', endpoint.tenant_id, endpoint.id, array_agg(e.id), array_agg(e.ordering_key))
  from public.webhook_events as e
  where e.tenant_id = endpoint.tenant_id and e.id = any (events);
  insert into public.webhook_deliveries as d (tenant_id, event_id, endpoint_id, ordering_key)
  select e.tenant_id, e.id, endpoint.id, e.ordering_key
  from public.webhook_events as e
  where e.tenant_id = endpoint.tenant_id and e.id = any (events)
  order by e.id
  on conflict (tenant_id, event_id, endpoint_id) do update set status = 'pending', attempt_count = 0, ended_at = null;
  get diagnostics queued = row_count;
  perform private.wake_queue_tenants('webhooks', array[endpoint.tenant_id]);
  perform private.wake_dispatcher('webhooks');
  return queued;
end
$$;
comment on function private.requeue_webhook_deliveries(public.webhook_endpoints, uuid[]) is
  'Sends these events to an endpoint (again), with the same ids and a new schedule of attempts. The caller must hold the lane.';

-- A definer, as all that follow, because nobody may write deliveries directly.
create function public.replay_webhook_deliveries(
  tenant_id uuid, endpoint_id uuid, event_ids uuid[] default null, since timestamptz default null,
  until timestamptz default null, which text default 'all', dry_run boolean default false
) returns table (replayed_count int, has_more boolean)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  chosen uuid[];
begin
  perform private.require_permission(replay_webhook_deliveries.tenant_id, 'replays:write');
  if which is null or which not in ('failed', 'missing', 'all') then
    perform private.raise_problem(422, 'invalid_value', '"which" must be "failed", "missing" or "all".',
      '[{"pointer": "/which", "detail": "must be failed, missing or all"}]');
  elsif (event_ids is null) = (since is null) then
    perform private.raise_problem(422, 'invalid_value', 'Give either the messages to replay, or the moment from which to replay.');
  elsif cardinality(event_ids) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 messages can be named in one call.',
      '[{"pointer": "/message_ids", "detail": "must not name more than 1000"}]');
  end if;
  endpoint := private.require_webhook_endpoint(replay_webhook_deliveries.tenant_id, replay_webhook_deliveries.endpoint_id,
    is_locked => dry_run is not true);
  if event_ids is not null then
    chosen := array(
      select e.id from public.webhook_events as e
      where e.tenant_id = endpoint.tenant_id and e.id = any (event_ids));
    if cardinality(chosen) < (select count(distinct i) from unnest(event_ids) as i) then
      perform private.raise_problem(404, 'not_found', 'This tenant has no message with one of these ids.');
    end if;
  else
    -- An id begins with its moment, so that the primary key finds both ends of the range.
    chosen := array(
      select e.id from public.webhook_events as e
      join public.webhook_event_types as t on t.type = e.type and t.version = e.version
      left join public.webhook_deliveries as d
        on d.tenant_id = e.tenant_id and d.event_id = e.id and d.endpoint_id = endpoint.id
      where e.tenant_id = endpoint.tenant_id
        and e.id >= private.first_uuid_at(since) and e.id < private.first_uuid_at(coalesce(until, now() + interval '1 day'))
        and (which in ('failed', 'all') and d.status = 'dead'
          or which in ('missing', 'all') and d.event_id is null and not e.is_test and private.wants_webhook_event(endpoint, e, t.is_operational))
      order by e.id limit 10001);
  end if;
  replayed_count := case when dry_run then least(cardinality(chosen), 10000) else private.requeue_webhook_deliveries(endpoint, chosen[:10000]) end;
  has_more := cardinality(chosen) > 10000;
  return next;
end
$$;
comment on function public.replay_webhook_deliveries(uuid, uuid, uuid[], timestamptz, timestamptz, text, boolean) is
  'Sends messages to an endpoint again: those named, or all since a moment that failed or that it never received. At most 10,000 in one call, the oldest first. With dry_run it says how many, and changes nothing.';

create function public.send_webhook_test(tenant_id uuid, endpoint_id uuid, event_type text default 'webhook.test') returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  moment timestamptz := clock_timestamp();
  catalogued public.webhook_event_types;
  event_id uuid := private.uuid_v7();
begin
  perform private.require_permission(send_webhook_test.tenant_id, 'endpoints:write');
  endpoint := private.require_webhook_endpoint(send_webhook_test.tenant_id, send_webhook_test.endpoint_id);
  select * into catalogued from public.webhook_event_types as t
  where t.type = send_webhook_test.event_type order by t.version desc limit 1;
  if catalogued.type is null then
    perform private.raise_problem(422, 'unknown_event_type', format('There is no event type "%s" in the catalogue.', event_type),
      '[{"pointer": "/event_type", "detail": "is not in the catalogue"}]');
  end if;
  insert into public.webhook_events (tenant_id, id, type, version, payload, is_test, created_at)
  values (endpoint.tenant_id, event_id, catalogued.type, catalogued.version,
    private.webhook_payload(catalogued.type, moment, catalogued.example), true, moment);
  perform private.requeue_webhook_deliveries(endpoint, array[event_id]);
  return event_id;
end
$$;
comment on function public.send_webhook_test(uuid, uuid, text) is
  'Sends the example of an event type to one endpoint, in the same way as any event. Returns the event''s id.';
grant execute on function public.replay_webhook_deliveries(uuid, uuid, uuid[], timestamptz, timestamptz, text, boolean),
  public.send_webhook_test(uuid, uuid, text) to authenticated;

select private.register_event_type('webhook.test', 'A test that somebody sent to one endpoint, to see whether it arrives.',
    '{"note": "text"}',
    '{"note": "This is a test. Nothing has happened."}', is_operational => true);

insert into private.api_scopes (scope, permission, description) values
  ('replays:write', 'manage', 'Send messages to an endpoint again.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
