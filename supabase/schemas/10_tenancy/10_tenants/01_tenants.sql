-- Tenants: one row for each customer, and how a person creates one.

create type public.data_privacy_level as enum (
  'cloud_ok',  -- models in a cloud may read the tenant's data
  'local_only' -- only models on the platform's own machines may
);

create type public.deployment_mode as enum ('saas', 'on_prem');

create table public.tenants (
  id uuid primary key default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  slug text not null unique,
  name text not null,
  status public.tenant_status not null default 'trial',
  kind public.tenant_kind not null default 'customer',
  plan text not null default 'starter' references public.plans on update cascade,
  tenant_type text not null default 'coach',
  locale text not null default 'en',
  time_zone text not null default 'UTC',
  erp_customer_id text unique,
  stripe_cust_id text unique,
  trial_ends_at timestamptz,
  contract_start date,
  contract_end date,
  sales_owner text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  status_reason text,
  frozen_at timestamptz,
  archived_at timestamptz,
  purgeable_at timestamptz,
  industry text,
  website text,
  country text,
  state text,
  data_privacy_level public.data_privacy_level not null default 'cloud_ok',
  active_platforms text[] not null default '{}',
  deployment_mode public.deployment_mode not null default 'saas',
  contract_accepted_at timestamptz,
  contract_pending_at timestamptz,
  status_changed_at timestamptz not null default now(),
  constraint tenants_slug_format check (slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'),
  constraint tenants_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint tenants_type_is_a_word check (tenant_type ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint tenants_locale_is_a_tag check (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
  constraint tenants_time_zone_is_short check (length(time_zone) <= 64),
  constraint tenants_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 16384)),
  constraint tenants_references_are_text check (private.is_plain_text(erp_customer_id, 255)
    and private.is_plain_text(stripe_cust_id, 255) and private.is_plain_text(sales_owner, 255)),
  constraint trial_has_an_end check (status <> 'trial' or trial_ends_at is not null),
  constraint contract_ends_after_it_starts check (contract_end >= contract_start),
  constraint status_reason_is_text check (private.is_plain_text(status_reason, 500)),
  constraint frozen_has_a_moment check (status <> 'frozen' or frozen_at is not null),
  constraint archived_has_its_moments check (
    (status = 'archived') = (archived_at is not null) and (status = 'archived') = (purgeable_at is not null)),
  constraint demo_stays_demo check ((kind = 'demo') = (status = 'demo')),
  constraint platform_stays_active check (kind <> 'platform' or status = 'active'),
  constraint about_the_company_is_text check (private.is_plain_text(industry, 100) and private.is_plain_text(state, 100)),
  constraint tenant_website_is_https check (private.is_https_url(website)),
  constraint country_is_a_code check (country ~ '^[A-Z]{2}$'),
  constraint active_platforms_are_words check (cardinality(active_platforms) <= 20
    and coalesce(array_to_string(active_platforms, ',', '?'), '') ~ '^([a-z][a-z_]{0,39}(,[a-z][a-z_]{0,39})*)?$'),
  constraint only_customers_are_billed check (kind = 'customer' or (erp_customer_id is null and stripe_cust_id is null))
);

-- A partial index, here and for every ref_id. With a trigger before update, Postgres assumes that every
-- generated column changes. If a full key changes, the row is locked against inserts of its children.
create unique index tenants_ref_id_idx on public.tenants (ref_id) where ref_id is not null;
comment on table public.tenants is 'The root: one row for each customer. Every row that a tenant owns points to it by tenant_id.';
-- The operator finds tenants by these, the newest first.
create index tenants_status_idx on public.tenants (status, id);
create index tenants_name_words_idx on public.tenants using gin (to_tsvector('simple', name));
create index tenants_created_by_idx on public.tenants (created_by, created_at) where created_by is not null;
create index tenants_kind_idx on public.tenants (kind);
create index tenants_plan_idx on public.tenants (plan, id);
create index tenants_trial_ends_at_idx on public.tenants (trial_ends_at) where trial_ends_at is not null;
create unique index tenants_one_platform_idx on public.tenants (kind) where kind = 'platform';
create trigger tenants_touch before update on public.tenants for each row execute function private.tg_touch_updated_at();
create trigger tenants_stamp_editor before insert or update on public.tenants for each row execute function private.tg_stamp_editor();

create function private.tg_start_tenant() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if new.status = 'trial' and new.trial_ends_at is null then
    new.trial_ends_at := now() + make_interval(days => coalesce((select trial_days from public.plans where plan = 'trial'), 14));
  end if;
  return new;
end
$$;
create trigger tenants_start before insert on public.tenants for each row execute function private.tg_start_tenant();

create function private.tg_check_time_zone() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  -- The view reads the files of the time zones, which takes milliseconds. So this runs only if the zone changes. Some
  -- of its names are not of the IANA list: other spellings, and whatever the server itself is set to.
  if not exists (select from pg_catalog.pg_timezone_names as z where z.name = new.time_zone)
    or new.time_zone ~ '^(posix|right)/' or new.time_zone in ('localtime', 'posixrules', 'Factory') then
    perform private.raise_problem(422, 'invalid_value', 'A time zone is a name of the IANA list, such as Europe/Zurich.',
      '[{"pointer": "/time_zone", "detail": "must be a name of the IANA list, such as Europe/Zurich"}]');
  end if;
  return new;
end
$$;
create trigger tenants_check_time_zone before insert on public.tenants
  for each row when (new.time_zone <> 'UTC') execute function private.tg_check_time_zone();
create trigger tenants_check_new_time_zone before update of time_zone on public.tenants
  for each row when (new.time_zone <> old.time_zone and new.time_zone <> 'UTC') execute function private.tg_check_time_zone();
comment on column public.tenants.active_platforms is 'Where the tenant is present: google, meta, linkedin, email.';
comment on column public.tenants.contract_pending_at is
  'Since when a contract waits for acceptance. Until then the tenant is closed to its people and API keys. Null for a tenant without such a contract.';
comment on column public.tenants.contract_accepted_at is 'When its contract was accepted last.';
comment on column public.tenants.country is 'ISO 3166-1, two letters.';
comment on column public.tenants.time_zone is 'The IANA name of the zone in which the tenant''s months and days begin.';

alter table public.tenants enable row level security;
create policy "members read their tenants" on public.tenants
  for select to authenticated using (id = any ((select private.tenant_ids('read', '{tenant:read,brand:read,entitlements:read}'))::uuid[]));
create policy "managers update their tenants" on public.tenants
  for update to authenticated
  using (id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Columns and not the table: what concerns billing and the contract is for managers, who read it by
-- read_tenant_account(). A new column is not readable until somebody says who reads it.
grant select (id, ref_id, slug, name, status, kind, plan, tenant_type, locale, time_zone, trial_ends_at, created_at, updated_at,
  created_by, updated_by, frozen_at, archived_at, purgeable_at, industry, website, country, state, data_privacy_level, active_platforms,
  deployment_mode, contract_accepted_at, contract_pending_at, status_changed_at), update (name, locale, time_zone, industry, website, country, state, data_privacy_level, active_platforms) on public.tenants to authenticated;
grant select, insert, update, delete on public.tenants to service_role;

create function private.platform_tenant_id() returns uuid
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return '00000000-0000-7000-8000-000000000001'::uuid;
end
$$;
comment on function private.platform_tenant_id() is 'The one tenant of kind platform. It owns every global row.';
grant execute on function private.platform_tenant_id() to authenticated, service_role;

create function private.shown_tenant(tenant public.tenants) returns public.tenants
  language plpgsql stable
  set search_path = ''
as $$
begin
  -- A definer function returns the whole row, past the grants on columns.
  if not private.is_trusted_caller() then
    tenant.sales_owner := null;
    tenant.metadata := '{}';
  end if;
  return tenant;
end
$$;
comment on function private.shown_tenant(public.tenants) is 'A tenant without the platform''s notes about it, for every caller but the service.';

-- A definer. Nobody may insert a tenant directly, because a tenant must have an owner.
create function public.create_tenant(slug text, name text, tenant_type text default 'coach', locale text default 'en')
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  caller uuid := (select auth.uid());
  created public.tenants;
begin
  perform private.require_slug(create_tenant.slug);
  if caller is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in first. A tenant belongs to the person who creates it.');
  end if;
  -- The calls of one person wait for each other here. Otherwise ten calls at once could all stay below the limit.
  perform from public.user_profiles as p where p.user_id = caller for no key update;
  if (select count(*) from public.tenant_members as m join public.tenants as t on t.id = m.tenant_id
      where m.user_id = caller and m.role = 'owner' and t.status = 'trial') >= 10 then
    perform private.raise_problem(403, 'too_many_trials', 'You own ten tenants in trial. Choose a plan for one of them before you create another.');
  end if;
  -- In every state but active, which only a plan gives. Freezing a trial, or giving it away, makes no room for another one.
  if (select count(*) from public.tenants as t
      where t.created_by = caller and t.created_at > now() - interval '30 days' and t.status <> 'active') >= 10 then
    perform private.raise_problem(403, 'too_many_trials',
      'You have created ten tenants without a plan in the last 30 days. Choose a plan for one of them, or wait.');
  end if;
  begin
    insert into public.tenants (slug, name, tenant_type, locale, plan, status, kind, created_by)
    values (create_tenant.slug, create_tenant.name, create_tenant.tenant_type, create_tenant.locale,
      'trial', 'trial', 'customer', caller)
    returning * into created;
  exception when unique_violation then
    perform private.refuse_taken_slug(create_tenant.slug);
  end;
  insert into public.tenant_members (tenant_id, user_id, role) values (created.id, caller, 'owner');
  return private.shown_tenant(created);
end
$$;
comment on function public.create_tenant(text, text, text, text) is
  'Creates a tenant in trial with the caller as its owner. 409 slug_taken, 422 slug_reserved.';
grant execute on function public.create_tenant(text, text, text, text) to authenticated;
comment on column public.tenants.status_changed_at is 'Since when the tenant has its present status.';
comment on column public.tenants.status_reason is 'Why the tenant has its present status, in the words of the person who changed it.';
comment on column public.tenants.purgeable_at is 'When the export window of an archived tenant closes. From then on the tenant can be purged and no longer restored.';
create index tenants_frozen_at_idx on public.tenants (frozen_at) where status = 'frozen';
-- tenant_ids() looks here for each person who reads.
create index tenants_closed_idx on public.tenants (id) where status = 'archived' or contract_pending_at is not null;

-- A definer, because people hold no grant on these columns.
create function public.read_tenant_account(tenant_id uuid,
    out erp_customer_id text, out stripe_cust_id text, out contract_start date, out contract_end date, out status_reason text)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_tenant_account.tenant_id, 'read_admin');
  select t.erp_customer_id, t.stripe_cust_id, t.contract_start, t.contract_end, t.status_reason
  into erp_customer_id, stripe_cust_id, contract_start, contract_end, status_reason
  from public.tenants as t where t.id = read_tenant_account.tenant_id;
end
$$;
comment on function public.read_tenant_account(uuid) is
  'What the platform''s billing knows of a tenant: customer numbers, contract, and why it has its status. For callers with the permission "read_admin".';
grant execute on function public.read_tenant_account(uuid) to authenticated, service_role;

select private.register_table('public.tenants', personal => '{sales_owner,metadata}', internal => '{sales_owner,metadata}',
  on_forget => 'keep', kept_because => 'The person of the platform who looks after the tenant, and notes of the platform. Only the platform changes them.',
  plain => '{slug,name,plan,tenant_type,locale,time_zone,erp_customer_id,stripe_cust_id,status_reason,industry,website,country,state,active_platforms}');
