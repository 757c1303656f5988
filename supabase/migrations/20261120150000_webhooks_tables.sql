-- Webhooks: what a tenant is told about, where it is sent, and how that went.
--
-- An event is written in the transaction that makes it true. A worker expands it into one delivery for
-- each endpoint that wants it, and tries each delivery until it is delivered or dead.

create type public.webhook_endpoint_kind as enum (
  'push', -- we post to its URL
  'poll'  -- a receiver behind a firewall comes and asks
);
create type public.webhook_signature_scheme as enum ('hmac', 'ed25519');
create type public.webhook_disabled_reason as enum (
  'by_hand',
  'asked',   -- the receiver answered with the header webhook-delivery: disable
  'gone',    -- the receiver answered 410
  'failing'  -- five days without a success
);
create type public.webhook_delivery_status as enum ('pending', 'delivered', 'dead');
create type public.webhook_attempt_outcome as enum ('succeeded', 'failed');

create table public.webhook_event_types (
  type text not null,
  version int not null default 1,
  description text not null,
  -- Operational events are about the webhooks themselves; an endpoint gets one only if it names it.
  is_operational boolean not null default false,
  schema jsonb not null,
  example jsonb not null,
  created_at timestamptz not null default now(),
  primary key (type, version),
  constraint event_type_is_dotted check (type ~ '^[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){1,3}$'),
  constraint version_counts_from_one check (version >= 1),
  constraint schema_is_of_an_object check (schema ->> 'type' = 'object'),
  constraint example_is_an_object check (jsonb_typeof(example) = 'object')
);
comment on table public.webhook_event_types is
  'The catalogue of event types: for each version what the event''s data looks like (JSON Schema 2020-12), and an example.';

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
    is_enabled = (disabled_at is null) and is_enabled = (disabled_reason is null))
);
create unique index webhook_endpoints_ref_id_idx on public.webhook_endpoints (tenant_id, ref_id) where ref_id is not null;
comment on table public.webhook_endpoints is
  'Where a tenant wants to be told: all event types or those it names. Its secrets and its headers'' values lie in Vault.';
comment on column public.webhook_endpoints.event_types is 'Null: every type that is not operational.';
comment on column public.webhook_endpoints.revision is 'New whenever what is sent, or where to, changes: whoever remembers secrets goes by it.';

create table public.webhook_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  type text not null,
  version int not null,
  -- The exact text that is signed and sent, byte for byte.
  payload text not null,
  ordering_key text,
  idempotency_key text,
  is_test boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint event_payload_fits check (octet_length(payload) <= 262144),
  constraint ordering_key_is_short check (length(ordering_key) between 1 and 200),
  constraint idempotency_key_is_short check (length(idempotency_key) between 1 and 200)
);
comment on table public.webhook_events is
  'What happened in a tenant (a message, to receivers). Written in the transaction that made it true; never changed.';
create unique index webhook_events_idempotency_key_idx on public.webhook_events (tenant_id, idempotency_key)
  where idempotency_key is not null;
-- The last event of a key, whose id the next one's must follow.
create index webhook_events_ordering_key_idx on public.webhook_events (tenant_id, ordering_key, id)
  where ordering_key is not null;
-- Rows arrive in time order, so a block-range index finds the old ones at almost no cost a row.
create index webhook_events_created_at_idx on public.webhook_events using brin (created_at) with (autosummarize = on);

