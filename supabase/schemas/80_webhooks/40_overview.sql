-- The overview: endpoints that fail, and those that were disabled because of it.

create function private.find_failing_endpoints(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select p.ref_id, coalesce(p.url, p.description), l.failing_since_at
  from public.webhook_endpoints as p
  join private.queue_lanes as l on l.tenant_id = p.tenant_id and l.queue = 'webhooks' and l.lane_id = p.id
  where p.tenant_id = find_failing_endpoints.tenant and p.is_enabled and l.failure_count >= 5
  order by l.failing_since_at limit 6
$$;

create function private.find_disabled_endpoints(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select p.ref_id, coalesce(p.url, p.description), p.disabled_at from public.webhook_endpoints as p
  where p.tenant_id = find_disabled_endpoints.tenant and p.disabled_reason in ('asked', 'gone', 'failing')
  order by p.disabled_at desc limit 6
$$;
select private.register_overview('endpoint_failing', 'warning', 'read_admin', 'webhook_endpoint', '/webhooks/endpoints/{endpoint}/stats',
  'find_failing_endpoints', 'A webhook endpoint fails. After five days without a success it is disabled.');
select private.register_overview('endpoint_disabled', 'error', 'read_admin', 'webhook_endpoint', '/webhooks/endpoints/{endpoint}',
  'find_disabled_endpoints', 'A webhook endpoint was disabled, because its receiver failed or asked for it.');
