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