create table private.webhook_outbox (
  tenant_id uuid not null,
  event_id uuid not null,
  ordering_key text,
  primary key (tenant_id, event_id),
  foreign key (tenant_id, event_id) references public.webhook_events on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
comment on table private.webhook_outbox is 'The events that were not yet expanded into deliveries. Nearly always empty.';
create index webhook_outbox_event_id_idx on private.webhook_outbox (event_id);
create index webhook_outbox_ordering_key_idx on private.webhook_outbox (tenant_id, ordering_key, event_id)
  where ordering_key is not null;

create table public.webhook_deliveries (
  tenant_id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  status public.webhook_delivery_status not null default 'pending',
  attempt_count int not null default 0,
  -- When it is due. While somebody holds a lease, that is when the lease ends: a worker that died
  -- needs nobody to clear up after it. 'infinity' waits for an earlier event of its ordering key.
  next_at timestamptz not null default now(),
  lease_id uuid,
  ordering_key text,
  ended_at timestamptz,
  primary key (tenant_id, event_id, endpoint_id),
  foreign key (tenant_id, event_id) references public.webhook_events on delete cascade,
  foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade,
  constraint only_pending_is_leased check (lease_id is null or status = 'pending'),
  constraint what_ended_has_a_time check ((status = 'pending') = (ended_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
comment on table public.webhook_deliveries is 'One event on its way to one endpoint: pending, delivered, or dead after the last attempt.';
create index webhook_deliveries_endpoint_id_idx on public.webhook_deliveries (tenant_id, endpoint_id, event_id);
create index webhook_deliveries_due_idx on public.webhook_deliveries (endpoint_id, next_at) where status = 'pending';
-- How many an endpoint has under way is counted here: a counter on the lane deadlocked.
create index webhook_deliveries_leased_idx on public.webhook_deliveries (endpoint_id) where lease_id is not null;
create index webhook_deliveries_ordering_key_idx on public.webhook_deliveries (endpoint_id, ordering_key, event_id)
  where status = 'pending' and ordering_key is not null;
create index webhook_deliveries_ended_at_idx on public.webhook_deliveries (status, ended_at) where ended_at is not null;

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
  'Each try to deliver: what the receiver answered within how many milliseconds, or why there was no answer. Append-only.';
create index webhook_attempts_delivery_idx on public.webhook_attempts (tenant_id, event_id, endpoint_id);
create index webhook_attempts_endpoint_id_idx on public.webhook_attempts (tenant_id, endpoint_id, id);

-- One an endpoint. Lanes are served in the order of next_at, and whoever was served goes to the
-- back: an endpoint with 100,000 deliveries due gets its turn as often as one with a single one.
create table private.webhook_lanes (
  tenant_id uuid not null references public.tenants on delete cascade,
  endpoint_id uuid not null,
  next_at timestamptz not null default 'infinity',
  blocked_until_at timestamptz not null default '-infinity',
  -- Attempts failed since the last success; from the fifth on the circuit is open, and one probe at a time goes out.
  failure_count int not null default 0,
  -- How often in a row the circuit opened: each time it stays open twice as long.
  opened_count int not null default 0,
  failing_since_at timestamptz,
  warned_percent int not null default 0,
  is_slow boolean not null default false,
  is_capped boolean not null default false,
  -- When the next request is within the rate limit (GCRA's theoretical arrival time).
  rate_free_at timestamptz not null default '-infinity',
  primary key (tenant_id, endpoint_id),
  foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table private.webhook_lanes is
  'An endpoint''s place in the queue, and the state of its circuit. Whoever locks several rows locks lanes first, in the order of their endpoint_id.';
create index webhook_lanes_next_at_idx on private.webhook_lanes (next_at);

-- Four may run at once. The counts are totals since the beginning, for /webhooks/metrics; each worker
-- counts in its own row, so they never wait for each other.
create table private.webhook_dispatchers (
  slot int primary key,
  run_id uuid,
  -- Until then it looks for new events by itself, and nobody has to wake one.
  awake_until_at timestamptz not null default '-infinity',
  seen_at timestamptz not null default '-infinity',
  succeeded_count bigint not null default 0,
  failed_count bigint not null default 0,
  dead_count bigint not null default 0,
  stale_count bigint not null default 0,
  duration_ms_sum bigint not null default 0,
  duration_bucket_counts bigint[] not null default array_fill(0::bigint, '{9}')
) with (fillfactor = 20);
comment on table private.webhook_dispatchers is 'The places for dispatchers that run at the same time, and what was counted in each.';
insert into private.webhook_dispatchers (slot) select generate_series(1, 4);

create trigger webhook_endpoints_touch before update on public.webhook_endpoints for each row execute function private.tg_touch_updated_at();
create trigger webhook_endpoints_stamp_editor before insert or update on public.webhook_endpoints for each row execute function private.tg_stamp_editor();

create function private.tg_refuse_change() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  raise exception '% is append-only: what is written there is not changed.', tg_table_name;
end
$$;
create trigger webhook_events_never_change before update on public.webhook_events for each row execute function private.tg_refuse_change();
create trigger webhook_attempts_never_change before update on public.webhook_attempts for each row execute function private.tg_refuse_change();

-- Definer, this and the next: whoever changes an endpoint holds no privilege on lanes, nor on Vault.
create function private.tg_keep_webhook_lane() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.webhook_lanes (tenant_id, endpoint_id) values (new.tenant_id, new.id);
  elsif not new.is_enabled then
    update private.webhook_lanes as l set next_at = 'infinity'
    where l.tenant_id = new.tenant_id and l.endpoint_id = new.id;
  elsif not old.is_enabled or new.url <> old.url then
    -- A new beginning: what failed before says nothing about now.
    update private.webhook_lanes as l
    set next_at = now(), blocked_until_at = '-infinity', failure_count = 0, opened_count = 0, failing_since_at = null, warned_percent = 0,
      is_slow = false
    where l.tenant_id = new.tenant_id and l.endpoint_id = new.id;
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_keep_lane after insert or update of is_enabled, url on public.webhook_endpoints
  for each row execute function private.tg_keep_webhook_lane();

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

create function private.tg_rest_webhook_lanes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- An archived tenant is told nothing; one that comes back is told what waited.
  perform from private.webhook_lanes as l where l.tenant_id = new.id order by l.endpoint_id for no key update;
  update private.webhook_lanes as l
  set next_at = case when new.status = 'archived' then 'infinity' else greatest(now(), l.blocked_until_at) end
  where l.tenant_id = new.id;
  return null;
end
$$;
create trigger tenants_rest_webhook_lanes after update of status on public.tenants
  for each row when ((old.status = 'archived') <> (new.status = 'archived'))
  execute function private.tg_rest_webhook_lanes();

alter table public.webhook_event_types enable row level security;
alter table public.webhook_endpoints enable row level security;
alter table public.webhook_events enable row level security;
alter table public.webhook_deliveries enable row level security;
alter table public.webhook_attempts enable row level security;

create policy "everyone signed in reads the event types" on public.webhook_event_types
  for select to authenticated using (true);
-- "inspect" and not "read": a URL may hold a token, and a payload what happened to anybody in the tenant.
create policy "managers read their tenant's endpoints" on public.webhook_endpoints
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));
create policy "managers read their tenant's events" on public.webhook_events
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));
create policy "managers read their tenant's deliveries" on public.webhook_deliveries
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));
create policy "managers read their tenant's attempts" on public.webhook_attempts
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));

grant select on public.webhook_event_types, public.webhook_endpoints, public.webhook_events, public.webhook_deliveries,
  public.webhook_attempts to authenticated, service_role;
