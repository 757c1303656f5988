-- Polling: how a receiver without a public URL gets messages and acknowledges them.

create function public.poll_webhook_deliveries(tenant_id uuid, endpoint_id uuid, max_messages int default 50, lease_seconds int default 30)
  returns table (event_id uuid, type text, payload text, created_at timestamptz, attempt_number int, lease_id uuid, lease_until_at timestamptz)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  endpoint public.webhook_endpoints;
  lease uuid := gen_random_uuid();
begin
  perform private.require_permission(poll_webhook_deliveries.tenant_id, 'webhooks:write');
  if max_messages is null or max_messages not between 1 and 100 or lease_seconds is null or lease_seconds not between 5 and 3600 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 100 messages, for 5 to 3600 seconds.');
  end if;
  endpoint := private.require_webhook_endpoint(poll_webhook_deliveries.tenant_id, poll_webhook_deliveries.endpoint_id);
  if endpoint.kind <> 'poll' then
    perform private.raise_problem(409, 'not_a_polling_endpoint', 'This endpoint has a URL and receives its messages there. Create one of the kind "poll".');
  end if;
  return query
  with picked as materialized (
    select i.item_id from private.queue_items as i
    where i.tenant_id = endpoint.tenant_id and i.queue = 'webhooks' and i.lane_id = endpoint.id and i.next_at <= now()
    order by i.next_at, i.item_id limit max_messages for no key update skip locked
  ), leased as (
    update private.queue_items as i
    set lease_id = lease, next_at = now() + make_interval(secs => lease_seconds), attempt_count = i.attempt_count + 1
    from picked as k
    where i.tenant_id = endpoint.tenant_id and i.queue = 'webhooks' and i.lane_id = endpoint.id and i.item_id = k.item_id
    returning i.*
  )
  select e.id, e.type, e.payload, e.created_at, i.attempt_count, i.lease_id, i.next_at
  from leased as i join public.webhook_events as e on e.tenant_id = i.tenant_id and e.id = i.item_id
  order by e.id;
end
$$;
comment on function public.poll_webhook_deliveries(uuid, uuid, int, int) is
  'The next messages of a polling endpoint, the oldest first. If a message is not acknowledged before its lease ends, it comes again.';

create function public.acknowledge_webhook_deliveries(tenant_id uuid, endpoint_id uuid, lease_id uuid, event_ids uuid[]) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
  results json;
begin
  perform private.require_permission(acknowledge_webhook_deliveries.tenant_id, 'webhooks:write');
  endpoint := private.require_webhook_endpoint(acknowledge_webhook_deliveries.tenant_id, acknowledge_webhook_deliveries.endpoint_id);
  if endpoint.kind <> 'poll' then
    perform private.raise_problem(409, 'not_a_polling_endpoint', 'This endpoint has a URL and receives its messages there. Create one of the kind "poll".');
  end if;
  select json_agg(json_build_object('tenant_id', i.tenant_id, 'lane_id', i.lane_id, 'item_id', i.item_id,
    'lease_id', i.lease_id, 'attempt_number', i.attempt_count, 'ordering_key', i.ordering_key, 'outcome', 'succeeded', 'duration_ms', 0))
  into results
  from private.queue_items as i
  where i.tenant_id = endpoint.tenant_id and i.queue = 'webhooks' and i.lane_id = endpoint.id and i.item_id = any (event_ids)
    and i.lease_id = acknowledge_webhook_deliveries.lease_id;
  if results is null then
    return 0;
  end if;
  return private.complete_webhook_deliveries(results);
end
$$;
comment on function public.acknowledge_webhook_deliveries(uuid, uuid, uuid, uuid[]) is
  'Acknowledges polled messages. Returns how many were acknowledged. A message whose lease was lost is not counted, and comes again.';
grant execute on function public.poll_webhook_deliveries(uuid, uuid, int, int),
  public.acknowledge_webhook_deliveries(uuid, uuid, uuid, uuid[]) to authenticated;

insert into private.api_scopes (scope, permission, description) values
  ('webhooks:write', 'write', 'Poll an endpoint behind a firewall for messages, and acknowledge them.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
