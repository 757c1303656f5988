-- Claiming deliveries: the items that a dispatcher leased, with what it sends and where.

create function private.claim_webhook_deliveries(batch int, lease_seconds int default 60, slow_batch int default null)
  returns table (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean,
    event_type text, event_version int, payload text, endpoint_ref text, url text, revision uuid)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
  rows 50
as $$
#variable_conflict use_column
declare
  tenants uuid[];
  lanes uuid[];
  items uuid[];
  leases uuid[];
  attempts int[];
  keys text[];
  slow boolean[];
begin
  select array_agg(c.tenant_id), array_agg(c.lane_id), array_agg(c.item_id), array_agg(c.lease_id), array_agg(c.attempt_number),
    array_agg(c.ordering_key), array_agg(c.is_slow)
  into tenants, lanes, items, leases, attempts, keys, slow
  from private.claim_items('webhooks', batch, lease_seconds, slow_batch) as c;
  if tenants is null then
    return;
  end if;
  -- A statement of its own, so that it sees the events of all items that were claimed.
  return query
  select c.tenant_id, c.lane_id, c.item_id, c.lease_id, c.attempt_number, c.ordering_key, c.is_slow,
    e.type, e.version, e.payload, p.ref_id, p.url, p.revision
  from unnest(tenants, lanes, items, leases, attempts, keys, slow)
    as c (tenant_id, lane_id, item_id, lease_id, attempt_number, ordering_key, is_slow)
  join public.webhook_events as e on e.tenant_id = c.tenant_id and e.id = c.item_id
  join public.webhook_endpoints as p on p.tenant_id = c.tenant_id and p.id = c.lane_id;
end
$$;
comment on function private.claim_webhook_deliveries(int, int, int) is
  'Leases due deliveries of webhooks (claim_items), with what is sent: lane_id is the endpoint, item_id the event.';
