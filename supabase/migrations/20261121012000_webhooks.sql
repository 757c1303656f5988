-- Made by "npm run generate" from supabase/schemas/80_webhooks. Change it there.

-- 01_endpoints.sql

-- Endpoints: where a tenant's events are sent, and which types each endpoint receives.

create type public.webhook_endpoint_kind as enum (
  'push', -- Tenantry posts to its URL
  'poll'  -- a receiver behind a firewall polls
);

create type public.webhook_signature_scheme as enum ('hmac', 'ed25519');

create type public.webhook_disabled_reason as enum (
  'by_hand',
  'asked',   -- the receiver answered with the header webhook-delivery: disable
  'gone',    -- the receiver answered 410
  'failing', -- five days without a success
  'over_plan', -- the plan has no place for it. It is enabled again when the plan has one
  'expired'  -- its time is over. It is deleted next
);

create table public.webhook_endpoints (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  kind public.webhook_endpoint_kind not null default 'push',
  url text,
  description text not null default '',
  event_types text[],
  scheme public.webhook_signature_scheme not null default 'hmac',
  secret_id uuid not null,
  previous_secret_id uuid,
  previous_secret_expires_at timestamptz,
  headers_secret_id uuid,
  header_names text[] not null default '{}',
  static_header text,
  rate_limit_per_second int,
  is_enabled boolean not null default true,
  disabled_at timestamptz,
  disabled_reason public.webhook_disabled_reason,
  revision uuid not null default private.uuid_v7(),
  idempotency_key text,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint push_has_a_url check ((kind = 'push') = (url is not null)),
  constraint endpoint_url_is_http check (length(url) <= 2048 and url ~ '^https?://[!-~]+$'),
  constraint endpoint_description_is_text check (private.is_plain_text(description, 500)),
  constraint endpoint_wants_some_types check (cardinality(event_types) between 1 and 200),
  constraint previous_secret_ends check ((previous_secret_id is null) = (previous_secret_expires_at is null)),
  constraint header_names_have_values check ((headers_secret_id is null) = (header_names = '{}')),
  constraint static_header_is_one_of_them check (static_header is null or static_header = any (header_names)),
  constraint endpoint_rate_limit_in_range check (rate_limit_per_second between 1 and 10000),
  constraint disabled_for_a_reason check (
    is_enabled = (disabled_at is null) and is_enabled = (disabled_reason is null)),
  constraint endpoint_key_is_printable check (idempotency_key ~ '^[!-~]{1,255}$')
);
create unique index webhook_endpoints_ref_id_idx on public.webhook_endpoints (tenant_id, ref_id) where ref_id is not null;
create unique index webhook_endpoints_idempotency_key_idx on public.webhook_endpoints (tenant_id, idempotency_key)
  where idempotency_key is not null;
comment on table public.webhook_endpoints is
  'A place to which a tenant''s events are sent: all event types, or those it names. Its secrets and the values of its headers are in Vault.';
comment on column public.webhook_endpoints.event_types is 'Null means every type that is not operational.';
comment on column public.webhook_endpoints.revision is 'Changes whenever the content or the target of what is sent changes. Caches of secrets compare it.';
comment on column public.webhook_endpoints.idempotency_key is 'What its creation was sent with. Sent again, it makes no second endpoint.';
comment on column public.webhook_endpoints.expires_at is 'When it is deleted; null: never by itself.';
create trigger webhook_endpoints_touch before update on public.webhook_endpoints for each row execute function private.tg_touch_updated_at();
create trigger webhook_endpoints_stamp_editor before insert or update on public.webhook_endpoints for each row execute function private.tg_stamp_editor();

create function private.tg_drop_webhook_secrets() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.drop_secrets(old.tenant_id, array(
    select s from unnest(array[old.secret_id, old.previous_secret_id, old.headers_secret_id]) as s
    where tg_op = 'DELETE' or s <> all (array_remove(array[new.secret_id, new.previous_secret_id, new.headers_secret_id], null))));
  return null;
end
$$;
create trigger webhook_endpoints_drop_secrets after delete or update of secret_id, previous_secret_id, headers_secret_id
  on public.webhook_endpoints for each row execute function private.tg_drop_webhook_secrets();

alter table public.webhook_endpoints enable row level security;

-- "read_admin" and not "read": a URL may hold a token, and a payload may hold data of anybody in the tenant.
create policy "managers read their tenant's endpoints" on public.webhook_endpoints
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{endpoints:read,endpoints:write}'))::uuid[]));
grant select on public.webhook_endpoints to authenticated, service_role;

-- The function that reads secrets searches by endpoint alone, for endpoints of many tenants at once.
create index webhook_endpoints_id_idx on public.webhook_endpoints (id);
create index webhook_endpoints_previous_secret_idx on public.webhook_endpoints (previous_secret_expires_at)
  where previous_secret_id is not null;
create index webhook_endpoints_expires_at_idx on public.webhook_endpoints (expires_at) where expires_at is not null;

create trigger webhook_endpoints_take_place after insert on public.webhook_endpoints
  for each row execute function private.tg_count_places('webhook_endpoints', '1');
create trigger webhook_endpoints_vacate after delete on public.webhook_endpoints
  for each row execute function private.tg_count_places('webhook_endpoints', '-1');

select private.register_feature('webhooks', 'Events sent to the tenant''s own servers.', asked_for => 'creating a webhook endpoint');
select private.register_limit('webhook_endpoints', 'Webhook endpoints, enabled or not.',
  '{"trial": 5, "starter": 1, "professional": 5, "business": 50, "enterprise": 200}', 'creating a webhook endpoint');

select private.register_table('public.webhook_endpoints', quiet => '{revision}', plain => '{url,description,event_types,header_names,static_header,idempotency_key}',
  secret => '{secret_id,previous_secret_id,headers_secret_id}');

