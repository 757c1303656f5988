-- Fills the queue of webhooks set by set, with what emitting and expanding would have left there.

create or replace function bench.fill_webhook_endpoints(endpoints int, fan_out int) returns void
  language plpgsql
as $$
begin
  truncate public.webhook_endpoints, public.webhook_events cascade;
  truncate private.queue_lanes, private.queue_items, private.queue_tenants;
  insert into public.webhook_event_types (type, description, schema, example)
  values ('bench.happened', 'Something is measured.', '{"type": "object"}', '{}') on conflict do nothing;
  -- Numbered by their ids, which tell tenants apart in turn.
  insert into public.webhook_endpoints (tenant_id, id, url, secret_id)
  select t.id, private.uuid_v7_at(1700000000000000 + n * 1000000::bigint), 'https://example.com/' || n, gen_random_uuid()
  from generate_series(0, endpoints - 1) as n
  join public.tenants as t on t.slug = 'tenant-' || n % (endpoints / fan_out) + 1;
  -- Their receivers have answered before.
  update private.queue_lanes set is_slow = false;
end
$$;

create or replace view bench.webhook_endpoint_numbers as
select p.tenant_id, p.id, row_number() over (order by p.id) as n from public.webhook_endpoints as p;

create or replace function bench.fill_webhook_events(events int, payload text) returns void
  language sql
as $$
  with tenant as materialized (
    select tenant_id, row_number() over (order by tenant_id) - 1 as n, count(*) over () as count
    from (select distinct tenant_id from public.webhook_endpoints) as t
  ), event as (
    insert into public.webhook_events (tenant_id, type, version, payload)
    select t.tenant_id, 'bench.happened', 1, payload
    from generate_series(0, events - 1) as g join tenant as t on t.n = g % t.count
    order by g
    returning tenant_id, id
  )
  insert into private.webhook_outbox (tenant_id, event_id) select tenant_id, id from event
$$;

-- One event a delivery. The caller turns triggers off, and with them the check of a million foreign keys.
create or replace function bench.fill_webhook_deliveries(first int, last int, each int, due_seconds_ago int, payload text) returns void
  language plpgsql
as $$
begin
  with event as (
    insert into public.webhook_events (tenant_id, type, version, payload)
    select p.tenant_id, 'bench.happened', 1, payload
    from generate_series(1, each) as turn, bench.webhook_endpoint_numbers as p
    where p.n between first and last
    order by turn, p.n
    returning tenant_id, id
  ), delivery as (
    insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id)
    select e.tenant_id, e.id, p.id
    from event as e join bench.webhook_endpoint_numbers as p on p.tenant_id = e.tenant_id
    where p.n between first and last
  )
  insert into private.queue_items (tenant_id, queue, lane_id, item_id, next_at)
  select e.tenant_id, 'webhooks', p.id, e.id, now() - make_interval(secs => due_seconds_ago)
  from event as e join bench.webhook_endpoint_numbers as p on p.tenant_id = e.tenant_id
  where p.n between first and last;
  update private.queue_lanes as l set next_at = now() - make_interval(secs => due_seconds_ago)
  from bench.webhook_endpoint_numbers as p
  where l.tenant_id = p.tenant_id and l.lane_id = p.id and p.n between first and last;
  update private.queue_tenants as t set next_at = now() - make_interval(secs => due_seconds_ago)
  from bench.webhook_endpoint_numbers as p
  where t.tenant_id = p.tenant_id and p.n between first and last;
end
$$;