insert into private.api_scopes (scope, permission, description) values
  ('endpoints:read', 'read_admin', 'Read the webhook endpoints.'),
  ('endpoints:write', 'manage', 'Create, change, test and delete webhook endpoints, and read and rotate their secrets.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 02_deliveries.sql

-- Deliveries: one row for each event and each endpoint that receives it.

create type public.webhook_delivery_status as enum ('pending', 'delivered', 'dead');

create table public.webhook_deliveries (
  tenant_id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  status public.webhook_delivery_status not null default 'pending',
  attempt_count int not null default 0,
  ordering_key text,
  ended_at timestamptz,
  primary key (tenant_id, event_id, endpoint_id),
  foreign key (tenant_id, event_id) references public.webhook_events on delete cascade,
  foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade,
  constraint what_ended_has_a_time check ((status = 'pending') = (ended_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
comment on table public.webhook_deliveries is 'One event on its way to one endpoint: pending, delivered, or dead after the last attempt. While it is pending, its item in private.queue_items says when it is due.';
create index webhook_deliveries_endpoint_id_idx on public.webhook_deliveries (tenant_id, endpoint_id, event_id);
create index webhook_deliveries_ended_at_idx on public.webhook_deliveries (status, ended_at) where ended_at is not null;

alter table public.webhook_deliveries enable row level security;
create policy "managers read their tenant's deliveries" on public.webhook_deliveries
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{deliveries:read}'))::uuid[]));
grant select on public.webhook_deliveries to authenticated, service_role;

-- Rows that are searched for and rare. Most messages are delivered at once, and those are not in this index. It begins
-- with the endpoint, as no index of other rows does. So the planner has no choice.
create index webhook_deliveries_dead_idx on public.webhook_deliveries (endpoint_id, event_id) where status = 'dead';

select private.register_table('public.webhook_deliveries', keeping => 'history', plain => '{ordering_key}',
  unaudited => 'only the queue changes it, and webhook_attempts has each result');

insert into private.api_scopes (scope, permission, description) values
  ('deliveries:read', 'read_admin', 'Read messages, deliveries and attempts, and the statistics of endpoints.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 03_attempts.sql

-- Attempts: each try to deliver a message, and its result.

create type public.webhook_attempt_outcome as enum ('succeeded', 'failed');

create table public.webhook_attempts (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  event_id uuid not null,
  endpoint_id uuid not null,
  attempt_number int not null,
  outcome public.webhook_attempt_outcome not null,
  response_status int,
  response_body text,
  duration_ms int not null,
  error_code text,
  error_detail text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, event_id, endpoint_id) references public.webhook_deliveries on delete cascade,
  constraint response_body_is_an_excerpt check (length(response_body) <= 16384),
  constraint failure_has_a_reason check ((outcome = 'failed') = (error_code is not null))
);
comment on table public.webhook_attempts is
  'Each try to deliver: the receiver''s answer and its time in milliseconds, or why there was no answer. Append-only.';
create index webhook_attempts_delivery_idx on public.webhook_attempts (tenant_id, event_id, endpoint_id);
create index webhook_attempts_endpoint_id_idx on public.webhook_attempts (tenant_id, endpoint_id, id);
create trigger webhook_attempts_never_change before update on public.webhook_attempts for each row execute function private.tg_refuse_change();

alter table public.webhook_attempts enable row level security;
create policy "managers read their tenant's attempts" on public.webhook_attempts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{deliveries:read}'))::uuid[]));
grant select on public.webhook_attempts to authenticated, service_role;
create index webhook_attempts_failed_idx on public.webhook_attempts (tenant_id, id) where outcome = 'failed';
create index webhook_attempts_failed_of_endpoint_idx on public.webhook_attempts (tenant_id, endpoint_id, id) where outcome = 'failed';

select private.register_table('public.webhook_attempts', keeping => 'history', plain => '{error_code,error_detail}', personal => '{response_body}',
  unaudited => 'append-only, so it is a record itself', person => 'response_body', on_forget => 'delete');

-- 10_queue/01_lanes.sql

-- Lanes of webhooks: each endpoint is a lane of its tenant's queue.

select private.register_queue('webhooks', '/webhooks/dispatch', '{5 s,5 min,30 min,2 h,5 h,10 h,14 h,20 h,24 h}', 'private.webhook_outbox');

-- A definer, because people who change an endpoint hold no privilege on queues.
create function private.tg_keep_webhook_lane() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue = 'webhooks' and l.lane_id = old.id;
    return null;
  elsif tg_op = 'INSERT' then
    insert into private.queue_lanes (tenant_id, queue, lane_id, is_served, rate_limit_per_second)
    values (new.tenant_id, 'webhooks', new.id, new.kind = 'push' and new.is_enabled, new.rate_limit_per_second);
    insert into private.queue_tenants (tenant_id, queue) values (new.tenant_id, 'webhooks') on conflict do nothing;
    return null;
  end if;
  update private.queue_lanes as l set
    is_served = new.kind = 'push' and new.is_enabled,
    rate_limit_per_second = new.rate_limit_per_second,
    next_at = case when new.is_enabled then l.next_at else 'infinity' end
  where l.tenant_id = new.tenant_id and l.queue = 'webhooks' and l.lane_id = new.id;
  if new.is_enabled and (not old.is_enabled or new.url <> old.url) then
    perform private.restart_lane('webhooks', new.tenant_id, new.id);
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_keep_lane after insert or delete or update of is_enabled, url, rate_limit_per_second on public.webhook_endpoints
  for each row execute function private.tg_keep_webhook_lane();

-- 10_queue/02_expand.sql

-- Expanding: one event becomes one delivery for each endpoint that receives it.

-- Postgres inlines it, because it is called for each event and endpoint.
create function private.wants_webhook_event(endpoint public.webhook_endpoints, event public.webhook_events, is_operational boolean)
  returns boolean
  language sql stable
as $$
  -- An endpoint without event_types receives every type except operational ones. An endpoint never receives
  -- operational events about itself, because a failing endpoint receives nothing.
  select case
    when is_operational then endpoint.event_types @> array[event.type]
      and event.payload::json #>> '{data,endpoint_id}' is distinct from endpoint.ref_id
    else endpoint.event_types is null or endpoint.event_types @> array[event.type] end
$$;
comment on function private.wants_webhook_event(public.webhook_endpoints, public.webhook_events, boolean) is
  'Whether an endpoint receives an event, which may be of an operational type.';

-- Each search starts behind another tenant, so that everybody has a turn even if more than 50 tenants wait.
create function private.tenants_with_events(max_tenants int) returns uuid[]
  language plpgsql volatile
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  oldest timestamptz;
  place uuid;
  start uuid;
  next uuid;
  found uuid[];
begin
  select e.created_at, o.tenant_id into oldest, start
  from private.webhook_outbox as o
  join public.webhook_events as e on e.tenant_id = o.tenant_id and e.id = o.event_id
  order by o.event_id limit 1;
  if start is null then
    return null;
  end if;
  -- The tenant that told something first after a random moment. A tenant with a thousand events of one moment is found
  -- no more often than one with a single event. The moment is chosen before the search: in its condition it would be
  -- chosen again for each row, and one of the first rows would nearly always win.
  place := private.first_uuid_at(oldest + random() * (now() - oldest));
  start := coalesce((
    select o.tenant_id from private.webhook_outbox as o where o.event_id >= place order by o.event_id limit 1), start);
  next := start;
  -- One search in the index for each tenant, however many events it has.
  loop
    found := found || next;
    exit when cardinality(found) = max_tenants;
    select o.tenant_id into next from private.webhook_outbox as o where o.tenant_id > next order by o.tenant_id limit 1;
    if next is null then
      select o.tenant_id into next from private.webhook_outbox as o order by o.tenant_id limit 1;
    end if;
    -- Others may have taken the last events of the tenant at which this began.
    exit when next is null or next = any (found);
  end loop;
  return found;
end
$$;
comment on function private.tenants_with_events(int) is
  'Tenants with events that were not yet expanded, at most so many. Null if there are none.';

create function private.expand_webhook_events(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  tenants uuid[];
  events uuid[];
  keys text[];
  turn uuid[] := private.tenants_with_events(least(batch, 50));
  wanted_tenants uuid[];
  wanted_events uuid[];
  wanted_endpoints uuid[];
  wanted_keys text[];
begin
  -- Searches the rows that are there, and not "ids after the last one", because a transaction may commit late.
  select array_agg(o.tenant_id), array_agg(o.event_id), array_remove(array_agg(o.ordering_key), null)
  into tenants, events, keys
  from unnest(turn) as t (tenant_id)
  cross join lateral (
    select o.tenant_id, o.event_id, o.ordering_key from private.webhook_outbox as o
    where o.tenant_id = t.tenant_id
    order by o.event_id limit batch / cardinality(turn) for update skip locked) as o;
  if events is null then
    return 0;
  end if;
  -- The commit does not wait for the disk, and holds its locks no longer than it must. A crash of the server may undo it
  -- as a whole: then the events are expanded again. What was written before a reported result is never undone.
  perform set_config('synchronous_commit', 'off', true);

  if keys <> '{}' then
    -- An event waits while another worker is expanding an earlier event of the same key.
    select array_agg(o.tenant_id), array_agg(o.event_id) into tenants, events
    from unnest(tenants, events) as taken (tenant_id, event_id)
    join private.webhook_outbox as o on o.tenant_id = taken.tenant_id and o.event_id = taken.event_id
    where o.ordering_key is null or not exists (
      select from private.webhook_outbox as p
      where p.tenant_id = o.tenant_id and p.ordering_key = o.ordering_key and p.event_id < o.event_id
        and p.event_id <> all (events));
    if events is null then
      return 0;
    end if;
  end if;

  delete from private.webhook_outbox as o
  using unnest(tenants, events) as taken (tenant_id, event_id)
  where o.tenant_id = taken.tenant_id and o.event_id = taken.event_id;

  select array_agg(p.tenant_id), array_agg(e.id), array_agg(p.id), array_agg(e.ordering_key)
  into wanted_tenants, wanted_events, wanted_endpoints, wanted_keys
  from unnest(tenants, events) as taken (tenant_id, event_id)
  join public.webhook_events as e on e.tenant_id = taken.tenant_id and e.id = taken.event_id
  join public.webhook_event_types as t on t.type = e.type and t.version = e.version
  join public.webhook_endpoints as p on p.tenant_id = e.tenant_id and p.is_enabled
  where private.wants_webhook_event(p, e, t.is_operational);

  -- Holds all lanes at once, and before the deliveries. Replaying and deleting an endpoint lock in the same order.
  perform private.lock_lanes('webhooks', wanted_tenants, wanted_endpoints);
  with made as (
    insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id, ordering_key)
    select w.tenant_id, w.event_id, w.endpoint_id, w.ordering_key
    from unnest(wanted_tenants, wanted_events, wanted_endpoints, wanted_keys) as w (tenant_id, event_id, endpoint_id, ordering_key)
    -- The endpoint may be deleted by now.
    join private.queue_lanes as l on l.tenant_id = w.tenant_id and l.queue = 'webhooks' and l.lane_id = w.endpoint_id
    -- A replay may have put it there already. Nobody can do so now, because replays hold the lane.
    where not exists (
      select from public.webhook_deliveries as d
      where d.tenant_id = w.tenant_id and d.event_id = w.event_id and d.endpoint_id = w.endpoint_id)
    returning tenant_id, event_id, endpoint_id, ordering_key
  )
  select array_agg(m.tenant_id), array_agg(m.event_id), array_agg(m.endpoint_id), array_agg(m.ordering_key)
  into wanted_tenants, wanted_events, wanted_endpoints, wanted_keys
  from made as m;
  if wanted_tenants is not null then
    perform private.enqueue_items('webhooks', wanted_tenants, wanted_endpoints, wanted_events, wanted_keys);
  end if;
  return cardinality(events);
end
$$;
comment on function private.expand_webhook_events(int) is
  'Turns events into one delivery for each endpoint that receives them: of up to 50 tenants in turn, the oldest of each first, at most one batch. Returns how many events. Many workers may run it at once.';

-- 10_queue/03_claim.sql

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

-- 10_queue/04_complete.sql

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

-- 10_queue/05_sweeps.sql

-- Sweeps: removing old deliveries and events.

create function private.sweep_webhooks(batch int default 5000) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  given_up private.queue_result[];
  swept int := 0;
  n int;
begin
  -- Nobody polls for these any more. They can be replayed until they are removed.
  select array_agg(row(i.tenant_id, i.lane_id, i.item_id, i.lease_id, i.attempt_count, i.ordering_key, 'dropped', 0, null, null, null)::private.queue_result)
  into given_up
  from (
    select i.* from private.queue_lanes as l
    join private.queue_items as i on i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id
    where l.queue = 'webhooks' and not l.is_served and i.item_id < private.first_uuid_at(now() - interval '30 days')
    limit batch) as i;
  perform private.lock_lanes('webhooks', array(select g.tenant_id from unnest(given_up) as g), array(select g.lane_id from unnest(given_up) as g));
  delete from private.queue_items as i using unnest(given_up) as g
  where i.tenant_id = g.tenant_id and i.queue = 'webhooks' and i.lane_id = g.lane_id and i.item_id = g.item_id;
  update public.webhook_deliveries as d set status = 'dead', ended_at = now()
  from unnest(given_up) as g
  where d.tenant_id = g.tenant_id and d.event_id = g.item_id and d.endpoint_id = g.lane_id and d.status = 'pending';
  get diagnostics n = row_count;
  swept := swept + n;
  perform private.wake_queue_tenants('webhooks', private.release_ordered_items('webhooks', given_up));
  delete from public.webhook_deliveries as d
  where d.ctid = any (array(
    select o.ctid from public.webhook_deliveries as o
    where o.status = 'delivered' and o.ended_at < now() - interval '30 days' limit batch for update skip locked));
  get diagnostics n = row_count;
  swept := swept + n;
  delete from public.webhook_deliveries as d
  where d.ctid = any (array(
    select o.ctid from public.webhook_deliveries as o
    where o.status = 'dead' and o.ended_at < now() - interval '90 days' limit batch for update skip locked));
  get diagnostics n = row_count;
  swept := swept + n;
  -- An event is removed when it has no delivery left.
  delete from public.webhook_events as e
  where e.ctid = any (array(
    select o.ctid from public.webhook_events as o
    where o.created_at < now() - interval '30 days'
      and not exists (select from public.webhook_deliveries as d where d.tenant_id = o.tenant_id and d.event_id = o.id)
      and not exists (select from private.webhook_outbox as x where x.tenant_id = o.tenant_id and x.event_id = o.id)
    limit batch for update skip locked));
  get diagnostics n = row_count;
  return swept + n;
end
$$;
comment on function private.sweep_webhooks(int) is
  'Removes old rows, a batch of each kind: delivered after 30 days and dead after 90 days, with their attempts, and events without deliveries.';

select cron.schedule('webhooks: remove old deliveries and events', '*/10 * * * *',
  'select private.sweep_webhooks()');

-- 20_deliveries/01_replays.sql

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

-- 20_deliveries/02_polling.sql

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

-- 20_deliveries/03_reading.sql

-- Reading: the metrics of the whole queue.

create function private.read_webhook_metrics() returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object(
    'outbox', (select count(*) from private.webhook_outbox),
    'pending', (select count(*) from private.queue_items as i where i.queue = 'webhooks'),
    'due', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.next_at <= now()),
    'leased', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.lease_id is not null and i.next_at > now()),
    -- Only of deliveries that could be sent now. The deliveries of a blocked lane wait for their receiver.
    'oldest_due_seconds', coalesce((
      select extract(epoch from now() - min(i.next_at))
      from private.queue_lanes as l
      cross join lateral (
        select i.next_at from private.queue_items as i
        where i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id order by i.next_at limit 1) as i
      where l.queue = 'webhooks' and l.next_at <= now() and i.next_at <= now()), 0),
    'open_circuits', (select count(*) from private.queue_lanes as l where l.queue = 'webhooks' and l.failure_count >= 5),
    'disabled_endpoints', (select count(*) from public.webhook_endpoints as p where not p.is_enabled),
    'dispatchers', (select count(*) from private.queue_dispatchers as w where w.queue = 'webhooks' and w.slot <= 4 and w.run_id is not null and w.seen_at > now() - interval '5 seconds'),
    'succeeded', sum(w.succeeded_count), 'failed', sum(w.failed_count), 'dead', sum(w.dead_count), 'stale', sum(w.stale_count),
    'duration_ms_sum', sum(w.duration_ms_sum),
    'duration_buckets', (select array_agg(b.count order by b.n) from (
      select u.n, sum(u.count) as count from private.queue_dispatchers as x,
        unnest(x.duration_bucket_counts) with ordinality as u (count, n) where x.queue = 'webhooks' group by u.n) as b))
  from private.queue_dispatchers as w where w.queue = 'webhooks'
$$;
comment on function private.read_webhook_metrics() is 'The state of the queue over all tenants, and totals since the beginning. Only for the operator.';

-- 20_deliveries/04_removed_deliveries.sql

-- Removed events: their deliveries no longer wait, and the next ones of their ordering keys no longer wait for them.

-- Definers, these two, because a caller who deletes an event holds no privilege on the queue.
create function private.tg_drop_items_of_event() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Before the deliveries go with their event: whoever completes one locks the item first as well.
  delete from private.queue_items as i
  using public.webhook_deliveries as d
  where d.tenant_id = old.tenant_id and d.event_id = old.id and d.status = 'pending'
    and i.tenant_id = d.tenant_id and i.queue = 'webhooks' and i.lane_id = d.endpoint_id and i.item_id = d.event_id;
  return old;
end
$$;
create trigger webhook_events_drop_items before delete on public.webhook_events
  for each row execute function private.tg_drop_items_of_event();

create function private.tg_release_after_removed_deliveries() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  removed private.queue_result[];
begin
  -- Not if the endpoint is deleted too, and not in an archived tenant, whose lanes are paused.
  select array_agg(row(g.tenant_id, g.endpoint_id, g.event_id, null, 0, g.ordering_key, 'dropped', 0, null, null, null)::private.queue_result) into removed
  from (
    select distinct on (d.tenant_id, d.endpoint_id, d.ordering_key) d.* from gone as d
    where d.status = 'pending' and d.ordering_key is not null) as g
  join public.webhook_endpoints as p on p.tenant_id = g.tenant_id and p.id = g.endpoint_id
  join public.tenants as t on t.id = g.tenant_id and t.status <> 'archived';
  if removed is not null then
    perform private.wake_queue_tenants('webhooks', private.release_ordered_items('webhooks', removed));
  end if;
  return null;
end
$$;
comment on function private.tg_release_after_removed_deliveries() is
  'Makes the next delivery of an ordering key due when the one it waited for is deleted. The caller must hold the lanes.';
create trigger webhook_deliveries_release_after_removal after delete on public.webhook_deliveries
  referencing old table as gone for each statement execute function private.tg_release_after_removed_deliveries();

-- 20_deliveries/05_delivery_lists.sql

-- Lists of deliveries: the pending and the dead ones, which are few among many.

-- A definer. Row level security hides from the planner how many rows have a status, so it would walk along a million
-- deliveries to find the few. Here each list is read along the index that holds only its rows, endpoint by endpoint,
-- whatever the planner believes of the table: no other index begins with the endpoint.
create function public.list_webhook_deliveries(
  tenant_id uuid, status public.webhook_delivery_status, endpoint uuid default null, event_type text default null,
  before_event_id uuid default null, before_endpoint_id uuid default null, max_rows int default 50,
  since timestamptz default null, until timestamptz default null
) returns table (event_id uuid, endpoint_id uuid)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_sort = off
  set enable_incremental_sort = off
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  -- An id begins with its moment.
  first_id uuid := private.first_uuid_at(since);
  end_id uuid := private.first_uuid_at(until);
begin
  perform private.require_permission(list_webhook_deliveries.tenant_id, 'deliveries:read');
  if list_webhook_deliveries.status is null or list_webhook_deliveries.status = 'delivered' or max_rows is null or max_rows not between 1 and 1000 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 1000 deliveries that are pending or dead.');
  end if;
  if list_webhook_deliveries.status = 'dead' then
    return query
    select d.event_id, d.endpoint_id from public.webhook_endpoints as p
    cross join lateral (
      select d.event_id, d.endpoint_id from public.webhook_deliveries as d
      where d.endpoint_id = p.id and d.status = 'dead'
        and (first_id is null or d.event_id >= first_id) and (end_id is null or d.event_id < end_id)
        and (before_event_id is null or d.event_id <= before_event_id and (d.event_id, d.endpoint_id) < (before_event_id, before_endpoint_id))
        and (event_type is null or (
          select e.type from public.webhook_events as e where e.tenant_id = p.tenant_id and e.id = d.event_id) = event_type)
      order by d.event_id desc limit max_rows) as d
    where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
    order by d.event_id desc, d.endpoint_id desc limit max_rows;
    return;
  end if;

  return query
  select i.item_id, i.lane_id from public.webhook_endpoints as p
  cross join lateral (
    select i.item_id, i.lane_id from private.queue_items as i
    where i.tenant_id = p.tenant_id and i.queue = 'webhooks' and i.lane_id = p.id
      and (first_id is null or i.item_id >= first_id) and (end_id is null or i.item_id < end_id)
      and (before_event_id is null or i.item_id <= before_event_id and (i.item_id, i.lane_id) < (before_event_id, before_endpoint_id))
      and (event_type is null or (
        select e.type from public.webhook_events as e where e.tenant_id = p.tenant_id and e.id = i.item_id) = event_type)
    order by i.item_id desc limit max_rows) as i
  where p.tenant_id = list_webhook_deliveries.tenant_id and (endpoint is null or p.id = endpoint)
  order by i.item_id desc, i.lane_id desc limit max_rows;
end
$$;
comment on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int, timestamptz, timestamptz) is
  'The pending or the dead deliveries of a tenant, those of the newest events first: of one endpoint or all, of one event type or all, from behind the one that is named. since and until bound when the event was made.';
grant execute on function public.list_webhook_deliveries(uuid, public.webhook_delivery_status, uuid, text, uuid, uuid, int, timestamptz, timestamptz) to authenticated;

-- A definer, because when a delivery is due is in the queue, which is granted to nobody.
create function public.read_webhook_deliveries(tenant_id uuid, event_ids uuid[], endpoint_ids uuid[])
  returns table (event_id uuid, endpoint_id uuid, event_type text, status public.webhook_delivery_status, attempt_count int,
    next_attempt_at timestamptz, is_in_flight boolean, ordering_key text, ended_at timestamptz, created_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  perform private.require_permission(read_webhook_deliveries.tenant_id, 'deliveries:read');
  if cardinality(event_ids) > 1000 or cardinality(event_ids) is distinct from cardinality(endpoint_ids) then
    perform private.raise_problem(422, 'invalid_value', 'Name at most 1000 deliveries, each by its event and its endpoint.');
  end if;
  return query
  select d.event_id, d.endpoint_id, e.type, d.status, coalesce(i.attempt_count, d.attempt_count), nullif(i.next_at, 'infinity'),
    i.lease_id is not null and i.next_at > now(), d.ordering_key, d.ended_at, e.created_at
  from unnest(event_ids, endpoint_ids) with ordinality as k (event_id, endpoint_id, n)
  -- "limit 1" keeps each a look-up by its key: the planner may think of reading all of the tenant's instead.
  cross join lateral (
    select * from public.webhook_deliveries as d
    where d.tenant_id = read_webhook_deliveries.tenant_id and d.event_id = k.event_id and d.endpoint_id = k.endpoint_id limit 1) as d
  cross join lateral (select * from public.webhook_events as e where e.tenant_id = d.tenant_id and e.id = d.event_id limit 1) as e
  left join lateral (
    select * from private.queue_items as i
    where i.tenant_id = d.tenant_id and i.queue = 'webhooks' and i.lane_id = d.endpoint_id and i.item_id = d.event_id limit 1) as i on true
  order by k.n;
end
$$;
comment on function public.read_webhook_deliveries(uuid, uuid[], uuid[]) is
  'The deliveries that are named by event and endpoint, in this order: their state, and when each pending one is due.';
grant execute on function public.read_webhook_deliveries(uuid, uuid[], uuid[]) to authenticated;

-- 20_deliveries/06_stats.sql

-- Statistics: how a tenant's endpoints work, each and all together, and over time.

create type private.webhook_stats as (
  endpoint_id uuid, since timestamptz, succeeded_count bigint, failed_count bigint, duration_p50_ms int, duration_p95_ms int,
  pending_count bigint, dead_count bigint, oldest_pending_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
  failing_since_at timestamptz, failure_count int, blocked_until_at timestamptz, most_attempts int
);

create function private.require_stats_window(window_hours int) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if window_hours is null or window_hours not between 1 and 720 then
    perform private.raise_problem(422, 'invalid_value', 'The window is 1 to 720 hours.',
      '[{"pointer": "/window_hours", "detail": "must be between 1 and 720"}]');
  end if;
end
$$;

create function private.webhook_stats_of(asked public.webhook_endpoints, window_hours int, most_attempts int) returns private.webhook_stats
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  stats private.webhook_stats;
begin
  stats.endpoint_id := asked.id;
  stats.most_attempts := most_attempts;
  -- Only the newest of the window. More would take long and say no more about the endpoint.
  select case when count(*) = most_attempts then min(a.created_at) else now() - make_interval(hours => window_hours) end,
    count(*) filter (where a.outcome = 'succeeded'), count(*) filter (where a.outcome = 'failed'),
    percentile_disc(0.5) within group (order by a.duration_ms), percentile_disc(0.95) within group (order by a.duration_ms)
  into stats.since, stats.succeeded_count, stats.failed_count, stats.duration_p50_ms, stats.duration_p95_ms
  from (
    select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id
      and a.id >= private.first_uuid_at(now() - make_interval(hours => window_hours))
    order by a.id desc limit most_attempts) as a;

  stats.pending_count := (select count(*) from private.queue_items as i
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id);
  stats.oldest_pending_at := (select e.created_at from private.queue_items as i
    join public.webhook_events as e on e.tenant_id = i.tenant_id and e.id = i.item_id
    where i.tenant_id = asked.tenant_id and i.queue = 'webhooks' and i.lane_id = asked.id order by i.item_id limit 1);
  stats.dead_count := (select count(*) from public.webhook_deliveries as d
    where d.tenant_id = asked.tenant_id and d.endpoint_id = asked.id and d.status = 'dead');
  stats.last_success_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'succeeded' order by a.id desc limit 1);
  stats.last_failure_at := (select a.created_at from public.webhook_attempts as a
    where a.tenant_id = asked.tenant_id and a.endpoint_id = asked.id and a.outcome = 'failed' order by a.id desc limit 1);
  select l.failing_since_at, l.failure_count, case when l.blocked_until_at > now() then l.blocked_until_at end
  into stats.failing_since_at, stats.failure_count, stats.blocked_until_at
  from private.queue_lanes as l where l.tenant_id = asked.tenant_id and l.queue = 'webhooks' and l.lane_id = asked.id;
  return stats;
end
$$;
comment on function private.webhook_stats_of(public.webhook_endpoints, int, int) is
  'The statistics of one endpoint, of at most so many of its newest attempts. Checks nobody''s permission.';

-- A definer, because the state of a circuit is in its lane, which is granted to nobody.
create function public.read_webhook_stats(tenant_id uuid, endpoint_id uuid, window_hours int default 24)
  returns table (since timestamptz, succeeded_count bigint, failed_count bigint, duration_p50_ms int, duration_p95_ms int,
    pending_count bigint, dead_count bigint, oldest_pending_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
    failing_since_at timestamptz, failure_count int, blocked_until_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  asked public.webhook_endpoints;
begin
  perform private.require_permission(read_webhook_stats.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  select * into asked from public.webhook_endpoints as e
  where e.tenant_id = read_webhook_stats.tenant_id and e.id = read_webhook_stats.endpoint_id;
  if asked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  return query
    select s.since, s.succeeded_count, s.failed_count, s.duration_p50_ms, s.duration_p95_ms, s.pending_count, s.dead_count,
      s.oldest_pending_at, s.last_success_at, s.last_failure_at, s.failing_since_at, s.failure_count, s.blocked_until_at
    from private.webhook_stats_of(asked, window_hours, 100000) as s;
end
$$;
comment on function public.read_webhook_stats(uuid, uuid, int) is
  'How an endpoint works: the attempts and durations of the window, what is pending and dead, and the state of its circuit. At most 100,000 attempts are counted, and since says where they begin.';

-- A definer, as the one above.
create function public.list_webhook_stats(tenant_id uuid, window_hours int default 24, before_endpoint_id uuid default null, max_rows int default 50)
  returns setof private.webhook_stats
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.require_permission(list_webhook_stats.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  if max_rows is null or max_rows not between 1 and 101 then
    perform private.raise_problem(422, 'invalid_value', 'Ask for 1 to 101 endpoints.');
  end if;
  return query
    select s.* from (
      select p as endpoint from public.webhook_endpoints as p
      where p.tenant_id = list_webhook_stats.tenant_id and (before_endpoint_id is null or p.id < before_endpoint_id)
      order by p.id desc limit max_rows) as p
    -- All endpoints of a page together read no more attempts than one endpoint alone may.
    cross join lateral private.webhook_stats_of(p.endpoint, window_hours, 100000 / max_rows) as s
    order by s.endpoint_id desc;
end
$$;
comment on function public.list_webhook_stats(uuid, int, uuid, int) is
  'read_webhook_stats() of the tenant''s endpoints, the newest first, from behind the one that is named. Together they count at most 100,000 attempts.';

-- A definer, because a policy would be asked for each of the attempts.
create function public.read_webhook_series(tenant_id uuid, step text default 'hour', window_hours int default 24, endpoint uuid default null)
  returns table (start_at timestamptz, succeeded_count bigint, failed_count bigint, duration_p95_ms int, since timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  zone text;
  from_at timestamptz := now() - make_interval(hours => window_hours);
begin
  perform private.require_permission(read_webhook_series.tenant_id, 'deliveries:read');
  perform private.require_stats_window(window_hours);
  if step is null or step not in ('hour', 'day') then
    perform private.raise_problem(422, 'invalid_value', 'A step is an hour or a day.', '[{"pointer": "/step", "detail": "must be hour or day"}]');
  end if;
  if endpoint is not null and not exists (
    select from public.webhook_endpoints as p where p.tenant_id = read_webhook_series.tenant_id and p.id = endpoint) then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  select t.time_zone into zone from public.tenants as t where t.id = read_webhook_series.tenant_id;
  return query
    with newest as materialized (
      select a.outcome, a.duration_ms, a.created_at from public.webhook_attempts as a
      where a.tenant_id = read_webhook_series.tenant_id and (endpoint is null or a.endpoint_id = endpoint)
        and a.id >= private.first_uuid_at(from_at)
      order by a.id desc limit 100000
    ), counted as (
      select date_trunc(step, n.created_at, zone) as start_at, count(*) filter (where n.outcome = 'succeeded') as succeeded,
        count(*) filter (where n.outcome = 'failed') as failed, percentile_disc(0.95) within group (order by n.duration_ms) as p95
      from newest as n group by 1
    ), bounds as (
      select case when count(*) = 100000 then min(n.created_at) else from_at end as since from newest as n
    )
    select s.start_at, coalesce(c.succeeded, 0), coalesce(c.failed, 0), c.p95, b.since
    from bounds as b
    cross join lateral generate_series(date_trunc(step, b.since, zone), now(), ('1 ' || step)::interval, zone) as s (start_at)
    left join counted as c on c.start_at = s.start_at
    order by s.start_at;
end
$$;
comment on function public.read_webhook_series(uuid, text, int, uuid) is
  'The attempts of the window by hour or by day of the tenant''s time zone, of one endpoint or all. At most the newest 100,000, and since says where they begin.';
revoke all on function private.webhook_stats_of(public.webhook_endpoints, int, int), private.require_stats_window(int) from public;
grant execute on function public.read_webhook_stats(uuid, uuid, int), public.list_webhook_stats(uuid, int, uuid, int),
  public.read_webhook_series(uuid, text, int, uuid) to authenticated;

-- 30_endpoints/01_secrets.sql

-- Signing secrets: creating, rotating, reading and removing them. Each secret is in Vault.

create function private.is_signing_secret(secret text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  written text := substr(secret, strpos(secret, '_') + 1);
  bytes bytea;
begin
  if length(secret) > 200
    or secret !~ '^(whsec|whsk)_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' then
    return false;
  end if;
  bytes := decode(written, 'base64');
  -- Encoded again and compared, because unused bits of base64 are accepted by some receivers and refused by others.
  return replace(encode(bytes, 'base64'), e'\n', '') = written
    and case when secret like 'whsec\_%' then length(bytes) between 24 and 64 else length(bytes) = 64 end;
end
$$;
comment on function private.is_signing_secret(text) is
  'Whether a text is a secret of Standard Webhooks: whsec_ with 24 to 64 bytes, or whsk_ with an ed25519 seed and its public key.';

create function private.require_signing_secret(secret text) returns public.webhook_signature_scheme
  language plpgsql
  set search_path = ''
as $$
begin
  if private.is_signing_secret(require_signing_secret.secret) is not true then
    perform private.raise_problem(422, 'invalid_value', 'The signing secret cannot be used.',
      '[{"pointer": "/secret", "detail": "must be whsec_ and 24 to 64 bytes, or whsk_ and 64 bytes, in base64 with its padding"}]');
  end if;
  return case when require_signing_secret.secret like 'whsec\_%' then 'hmac' else 'ed25519' end;
end
$$;

create function public.rotate_webhook_secret(tenant_id uuid, endpoint_id uuid, secret text, overlap_seconds int default 86400)
  returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  new_scheme public.webhook_signature_scheme;
begin
  perform private.require_permission(rotate_webhook_secret.tenant_id, 'endpoints:write');
  new_scheme := private.require_signing_secret(rotate_webhook_secret.secret);
  if overlap_seconds is null or overlap_seconds not between 0 and 604800 then
    perform private.raise_problem(422, 'invalid_value', 'Two secrets can overlap for seven days at most.',
      '[{"pointer": "/overlap_seconds", "detail": "must be between 0 and 604800"}]');
  end if;
  stored := private.lock_webhook_endpoint(rotate_webhook_secret.tenant_id, rotate_webhook_secret.endpoint_id);
  -- If it is rotated again within the overlap, the oldest secret is removed: a trigger deletes from Vault what no
  -- endpoint names.
  update public.webhook_endpoints as e set
    scheme = new_scheme,
    secret_id = vault.create_secret(rotate_webhook_secret.secret, null, 'signing secret of a webhook endpoint'),
    previous_secret_id = case when overlap_seconds > 0 then e.secret_id end,
    previous_secret_expires_at = case when overlap_seconds > 0 then now() + make_interval(secs => overlap_seconds) end,
    revision = private.uuid_v7()
  where e.tenant_id = stored.tenant_id and e.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.rotate_webhook_secret(uuid, uuid, text, int) is
  'Gives an endpoint a new signing secret. The secret before it also signs during the overlap. The kind of the secret decides the signature scheme.';

create function public.reveal_webhook_secret(tenant_id uuid, endpoint_id uuid) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  shown record;
begin
  perform private.require_permission(reveal_webhook_secret.tenant_id, 'endpoints:write');
  select e.ref_id, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id) as secret into shown
  from public.webhook_endpoints as e
  where e.tenant_id = reveal_webhook_secret.tenant_id and e.id = reveal_webhook_secret.endpoint_id;
  if shown.ref_id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  perform private.record_audit(reveal_webhook_secret.tenant_id, 'webhook_secret.read', 'webhook_endpoints', shown.ref_id);
  return shown.secret;
end
$$;
comment on function public.reveal_webhook_secret(uuid, uuid) is
  'The secret that signs an endpoint''s messages, for those who verify them. Each reading is recorded.';

-- The next two are for the service's own connection and for cron. They are granted to nobody.

create function private.read_webhook_secrets(endpoints uuid[])
  returns table (tenant_id uuid, endpoint_id uuid, revision uuid, secrets text[], headers jsonb, good_until_at timestamptz)
  language sql stable
  set search_path = ''
as $$
  -- Subqueries and not joins: with joins, Postgres may decrypt every secret in Vault.
  select e.tenant_id, e.id, e.revision,
    array_remove(array[
      (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id),
      (select s.decrypted_secret from vault.decrypted_secrets as s
        where s.id = e.previous_secret_id and e.previous_secret_expires_at > now())], null),
    coalesce((select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = e.headers_secret_id), '{}'),
    case when e.previous_secret_expires_at > now() then e.previous_secret_expires_at end
  from public.webhook_endpoints as e
  where e.id = any (endpoints)
$$;
comment on function private.read_webhook_secrets(uuid[]) is
  'What signs an endpoint''s messages (the newest secret first, then one that still overlaps), and its headers with their values. Valid for this revision, and until good_until_at.';

create function private.sweep_webhook_secrets(batch int default 1000) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  swept int;
begin
  with expired as (
    select e.tenant_id, e.id from public.webhook_endpoints as e
    where e.previous_secret_id is not null and e.previous_secret_expires_at <= now()
    order by e.previous_secret_expires_at limit batch
    for no key update skip locked
  )
  update public.webhook_endpoints as e
  set previous_secret_id = null, previous_secret_expires_at = null, revision = private.uuid_v7()
  from expired as x where e.tenant_id = x.tenant_id and e.id = x.id;
  get diagnostics swept = row_count;
  return swept;
end
$$;
comment on function private.sweep_webhook_secrets(int) is 'Deletes signing secrets whose overlap is over. Returns how many.';
grant execute on function public.rotate_webhook_secret(uuid, uuid, text, int),
  public.reveal_webhook_secret(uuid, uuid) to authenticated;

select cron.schedule('webhooks: drop signing secrets that were rotated out', '*/5 * * * *',
  'select private.sweep_webhook_secrets()');

select private.register_audit_action('webhook_secret.read', 'r');

-- 30_endpoints/02_headers.sql

-- Headers: extra headers that a tenant adds to what its endpoints are sent. Their values are in Vault.

create function private.header_name_problem(name text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  select case
    when name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,100}$' then
      'is not a name of a header, which has 1 to 100 letters, digits and !#$%&''*+-.^_`|~'
    when lower(name) = any ('{host,connection,keep-alive,transfer-encoding,te,trailer,upgrade,expect,accept-encoding}')
      or lower(name) ~ '^(content|proxy)-' then 'is a header that the delivery sets itself'
    when lower(name) ~ '^(webhook|tenantry)-' then 'is reserved for headers that say and prove where a message comes from'
  end
$$;
comment on function private.header_name_problem(text) is 'Why a header cannot be added to a webhook. Null if it can.';

create function private.header_value_problem(value jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- A line break would end the header, and any text could follow.
  select 'must be 1 to 1024 visible ASCII characters, with spaces only between them'
  where jsonb_typeof(value) is distinct from 'string' or length(value #>> '{}') > 1024
    or value #>> '{}' !~ '^[!-~]([ -~]*[!-~])?$'
$$;

create function private.header_problems(headers jsonb, static_header jsonb) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- Null removes a header. Its name must be valid too.
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail) order by pointer), '[]')
  from (
    select '/headers/' || private.pointer_token(h.name) as pointer, coalesce(
      private.header_name_problem(h.name),
      case when count(*) over (partition by lower(h.name)) > 1 then
          'is given twice, because the name of a header is the same in upper and lower case'
        when lower(h.name) = lower(header_problems.static_header ->> 'name') then
          'is the static header, which is not set here'
        when h.value <> 'null' then private.header_value_problem(h.value) end) as detail
    from jsonb_each(headers) as h (name, value)
    union all
    select '/static_header/name', private.header_name_problem(header_problems.static_header ->> 'name')
    union all
    select '/static_header/value', private.header_value_problem(header_problems.static_header -> 'value')
    where header_problems.static_header is not null
  ) as found
  where detail is not null
$$;

create function private.require_small_headers(sent jsonb) returns void
  language plpgsql immutable
  set search_path = ''
as $$
declare
  too_large text := private.json_problem(sent, 1000, 131072);
begin
  if too_large is not null then
    perform private.raise_problem(422, 'invalid_value', 'The headers cannot be sent.',
      jsonb_build_array(jsonb_build_object('pointer', '/headers', 'detail', too_large)));
  end if;
end
$$;
comment on function private.require_small_headers(jsonb) is 'Refuses headers that are too large to be looked at. Whoever copies them asks this first.';

-- The headers after a change. Nobody can read values, so a change names the headers that it sets and removes.
create function private.merge_webhook_headers(
  current jsonb, current_static text, changes jsonb, out headers jsonb, out static_header text
)
  language plpgsql
  set search_path = ''
as $$
declare
  patch jsonb;
  shared jsonb;
  problems jsonb;
begin
  perform private.require_small_headers(changes);
  patch := nullif(changes -> 'headers', 'null');
  shared := nullif(changes -> 'static_header', 'null');
  -- A null name would pass every check below.
  if shared is not null and (jsonb_typeof(shared) <> 'object' or jsonb_typeof(shared -> 'name') is distinct from 'string') then
    perform private.raise_problem(422, 'invalid_value', 'The static header cannot be sent.',
      '[{"pointer": "/static_header", "detail": "must be an object with a name and a value"}]');
  elsif jsonb_typeof(coalesce(patch, '{}')) <> 'object' or (select count(*) from jsonb_object_keys(coalesce(patch, '{}'))) > 40 then
    perform private.raise_problem(422, 'invalid_value', 'The headers cannot be sent.',
      '[{"pointer": "/headers", "detail": "must be an object of at most 20 headers and their values"}]');
  end if;
  if changes ? 'static_header' then
    static_header := shared ->> 'name';
  else
    static_header := current_static;
    shared := case when current_static is not null then jsonb_build_object('name', current_static, 'value', current -> current_static) end;
  end if;
  problems := private.header_problems(coalesce(patch, '{}'), shared);
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'Some headers cannot be sent.', problems);
  end if;

  select coalesce(jsonb_object_agg(h.name, h.value), '{}') into headers
  from (
    select * from jsonb_each(current) as c (name, value)
    where c.name is distinct from current_static and changes -> 'headers' is distinct from 'null'
      and lower(c.name) is distinct from lower(merge_webhook_headers.static_header)
      and not exists (select from jsonb_object_keys(patch) as p where lower(p) = lower(c.name))
    union all
    select * from jsonb_each(patch) as p (name, value) where p.value <> 'null'
    union all
    select shared ->> 'name', shared -> 'value' where shared is not null
  ) as h;
  if (select count(*) from jsonb_object_keys(headers)) > 20 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint can have at most 20 headers.',
      '[{"pointer": "/headers", "detail": "must leave the endpoint with at most 20 headers"}]');
  end if;
end
$$;
comment on function private.merge_webhook_headers(jsonb, text, jsonb) is
  'An endpoint''s headers after {headers: {name: value, or null}, static_header: {name, value}}. 422 invalid_value names each header that cannot be sent.';

create function private.require_headers_again(stored public.webhook_endpoints, url text, changes jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  problems jsonb;
begin
  -- Scheme, host and port, as they are written. Whatever is written in another way counts as another server.
  if substring(require_headers_again.url from '^https?://[^/?#]+') = substring(stored.url from '^https?://[^/?#]+') then
    return;
  end if;
  -- Nobody can read the values. A person who may change the URL could have them sent to a server of their own.
  select jsonb_agg(jsonb_build_object(
    'pointer', case when h.name = stored.static_header then '/static_header' else '/headers/' || private.pointer_token(h.name) end,
    'detail', 'must be given again, or be removed with null, because its value was meant for the server of the old URL') order by h.name)
  into problems
  from unnest(stored.header_names) as h (name)
  where lower(h.name) is distinct from lower(changes #>> '{static_header,name}') and case
    when h.name = stored.static_header then not changes ? 'static_header'
    else changes -> 'headers' is distinct from 'null' and not exists (
      select from jsonb_each(case when jsonb_typeof(changes -> 'headers') = 'object' then changes -> 'headers' end) as g (name, value)
      where lower(g.name) = lower(h.name)) end;
  if problems is not null then
    perform private.raise_problem(422, 'header_values_required',
      'The new URL leads to another server. The values of these headers are not sent there: give them again, or remove the headers.', problems);
  end if;
end
$$;
comment on function private.require_headers_again(public.webhook_endpoints, text, jsonb) is
  'Refuses a change of the URL that would send the values of stored headers to another server. 422 header_values_required names each header that the change does not give again or remove.';

create function private.store_webhook_headers(headers jsonb) returns uuid
  language sql
  set search_path = ''
as $$
  select case when headers <> '{}' then vault.create_secret(headers::text, null, 'header values of a webhook endpoint') end
$$;

-- 30_endpoints/03_change_checks.sql

-- Checks of changes of endpoints: their event types, the types of their fields, and what a polling endpoint lacks.

create function private.require_event_types(types text[]) returns text[]
  language plpgsql
  set search_path = ''
as $$
declare
  unknown text[];
  problems jsonb;
begin
  if types is null then
    return null;
  end if;
  if cardinality(types) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint names 1 to 200 event types. Without event_types it receives all types.',
      '[{"pointer": "/event_types", "detail": "must have 1 to 200 event types, or be null for all"}]');
  end if;
  select array_agg(g.type order by g.n), jsonb_agg(jsonb_build_object('pointer', '/event_types/' || g.n - 1,
    'detail', 'is not in the catalogue of event types') order by g.n) into unknown, problems
  from unnest(types) with ordinality as g (type, n)
  where not exists (select from public.webhook_event_types as t where t.type = g.type);
  if unknown is not null then
    perform private.raise_problem(422, 'unknown_event_type', format(
      'There is no such event type in the catalogue: %s.', left(array_to_string(unknown, ', ', 'null'), 500)), problems);
  end if;
  return array(select distinct type from unnest(types) as type order by type);
end
$$;
comment on function private.require_event_types(text[]) is
  'Event types without duplicates. 422 unknown_event_type names the place of each type that is not in the catalogue.';

create function private.require_push(endpoint public.webhook_endpoints) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if endpoint.kind = 'poll' and (endpoint.header_names <> '{}' or endpoint.rate_limit_per_second is not null) then
    perform private.raise_problem(422, 'invalid_value', 'Nothing is sent to a polling endpoint, so it has no headers and no rate limit.',
      jsonb_build_array(jsonb_build_object('detail', 'is only for push endpoints',
        'pointer', case when endpoint.header_names <> '{}' then '/headers' else '/rate_limit_per_second' end)));
  end if;
end
$$;

create function private.endpoint_change_problems(changes jsonb) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- A value of another type would be quoted in the refusal, however long it is.
  select jsonb_agg(jsonb_build_object('pointer', '/' || private.pointer_token(f.key), 'detail', f.detail) order by f.key)
  from (
    select c.key, case
      when c.key <> all ('{url,description,event_types,headers,static_header,rate_limit_per_second,disabled}') then 'is not a known field'
      when jsonb_typeof(c.value) = 'null' then null
      when c.key in ('url', 'description') and jsonb_typeof(c.value) <> 'string' then 'must be text'
      when c.key = 'event_types' and (jsonb_typeof(c.value) <> 'array' or jsonb_path_exists(c.value, 'strict $[*] ? (@.type() != "string")'))
        then 'must be a list of event types, or null for all'
      when c.key = 'rate_limit_per_second' and (jsonb_typeof(c.value) <> 'number' or length(c.value::text) > 10) then 'must be a whole number'
      when c.key = 'disabled' and jsonb_typeof(c.value) <> 'boolean' then 'must be true or false'
    end as detail
    from jsonb_each(changes) as c
  ) as f
  where f.detail is not null
$$;

-- 30_endpoints/04_changes.sql

-- Changes of endpoints: updating, disabling and deleting them.

create function private.lock_webhook_endpoint(tenant uuid, endpoint uuid) returns public.webhook_endpoints
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.webhook_endpoints;
begin
  -- The lane first. A delivery locks in this order as well.
  perform private.lock_lanes('webhooks', array[lock_webhook_endpoint.tenant], array[lock_webhook_endpoint.endpoint]);
  select * into locked from public.webhook_endpoints as e
  where e.tenant_id = lock_webhook_endpoint.tenant and e.id = lock_webhook_endpoint.endpoint for no key update;
  if locked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  return locked;
end
$$;
comment on function private.lock_webhook_endpoint(uuid, uuid) is 'An endpoint that is going to be changed. It and its lane are locked until the transaction ends. 404 not_found.';

-- A definer, because members may not write an endpoint or reach Vault.
create function public.update_webhook_endpoint(tenant_id uuid, endpoint_id uuid, changes jsonb)
  returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  changed public.webhook_endpoints;
  is_disabled boolean;
  headers jsonb;
  sent record;
  problems jsonb;
  too_large text := private.json_problem(changes, 1000, 131072);
begin
  perform private.require_permission(update_webhook_endpoint.tenant_id, 'endpoints:write');
  if jsonb_typeof(changes) is distinct from 'object' then
    perform private.raise_problem(422, 'invalid_value', 'The changes must be an object of the fields that change, with their new values.');
  end if;
  if too_large is null and (select count(*) from jsonb_object_keys(changes)) > 20 then
    too_large := 'must have at most 20 fields';
  end if;
  if too_large is not null then
    perform private.raise_problem(422, 'invalid_value', 'The changes cannot be made.',
      jsonb_build_array(jsonb_build_object('pointer', '', 'detail', too_large)));
  end if;
  problems := private.endpoint_change_problems(changes);
  if problems is not null then
    perform private.raise_problem(422, 'invalid_value', 'Some of these fields do not exist, or do not have a value that fits.', problems);
  end if;
  stored := private.lock_webhook_endpoint(update_webhook_endpoint.tenant_id, update_webhook_endpoint.endpoint_id);
  changed := jsonb_populate_record(stored, changes - '{headers,static_header,disabled}'::text[]);
  if changes ? 'url' then
    perform private.require_headers_again(stored, changed.url, changes);
  end if;
  changed.description := coalesce(changed.description, '');
  if changes ? 'event_types' then
    changed.event_types := private.require_event_types(changed.event_types);
  end if;

  is_disabled := coalesce((changes ->> 'disabled')::boolean, not stored.is_enabled);
  if is_disabled = stored.is_enabled then
    changed.is_enabled := not is_disabled;
    changed.disabled_at := case when is_disabled then now() end;
    changed.disabled_reason := case when is_disabled then 'by_hand'::public.webhook_disabled_reason end;
  end if;

  if changes ?| '{headers,static_header}' then
    headers := coalesce(
      (select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = stored.headers_secret_id), '{}');
    sent := private.merge_webhook_headers(headers, stored.static_header, changes);
    changed.static_header := sent.static_header;
    if sent.headers <> headers then
      changed.headers_secret_id := private.store_webhook_headers(sent.headers);
      changed.header_names := array(select n from jsonb_object_keys(sent.headers) as n order by n);
    end if;
  end if;
  if (changed.url, changed.headers_secret_id) is distinct from (stored.url, stored.headers_secret_id) then
    changed.revision := private.uuid_v7();
  end if;
  perform private.require_push(changed);

  update public.webhook_endpoints as e
  set (url, description, event_types, headers_secret_id, header_names, static_header, rate_limit_per_second, is_enabled,
      disabled_at, disabled_reason, revision)
    = (changed.url, changed.description, changed.event_types, changed.headers_secret_id, changed.header_names,
      changed.static_header, changed.rate_limit_per_second, changed.is_enabled, changed.disabled_at, changed.disabled_reason,
      changed.revision)
  where e.tenant_id = stored.tenant_id and e.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.update_webhook_endpoint(uuid, uuid, jsonb) is
  'Changes the given fields: url, description, event_types, headers (merged, null removes), static_header, rate_limit_per_second, disabled. 422 header_values_required names the headers that a URL of another server needs again.';

-- It requires "read_admin", which managers hold in a frozen tenant too, because messages to a wrong place must be
-- stopped there as well.
create function public.disable_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  perform private.require_permission(disable_webhook_endpoint.tenant_id, 'read_admin');
  stored := private.lock_webhook_endpoint(disable_webhook_endpoint.tenant_id, disable_webhook_endpoint.endpoint_id);
  -- If it is already disabled, the reason and the moment stay.
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = 'by_hand'
    where e.tenant_id = stored.tenant_id and e.id = stored.id
    returning * into stored;
  end if;
  return stored;
end
$$;
comment on function public.disable_webhook_endpoint(uuid, uuid) is
  'Sends nothing more to an endpoint until it is enabled, also in a frozen tenant. It may run again.';

-- Deletes in steps. First the endpoint is disabled. Otherwise a worker that expands events would wait for the
-- deletion, and fail when the endpoint is deleted. Then deliveries are deleted in batches, because one statement
-- over a million deliveries would be cut off.
create function private.delete_endpoint_step(stored public.webhook_endpoints, reason public.webhook_disabled_reason) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  deleted int;
begin
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = reason
    where e.tenant_id = stored.tenant_id and e.id = stored.id;
    return false;
  end if;
  begin
    -- A worker that has just expanded events for this endpoint waits for the lane locked here. Waiting for that
    -- worker would be a deadlock.
    perform from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id for update nowait;
  exception when lock_not_available then
    return false;
  end;
  -- Items before deliveries, as everybody locks them, and in the order in which they are completed: a completion may
  -- hold no lane. Those of the first 10,000 deliveries are among the first 10,000 items. An array and not a join: on old
  -- statistics the planner may join by a nested loop over all of them.
  delete from private.queue_items as i
  where i.tenant_id = stored.tenant_id and i.queue = 'webhooks' and i.lane_id = stored.id and i.item_id = any (array(
    select o.item_id from private.queue_items as o
    where o.tenant_id = stored.tenant_id and o.queue = 'webhooks' and o.lane_id = stored.id
    order by o.item_id limit 10000 for update));
  delete from public.webhook_deliveries as d
  where d.tenant_id = stored.tenant_id and d.endpoint_id = stored.id and d.event_id = any (array(
    select o.event_id from public.webhook_deliveries as o
    where o.tenant_id = stored.tenant_id and o.endpoint_id = stored.id
    order by o.event_id limit 10000 for update));
  get diagnostics deleted = row_count;
  if deleted < 10000 then
    delete from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id;
  end if;
  return deleted < 10000;
end
$$;
comment on function private.delete_endpoint_step(public.webhook_endpoints, public.webhook_disabled_reason) is
  'One step of deleting an endpoint that is locked, with its lane: disables it for this reason, then deletes 10,000 deliveries in each call, then the endpoint. Returns true when it is deleted.';

create function public.delete_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(delete_webhook_endpoint.tenant_id, 'endpoints:write');
  return private.delete_endpoint_step(
    private.lock_webhook_endpoint(delete_webhook_endpoint.tenant_id, delete_webhook_endpoint.endpoint_id), 'by_hand');
end
$$;
comment on function public.delete_webhook_endpoint(uuid, uuid) is
  'One step of deleting an endpoint with its secrets and deliveries: disables it, then deletes 10,000 deliveries in each call, then the endpoint. Returns true when it is deleted. Until then, call it again.';
grant execute on function
  public.update_webhook_endpoint(uuid, uuid, jsonb), public.disable_webhook_endpoint(uuid, uuid),
  public.delete_webhook_endpoint(uuid, uuid) to authenticated;

-- If the platform learns of a leak, it can stop the endpoint without waiting for the tenant.
grant execute on function public.disable_webhook_endpoint(uuid, uuid) to service_role;

-- 30_endpoints/05_operational_events.sql

-- Operational events: the queue reports about itself. The first four are emitted where deliveries are completed.
select private.register_event_type('endpoint.failing', 'An endpoint has had no success for this part (percent) of the five days after which it is disabled.',
    '{"endpoint_id": "ref_id", "url": "url", "percent": "count", "failing_since": "moment", "consecutive_failures": "count"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "percent": 50,
      "failing_since": "2026-11-18T09:30:00.000Z", "consecutive_failures": 42}', is_operational => true);

select private.register_event_type('endpoint.disabled', 'An endpoint was disabled. It asked for that, answered 410 (gone), or failed for five days.',
    '{"endpoint_id": "ref_id", "url": "url", "reason": "asked|gone|failing", "failing_since?": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "reason": "failing",
      "failing_since": "2026-11-15T09:30:00.000Z"}', is_operational => true);

select private.register_event_type('endpoint.recovered', 'An endpoint accepts deliveries again, after an endpoint.failing event.',
    '{"endpoint_id": "ref_id", "url": "url", "failing_since": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "failing_since": "2026-11-18T09:30:00.000Z"}', is_operational => true);

select private.register_event_type('delivery.exhausted', 'The last attempt to deliver a message failed. The message is kept for 90 days and can be replayed.',
    '{"endpoint_id": "ref_id", "url": "url", "message_id": "message_id", "event_type": "text", "attempt_count": "count", "last_error?": "text"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "message_id": "msg_01JD3NN0W2Y4A6C8E0G2J4M6P8",
      "event_type": "participant_session.completed", "attempt_count": 10, "last_error": "The receiver answered with 500."}', is_operational => true);

select private.register_notification_type('endpoint.failing', 'webhooks', 'A webhook endpoint has failed for days.',
  '{"en": "Your webhook endpoint at {{host}} keeps failing. It is disabled after five days without a success.",
    "de": "Dein Webhook-Endpunkt bei {{host}} schlägt ständig fehl. Nach fünf Tagen ohne Erfolg wird er abgeschaltet.",
    "fr": "Votre point d’accès webhook chez {{host}} échoue sans cesse. Il sera désactivé après cinq jours sans succès."}', '{"host": "hooks.example.com"}', is_critical => true);

select private.register_notification_type('endpoint.disabled', 'webhooks', 'A webhook endpoint was disabled.',
  '{"en": "Your webhook endpoint at {{host}} was disabled. Enable it again when its receiver works.",
    "de": "Dein Webhook-Endpunkt bei {{host}} wurde abgeschaltet. Schalte ihn wieder ein, wenn sein Empfänger funktioniert.",
    "fr": "Votre point d’accès webhook chez {{host}} a été désactivé. Réactivez-le quand son récepteur fonctionnera."}', '{"host": "hooks.example.com"}', is_critical => true);

-- 30_endpoints/06_over_plan.sql

-- Endpoints over the plan: which are disabled after a change to a smaller plan, and when they are enabled again.

create function private.keep_webhook_endpoints(tenant uuid, places bigint) returns void
  language plpgsql volatile
  set search_path = ''
as $$
declare
  change record;
begin
  -- What somebody or a failure disabled stays as it is, and needs no place.
  for change in
    select k.id, k.is_kept from (
      select e.id, e.is_enabled, coalesce(row_number() over (order by e.created_at, e.id) <= keep_webhook_endpoints.places, true) as is_kept
      from public.webhook_endpoints as e
      where e.tenant_id = keep_webhook_endpoints.tenant and (e.is_enabled or e.disabled_reason = 'over_plan')) as k
    where k.is_enabled <> k.is_kept order by k.id
  loop
    perform private.lock_webhook_endpoint(keep_webhook_endpoints.tenant, change.id);
    update public.webhook_endpoints as e set is_enabled = change.is_kept,
      disabled_at = case when not change.is_kept then now() end,
      disabled_reason = case when not change.is_kept then 'over_plan'::public.webhook_disabled_reason end
    where e.tenant_id = keep_webhook_endpoints.tenant and e.id = change.id
      and (e.is_enabled or e.disabled_reason = 'over_plan');
  end loop;
end
$$;
comment on function private.keep_webhook_endpoints(uuid, bigint) is 'Leaves so many endpoints enabled, the oldest first. Null leaves all.';

-- A definer, because the count must see every endpoint.
create function private.tg_refuse_endpoint_beyond_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.refuse_switching_on(new.tenant_id, 'webhook_endpoints', (select count(*) from public.webhook_endpoints as e
      where e.tenant_id = new.tenant_id and e.is_enabled));
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_within_plan after update of is_enabled on public.webhook_endpoints
  for each row when (not old.is_enabled and new.is_enabled) execute function private.tg_refuse_endpoint_beyond_plan();

select private.register_switch('webhook_endpoints', 'keep_webhook_endpoints', feature => 'webhooks');

-- 30_endpoints/07_creating.sql

-- Creating endpoints, once for each idempotency key.

create function private.find_endpoint_of_key(wanted public.webhook_endpoints, headers jsonb) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  if wanted.idempotency_key is null then
    return null;
  end if;
  if wanted.idempotency_key !~ '^[!-~]{1,255}$' then
    perform private.raise_problem(422, 'invalid_value', 'The idempotency key must have 1 to 255 ASCII characters, without spaces.');
  end if;
  -- Of two requests at once the second waits here, and then finds what the first made, also if that took the last place.
  perform pg_advisory_xact_lock(hashtextextended('webhook_endpoints.idempotency_key ' || wanted.tenant_id || ' ' || wanted.idempotency_key, 0));
  select * into stored from public.webhook_endpoints as e
  where e.tenant_id = wanted.tenant_id and e.idempotency_key = wanted.idempotency_key;
  if stored.id is not null
    and ((stored.kind, stored.url, stored.description, stored.event_types, stored.scheme, stored.static_header, stored.rate_limit_per_second)
      is distinct from (wanted.kind, wanted.url, wanted.description, wanted.event_types, wanted.scheme, wanted.static_header, wanted.rate_limit_per_second)
    or stored.expires_at - stored.created_at is distinct from wanted.expires_at - now()
    or headers is distinct from coalesce(
      (select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = stored.headers_secret_id), '{}')) then
    perform private.raise_problem(409, 'conflict',
      'The Idempotency-Key was used before for another endpoint, or its endpoint was changed since. Give this one a key of its own.');
  end if;
  return stored.ref_id;
end
$$;
comment on function private.find_endpoint_of_key(public.webhook_endpoints, jsonb) is
  'The endpoint that was made with this idempotency key, if it is still as it is wanted here; null if there is none. The key is locked until the transaction ends. 409 conflict.';

-- A definer, because members may not write an endpoint or reach Vault.
create function public.create_webhook_endpoint(
  tenant_id uuid, secret text, url text default null, kind public.webhook_endpoint_kind default 'push',
  description text default '', event_types text[] default null, headers jsonb default '{}', static_header jsonb default null,
  rate_limit_per_second int default null, idempotency_key text default null, ttl_seconds int default null
) returns table (ref_id text, is_new boolean)
  language plpgsql security definer
  set search_path = ''
  rows 1
as $$
declare
  sent record;
  created public.webhook_endpoints;
begin
  perform private.require_permission(create_webhook_endpoint.tenant_id, 'endpoints:write');
  perform private.require_feature(create_webhook_endpoint.tenant_id, 'webhooks');
  created.tenant_id := create_webhook_endpoint.tenant_id;
  created.kind := create_webhook_endpoint.kind;
  created.url := create_webhook_endpoint.url;
  created.description := create_webhook_endpoint.description;
  created.rate_limit_per_second := create_webhook_endpoint.rate_limit_per_second;
  created.idempotency_key := create_webhook_endpoint.idempotency_key;
  if ttl_seconds not between 60 and 2592000 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint lives for 60 to 2592000 seconds, or until it is deleted.',
      '[{"pointer": "/ttl_seconds", "detail": "must be from 60 to 2592000"}]');
  end if;
  created.expires_at := now() + make_interval(secs => ttl_seconds);
  created.scheme := private.require_signing_secret(create_webhook_endpoint.secret);
  created.event_types := private.require_event_types(create_webhook_endpoint.event_types);
  perform private.require_small_headers(create_webhook_endpoint.headers);
  perform private.require_small_headers(create_webhook_endpoint.static_header);
  sent := private.merge_webhook_headers('{}', null,
    jsonb_build_object('headers', create_webhook_endpoint.headers, 'static_header', create_webhook_endpoint.static_header));
  created.static_header := sent.static_header;
  ref_id := private.find_endpoint_of_key(created, sent.headers);
  is_new := ref_id is null;
  if not is_new then
    return next;
    return;
  end if;
  perform private.require_place(create_webhook_endpoint.tenant_id, 'webhook_endpoints');
  insert into public.webhook_endpoints as e (tenant_id, kind, url, description, event_types, scheme, secret_id, headers_secret_id,
    header_names, static_header, rate_limit_per_second, idempotency_key, expires_at)
  values (created.tenant_id, created.kind, created.url, created.description, created.event_types, created.scheme,
    vault.create_secret(create_webhook_endpoint.secret, null, 'signing secret of a webhook endpoint'),
    private.store_webhook_headers(sent.headers), array(select n from jsonb_object_keys(sent.headers) as n order by n),
    created.static_header, created.rate_limit_per_second, created.idempotency_key, created.expires_at)
  returning e.* into created;
  perform private.require_push(created);
  ref_id := created.ref_id;
  return next;
end
$$;
comment on function public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int, text, int) is
  'Creates an endpoint, for ttl_seconds or for good, and puts its signing secret and the values of its headers in Vault. The same idempotency_key makes no second one: is_new is then false, and the secret is the first one. 402 feature_not_in_plan, limit_reached; 409 conflict; 422 unknown_event_type.';
grant execute on function
  public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int, text, int)
  to authenticated;

-- 30_endpoints/08_expiry.sql

-- Expiry: deleting endpoints that were made for a time.

create function private.sweep_expired_endpoints(batch int default 20) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due_tenants uuid[];
  due uuid[];
  stored public.webhook_endpoints;
  swept int := 0;
begin
  select array_agg(x.tenant_id), array_agg(x.id) into due_tenants, due from (
    select e.tenant_id, e.id from public.webhook_endpoints as e
    where e.expires_at <= now() order by e.expires_at limit batch) as x;
  -- The lanes first, as everybody who changes an endpoint.
  perform private.lock_lanes('webhooks', due_tenants, due);
  for stored in
    select e.* from public.webhook_endpoints as e
    join unnest(due_tenants, due) as x (tenant_id, id) on x.tenant_id = e.tenant_id and x.id = e.id
    order by e.tenant_id, e.id for no key update of e
  loop
    if private.delete_endpoint_step(stored, 'expired') then
      swept := swept + 1;
    end if;
  end loop;
  return swept;
end
$$;
comment on function private.sweep_expired_endpoints(int) is
  'Does the next step of deleting endpoints whose time is over. Returns how many are deleted.';

select cron.schedule('webhooks: delete endpoints whose time is over', '* * * * *', 'select private.sweep_expired_endpoints()');

-- 40_overview.sql

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

-- 50_portal.sql

-- The portal: what a page in a frame shows of a tenant's webhooks, and what it may do with them.

select private.register_portal('webhooks', 'The webhook endpoints of the tenant, and what became of their messages.',
  '{endpoints:read,event_types:read,deliveries:read}', '{endpoints:write,replays:write}');
