-- Made by "npm run generate" from supabase/schemas/10_tenancy. Change it there.

-- 01_access.sql

-- Access: statuses and kinds of tenants, roles and permissions, and the functions that every policy asks.

create type public.tenant_status as enum (
  'demo',     -- shared demo tenant; reset nightly; no billing
  'trial',    -- real customer in their evaluation window
  'active',   -- paying, by contract or by a plan of the price list
  'frozen',   -- read-only after cancellation or non-payment
  'archived'  -- only the audit log is kept
);

create type public.tenant_kind as enum (
  'customer', -- real paying or trialing customer
  'demo',     -- shared demo tenant; never billed
  'platform'  -- the one tenant that owns the rows every tenant may read
);

create type public.tenant_role as enum ('owner', 'admin', 'member', 'reviewer');

-- Nobody is "invited" here: a membership belongs to an account, and an invited person may have none yet. Open rows of
-- tenant_invitations are the invited people.
create type public.member_status as enum (
  'active',
  'deactivated',  -- by a manager
  'switched_off'  -- because the plan has no place for them. They are active again when it has one
);

-- It sets no search_path, so that Postgres inlines it.
create function private.is_writable(status public.tenant_status, trial_ends_at timestamptz) returns boolean
  language sql stable parallel safe
as $$ select status in ('active', 'demo') or status = 'trial' and trial_ends_at > now() $$;
comment on function private.is_writable(public.tenant_status, timestamptz) is
  'Whether a tenant with this status may change anything. Frozen and archived tenants may not, nor may those whose trial has ended.';

-- It sets no search_path, so that Postgres inlines it.
create function private.is_write_permission(permission text) returns boolean
  language sql immutable parallel safe
as $$ select permission not in ('read', 'read_clients', 'read_admin', 'export', 'contract', 'leave') $$;
comment on function private.is_write_permission(text) is
  'Whether who holds this permission may change something. A tenant that is frozen, or whose trial has ended, keeps only the other permissions.';

create table private.role_permissions (
  role public.tenant_role not null,
  permission text not null,
  primary key (role, permission)
);
comment on table private.role_permissions is 'Which role holds which permission. Policies and functions check permissions and never roles.';

insert into private.role_permissions (role, permission) values
  ('owner', 'read'), ('owner', 'read_clients'), ('owner', 'write'), ('owner', 'read_admin'), ('owner', 'manage'), ('owner', 'own'), ('owner', 'export'),
  ('owner', 'review'), ('owner', 'contract'), ('owner', 'leave'),
  ('admin', 'read'), ('admin', 'read_clients'), ('admin', 'write'), ('admin', 'read_admin'), ('admin', 'manage'),
  ('admin', 'review'), ('admin', 'contract'), ('admin', 'leave'),
  ('member', 'read'), ('member', 'read_clients'), ('member', 'write'), ('member', 'leave'),
  ('reviewer', 'read'), ('reviewer', 'review'), ('reviewer', 'leave')
on conflict do nothing;

create function private.caller_api_key() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  -- Only an edge function that verified the key sets this. A claim of the token would not be safe: the REST
  -- API passes on any claim that a token has.
  key uuid := nullif(current_setting('tenantry.api_key', true), '');
begin
  -- A caller who has a user is that user, and no key.
  return case when key is not null and auth.uid() is null then key end;
end
$$;
comment on function private.caller_api_key() is 'The API key that is calling. Null for a person, the service and anon.';

-- A definer, because it reads the membership of a caller whose own policies on tenant_members depend on it.
-- In plpgsql, because plpgsql keeps its plans for the session. An SQL function would plan anew on every statement.
-- An array and not a set, because Postgres would copy a set twice before a policy can compare with it.
-- A key holds no permission, nor does a portal token. A policy names the scopes that read its table, and lets in no others.
create function private.tenant_ids(permission text, scopes text[] default '{}') returns uuid[]
  language plpgsql stable security definer parallel safe
  set search_path = ''
as $$
declare
  key uuid := private.caller_api_key();
  person uuid := auth.uid();
  ids uuid[];
begin
  if key is not null then
    return array(select private.api_key_tenant_ids(key, tenant_ids.scopes));
  end if;
  if person is null and private.caller_portal_token() is not null then
    return array(select private.portal_token_tenant_ids(private.caller_portal_token(), tenant_ids.scopes));
  end if;
  ids := array(
    select m.tenant_id from public.tenant_members as m
    where m.user_id = person and m.status = 'active' and m.role = any (array(
      select p.role from private.role_permissions as p where p.permission = tenant_ids.permission)));
  -- Who manages the platform's own tenant could make anybody an operator.
  if private.platform_tenant_id() = any (ids) and tenant_ids.permission not in ('read', 'leave') and not private.has_second_factor() then
    ids := array_remove(ids, private.platform_tenant_id());
  end if;
  if private.is_write_permission(tenant_ids.permission) then
    return array(
      select t.id from public.tenants as t
      where t.id = any (ids) and private.is_writable(t.status, t.trial_ends_at) and t.contract_pending_at is null);
  end if;
  -- Few people have an archived tenant, or one whose contract waits. A look into the index of these costs less than
  -- reading each tenant, and this is the cost of every statement of a person with many tenants.
  if exists (select from public.tenants as t where t.id = any (ids) and (t.status = 'archived' or t.contract_pending_at is not null)) then
    return array(select t.id from public.tenants as t where t.id = any (ids) and t.status <> 'archived'
      and (t.contract_pending_at is null or tenant_ids.permission in ('contract', 'leave', 'export')));
  end if;
  return ids;
end
$$;
comment on function private.tenant_ids(text, text[]) is
  'The tenants in which a person now holds a permission (read, read_clients, read_admin, write, manage, own, review, export, contract, leave). For an API key or a portal token: its tenant, if its request uses one of the scopes. Every policy uses this.';

-- It sets no search_path, so that Postgres inlines it. Every call of a function asks this, and would parse it anew.
create function private.is_trusted_caller() returns boolean
  language sql stable
as $$
  -- A definer function changes current_user but not the role setting, which says who the caller is. 'none'
  -- means a direct connection: migrations, cron, or the admin pool of an edge function.
  select current_setting('role') in ('none', 'postgres', 'service_role') and session_user <> 'authenticator'
    or current_setting('role') = 'service_role'
$$;
comment on function private.is_trusted_caller() is 'Whether the caller is the service itself and not a person.';

create function private.require_permission(tenant uuid, permission text) returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_status public.tenant_status;
  found_trial_end timestamptz;
  found_role public.tenant_role;
  is_contract_pending boolean;
  is_trusted boolean := private.is_trusted_caller();
  key uuid := private.caller_api_key();
  token uuid := private.caller_portal_token();
  needed text := require_permission.permission;
begin
  -- Whatever refuses the request later can say in which tenant.
  perform set_config('tenantry.tenant', require_permission.tenant::text, true);
  -- "endpoints:write" is a scope of keys. A person needs the permission that it stands for.
  if strpos(needed, ':') > 0 then
    select s.permission into needed from private.api_scopes as s where s.scope = require_permission.permission;
  end if;
  if key is not null then
    perform private.require_scope(key, require_permission.tenant, require_permission.permission);
    is_trusted := true;
  elsif token is not null then
    perform private.require_portal_scope(token, require_permission.tenant, require_permission.permission);
    is_trusted := true;
  end if;
  select t.status, t.trial_ends_at, m.role, t.contract_pending_at is not null
  into found_status, found_trial_end, found_role, is_contract_pending
  from public.tenants as t
  left join public.tenant_members as m
    on m.tenant_id = t.id and m.user_id = (select auth.uid()) and m.status = 'active'
  where t.id = require_permission.tenant;

  -- A stranger and an archived tenant get the same answer, so that a stranger learns nothing. The service can
  -- still export the data of an archived tenant.
  if found_status is null or found_status = 'archived' and not (is_trusted and require_permission.permission = 'export')
    or (found_role is null and not is_trusted) then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
  end if;
  if is_contract_pending and needed not in ('contract', 'leave', 'export') and (coalesce(key, token) is not null or not is_trusted) then
    perform private.raise_problem(403, 'contract_not_accepted',
      'An owner or an admin must accept the contract of this tenant first. Until then only the contract, the export and leaving are open.');
  end if;
  if not is_trusted and require_permission.tenant = private.platform_tenant_id() and needed not in ('read', 'leave')
    and not private.has_second_factor() then
    perform private.raise_problem(403, 'second_factor_required', 'In the platform''s own tenant this takes a second factor. Sign in with yours, or set one up first.');
  end if;
  if needed is null or not is_trusted and not exists (
    select from private.role_permissions as p
    where p.role = found_role and p.permission = needed) then
    perform private.raise_problem(403, 'forbidden', format(
      'Your role in this tenant is %s. It does not hold the permission "%s". Ask an owner of the tenant.',
      found_role, coalesce(needed, require_permission.permission)));
  end if;
  if private.is_write_permission(needed) then
    if found_status = 'frozen' then
      perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and can only be read. Settle its subscription to change things again.');
    elsif found_status = 'trial' and found_trial_end <= now() then
      perform private.raise_problem(403, 'trial_ended', 'The trial of this tenant has ended, so it can only be read. Choose a plan to change things again.');
    end if;
  end if;
end
$$;
comment on function private.require_permission(uuid, text) is
  'Refuses with 404, or with 403 and the reason, unless the caller holds the permission in the tenant. Functions use this. Policies use tenant_ids().';

-- A definer with plans that the session keeps: it runs at the start of each request, where the same select through
-- policies would cost more than the rest of a short request.
create function private.enter_tenant(name text, permission text, out id uuid, out ref_id text, out slug text)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_count bigint;
begin
  if enter_tenant.name is null then
    select count(*), min(o.tenant_id::text)::uuid into found_count, enter_tenant.id
    -- Everybody may leave, so these are the tenants that one belongs to, also while a contract waits.
    from unnest(private.tenant_ids('leave')) as o (tenant_id);
    if found_count > 1 then
      perform private.raise_problem(400, 'tenant_required',
        'You belong to more than one tenant. Name the one you mean by its slug or ref_id in the header x-tenant.');
    end if;
  else
    -- A ref_id has capital letters and a slug never has, so one name cannot mean two tenants.
    select t.id into enter_tenant.id from public.tenants as t
    where t.slug = enter_tenant.name or t.ref_id = enter_tenant.name;
  end if;
  -- This also refuses when no tenant was found.
  perform private.require_permission(enter_tenant.id, enter_tenant.permission);
  select t.ref_id, t.slug into enter_tenant.ref_id, enter_tenant.slug
  from public.tenants as t where t.id = enter_tenant.id;
end
$$;
comment on function private.enter_tenant(text, text) is
  'The tenant with this slug or ref_id, or the caller''s only tenant if the name is null, after require_permission(). 400 tenant_required, and what require_permission() refuses.';

create function private.colleague_ids() returns setof uuid
  language plpgsql stable security definer parallel safe
  set search_path = ''
  rows 50
as $$
begin
  return query
    select distinct m.user_id from public.tenant_members as m
    where m.tenant_id = any ((select private.tenant_ids('read', '{members:read}'))::uuid[]);
end
$$;
comment on function private.colleague_ids() is 'The people who are in a tenant together with the caller, or in the tenant of the calling API key.';

grant execute on function private.tenant_ids(text, text[]), private.colleague_ids(), private.is_trusted_caller(), private.require_permission(uuid, text), private.enter_tenant(text, text)
  to authenticated, service_role;
grant execute on function private.caller_api_key() to authenticated, service_role;

select private.register_table('private.role_permissions', plain => '{permission}', unaudited => 'changed by migrations only');

-- 02_gates.sql

-- Gates: what a plan opens, and up to which number. Whatever asks for a plan asks for a gate of this register.

create type private.gate_kind as enum (
  'feature', -- a plan has it or not
  'limit'    -- a plan has a number of it
);

create table private.gates (
  gate text primary key,
  kind private.gate_kind not null,
  description text not null,
  asked_for text,
  is_monthly boolean not null default false,
  constraint gate_is_a_word check (gate ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint only_limits_are_monthly check (kind = 'limit' or not is_monthly)
);
comment on table private.gates is
  'Every feature and limit of the plans. The file that asks for a gate registers it. Tests and docs/plans.md read the same rows.';
comment on column private.gates.asked_for is 'What is refused without it. Null if no domain asks for it yet.';
comment on column private.gates.is_monthly is 'Whether the limit counts what is made in a month. Other limits count what there is.';

create function private.register_feature(
  feature text, description text, plans text[] default '{trial,business,enterprise}', asked_for text default null
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if exists (select from unnest(register_feature.plans) as n where n not in (select p.plan from public.plans as p)) then
    raise exception 'register_feature: % names a plan that does not exist.', feature;
  end if;
  insert into private.gates (gate, kind, description, asked_for)
  values (register_feature.feature, 'feature', register_feature.description, register_feature.asked_for)
  on conflict (gate) do update set (kind, description, asked_for, is_monthly) = (excluded.kind, excluded.description, excluded.asked_for, false);
  update public.plans as p set features = case when p.plan = any (register_feature.plans)
      then p.features || register_feature.feature else array_remove(p.features, register_feature.feature) end
  where (p.plan = any (register_feature.plans)) <> (register_feature.feature = any (p.features));
end
$$;
comment on function private.register_feature(text, text, text[], text) is
  'Adds a feature to the register, and to these plans and no others. By default to those that have everything.';

create function private.register_limit(
  limit_name text, description text, most jsonb, asked_for text, is_monthly boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A plan without a number would have no limit, and nobody would notice.
  if array(select p.plan from public.plans as p order by 1) <> array(select k from jsonb_object_keys(register_limit.most) as k order by 1) then
    raise exception 'register_limit: give % one number for each plan.', limit_name;
  end if;
  insert into private.gates (gate, kind, description, asked_for, is_monthly)
  values (register_limit.limit_name, 'limit', register_limit.description, register_limit.asked_for, register_limit.is_monthly)
  on conflict (gate) do update set (kind, description, asked_for, is_monthly) =
    (excluded.kind, excluded.description, excluded.asked_for, excluded.is_monthly);
  update public.plans as p set limits = p.limits || jsonb_build_object(register_limit.limit_name, (register_limit.most ->> p.plan)::bigint)
  where p.limits -> register_limit.limit_name is distinct from register_limit.most -> p.plan;
end
$$;
comment on function private.register_limit(text, text, jsonb, text, boolean) is
  'Adds a limit to the register, with the number of each plan: {"trial": 10, "starter": 3, ...}.';

select private.register_table('private.gates', plain => '{gate,description,asked_for}', unaudited => 'changed by migrations only');

-- 03_plans.sql

-- Plans: the price list, with the features and limits of each plan.

create table public.plans (
  plan text primary key,
  name text not null,
  price_minor int not null,
  currency char(3) not null default 'CHF',
  trial_days int,
  features text[] not null default '{}',
  limits jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint plan_name_is_a_word check (plan ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint price_not_negative check (price_minor >= 0)
);
comment on table public.plans is 'What a plan costs a month (in minor units of its currency), which features it has, and its limits. register_feature() and register_limit() write the last two.';

insert into public.plans (plan, name, price_minor, trial_days) values
  ('trial', 'Trial', 0, 14),
  ('starter', 'Starter', 4900, null),
  ('professional', 'Professional', 14900, null),
  ('business', 'Business', 34900, null),
  ('enterprise', 'Enterprise', 0, null)
on conflict (plan) do update set (name, price_minor, trial_days) = (excluded.name, excluded.price_minor, excluded.trial_days);
create trigger plans_touch before update on public.plans for each row execute function private.tg_touch_updated_at();

create function private.is_trial_plan(plan text) returns boolean
  language plpgsql stable
  set search_path = ''
as $$
begin
  return exists (select from public.plans as p where p.plan = is_trial_plan.plan and p.trial_days is not null);
end
$$;
comment on function private.is_trial_plan(text) is 'Whether a plan is only for a time. Nobody can choose it.';

alter table public.plans enable row level security;

-- The price list belongs to no tenant.
create policy "everyone signed in reads the plans" on public.plans
  for select to authenticated using (true);
grant select on public.plans to authenticated, service_role;

select private.register_table('public.plans', plain => '{plan,name,currency,features,limits}', unaudited => 'changed by migrations only');

-- Features of domains that are still to come. A domain registers its own gates in its own files.
select private.register_feature('marketing', 'Campaigns on the channels where a business advertises.');
select private.register_feature('knowledge', 'Answers from documents of the tenant''s own.');

-- 10_tenants/01_tenants.sql

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

-- 10_tenants/02_slugs.sql

-- Slugs: the name of a tenant in URLs, which names are reserved, and how long an old name stays blocked.

create function private.is_reserved_slug(slug text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Names that a visitor would take for names of the platform itself, and names that IDNA reserves. A slug is
  -- a label of a host name, and a browser shows xn--… as other letters.
  return slug = any ('{about,account,accounts,admin,administrator,api,app,apps,assets,auth,autoconfig,
    autodiscover,billing,blog,cdn,config,console,contact,dashboard,dev,dns,docs,domain,email,ftp,
    functions,graphql,help,host,imap,internal,invite,invitations,local,localhost,login,logout,mail,
    manage,members,metrics,mx,null,oauth,onboarding,pay,payments,phone,platform,pop,portal,postmaster,
    preview,pricing,privacy,public,register,rest,root,sales,secure,security,settings,signin,signup,
    smtp,ssl,staging,static,status,storage,support,system,tenant,tenantry,tenants,terms,test,undefined,
    update,usage,webhook,webhooks,webmail,wpad,www}'::text[])
    or substr(slug, 3, 2) = '--';
end
$$;

create function private.require_slug(slug text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if slug is null or slug !~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$' then
    perform private.raise_problem(422, 'slug_invalid',
      'A slug has 3 to 40 characters: lowercase letters a-z, digits and hyphens. It does not begin or end with a hyphen.',
      '[{"pointer": "/slug", "detail": "is not a slug"}]');
  end if;
end
$$;

create function private.refuse_taken_slug(slug text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(409, 'slug_taken', format('The slug "%s" is taken. Choose another one.', slug),
    '[{"pointer": "/slug", "detail": "is taken"}]');
end
$$;

-- Every slug that was ever claimed, and its tenant. The public lookup starts from this directory.
create table public.tenant_slugs (
  slug text primary key,
  tenant_id uuid not null references public.tenants on delete cascade,
  retired_at timestamptz,
  created_at timestamptz not null default now(),
  constraint slug_is_short check (length(slug) <= 40)
);
comment on table public.tenant_slugs is
  'Every slug that was ever claimed. A retired slug still leads to its tenant. Nobody else can claim it for 90 days.';
-- The operator finds tenants by the beginning of a slug, also of one that they gave up.
create index tenant_slugs_beginning_idx on public.tenant_slugs (slug text_pattern_ops);
create index tenant_slugs_tenant_id_idx on public.tenant_slugs (tenant_id);
create unique index tenant_slugs_one_current_idx on public.tenant_slugs (tenant_id) where retired_at is null;

-- A definer, because claiming must see the slugs of other tenants.
create function private.tg_claim_slug() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if private.is_reserved_slug(new.slug) and new.kind <> 'platform' then
    perform private.raise_problem(422, 'slug_reserved', format('The slug "%s" is reserved. Choose another one.', new.slug),
      '[{"pointer": "/slug", "detail": "is reserved"}]');
  end if;
  if tg_op = 'UPDATE' then
    update public.tenant_slugs set retired_at = now() where slug = old.slug and tenant_id = new.id;
  end if;
  insert into public.tenant_slugs as s (slug, tenant_id) values (new.slug, new.id)
  on conflict (slug) do update set tenant_id = excluded.tenant_id, retired_at = null
    where s.tenant_id = excluded.tenant_id or s.retired_at < now() - interval '90 days';
  if not found then
    perform private.refuse_taken_slug(new.slug);
  end if;
  return null;
end
$$;
create trigger tenants_claim_slug after insert on public.tenants for each row execute function private.tg_claim_slug();
create trigger tenants_rename_slug after update of slug on public.tenants
  for each row when (new.slug <> old.slug) execute function private.tg_claim_slug();

alter table public.tenant_slugs enable row level security;
create policy "members read their tenant's slugs" on public.tenant_slugs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.tenant_slugs to authenticated;
grant select, insert, update, delete on public.tenant_slugs to service_role;

create function public.rename_tenant_slug(tenant_id uuid, slug text)
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  renamed public.tenants;
begin
  perform private.require_permission(rename_tenant_slug.tenant_id, 'manage');
  perform private.require_slug(rename_tenant_slug.slug);
  -- Each rename blocks a name for everybody else for 90 days.
  if not private.is_trusted_caller() and (
    select count(*) from public.tenant_slugs as s
    where s.tenant_id = rename_tenant_slug.tenant_id and s.retired_at > now() - interval '90 days') >= 5 then
    perform private.raise_problem(403, 'too_many_renames', 'This tenant has given up five slugs in the last 90 days. Wait before you rename it again.');
  end if;
  begin
    update public.tenants as t set slug = rename_tenant_slug.slug
    where t.id = rename_tenant_slug.tenant_id returning * into renamed;
  exception when unique_violation then
    perform private.refuse_taken_slug(rename_tenant_slug.slug);
  end;
  return private.shown_tenant(renamed);
end
$$;
comment on function public.rename_tenant_slug(uuid, text) is
  'Gives a tenant another slug. The old slug redirects to the new one, and nobody else can claim it for 90 days.';
grant execute on function public.rename_tenant_slug(uuid, text) to authenticated;
grant execute on function public.rename_tenant_slug(uuid, text) to service_role;
grant execute on function private.is_reserved_slug(text) to authenticated, service_role;
create table private.kept_slugs (
  slug text primary key,
  free_at timestamptz not null
);
comment on table private.kept_slugs is
  'Slugs of deleted tenants. Nobody can claim them for 90 days, so that links to the old tenant do not lead to a new one.';

-- Both are definers: nobody may read or write the directory of kept slugs directly.
create function private.tg_keep_slugs() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if old.kind = 'platform' then
    perform private.raise_problem(409, 'invalid_status_move', 'The platform''s own tenant cannot be deleted.');
  end if;
  insert into private.kept_slugs as k (slug, free_at)
  select s.slug, coalesce(s.retired_at, now()) + interval '90 days'
  from public.tenant_slugs as s
  where s.tenant_id = old.id and (s.retired_at is null or s.retired_at > now() - interval '90 days')
  on conflict (slug) do update set free_at = greatest(k.free_at, excluded.free_at);
  return old;
end
$$;
create trigger tenants_keep_slugs before delete on public.tenants for each row execute function private.tg_keep_slugs();

create function private.tg_respect_kept_slug() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from private.kept_slugs as k where k.slug = new.slug and k.free_at > now()) then
    perform private.refuse_taken_slug(new.slug);
  end if;
  return null;
end
$$;

-- The name makes it fire after the trigger that claims the slug. A claim waits for a deletion that is under
-- way. Only after that is it visible which slugs the deletion kept.
create trigger tenants_respect_kept_slug after insert on public.tenants
  for each row execute function private.tg_respect_kept_slug();
create trigger tenants_respect_kept_slug_on_rename after update of slug on public.tenants
  for each row when (new.slug <> old.slug) execute function private.tg_respect_kept_slug();

select cron.schedule('registry: free the slugs of tenants long gone', '43 3 * * *',
  'delete from private.kept_slugs where free_at <= now()');

select private.register_table('public.tenant_slugs', plain => '{slug}');
select private.register_table('private.kept_slugs', plain => '{slug}', unaudited => 'the tenants of these slugs are gone');

-- 10_tenants/03_billing.sql

-- Billing: who is invoiced for a tenant, and how.

create table public.tenant_billing (
  tenant_id uuid primary key references public.tenants on delete cascade,
  legal_name text,
  pan_number text,
  has_gst boolean not null default false,
  gst_number text,
  billing_name text,
  billing_address text,
  billing_city text,
  billing_postal_code text,
  billing_state text,
  billing_country text,
  razorpay_customer_id text unique,
  razorpay_subscription_id text unique,
  monthly_spend_cap_usd_micros bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint billing_is_text check (private.is_plain_text(legal_name, 255) and private.is_plain_text(billing_name, 255)
    and private.is_plain_text(billing_address, 1000) and private.is_plain_text(billing_city, 255)
    and private.is_plain_text(billing_postal_code, 32) and private.is_plain_text(billing_state, 255)
    and private.is_plain_text(billing_country, 255) and private.is_plain_text(pan_number, 64) and private.is_plain_text(gst_number, 64)),
  constraint razorpay_ids_are_text check (private.is_plain_text(razorpay_customer_id, 255) and private.is_plain_text(razorpay_subscription_id, 255)),
  constraint gst_number_when_registered check (not has_gst or gst_number is not null),
  constraint spend_cap_not_negative check (monthly_spend_cap_usd_micros >= 0)
);
comment on table public.tenant_billing is 'Who is invoiced and how (1:1 with tenants). Money is in millionths of a US dollar.';
create trigger tenant_billing_touch before update on public.tenant_billing for each row execute function private.tg_touch_updated_at();

create function private.tg_start_billing() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.tenant_billing (tenant_id) values (new.id) on conflict do nothing;
  return null;
end
$$;
create trigger tenants_start_billing after insert on public.tenants for each row execute function private.tg_start_billing();

alter table public.tenant_billing enable row level security;
create policy "managers read their tenant's billing" on public.tenant_billing
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "owners update their tenant's billing" on public.tenant_billing
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('own'))::uuid[]));
grant select, update (legal_name, pan_number, has_gst, gst_number, billing_name, billing_address, billing_city,
  billing_postal_code, billing_state, billing_country, monthly_spend_cap_usd_micros) on public.tenant_billing to authenticated;
grant select, insert, update, delete on public.tenant_billing to service_role;
create function private.tg_bill_customers_only() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from public.tenants as t where t.id = new.tenant_id and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer is billed. A demo tenant and the platform never are.');
  end if;
  return new;
end
$$;
create trigger tenant_billing_customers_only
  before insert or update of razorpay_customer_id, razorpay_subscription_id on public.tenant_billing
  for each row when (new.razorpay_customer_id is not null or new.razorpay_subscription_id is not null)
  execute function private.tg_bill_customers_only();

select private.register_table('public.tenant_billing', plain => '{razorpay_customer_id,razorpay_subscription_id}',
  personal => '{legal_name,pan_number,has_gst,gst_number,billing_name,billing_address,billing_city,billing_postal_code,billing_state,billing_country}',
  on_forget => 'keep', kept_because => 'The person to whom the tenant''s invoices are addressed. The law requires that invoices are kept.');

-- 20_limits/01_tenant_counts.sql

-- Limits: how much of what its plan limits a tenant has. Counted in one row for each limit, so that asking costs the
-- same with a million rows, and two who want the last place wait for each other.

create table private.tenant_counts (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null,
  period_at timestamptz not null default '-infinity',
  used bigint not null default 0,
  -- The highest threshold that was announced, of which number, and in which month.
  announced_percent int not null default 0,
  announced_most bigint,
  announced_at timestamptz not null default '-infinity',
  primary key (tenant_id, gate),
  constraint count_is_of_a_gate check (gate ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint count_not_negative check (used >= 0)
);
comment on table private.tenant_counts is
  'How much of a limit a tenant uses: what there is, or what was made since period_at for a monthly limit. Triggers of the counted tables keep it, with tenant_count_changes.';

-- In plpgsql, as all that is asked when something is made: plpgsql keeps its plans for the session.
create function private.limit_period(tenant uuid, gate text) returns timestamptz
  language plpgsql stable
  set search_path = ''
as $$
begin
  if exists (select from private.gates as g where g.gate = limit_period.gate and g.is_monthly) then
    return date_trunc('month', now(), (select t.time_zone from public.tenants as t where t.id = tenant));
  end if;
  return '-infinity';
end
$$;
comment on function private.limit_period(uuid, text) is 'Since when a limit counts for a tenant: the start of the present month in its time zone, or ever.';

create function private.is_same_period(period_at timestamptz, other_at timestamptz) returns boolean
  language sql stable parallel safe
as $$
  -- It sets no search_path, and is no more immutable than a moment minus some days is, so that Postgres inlines it.
  -- One month starts at moments up to 26 hours apart. A tenant that moves to another zone must not start again.
  select period_at >= other_at - interval '3 days'
$$;
comment on function private.is_same_period(timestamptz, timestamptz) is 'Whether a count that began at the first moment still counts in a period that began at the second one.';

create table private.tenant_count_changes (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null,
  xact xid8 not null default pg_current_xact_id(),
  period_at timestamptz not null,
  change bigint not null,
  primary key (tenant_id, gate, xact),
  constraint change_is_of_a_gate check (gate ~ '^[a-z][a-z0-9_]{1,39}$')
);
comment on table private.tenant_count_changes is
  'What transactions that asked for nothing added to a count, or took off it. One row for each, so that they lock nothing of each other''s. Whoever asks next adds them to the count.';

create function private.note_places(tenant uuid, gate text, change int) returns void
  language plpgsql volatile
  set search_path = ''
as $$
begin
  insert into private.tenant_count_changes as c (tenant_id, gate, period_at, change)
  values (note_places.tenant, note_places.gate, private.limit_period(note_places.tenant, note_places.gate), note_places.change)
  on conflict on constraint tenant_count_changes_pkey do update set change = c.change + excluded.change;
end
$$;

create function private.count_places(tenant uuid, gate text, change int) returns bigint
  language plpgsql volatile
  set search_path = ''
as $$
declare
  period timestamptz := private.limit_period(tenant, gate);
  noted bigint;
  counted bigint;
begin
  insert into private.tenant_counts as c (tenant_id, gate, period_at, used)
  values (count_places.tenant, count_places.gate, period, greatest(count_places.change, 0))
  on conflict on constraint tenant_counts_pkey do update set
    period_at = case when private.is_same_period(c.period_at, period) then c.period_at else period end,
    used = greatest(count_places.change + case when private.is_same_period(c.period_at, period) then c.used else 0 end, 0)
  returning c.period_at, used into period, counted;
  -- A statement of its own, which sees what was committed while this waited for the row.
  if not exists (select from private.tenant_count_changes as n
    where n.tenant_id = count_places.tenant and n.gate = count_places.gate) then
    return counted;
  end if;
  with gone as (
    delete from private.tenant_count_changes as n
    where n.tenant_id = count_places.tenant and n.gate = count_places.gate
    returning n.change, n.period_at
  )
  select sum(g.change) filter (where private.is_same_period(g.period_at, period)) into noted from gone as g;
  if noted <> 0 then
    update private.tenant_counts as c set used = greatest(c.used + noted, 0)
    where c.tenant_id = count_places.tenant and c.gate = count_places.gate
    returning used into counted;
  end if;
  return counted;
end
$$;
comment on function private.count_places(uuid, text, int) is
  'Counts places that were taken, and returns how many are used. The row stays locked until the transaction ends.';

create function private.find_limit(tenant uuid, gate text, out most bigint, out used bigint, out left_over bigint, out resets_at timestamptz)
  language sql stable
  set search_path = ''
as $$
  select l.most, n.used, greatest(l.most - n.used, 0), n.resets_at
  from public.tenants as t
  join public.plans as p on p.plan = t.plan
  join private.gates as g on g.gate = find_limit.gate and g.kind = 'limit'
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = g.gate
  cross join lateral (select (p.limits ->> g.gate)::bigint as most, private.limit_period(t.id, g.gate) as period_at) as l
  cross join lateral (select
    greatest(case when private.is_same_period(c.period_at, l.period_at) then c.used else 0 end + coalesce((
      select sum(o.change) from private.tenant_count_changes as o
      where o.tenant_id = t.id and o.gate = g.gate and private.is_same_period(o.period_at, l.period_at)), 0), 0)::bigint as used,
    case when g.is_monthly then date_add(l.period_at, interval '1 month', t.time_zone) end as resets_at) as n
  where t.id = find_limit.tenant
$$;
comment on function private.find_limit(uuid, text) is
  'How many a tenant''s plan allows of what a limit counts, how many it has, how many are left, and when a monthly count starts again.';

create function private.announce_threshold(tenant uuid, gate text, used bigint, most bigint) returns boolean
  language plpgsql volatile
  set search_path = ''
as $$
declare
  reached int := case when used >= most then 100 when used >= most * 0.8 then 80 when used >= most * 0.5 then 50 end;
  month_at timestamptz;
begin
  if reached is null then
    return false;
  end if;
  month_at := date_trunc('month', now(), (select t.time_zone from public.tenants as t where t.id = announce_threshold.tenant));
  -- A trigger of this row emits the event. Whoever has counted holds its lock, so nobody else announces the same.
  -- Moving to another time zone does not announce a month again.
  update private.tenant_counts as c set announced_percent = reached, announced_most = announce_threshold.most,
    announced_at = case when private.is_same_period(c.announced_at, month_at) then c.announced_at else month_at end
  where c.tenant_id = announce_threshold.tenant and c.gate = announce_threshold.gate
    and not (private.is_same_period(c.announced_at, month_at) and c.announced_most = announce_threshold.most and c.announced_percent >= reached);
  return found;
end
$$;
comment on function private.announce_threshold(uuid, text, bigint, bigint) is
  'Announces that 50, 80 or 100 % of a number are used: each once a month, and again if the number changes. Returns whether it announced something. The tenant has a row in tenant_counts for it.';

create function private.note_threshold(tenant uuid, gate text, used bigint) returns boolean
  language plpgsql volatile
  set search_path = ''
as $$
begin
  return private.announce_threshold(tenant, gate, used, (select (p.limits ->> note_threshold.gate)::bigint
    from public.tenants as t join public.plans as p on p.plan = t.plan where t.id = note_threshold.tenant));
end
$$;
comment on function private.note_threshold(uuid, text, bigint) is
  'Announces that 50, 80 or 100 % of a limit of the plan are used. The caller has counted in the same transaction.';

create function private.settle_tenant_counts(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  -- Sorted, so that two runs lock the counts in one order.
  select count(private.note_threshold(n.tenant_id, n.gate, private.count_places(n.tenant_id, n.gate, 0)))::int from (
    select distinct c.tenant_id, c.gate from private.tenant_count_changes as c order by 1, 2 limit batch) as n
$$;
comment on function private.settle_tenant_counts(int) is
  'Adds to the counts what was only noted, for at most one batch of tenants and limits. Returns for how many.';

select cron.schedule('registry: settle counts of limits', '*/5 * * * *', 'select private.settle_tenant_counts()');

select private.register_table('private.tenant_count_changes', keeping => 'derived', plain => '{gate}', unaudited => 'counts rows that are in the log themselves');
select private.register_table('private.tenant_counts', keeping => 'derived', plain => '{gate}', unaudited => 'counts rows that are in the log themselves');

-- 20_limits/02_places.sql

-- Places: whether a tenant's plan has room for one more of what it limits, and the triggers that count.

create function private.refuse_beyond(tenant uuid, gate text, used bigint) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  tenant_plan text;
  most bigint;
  larger text[];
begin
  select p.plan, (p.limits ->> refuse_beyond.gate)::bigint into tenant_plan, most
  from public.tenants as t join public.plans as p on p.plan = t.plan where t.id = refuse_beyond.tenant;
  if most is null or used <= most then
    if used >= most * 0.5 then
      perform private.note_threshold(tenant, gate, used);
    end if;
    return;
  end if;
  -- The cheapest first. A price of 0 is agreed on request.
  larger := array(select p.plan from public.plans as p
    where p.trial_days is null and (p.limits ->> refuse_beyond.gate)::bigint > most
    order by p.price_minor = 0, p.price_minor, p.plan);
  perform private.raise_problem(402, 'limit_reached', format('The plan "%s" allows %s of "%s", and no more are left.', tenant_plan, most, refuse_beyond.gate)
      || coalesce(format(' The plan "%s" allows more.', larger[1]), ''),
    members => jsonb_build_object('limit', refuse_beyond.gate, 'most', most, 'plan', tenant_plan, 'plans', larger));
end
$$;
comment on function private.refuse_beyond(uuid, text, bigint) is 'Refuses with 402 limit_reached if so many are more than the tenant''s plan allows. Announces thresholds that they reach.';

-- A definer, as the next one: people may read neither the counts nor the register.
create function private.require_place(tenant uuid, gate text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  counted bigint;
  counted_at timestamptz;
  is_settled boolean;
begin
  -- Whoever wants the same place waits here until this transaction ends. A lock alone writes nothing.
  select c.used, c.period_at into counted, counted_at from private.tenant_counts as c
  where c.tenant_id = require_place.tenant and c.gate = require_place.gate for no key update;
  -- A transaction that keeps one snapshot must fail where somebody was faster, so it has to write.
  if found and current_setting('transaction_isolation') = 'read committed' then
    -- A statement of its own, which sees what was committed while this waited. Where less than half is used and
    -- nothing is noted, there is nothing to announce and nothing to add.
    select private.is_same_period(counted_at, case when g.is_monthly then date_trunc('month', now(), t.time_zone) else '-infinity' end)
      and coalesce((counted + 1) * 2 < (p.limits ->> g.gate)::bigint, true)
      and not exists (select from private.tenant_count_changes as n where n.tenant_id = require_place.tenant and n.gate = require_place.gate)
    into is_settled
    from public.tenants as t join public.plans as p on p.plan = t.plan join private.gates as g on g.gate = require_place.gate
    where t.id = require_place.tenant;
    if is_settled then
      return;
    end if;
  end if;
  perform private.refuse_beyond(tenant, gate, 1 + private.count_places(tenant, gate, 0));
end
$$;
comment on function private.require_place(uuid, text) is
  'Refuses with 402 limit_reached unless the tenant''s plan has room for one more. For functions that make one. The caller must hold a permission.';

create function private.change_places(tenant uuid, gate text, change int, asks boolean) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- The platform may bring over a tenant that has more than its plan allows.
  if asks and not private.is_trusted_caller() then
    perform private.refuse_beyond(tenant, gate, private.count_places(tenant, gate, change));
    return;
  end if;
  -- A tenant that is being deleted needs no count. What is put back into a demo was not made this month.
  if change < 0 and not exists (select from public.tenants as t where t.id = change_places.tenant)
    or current_setting('tenantry.is_restoring', true) = 'on' and private.limit_period(tenant, gate) > '-infinity' then
    return;
  end if;
  perform private.note_places(tenant, gate, change);
end
$$;
comment on function private.change_places(uuid, text, int, boolean) is
  'Counts places that a trigger saw taken or given back, and refuses those that the plan does not have.';

-- Arguments: the limit, 1 or -1, and "ask" if nothing asked before. After the row, because a statement that inserts
-- many rows runs all triggers before a row first, and each would find the same place free. Of a table that is filled by
-- thousands, after the statement, with its rows as "changed": each row would write the count again, and read all that
-- the rows before it wrote.
create function private.tg_count_places() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  asks constant boolean := tg_argv[2] is not distinct from 'ask';
begin
  if tg_level = 'STATEMENT' then
    perform private.change_places(c.tenant_id, tg_argv[0], tg_argv[1]::int * c.count::int, asks)
    from (select n.tenant_id, count(*) from changed as n group by n.tenant_id order by n.tenant_id) as c;
  else
    perform private.change_places(case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end, tg_argv[0], tg_argv[1]::int, asks);
  end if;
  return null;
end
$$;
comment on function private.tg_count_places() is 'Keeps the count of a limit, and refuses rows that the plan has no place for.';

-- 30_products.sql

-- Products: what the platform offers, and which tenant was granted what.

create table public.products (
  product text primary key,
  name text not null,
  description text not null default '',
  supports_projects boolean not null default false,
  features text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint product_is_a_word check (product ~ '^[a-z][a-z0-9_-]{1,39}$'),
  constraint product_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint product_description_is_text check (private.is_plain_text(description, 2000)),
  constraint product_features_are_few check (cardinality(features) <= 100),
  constraint product_features_are_words check (array_to_string(features, ' ', '?') ~ '^([a-z][a-z0-9_]{1,39}( |$))*$')
);
comment on table public.products is
  'Every product of the platform: its name, its features, and whether it divides work into projects.';

insert into public.products (product, name, description, supports_projects, features) values
  ('assessments', 'Assessments', 'Assessments, with their reports and follow-ups.', false, '{assessments,followups}'),
  ('marketing', 'Marketing', 'Campaigns on the channels where a business advertises.', true, '{content_calendar,ad_campaigns}'),
  ('bots', 'WhatsApp bots', 'Conversations with customers over WhatsApp.', true, '{whatsapp,bots}')
on conflict (product) do update set (name, description, supports_projects, features) =
  (excluded.name, excluded.description, excluded.supports_projects, excluded.features);

create table public.tenant_products (
  tenant_id uuid not null references public.tenants on delete cascade,
  product text not null references public.products on update cascade on delete restrict,
  enabled boolean not null default true,
  config jsonb not null default '{}',
  expires_at timestamptz,
  settled_end_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, product),
  constraint product_config_is_an_object check (jsonb_typeof(config) = 'object' and private.json_fits(config, 16384))
);
comment on table public.tenant_products is
  'Which product a tenant may use, until when, and with which settings. Only the platform grants a product. Only the end date ends it.';
create index tenant_products_product_idx on public.tenant_products (product);
comment on column public.tenant_products.settled_end_at is 'The expires_at after which the tenant''s plan was settled. Cron looks for ends that were not.';
create index tenant_products_expires_at_idx on public.tenant_products (expires_at) where settled_end_at is distinct from expires_at;
create trigger products_touch before update on public.products for each row execute function private.tg_touch_updated_at();
create trigger tenant_products_touch before update of enabled, config, expires_at on public.tenant_products for each row execute function private.tg_touch_updated_at();

alter table public.products enable row level security;
alter table public.tenant_products enable row level security;

-- The catalogue belongs to no tenant.
create policy "everyone signed in reads the products" on public.products
  for select to authenticated using (true);
create policy "members read their tenant's products" on public.tenant_products
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{entitlements:read}'))::uuid[]));
grant select on public.products, public.tenant_products to authenticated;
grant select, insert, update, delete on public.products, public.tenant_products to service_role;

select private.register_table('public.products', plain => '{product,name,description,features}', unaudited => 'changed by migrations only');
select private.register_table('public.tenant_products', quiet => '{settled_end_at}', plain => '{product,config}');

-- 40_members/01_users.sql

-- Users: the profile of each person who can sign in.

create table public.user_profiles (
  user_id uuid primary key references auth.users on delete cascade,
  ref_id text not null generated always as (private.ulid(user_id)) stored,
  email text,
  title text,
  first_name text,
  last_name text,
  name text generated always as (nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')) stored,
  phone text,
  phone_verified_at timestamptz,
  locale text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profile_email_is_short check (length(email) <= 320),
  constraint profile_locale_is_short check (private.is_plain_text(locale, 35)),
  constraint title_is_one_of_five check (title in ('Mr.', 'Mrs.', 'Ms.', 'Dr.', 'Prof.')),
  constraint names_are_text check (private.is_plain_text(first_name, 255) and private.is_plain_text(last_name, 255)),
  constraint phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint only_a_phone_is_verified check (phone is not null or phone_verified_at is null)
);
create unique index user_profiles_ref_id_idx on public.user_profiles (ref_id) where ref_id is not null;
-- The operator finds tenants by the beginning of an owner's address.
create index user_profiles_email_beginning_idx on public.user_profiles (lower(email) text_pattern_ops);
comment on table public.user_profiles is 'A person who can sign in (1:1 with auth.users). The e-mail address is copied from there.';
comment on column public.user_profiles.phone_verified_at is
  'When the person entered a code that was sent to this number. Before that nothing is sent there.';
create trigger user_profiles_touch before update on public.user_profiles for each row execute function private.tg_touch_updated_at();

-- A number that somebody typed may be anybody's.
create function private.tg_unverify_phone() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.phone_verified_at := null;
  return new;
end
$$;
create trigger user_profiles_unverify_phone before update of phone on public.user_profiles
  for each row when (old.phone is distinct from new.phone) execute function private.tg_unverify_phone();

-- Copies auth.users. It never refuses, because a sign-up must not fail because of a profile. A definer,
-- because Auth inserts the user with a role that has no rights in public.
create function private.tg_mirror_auth_user() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.user_profiles (user_id, email, first_name, last_name)
  values (new.id, left(new.email, 320),
    left(regexp_replace(left(new.raw_user_meta_data ->> 'first_name', 1000), '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255),
    left(regexp_replace(left(new.raw_user_meta_data ->> 'last_name', 1000), '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255))
  on conflict (user_id) do update set email = excluded.email;
  return new;
end
$$;
create trigger mirror_auth_user after insert or update of email on auth.users
  for each row execute function private.tg_mirror_auth_user();

insert into public.user_profiles (user_id, email) select id, left(email, 320) from auth.users on conflict do nothing;

alter table public.user_profiles enable row level security;
create policy "people read themselves and their colleagues" on public.user_profiles
  for select to authenticated
  using (user_id = (select auth.uid()) or user_id = any (array(select private.colleague_ids())));
create policy "people update themselves" on public.user_profiles
  for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, update (title, first_name, last_name, phone, locale) on public.user_profiles to authenticated;
grant select, insert, update, delete on public.user_profiles to service_role;

select private.register_table('public.user_profiles', plain => '{locale}', personal => '{email,title,first_name,last_name,name,phone}',
  unaudited => 'a profile belongs to a person and to no tenant',
  on_forget => 'keep', kept_because => 'Belongs to the person''s own account. Other tenants may know the account too. It is deleted with the account.');

-- 40_members/02_members.sql

-- Members: which person belongs to which tenant, in which role.

create table public.tenant_members (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null references public.user_profiles on delete cascade,
  role public.tenant_role not null default 'member',
  status public.member_status not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  app_access text[] not null default '{dashboard}',
  primary key (tenant_id, user_id),
  constraint app_access_is_known check (app_access <@ '{dashboard,dm-portal,manage}' and cardinality(app_access) <= 3),
  constraint only_the_platform_manages check ('manage' <> all (app_access) or tenant_id = private.platform_tenant_id())
);
comment on column public.tenant_members.app_access is 'The front ends that a page offers to the person. Rights follow from the role alone.';
comment on table public.tenant_members is 'Who belongs to which tenant, in which role. Every statement reads this, so a removal takes effect on the next statement.';

-- The primary key begins with the tenant. Policies search by user, and find all they need in the index.
create index tenant_members_user_id_idx on public.tenant_members (user_id, tenant_id) include (role, status);
create index tenant_members_created_at_idx on public.tenant_members (tenant_id, created_at, user_id);
create trigger tenant_members_touch before update on public.tenant_members for each row execute function private.tg_touch_updated_at();
create trigger tenant_members_stamp_editor before insert or update on public.tenant_members for each row execute function private.tg_stamp_editor();

-- A definer, because the count must see every owner, for every caller.
create function private.tg_keep_an_owner() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Two owners who leave at the same time must wait for each other. Otherwise each would count the other. If
  -- the tenant is being deleted, its row is already gone and needs no owner.
  perform from public.tenants where id = old.tenant_id for no key update;
  if found and not exists (
    select from public.tenant_members
    where tenant_id = old.tenant_id and role = 'owner' and status = 'active') then
    perform private.raise_problem(409, 'last_owner', 'A tenant must have an owner. Make somebody else an owner first.');
  end if;
  return null;
end
$$;
create trigger tenant_members_keep_an_owner
  after delete or update of role, status on public.tenant_members
  for each row when (old.role = 'owner' and old.status = 'active')
  execute function private.tg_keep_an_owner();

alter table public.tenant_members enable row level security;
create policy "members read who belongs to their tenant" on public.tenant_members
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{members:read}'))::uuid[]));

-- Only an owner may give or take the role of owner.
create policy "managers update members" on public.tenant_members
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])))
  with check (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])));
create policy "managers remove members" on public.tenant_members
  for delete to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])));
grant select, delete, update (role, status, app_access) on public.tenant_members to authenticated;
grant select, insert, update, delete on public.tenant_members to service_role;

create function public.leave_tenant(tenant_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Every person may leave, even if the tenant is frozen or its contract waits.
  perform private.require_permission(leave_tenant.tenant_id, 'leave');
  delete from public.tenant_members as m where m.tenant_id = leave_tenant.tenant_id and m.user_id = (select auth.uid());
end
$$;
comment on function public.leave_tenant(uuid) is 'Ends the caller''s own membership. 409 last_owner if the caller is the only owner.';
grant execute on function public.leave_tenant(uuid) to authenticated;

-- Named to run after tg_keep_an_owner(): whoever changes members locks the tenant first, and then its count.
create trigger tenant_members_take_place after insert on public.tenant_members
  for each row when (new.status = 'active') execute function private.tg_count_places('members', '1', 'ask');
create trigger tenant_members_take_place_again after update of status on public.tenant_members
  for each row when (old.status = 'deactivated' and new.status <> 'deactivated') execute function private.tg_count_places('members', '1', 'ask');
create trigger tenant_members_vacate after update of status on public.tenant_members
  for each row when (old.status <> 'deactivated' and new.status = 'deactivated') execute function private.tg_count_places('members', '-1');
create trigger tenant_members_vacate_for_ever after delete on public.tenant_members
  for each row when (old.status <> 'deactivated') execute function private.tg_count_places('members', '-1');

create function private.keep_members(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_members as m set status = case when k.is_kept then 'active' else 'switched_off' end::public.member_status
  from (
    select o.user_id, coalesce(row_number() over (order by o.role = 'owner' desc, o.created_at, o.user_id) <= keep_members.places, true) or o.role = 'owner' as is_kept
    from public.tenant_members as o where o.tenant_id = keep_members.tenant and o.status <> 'deactivated') as k
  where m.tenant_id = keep_members.tenant and m.user_id = k.user_id and (m.status = 'active') <> k.is_kept
$$;
comment on function private.keep_members(uuid, bigint) is 'Leaves so many members active, owners first, then the oldest. Null leaves all.';

-- A definer, because the count must see every member.
create function private.tg_refuse_member_beyond_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.refuse_switching_on(new.tenant_id, 'members', (select count(*) from public.tenant_members as m
      where m.tenant_id = new.tenant_id and m.status = 'active'));
  end if;
  return null;
end
$$;
create trigger tenant_members_within_plan after update of status on public.tenant_members
  for each row when (old.status = 'switched_off' and new.status = 'active') execute function private.tg_refuse_member_beyond_plan();

select private.register_limit('members', 'Active members.',
  '{"trial": 10, "starter": 3, "professional": 10, "business": 50, "enterprise": 1000}',
  'accepting an invitation, or switching a membership on');

select private.register_table('public.tenant_members', plain => '{app_access}');

-- 40_members/03_api_keys.sql

-- API keys: how a tenant's server identifies itself, and what each key may do.

create table private.api_scopes (
  scope text primary key,
  permission text not null,
  description text not null,
  product text references public.products on update cascade on delete restrict,
  constraint scope_is_a_domain_and_a_verb check (scope ~ '^[a-z][a-z_]{1,39}:[a-z]{1,39}$'),
  -- Only a person owns a tenant. Nor does "manage" let a key do what managers do: it passes only the functions that
  -- ask for its scope by name, and none of them invites people or creates keys.
  constraint scope_reads_or_writes check (
    permission in ('read', 'read_admin') and scope ~ ':(read|export)$' or permission in ('write', 'manage') and scope like '%:write')
);
comment on table private.api_scopes is
  'What an API key can be allowed to do, and the permission that a person needs for the same. A scope passes only the policies and functions that name it.';

comment on column private.api_scopes.product is 'The product that the scope is about. A key of another product cannot have it. Null for what every product needs.';
create index api_scopes_product_idx on private.api_scopes (product);

insert into private.api_scopes (scope, permission, description) values
  ('tenant:read', 'read', 'Read the tenant itself.'),
  ('members:read', 'read', 'Read the members of the tenant.'),
  ('entitlements:read', 'read', 'Ask what the tenant may use, and read the products it was granted.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

create table public.api_keys (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  product text references public.products on update cascade on delete restrict,
  name text not null,
  scopes text[] not null,
  prefix text not null,
  rate_limit_per_minute int not null default 6000,
  expires_at timestamptz,
  replaced_at timestamptz,
  revoked_at timestamptz,
  switched_off_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint key_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 100)),
  constraint key_has_scopes check (cardinality(scopes) between 1 and 50),
  constraint key_prefix_is_base62 check (prefix ~ '^[0-9A-Za-z]{8}$'),
  constraint key_rate_limit_in_range check (rate_limit_per_minute between 1 and 1000000),
  constraint replaced_key_ends check (replaced_at is null or expires_at is not null)
);
create index api_keys_product_idx on public.api_keys (product);
create unique index api_keys_ref_id_idx on public.api_keys (tenant_id, ref_id) where ref_id is not null;
comment on table public.api_keys is
  'A tenant''s API keys: what each key may do, and until when. The hash that proves a key is in private.api_key_secrets.';

comment on column public.api_keys.switched_off_at is 'Since when it cannot be used, because the plan has no place for it.';

-- A name is free again after its key was revoked or replaced.
create unique index api_keys_name_idx on public.api_keys (tenant_id, lower(name))
  where revoked_at is null and replaced_at is null;

-- A table of its own, so that no grant, no "select *" and no view can show a hash to a member.
create table private.api_key_secrets (
  tenant_id uuid not null,
  api_key_id uuid not null,
  hash text not null,
  lookup bytea not null constraint api_key_secrets_lookup_idx unique,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint hash_is_short check (length(hash) <= 300),
  constraint hash_is_argon2id check (hash ~ '^\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$'),
  constraint lookup_is_an_hmac_sha256 check (length(lookup) = 32),
  constraint secret_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_secrets is
  'How a key is found (HMAC with a pepper that is not in the database) and proven (argon2id). The key itself is not stored.';

-- Not if only last_used_at changes: no person made that change.
create trigger api_keys_touch before update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_touch_updated_at();
create trigger api_keys_stamp_editor
  before insert or update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_stamp_editor();

create function private.is_live_api_key(key public.api_keys) returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return key.revoked_at is null and key.switched_off_at is null and (key.expires_at is null or key.expires_at > now());
end
$$;
comment on function private.is_live_api_key(public.api_keys) is 'Whether a key may be used now: it is not revoked, not expired, and the plan has a place for it.';

-- tenant_ids() calls this for a key. Every statement reads the row, so a revoked key fails on the next statement.
create function private.api_key_tenant_ids(key uuid, scopes text[]) returns setof uuid
  language plpgsql stable parallel safe
  set search_path = ''
  rows 1
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
begin
  return query
    select k.tenant_id
    from public.api_keys as k
    join public.tenants as t on t.id = k.tenant_id
    where k.tenant_id = (claims ->> 'tenant_id')::uuid
      and k.id = api_key_tenant_ids.key
      and private.is_live_api_key(k)
      and claims ->> 'scope' = any (k.scopes)
      and claims ->> 'scope' = any (api_key_tenant_ids.scopes)
      and (k.product is null or not exists (
        select from private.api_scopes as s where s.scope = claims ->> 'scope' and s.product <> k.product))
      and t.status <> 'archived' and t.contract_pending_at is null;
end
$$;
comment on function private.api_key_tenant_ids(uuid, text[]) is
  'The tenant of the calling API key, if the key is live, and its request uses one of these scopes and the key has it.';

-- require_permission() calls this for a key.
create function private.require_scope(key uuid, tenant uuid, scope text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  found_scopes text[];
  key_product text;
  wrong_product text;
begin
  select k.scopes, k.product into found_scopes, key_product
  from public.api_keys as k join public.tenants as t on t.id = k.tenant_id
  where k.tenant_id = (claims ->> 'tenant_id')::uuid
    and k.id = require_scope.key
    and private.is_live_api_key(k)
    and t.status <> 'archived';
  if found_scopes is null then
    perform private.raise_problem(401, 'invalid_api_key', 'The API key is not valid. It is unknown, revoked, expired or switched off, or it was not copied completely.');
  end if;
  if require_scope.tenant is distinct from (claims ->> 'tenant_id')::uuid then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
  end if;
  -- The scope that the request uses, and no other scope of the key. A permission such as "manage" is no scope, so
  -- a function that asks for one accepts no key.
  if require_scope.scope is distinct from claims ->> 'scope' or not require_scope.scope = any (found_scopes) then
    perform private.raise_problem(403, 'forbidden', case when strpos(require_scope.scope, ':') > 0
      then format('This API key may not do this, because it does not have the scope "%s". Ask a manager of the tenant for a key with that scope.', require_scope.scope)
      else format('No API key may do this. It takes a person with the permission "%s".', require_scope.scope) end);
  end if;
  -- A scope may have become a product's own after the key was made.
  if key_product is not null then
    select s.product into wrong_product from private.api_scopes as s where s.scope = require_scope.scope and s.product <> key_product;
    perform private.refuse_other_product(key_product, wrong_product);
  end if;
end
$$;
comment on function private.require_scope(uuid, uuid, text) is
  'Refuses an API key that is revoked or expired (401), belongs to another tenant (404), or does not have and use the scope (403).';

create function private.refuse_other_product(key_product text, product text) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if product <> key_product then
    perform private.raise_problem(403, 'forbidden', format('This API key is for the product "%s", and this is about "%s".', key_product, product));
  end if;
end
$$;
comment on function private.refuse_other_product(text, text) is 'Refuses with 403 if a key of one product asks about another. Null is no product.';

-- A definer, because a key may not read keys. It says of the caller alone.
create function private.caller_product() returns text
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  key uuid := private.caller_api_key();
begin
  return (select k.product from public.api_keys as k
    where key is not null and k.tenant_id = (current_setting('request.jwt.claims')::jsonb ->> 'tenant_id')::uuid and k.id = key);
end
$$;
comment on function private.caller_product() is 'The only product that the calling API key is for. Null for any other caller.';
grant execute on function private.caller_product() to authenticated, service_role;

create function private.require_scopes(scopes text[], product text default null) returns text[]
  language plpgsql stable
  set search_path = ''
as $$
declare
  known text[] := array(select s.scope from private.api_scopes as s order by s.scope);
begin
  -- The number first: comparing thousands of scopes with each known one takes long.
  if scopes is null or cardinality(scopes) not between 1 and 50 or not scopes <@ known then
    perform private.raise_problem(422, 'invalid_value',
      format('The scopes an API key can have are: %s.', array_to_string(known, ', ')),
      '[{"pointer": "/scopes", "detail": "must have at least one scope, and only known scopes"}]');
  end if;
  -- A key of no product is the tenant's own, and may have every scope.
  if exists (select from private.api_scopes as s where s.scope = any (require_scopes.scopes) and s.product <> require_scopes.product) then
    perform private.raise_problem(422, 'invalid_value', format('A key of the product "%s" cannot have the scopes of another product.', require_scopes.product),
      '[{"pointer": "/scopes", "detail": "has scopes of another product"}]');
  end if;
  return array(select distinct s from unnest(scopes) as s order by s);
end
$$;

alter table public.api_keys enable row level security;
create policy "managers read their tenant's API keys" on public.api_keys
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.api_keys to authenticated, service_role;

select private.register_table('private.api_scopes', plain => '{scope,permission,description,product}', unaudited => 'changed by migrations only');
select private.register_table('public.api_keys', quiet => '{last_used_at}', plain => '{product,name,scopes,prefix}');
select private.register_table('private.api_key_secrets', secret => '{hash,lookup}', unaudited => 'api_keys records each change');

-- 40_members/04_permissions.sql

-- Permissions: what the caller may do now, in each tenant.

-- A definer, because the permissions that there are stand in private. It asks tenant_ids() for each, so it cannot say
-- anything else than the policies do.
create function private.permissions_in_effect() returns table (tenant_id uuid, permissions text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return query
    select held.tenant, array_agg(known.permission order by known.permission)
    from (select distinct p.permission from private.role_permissions as p) as known
    cross join lateral unnest(private.tenant_ids(known.permission)) as held (tenant)
    group by held.tenant;
end
$$;
comment on function private.permissions_in_effect() is
  'What the person who calls may do now in each of their tenants. Nothing for an API key, whose scopes say what it may do.';
grant execute on function private.permissions_in_effect() to authenticated, service_role;

-- A definer, because the permissions of roles are a table in private. They are the same for everybody.
create function public.list_roles() returns table (role public.tenant_role, permissions text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if (select auth.uid()) is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in first.');
  end if;
  return query
    select p.role, array_agg(p.permission order by p.permission) from private.role_permissions as p
    group by p.role order by p.role;
end
$$;
comment on function public.list_roles() is 'Every role with the permissions it holds. The highest role comes first.';
grant execute on function public.list_roles() to authenticated;

-- 40_members/05_operators.sql

-- Operators: the people who run the platform. They are managers of the platform's own tenant, with a second factor.

create function private.has_second_factor() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  -- Auth writes this claim, and only after the person showed a second factor in this session. What people can write
  -- themselves is in user_metadata.
  return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aal' = 'aal2', false);
end
$$;
comment on function private.has_second_factor() is 'Whether the person who calls has signed in with a second factor.';

-- A definer, because it tells a manager without a second factor from everybody else.
create function private.require_operator() returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  -- Looked up in each transaction, so whoever is removed is no operator any more.
  if private.caller_api_key() is not null or not exists (
    select from public.tenant_members as m join private.role_permissions as p on p.role = m.role and p.permission = 'manage'
    where m.tenant_id = private.platform_tenant_id() and m.user_id = (select auth.uid()) and m.status = 'active') then
    perform private.raise_problem(403, 'forbidden', 'This is for operators of the platform: owners and admins of its own tenant.');
  end if;
  if not private.has_second_factor() then
    perform private.raise_problem(403, 'second_factor_required', 'An operator signs in with a second factor. Sign in with yours, or set one up first.');
  end if;
end
$$;
comment on function private.require_operator() is
  'Refuses unless the caller is an operator: 403 forbidden to everybody else, 403 second_factor_required to one who has not shown a second factor.';

-- No definer, because a definer may not change the role. Only the pool's own role may call it.
create function private.enter_operator(claims jsonb, headers jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform set_config('request.jwt.claims', claims::text, true), set_config('request.headers', headers::text, true),
    set_config('tenantry.api_key', '', true), set_config('tenantry.portal_token', '', true);
  perform private.require_operator();
  -- Not before: until here the transaction has no rights of the service. From here on the audit log names the person.
  perform set_config('request.jwt.claims',
      jsonb_build_object('role', 'service_role', 'sub', claims ->> 'sub', 'is_operator', true)::text, true),
    set_config('role', 'service_role', true);
end
$$;
comment on function private.enter_operator(jsonb, jsonb) is
  'Begins a transaction for an operator with these claims, which Auth signed: the service''s rights, and the person''s name in the audit log. Refuses as require_operator().';

create function private.appoint_operator(email text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- Any identity provider of a tenant could name this address. An account of its own was confirmed by mail.
  person uuid := (select u.id from auth.users as u
    where u.email = private.normalize_email(appoint_operator.email) and not u.is_sso_user and u.email_confirmed_at is not null);
begin
  if person is null then
    raise exception 'appoint_operator: nobody has an account with this address. Sign up with it first, and confirm it.';
  end if;
  insert into public.tenant_members (tenant_id, user_id, role) values (private.platform_tenant_id(), person, 'owner')
  on conflict (tenant_id, user_id) do update set role = 'owner', status = 'active';
end
$$;
comment on function private.appoint_operator(text) is
  'Makes the person with this address an owner of the platform''s own tenant. For the SQL editor: the first operator is appointed there, and invites the others.';

-- 40_members/06_portal_tokens.sql

-- Portal tokens: what lets a page in a frame show a part of a tenant for some minutes, and how each is judged.

create table private.portals (
  portal text primary key,
  description text not null,
  scope text not null references private.api_scopes on update cascade on delete restrict,
  read_scopes text[] not null,
  write_scopes text[] not null default '{}',
  constraint portal_is_a_word check (portal ~ '^[a-z][a-z_]{1,39}$'),
  constraint portal_scope_is_read check (scope = any (read_scopes))
);
comment on table private.portals is
  'What a portal token can open: each portal with the scopes that its tokens use. Whoever lends one needs the first scope.';
create index portals_scope_idx on private.portals (scope);

create function private.register_portal(portal text, description text, read_scopes text[], write_scopes text[] default '{}') returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if exists (select from unnest(read_scopes || write_scopes) as n where n not in (select s.scope from private.api_scopes as s)) then
    raise exception 'register_portal: % names a scope that does not exist.', register_portal.portal;
  end if;
  insert into private.portals (portal, description, scope, read_scopes, write_scopes)
  values (register_portal.portal, register_portal.description, register_portal.read_scopes[1], register_portal.read_scopes, register_portal.write_scopes)
  on conflict on constraint portals_pkey do update set (description, scope, read_scopes, write_scopes) =
    (excluded.description, excluded.scope, excluded.read_scopes, excluded.write_scopes);
end
$$;
comment on function private.register_portal(text, text, text[], text[]) is
  'Declares a portal, in the file of its domain. Whoever lends a token for it needs the first of its scopes.';

create table private.portal_tokens (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  portal text not null references private.portals on update cascade on delete restrict,
  scopes text[] not null,
  token_hash bytea not null,
  user_id uuid references public.user_profiles on delete cascade,
  api_key_id uuid,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint token_is_a_sha256 check (length(token_hash) = 32),
  constraint token_has_scopes check (cardinality(scopes) between 1 and 50),
  constraint token_has_one_issuer check (num_nonnulls(user_id, api_key_id) = 1),
  constraint token_is_short_lived check (expires_at <= created_at + interval '15 minutes')
);
comment on table private.portal_tokens is
  'Tokens that open one portal of one tenant for up to 15 minutes, stored by their hash. A token may do what its issuer may do at that moment, and of that only its scopes.';
create unique index portal_tokens_token_hash_idx on private.portal_tokens (token_hash);
create index portal_tokens_portal_idx on private.portal_tokens (portal);
create index portal_tokens_user_id_idx on private.portal_tokens (user_id);
create index portal_tokens_api_key_idx on private.portal_tokens (tenant_id, api_key_id);

create function private.caller_portal_token() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  -- Only an edge function that verified the token sets this, as with an API key. A claim would not be safe.
  return case when auth.uid() is null then nullif(current_setting('tenantry.portal_token', true), '')::uuid end;
end
$$;
comment on function private.caller_portal_token() is 'The portal token that is calling. Null for everybody else.';

create function private.portal_token_may(token private.portal_tokens, scope text) returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return token.expires_at > now() and portal_token_may.scope = any (token.scopes)
    and case when token.user_id is not null then exists (
      select from public.tenant_members as m
      join private.api_scopes as s on s.scope = portal_token_may.scope
      join private.role_permissions as p on p.role = m.role and p.permission = s.permission
      where m.tenant_id = token.tenant_id and m.user_id = token.user_id and m.status = 'active')
    else exists (
      select from public.api_keys as k
      where k.tenant_id = token.tenant_id and k.id = token.api_key_id and private.is_live_api_key(k)
        and portal_token_may.scope = any (k.scopes)) end;
end
$$;
comment on function private.portal_token_may(private.portal_tokens, text) is
  'Whether a token has the scope and is not over, and its issuer may still do what the scope stands for.';

-- tenant_ids() calls this for a token. Every statement reads the row, so one that was ended fails on the next statement.
create function private.portal_token_tenant_ids(token uuid, scopes text[]) returns setof uuid
  language plpgsql stable parallel safe
  set search_path = ''
  rows 1
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
begin
  return query
    select v.tenant_id
    from private.portal_tokens as v join public.tenants as t on t.id = v.tenant_id
    where v.tenant_id = (claims ->> 'tenant_id')::uuid
      and v.id = portal_token_tenant_ids.token
      and claims ->> 'scope' = any (portal_token_tenant_ids.scopes)
      and private.portal_token_may(v, claims ->> 'scope')
      and t.status <> 'archived' and t.contract_pending_at is null;
end
$$;
comment on function private.portal_token_tenant_ids(uuid, text[]) is
  'The tenant of the calling portal token, if the token is live, and its request uses one of these scopes and the token has it.';

-- require_permission() calls this for a token.
create function private.require_portal_scope(token uuid, tenant uuid, scope text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  found_token private.portal_tokens;
begin
  select v.* into found_token
  from private.portal_tokens as v join public.tenants as t on t.id = v.tenant_id
  where v.tenant_id = (claims ->> 'tenant_id')::uuid and v.id = require_portal_scope.token
    and v.expires_at > now() and t.status <> 'archived';
  if found_token.id is null then
    perform private.raise_problem(401, 'unauthenticated', 'The portal token is unknown, over or revoked. Ask for a new one.');
  end if;
  if require_portal_scope.tenant is distinct from found_token.tenant_id then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or this token is not for it.');
  end if;
  -- The scope that the request uses. A permission such as "manage" is no scope, so what asks for one accepts no token.
  if require_portal_scope.scope is distinct from claims ->> 'scope' or not private.portal_token_may(found_token, require_portal_scope.scope) then
    perform private.raise_problem(403, 'forbidden', 'This portal token may not do this. It may do what was asked for with it, as long as its issuer may.');
  end if;
end
$$;
comment on function private.require_portal_scope(uuid, uuid, text) is
  'Refuses a portal token that is over (401), is for another tenant (404), or does not have and use the scope (403).';

-- For the edge functions' own connection. It is granted to nobody else.
create function private.find_portal_token(token_hash bytea)
  returns table (tenant_id uuid, tenant_ref_id text, tenant_slug text, id uuid, portal text, scopes text[], expires_at timestamptz)
  language plpgsql stable
  set search_path = ''
  rows 1
as $$
begin
  -- One whose issuer has left is not found, as one that is over.
  return query
    select v.tenant_id, t.ref_id, t.slug, v.id, v.portal, v.scopes, v.expires_at
    from private.portal_tokens as v
    join private.portals as p on p.portal = v.portal
    join public.tenants as t on t.id = v.tenant_id
    where v.token_hash = find_portal_token.token_hash and private.portal_token_may(v, p.scope) and t.status <> 'archived';
end
$$;
comment on function private.find_portal_token(bytea) is 'The live token with this hash, and what is needed to use it.';

grant execute on function private.caller_portal_token() to authenticated, service_role;

select private.register_table('private.portals', plain => '{portal,description,scope,read_scopes,write_scopes}', unaudited => 'changed by migrations only');
select private.register_table('private.portal_tokens', plain => '{portal,scopes}', secret => '{token_hash}', unaudited => 'the functions that issue and revoke record it');

-- 50_entitlements.sql

-- Entitlements: may a tenant use a product or a feature now?

create function private.plans_with(feature text) returns text[]
  language sql stable
  set search_path = ''
as $$
  -- A plan with a price of 0 is not the cheapest. It is a trial, or its price is agreed on request.
  select array(select p.plan from public.plans as p
    where plans_with.feature = any (p.features) and p.trial_days is null
    order by p.price_minor = 0, p.price_minor, p.plan)
$$;
comment on function private.plans_with(text) is 'The plans with a feature that a tenant can choose, the cheapest first.';

-- Every question about entitlements is answered here. A tenant gets a feature by its plan, or by a product
-- that was granted. It gets a product only by a grant.
create function private.find_entitlement(tenant uuid, product text, feature text,
    out allowed boolean, out reason text, out plan_that_has_it text, out expires_at timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
declare
  t public.tenants;
  has_trial boolean;
  is_in_plan boolean;
  granted record;
begin
  allowed := false;
  select * into t from public.tenants where id = find_entitlement.tenant;
  has_trial := t.status = 'trial';
  reason := case
    when t.id is null or t.status = 'archived' then 'tenant_not_found'
    when t.status = 'frozen' then 'tenant_frozen'
    when has_trial and t.trial_ends_at <= now() then 'trial_ended' end;
  if reason is not null then
    return;
  end if;

  if find_entitlement.product is not null then
    select p.features, g.tenant_id is not null as is_granted, g.enabled, g.expires_at into granted
    from public.products as p
    left join public.tenant_products as g on g.product = p.product and g.tenant_id = t.id
    where p.product = find_entitlement.product;
    reason := case
      when granted is null then 'unknown_product'
      when not granted.is_granted then 'product_not_granted'
      when not granted.enabled then 'product_disabled'
      when granted.expires_at <= now() then 'product_expired' end;
    expires_at := granted.expires_at;
    if reason is not null then
      return;
    end if;
  end if;

  if find_entitlement.feature is not null then
    is_in_plan := coalesce((select find_entitlement.feature = any (p.features) from public.plans as p where p.plan = t.plan), false);
    if not is_in_plan and find_entitlement.product is null then
      -- The product that keeps the feature longest counts. A grant without an end keeps it for ever.
      select g.expires_at into granted
      from public.tenant_products as g join public.products as p on p.product = g.product
      where g.tenant_id = t.id and g.enabled and (g.expires_at is null or g.expires_at > now())
        and find_entitlement.feature = any (p.features)
      order by g.expires_at desc nulls first limit 1;
      is_in_plan := found;
      expires_at := granted.expires_at;
    elsif not is_in_plan then
      is_in_plan := find_entitlement.feature = any (granted.features);
    end if;
    if not is_in_plan then
      expires_at := null;
      plan_that_has_it := (private.plans_with(find_entitlement.feature))[1];
      reason := case when plan_that_has_it is not null
        or exists (select from public.products as p where find_entitlement.feature = any (p.features))
        or exists (select from public.plans as p where find_entitlement.feature = any (p.features))
        then 'feature_not_in_plan' else 'unknown_feature' end;
      return;
    end if;
  end if;

  allowed := true;
  -- least() ignores nulls. If nothing ends, the result stays null.
  expires_at := least(expires_at, case when has_trial then t.trial_ends_at end);
end
$$;
comment on function private.find_entitlement(uuid, text, text) is
  'May this tenant use this product, this feature, or this feature of this product, now? If not, why?';

-- A definer, because the answer is about the tenant and must not depend on what the caller may read.
create function private.has_project_support(tenant uuid) returns boolean
  language sql stable security definer
  set search_path = ''
as $$
  select exists (
    select from public.tenant_products as g
    join public.products as p on p.product = g.product and p.supports_projects
    cross join lateral private.find_entitlement(g.tenant_id, g.product, null) as e
    where g.tenant_id = has_project_support.tenant and e.allowed)
$$;
comment on function private.has_project_support(uuid) is 'Whether a tenant may now use a product that supports projects.';

-- A definer for the same reason. The calling function must check the caller's permission before.
create function private.require_entitlement(tenant uuid, product text default null, feature text default null)
  returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_reason text;
  found_plan text;
  named jsonb;
begin
  select e.reason, e.plan_that_has_it into found_reason, found_plan
  from private.find_entitlement(require_entitlement.tenant, require_entitlement.product, require_entitlement.feature) as e;
  if found_reason is null then
    return;
  end if;
  named := jsonb_strip_nulls(jsonb_build_object('product', require_entitlement.product, 'feature', require_entitlement.feature));
  case found_reason
    when 'tenant_not_found' then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
    when 'tenant_frozen' then
      perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and can only be read. Settle its subscription to change things again.');
    when 'trial_ended' then
      perform private.raise_problem(403, 'trial_ended', 'The trial of this tenant has ended, so it can only be read. Choose a plan to change things again.');
    when 'feature_not_in_plan', 'unknown_feature' then
      perform private.raise_problem(402, 'feature_not_in_plan', format('This tenant''s plan does not have the feature "%s".', require_entitlement.feature)
        || coalesce(format(' The plan "%s" has it.', found_plan), ''),
        members => named || jsonb_build_object('plans', private.plans_with(require_entitlement.feature)));
    when 'product_expired' then
      perform private.raise_problem(402, 'product_not_granted', format('The time in which this tenant could use the product "%s" is over.', require_entitlement.product), members => named);
    when 'product_not_granted', 'product_disabled', 'unknown_product' then
      perform private.raise_problem(402, 'product_not_granted', format('This tenant may not use the product "%s".', require_entitlement.product), members => named);
    else null;
  end case;
end
$$;
comment on function private.require_entitlement(uuid, text, text) is
  'Refuses unless the tenant may use it now: 402 feature_not_in_plan, 402 product_not_granted, or the problem of the tenant''s status.';

-- What gates ask. A definer, because the answer is about the tenant and not about what the caller may read.
create function private.has_feature(tenant uuid, feature text) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (select e.allowed from private.find_entitlement(has_feature.tenant, null, has_feature.feature) as e);
end
$$;
comment on function private.has_feature(uuid, text) is 'Whether a tenant has a feature now, by its plan or by a product that was granted.';

create function private.require_feature(tenant uuid, feature text) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  perform private.require_entitlement(tenant, null, feature);
end
$$;
comment on function private.require_feature(uuid, text) is
  'Refuses with 402 feature_not_in_plan, the feature and the plans that have it, unless the tenant has it now. The calling function must check the caller''s permission before.';

-- For tables that people write directly. The argument is the feature.
create function private.tg_require_feature() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.require_feature(new.tenant_id, tg_argv[0]);
  end if;
  return null;
end
$$;
comment on function private.tg_require_feature() is 'Refuses a change with 402 feature_not_in_plan unless the tenant has the feature that the change needs.';

create function private.require_project_support(tenant uuid) returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if not private.has_project_support(require_project_support.tenant) then
    perform private.raise_problem(402, 'product_not_granted', format(
      'Projects need a product that supports them, and this tenant can use none of those now. Products that support projects: %s.',
      (select string_agg(p.product, ', ' order by p.product) from public.products as p where p.supports_projects)));
  end if;
end
$$;
comment on function private.require_project_support(uuid) is 'Refuses with 402 product_not_granted unless the tenant may use a product that supports projects.';

-- A definer, because the answer is the same for every member of the tenant.
create function public.check_entitlement(tenant_id uuid, product text default null, feature text default null)
  returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(check_entitlement.tenant_id, 'entitlements:read');
  perform private.refuse_other_product(private.caller_product(), check_entitlement.product);
  if check_entitlement.product is null and check_entitlement.feature is null then
    perform private.raise_problem(422, 'invalid_value', 'Give a product, a feature, or both.');
  end if;
  return (select to_jsonb(e)
    from private.find_entitlement(check_entitlement.tenant_id, check_entitlement.product, check_entitlement.feature) as e);
end
$$;
comment on function public.check_entitlement(uuid, text, text) is
  'May a tenant use a product, a feature, or a feature of a product now? {allowed, reason, plan_that_has_it, expires_at}.';
grant execute on function public.check_entitlement(uuid, text, text), private.has_project_support(uuid),
  private.require_entitlement(uuid, text, text), private.require_project_support(uuid) to authenticated, service_role;

-- A definer, because the answer is the same for every member of the tenant.
create function public.check_gate(tenant_id uuid, gate text) returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  kind private.gate_kind := (select g.kind from private.gates as g where g.gate = check_gate.gate);
  state record;
  places record;
begin
  perform private.require_permission(check_gate.tenant_id, 'entitlements:read');
  if kind is distinct from 'limit' then
    -- Also for a feature that only a product has.
    select e.allowed, e.reason, e.expires_at into state
    from private.find_entitlement(check_gate.tenant_id, null, check_gate.gate) as e;
    return jsonb_build_object('gate', check_gate.gate, 'kind', 'feature', 'allowed', state.allowed, 'reason', state.reason,
      'plans', private.plans_with(check_gate.gate), 'expires_at', state.expires_at);
  end if;
  -- Without a feature and a product, the answer is about the tenant's status alone.
  select e.allowed, e.reason into state from private.find_entitlement(check_gate.tenant_id, null, null) as e;
  select * into places from private.find_limit(check_gate.tenant_id, check_gate.gate);
  return jsonb_build_object('gate', check_gate.gate, 'kind', 'limit',
    'allowed', state.allowed and coalesce(places.left_over > 0, true),
    'reason', coalesce(state.reason, case when places.left_over = 0 then 'limit_reached' end),
    'most', places.most, 'used', places.used, 'left', places.left_over, 'resets_at', places.resets_at);
end
$$;
comment on function public.check_gate(uuid, text) is
  'May a tenant do this now, and how much of it is left? A feature: {gate, kind, allowed, reason, plans, expires_at}. A limit: {gate, kind, allowed, reason, most, used, left, resets_at}.';
grant execute on function public.check_gate(uuid, text) to authenticated, service_role;

-- 60_plan_changes/01_plan_changes.sql

-- Plan changes: how a tenant comes to another plan, and how a trial becomes longer. Only the platform does either.

-- A definer, because the operator, a payment and cron all come here, and none of them may do part of it.
create function private.change_plan(tenant_id uuid, plan text) returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  changed public.tenants;
begin
  -- Whoever takes a place under the old plan has it before the plan changes, or asks the new one.
  select * into changed from public.tenants as t where t.id = change_plan.tenant_id for no key update;
  if changed.id is null or changed.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  end if;
  if not exists (select from public.plans as p where p.plan = change_plan.plan and p.trial_days is null) then
    perform private.raise_problem(422, 'invalid_value', format('The plans that a tenant can choose are: %s.',
      (select string_agg(p.plan, ', ' order by p.price_minor = 0, p.price_minor) from public.plans as p where p.trial_days is null)),
      '[{"pointer": "/plan", "detail": "must be a plan that a tenant can choose"}]');
  end if;
  update public.tenants as t set
    plan = change_plan.plan,
    -- A tenant whose trial was the only thing that froze it has a plan now. One that did not pay must be settled first.
    status = case when t.status = 'trial' or t.status = 'frozen' and private.is_trial_plan(t.plan) then 'active' else t.status end,
    status_reason = case when t.status in ('trial', 'frozen') and private.is_trial_plan(t.plan) then null else t.status_reason end
  where t.id = changed.id and t.plan <> change_plan.plan
  returning * into changed;
  if not found then
    select * into changed from public.tenants as t where t.id = change_plan.tenant_id;
  end if;
  return changed;
end
$$;
comment on function private.change_plan(uuid, text) is
  'Gives a tenant another plan. A tenant in trial, or frozen because its trial ended, becomes active. A second call with the same plan changes nothing. For the service. 404 tenant_not_found; 422 for a plan that nobody can choose.';

create function private.extend_trial(tenant_id uuid, ends_at timestamptz) returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  extended public.tenants;
begin
  select * into extended from public.tenants as t where t.id = extend_trial.tenant_id for no key update;
  if extended.id is null or extended.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  elsif extended.status <> 'trial' then
    perform private.raise_problem(409, 'not_in_trial', format('Only a trial can be extended. This tenant is %s.', extended.status));
  elsif extend_trial.ends_at is null or extend_trial.ends_at <= now() or extend_trial.ends_at > now() + interval '90 days' then
    perform private.raise_problem(422, 'invalid_value', 'A trial can be extended to a moment in the next 90 days.',
      '[{"pointer": "/ends_at", "detail": "must be in the next 90 days"}]');
  end if;
  update public.tenants as t set trial_ends_at = extend_trial.ends_at where t.id = extended.id returning * into extended;
  return extended;
end
$$;
comment on function private.extend_trial(uuid, timestamptz) is
  'Sets when a trial ends, also in the week after it ended. For the service. 404 tenant_not_found; 409 not_in_trial; 422 for a moment that is not in the next 90 days.';
grant execute on function private.change_plan(uuid, text), private.extend_trial(uuid, timestamptz) to service_role;

-- 60_plan_changes/02_plan_excesses.sql

-- Plan excesses: what a tenant has beyond its plan, from when on that is switched off, and what switches it on again.

create function private.plan_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.plan_grace() is 'How long everything works on that is more than a smaller plan allows.';

create table private.plan_switches (
  gate text primary key references private.gates on update cascade on delete cascade,
  feature text references private.gates on update cascade on delete cascade,
  keep_on text,
  is_used text,
  constraint switch_is_for_a_limit_or_a_feature check ((keep_on is null) <> (is_used is null))
);
create index plan_switches_feature_idx on private.plan_switches (feature);
comment on table private.plan_switches is
  'How what is beyond a plan is switched off. The file that makes a thing registers its switch. A gate without one refuses only what is new.';

create function private.register_switch(gate text, keep_on text default null, feature text default null, is_used text default null) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  wrong text;
begin
  -- A wrong name must fail in its migration, and not when somebody's plan changes.
  select left(n, 100) into wrong from (
    select register_switch.gate where register_switch.gate not in (select g.gate from private.gates as g)
    union all select register_switch.feature where register_switch.feature not in (select g.gate from private.gates as g)
    union all select f from unnest(array[register_switch.keep_on, register_switch.is_used]) as f
      where f is not null and not exists (select from pg_catalog.pg_proc as p where p.pronamespace = 'private'::regnamespace and p.proname = f)
  ) as names (n);
  if wrong is not null then
    raise exception 'register_switch: "%" is neither a gate nor a function in private.', wrong;
  end if;
  insert into private.plan_switches (gate, feature, keep_on, is_used)
  values (register_switch.gate, register_switch.feature, register_switch.keep_on, register_switch.is_used)
  on conflict on constraint plan_switches_pkey do update
  set (feature, keep_on, is_used) = (excluded.feature, excluded.keep_on, excluded.is_used);
end
$$;
comment on function private.register_switch(text, text, text, text) is
  'Names the function of a limit that leaves the oldest n of a tenant on and switches the others off (tenant uuid, n bigint; null for all), and the feature without which n is 0. Or of a feature, the function that says whether it is used (tenant uuid).';

create table public.plan_excesses (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null references private.gates on update cascade on delete cascade,
  in_use bigint not null,
  most bigint not null,
  found_at timestamptz not null default now(),
  switches_off_at timestamptz not null default now() + private.plan_grace(),
  switched_off_at timestamptz,
  settled_at timestamptz not null default now(),
  primary key (tenant_id, gate),
  constraint excess_is_more check (in_use > most and most >= 0)
);
create index plan_excesses_gate_idx on public.plan_excesses (gate);
create index plan_excesses_switches_off_at_idx on public.plan_excesses (switches_off_at);
comment on table public.plan_excesses is
  'What a tenant has beyond its plan. It works until switches_off_at. Then the newest is switched off, and nothing is deleted. The row goes when the plan is large enough again.';
comment on column public.plan_excesses.most is 'What the plan allows. 0 for what needs a feature that the plan does not have.';

alter table public.plan_excesses enable row level security;
create policy "members read what their tenant has beyond its plan" on public.plan_excesses
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{entitlements:read}'))::uuid[]));
grant select on public.plan_excesses to authenticated, service_role;

create function private.is_switched_off(tenant uuid, gate text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.plan_excesses as e
    where e.tenant_id = is_switched_off.tenant and e.gate = is_switched_off.gate and e.switched_off_at is not null)
$$;
comment on function private.is_switched_off(uuid, text) is 'Whether the time is over in which a tenant could keep what its plan does not allow.';

-- A definer, because a change of plan, a grant that ends and cron all come here.
create function private.settle_plan(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  switch private.plan_switches;
  is_allowed boolean;
  found_most bigint;
  found_use bigint;
  excess public.plan_excesses;
begin
  -- Two settlements of one tenant wait for each other.
  perform from public.tenants as t where t.id = settle_plan.tenant for no key update;
  -- What a frozen tenant has is settled when it is active again.
  if not (select e.allowed from private.find_entitlement(settle_plan.tenant, null, null) as e) then
    return;
  end if;
  for switch in select * from private.plan_switches as s order by s.gate loop
    is_allowed := private.has_feature(settle_plan.tenant, coalesce(switch.feature, switch.gate));
    if switch.keep_on is not null then
      select l.used, case when switch.feature is null or is_allowed then l.most else 0 end into found_use, found_most
      from private.find_limit(settle_plan.tenant, switch.gate) as l;
    else
      execute format('select private.%I($1)::int', switch.is_used) into found_use using settle_plan.tenant;
      found_most := is_allowed::int;
    end if;
    -- Without a number the plan has no limit.
    if coalesce(found_use <= found_most, true) then
      delete from public.plan_excesses as e where e.tenant_id = settle_plan.tenant and e.gate = switch.gate returning * into excess;
      if excess.switched_off_at is not null and switch.keep_on is not null then
        execute format('select private.%I($1, null)', switch.keep_on) using settle_plan.tenant;
      end if;
    else
      insert into public.plan_excesses as e (tenant_id, gate, in_use, most)
      values (settle_plan.tenant, switch.gate, found_use, found_most)
      on conflict on constraint plan_excesses_pkey do update set (in_use, most, settled_at, switched_off_at) = (excluded.in_use, excluded.most,
        now(), coalesce(e.switched_off_at, case when e.switches_off_at <= now() then now() end))
      returning * into excess;
      if excess.switched_off_at is not null and switch.keep_on is not null then
        execute format('select private.%I($1, $2)', switch.keep_on) using settle_plan.tenant, found_most;
      end if;
    end if;
  end loop;
end
$$;
comment on function private.settle_plan(uuid) is
  'Compares what a tenant has with its plan: notes what is beyond it, switches that off when its time is over, and on again when the plan is large enough.';

create function private.tg_settle_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.settle_plan(case
    when tg_table_name = 'tenants' then (to_jsonb(new) ->> 'id')::uuid
    else (to_jsonb(coalesce(new, old)) ->> 'tenant_id')::uuid end);
  return null;
end
$$;
-- Named to run after tenants_write_event: the event of the change comes before those of what it leads to.
create trigger tenants_write_plan_excesses after update of plan, status on public.tenants
  for each row when (old.plan <> new.plan or old.status <> new.status) execute function private.tg_settle_plan();
create trigger tenant_products_settle_plan after insert or delete or update of enabled, expires_at on public.tenant_products
  for each row execute function private.tg_settle_plan();

-- A definer, because people may not read what others of the tenant count for.
create function private.refuse_switching_on(tenant uuid, gate text, would_be_on bigint) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  excess public.plan_excesses;
  needed text;
begin
  select * into excess from public.plan_excesses as e
  where e.tenant_id = refuse_switching_on.tenant and e.gate = refuse_switching_on.gate and e.switched_off_at is not null;
  if excess.most >= refuse_switching_on.would_be_on or excess.gate is null then
    return;
  end if;
  select s.feature into needed from private.plan_switches as s where s.gate = excess.gate;
  if needed is not null then
    perform private.require_feature(excess.tenant_id, needed);
  end if;
  perform private.refuse_beyond(excess.tenant_id, excess.gate, refuse_switching_on.would_be_on);
end
$$;
comment on function private.refuse_switching_on(uuid, text, bigint) is
  'Refuses with 402 if a person would switch on more than the plan allows, after its excess was switched off.';

create function private.settle_plans(batch int default 200) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    -- A grant ends by the clock, so no change of a row says it.
    update public.tenant_products as g set settled_end_at = g.expires_at
    from (select o.tenant_id, o.product from public.tenant_products as o
      where o.expires_at <= now() and o.settled_end_at is distinct from o.expires_at
      order by o.expires_at limit batch for no key update skip locked) as o
    where g.tenant_id = o.tenant_id and g.product = o.product
    returning g.tenant_id
  ), over_time as (
    -- First who has to lose something, or has given a place back since. Then the one that was looked at longest ago.
    select e.tenant_id from public.plan_excesses as e left join lateral private.find_limit(e.tenant_id, e.gate) as l on true
    where e.switches_off_at <= now()
    order by e.switched_off_at is not null and coalesce(l.used = e.in_use, true), e.settled_at limit batch
  )
  select count(private.settle_plan(due.tenant_id))::int
  from (select tenant_id from ended union select tenant_id from over_time order by 1) as due
$$;
comment on function private.settle_plans(int) is
  'Settles tenants who lost a product, and those whose time with an excess is over, at most one batch of each. Returns how many.';

select cron.schedule('registry: settle what is beyond a plan', '*/10 * * * *', 'select private.settle_plans()');

select private.register_table('private.plan_switches', plain => '{gate,feature,keep_on,is_used}', unaudited => 'changed by migrations only');
select private.register_table('public.plan_excesses', keeping => 'derived', quiet => '{in_use,settled_at}', plain => '{gate}');

select private.register_switch('members', keep_on => 'keep_members');

-- 70_projects.sql

-- Projects: parts of a tenant's work, for products that support them.

create type public.tenant_project_status as enum ('active', 'archived');

create table public.tenant_projects (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  name text not null,
  slug text not null,
  status public.tenant_project_status not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint project_slug_is_free unique (tenant_id, slug),
  constraint project_slug_format check (slug ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
  constraint project_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200))
);
create unique index tenant_projects_ref_id_idx on public.tenant_projects (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_projects is
  'A part of a tenant''s work, for products that support projects. A tenant without projects counts as one project.';
create trigger tenant_projects_touch before update on public.tenant_projects for each row execute function private.tg_touch_updated_at();
create trigger tenant_projects_stamp_editor before insert or update on public.tenant_projects for each row execute function private.tg_stamp_editor();

create function private.tg_reopen_project() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  -- An after trigger, so that row level security refuses first and a stranger learns nothing here.
  perform private.require_project_support(new.tenant_id);
  return null;
end
$$;
create trigger tenant_projects_reopen after update of status on public.tenant_projects
  for each row when (old.status = 'archived' and new.status = 'active')
  execute function private.tg_reopen_project();

alter table public.tenant_projects enable row level security;
create policy "members read their tenant's projects" on public.tenant_projects
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
create policy "managers create projects where a product supports them" on public.tenant_projects
  for insert to authenticated with check (tenant_id = any (array(
    select mine.id from unnest(private.tenant_ids('manage')) as mine (id) where private.has_project_support(mine.id))));
create policy "managers update their tenant's projects" on public.tenant_projects
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select on public.tenant_projects to authenticated;
grant insert (tenant_id, name, slug), update (name, slug, status) on public.tenant_projects to authenticated;
grant select, insert, update, delete on public.tenant_projects to service_role;

select private.register_table('public.tenant_projects', plain => '{name,slug}');

-- 80_lifecycle/01_statuses.sql

-- Statuses: which change of a tenant's status is allowed, who may make it, and what cron changes.

create table private.status_moves (
  from_status public.tenant_status not null,
  to_status public.tenant_status not null,
  -- The lowest that may make the move. The service may make every move.
  who text not null,
  primary key (from_status, to_status),
  constraint who_is_known check (who in ('own', 'service'))
);
comment on table private.status_moves is
  'Every change of status that is allowed, and who may make it: only the platform (service), or an owner too (own).';

insert into private.status_moves (from_status, to_status, who) values
  ('trial', 'active', 'service'),    -- a plan was bought
  ('trial', 'frozen', 'own'),        -- cancelled, or the trial ended without a plan
  ('trial', 'archived', 'service'),
  ('active', 'frozen', 'own'),       -- cancelled, or not paid
  ('active', 'archived', 'service'),
  ('frozen', 'active', 'service'),   -- the subscription was settled
  ('frozen', 'archived', 'service'), -- frozen for 30 days
  ('archived', 'active', 'service')  -- restored, while its export window is open
on conflict (from_status, to_status) do update set who = excluded.who;

create function private.export_window() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.export_window() is 'How long an archived tenant can still be exported and restored.';

create function private.trial_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '7 days' $$;
comment on function private.trial_grace() is 'How long a tenant whose trial has ended can be read before it is frozen.';

create function private.frozen_window() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.frozen_window() is 'How long a tenant stays frozen before it is archived.';

-- A definer, because the roles of the service may not read the table of moves. A trigger, because a rule in
-- a function would not hold for an update that does not call the function.
create function private.tg_move_tenant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    if new.kind <> old.kind then
      perform private.raise_problem(409, 'invalid_status_move', format('The kind of a tenant cannot be changed. This one is of kind %s.', old.kind));
    end if;
    if new.status = old.status then
      return new;
    end if;
    if not exists (
      select from private.status_moves as m
      where m.from_status = old.status and m.to_status = new.status
        and (m.who = 'own' or private.is_trusted_caller())) then
      perform private.raise_problem(409, 'invalid_status_move', format('A tenant that is %s cannot become %s.', old.status, new.status));
    end if;
    if new.status = 'active' and private.is_trial_plan(new.plan) then
      perform private.raise_problem(409, 'invalid_status_move', 'This tenant has the plan of a trial. It becomes active when a plan is chosen for it.');
    end if;
    if old.status = 'archived' and (
      old.purgeable_at <= now() or exists (select from private.tenant_purges as p where p.tenant = old.id)) then
      perform private.raise_problem(409, 'invalid_status_move', 'The export window of this tenant has closed. The tenant cannot be restored.');
    end if;
    new.status_changed_at := now();
    new.frozen_at := null;
    new.archived_at := null;
    new.purgeable_at := null;
  end if;
  -- A new tenant may have any status, because tenants are brought over from another system.
  if new.status = 'frozen' then
    new.frozen_at := coalesce(new.frozen_at, now());
  elsif new.status = 'archived' then
    new.archived_at := coalesce(new.archived_at, now());
    new.purgeable_at := coalesce(new.purgeable_at, new.archived_at + private.export_window());
  end if;
  return new;
end
$$;
create trigger tenants_move before insert or update of status, kind on public.tenants
  for each row execute function private.tg_move_tenant();

-- A definer, because only the service may write a status, and an owner may make one kind of move.
create function public.change_tenant_status(tenant_id uuid, status public.tenant_status, reason text default null)
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  moved public.tenants;
begin
  -- The service can also change archived tenants. Nobody else can see those.
  if not private.is_trusted_caller() then
    perform private.require_permission(change_tenant_status.tenant_id, 'own');
  end if;
  update public.tenants as t set status = change_tenant_status.status, status_reason = change_tenant_status.reason
  where t.id = change_tenant_status.tenant_id and t.status <> change_tenant_status.status
  returning * into moved;
  if not found then
    -- A second call with the same status changes nothing. The first reason stays.
    select * into moved from public.tenants as t where t.id = change_tenant_status.tenant_id;
    if not found then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant.');
    end if;
  end if;
  return private.shown_tenant(moved);
end
$$;
comment on function public.change_tenant_status(uuid, public.tenant_status, text) is
  'Moves a tenant to another status. An owner may cancel (frozen). Only the service can make the other moves. 409 invalid_status_move.';

-- Moves that cron makes. A tenant becomes read-only at the moment its trial ends, by tenant_ids(). Its status
-- changes a week later. During that week a refusal can still say that the trial has ended.
create function private.freeze_ended_trials(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    select id from public.tenants
    where status = 'trial' and trial_ends_at <= now() - private.trial_grace()
    order by trial_ends_at
    limit batch
    for no key update skip locked
  ), frozen as (
    update public.tenants as t set status = 'frozen', status_reason = 'The trial ended.'
    from ended as e where t.id = e.id
    returning 1
  )
  select count(*)::int from frozen
$$;
comment on function private.freeze_ended_trials(int) is
  'Freezes tenants whose trial ended a week ago, the oldest first, at most one batch. Returns how many.';

create function private.archive_frozen_tenants(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with settled as (
    select id from public.tenants
    where status = 'frozen' and frozen_at <= now() - private.frozen_window()
    order by frozen_at
    limit batch
    for no key update skip locked
  ), archived as (
    update public.tenants as t set status = 'archived',
      status_reason = 'Frozen for 30 days.' || coalesce(' Before that: ' || left(t.status_reason, 400), '')
    from settled as s where t.id = s.id
    returning 1
  )
  select count(*)::int from archived
$$;
comment on function private.archive_frozen_tenants(int) is
  'Archives tenants that have been frozen for 30 days, the oldest first, at most one batch. Returns how many.';

create table private.tenant_purges (
  tenant uuid primary key,
  ref_id text not null,
  slugs text[] not null,
  reason text,
  is_forced boolean not null default false,
  deleted_rows jsonb not null default '{}',
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint forced_for_a_reason check (not is_forced or reason is not null),
  constraint purge_reason_is_text check (private.is_plain_text(reason, 500))
);
comment on table private.tenant_purges is
  'What stays of a purged tenant beside its audit log: its ref_id, its slugs, and how many rows each table lost. Until the purge is finished, it shows the progress.';
create index tenant_purges_unfinished_idx on private.tenant_purges (requested_at) where finished_at is null;
grant execute on function public.change_tenant_status(uuid, public.tenant_status, text) to authenticated, service_role;

select cron.schedule('registry: freeze tenants whose trial ended', '23 * * * *',
  'select private.freeze_ended_trials()');

select cron.schedule('registry: archive tenants frozen for 30 days', '29 * * * *',
  'select private.archive_frozen_tenants()');

select private.register_table('private.status_moves', plain => '{who}', unaudited => 'changed by migrations only');
select private.register_table('private.tenant_purges', plain => '{slugs,reason,deleted_rows}', unaudited => 'the functions that purge record each step');

-- 80_lifecycle/02_lifecycle.sql

-- The lifecycle as it is read: where a tenant stands, what comes by itself and when, and what the caller may change.

create type private.tenant_lifecycle as (
  ref_id text, slug text, status public.tenant_status, reason text, since timestamptz, trial_ends_at timestamptz, freezes_at timestamptz,
  frozen_at timestamptz, archives_at timestamptz, archived_at timestamptz, purgeable_at timestamptz, moves public.tenant_status[]
);

create function private.lifecycle_of(tenant public.tenants) returns private.tenant_lifecycle
  language plpgsql stable
  set search_path = ''
as $$
declare
  is_trusted boolean := private.is_trusted_caller();
  life private.tenant_lifecycle;
begin
  life.ref_id := tenant.ref_id;
  life.slug := tenant.slug;
  life.status := tenant.status;
  life.reason := tenant.status_reason;
  life.since := tenant.status_changed_at;
  life.trial_ends_at := tenant.trial_ends_at;
  life.freezes_at := case when tenant.status = 'trial' then tenant.trial_ends_at + private.trial_grace() end;
  life.frozen_at := tenant.frozen_at;
  life.archives_at := case when tenant.status = 'frozen' then tenant.frozen_at + private.frozen_window() end;
  life.archived_at := tenant.archived_at;
  life.purgeable_at := coalesce(tenant.purgeable_at, life.archives_at + private.export_window());
  -- What tg_move_tenant() would let the caller do. A trial becomes active by a plan and by nothing else.
  life.moves := array(
    select m.to_status from private.status_moves as m
    where m.from_status = tenant.status and tenant.kind = 'customer'
      and (is_trusted or m.who = 'own' and tenant.id = any (private.tenant_ids('own')))
      and not (m.to_status = 'active' and private.is_trial_plan(tenant.plan))
    order by m.to_status);
  return life;
end
$$;
comment on function private.lifecycle_of(public.tenants) is
  'Where a tenant stands in its life, and to which statuses the caller may move it. Checks nobody''s permission.';

-- A definer, because the moves stand in private and the reason is granted to nobody.
create function public.read_tenant_lifecycle(
  tenant_id uuid, out ref_id text, out slug text, out status public.tenant_status, out reason text, out since timestamptz,
  out trial_ends_at timestamptz, out freezes_at timestamptz, out frozen_at timestamptz, out archives_at timestamptz,
  out archived_at timestamptz, out purgeable_at timestamptz, out moves public.tenant_status[]
)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_tenant_lifecycle.tenant_id, 'read_admin');
  select l.* into ref_id, slug, status, reason, since, trial_ends_at, freezes_at, frozen_at, archives_at, archived_at, purgeable_at, moves
  from public.tenants as t cross join lateral private.lifecycle_of(t) as l where t.id = read_tenant_lifecycle.tenant_id;
end
$$;
comment on function public.read_tenant_lifecycle(uuid) is
  'Where a tenant stands in its life, since when, what cron will do and when, and to which statuses the caller may move it. For managers and the service.';
grant execute on function public.read_tenant_lifecycle(uuid) to authenticated, service_role;

-- 80_lifecycle/03_overview.sql

-- The overview: what needs doing in a tenant. Each domain adds its lines to the register, in its own folder.

create type private.overview_severity as enum ('error', 'warning', 'info');

-- What a finder tells of each thing that it finds: its ref_id, its name, and the moment that matters.
create type private.overview_target as (ref_id text, name text, at timestamptz);

create table private.overview_codes (
  code text primary key,
  severity private.overview_severity not null,
  permission text not null,
  target_type text not null,
  path text not null,
  found_by text not null unique,
  description text not null,
  constraint overview_code_is_a_word check (code ~ '^[a-z][a-z0-9_]{1,59}$'),
  constraint overview_path_is_a_path check (path ~ '^(/([a-z-]+|\{[a-z_]+\}))+$')
);
comment on table private.overview_codes is
  'What an overview may tell: how grave it is, who is told, what it is about, the route where that is read, and the function that finds it.';

create function private.register_overview(
  code text, severity private.overview_severity, permission text, target_type text, path text, found_by text, description text
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_proc as p where p.pronamespace = 'private'::regnamespace and p.proname = found_by
      and p.prorettype = 'private.overview_target'::regtype and p.pronargs = 1) then
    raise exception 'register_overview: private.% must be a function of a tenant that returns overview_target.', found_by;
  end if;
  insert into private.overview_codes values (code, severity, permission, target_type, path, found_by, description)
  on conflict on constraint overview_codes_pkey do update set (severity, permission, target_type, path, found_by, description) =
    (excluded.severity, excluded.permission, excluded.target_type, excluded.path, excluded.found_by, excluded.description);
end
$$;
comment on function private.register_overview(text, private.overview_severity, text, text, text, text, text) is
  'Adds a line to the overview. Its function gets a tenant and finds the newest or most urgent things, along an index that begins with the tenant: only the first six are looked at.';

create function private.find_overview(tenant uuid, held text[])
  returns table (code text, severity text, description text, target_type text, path text, targets jsonb, has_more boolean)
  language plpgsql stable
  set search_path = ''
as $$
#variable_conflict use_column
declare
  known private.overview_codes;
  found_count int;
begin
  for known in select * from private.overview_codes as o where o.permission = any (held) order by o.severity, o.code
  loop
    execute format(
      'select count(*), coalesce(jsonb_agg(jsonb_build_object(''ref_id'', f.ref_id, ''name'', f.name, ''at'', to_char(f.at at time zone ''utc'', ''YYYY-MM-DD"T"HH24:MI:SS.MS"Z"''))
         order by f.n) filter (where f.n <= 5), ''[]'')
       from (select * from private.%I($1) with ordinality as f (ref_id, name, at, n) limit 6) as f', known.found_by)
    into found_count, targets using find_overview.tenant;
    if found_count > 0 then
      code := known.code;
      severity := known.severity;
      description := known.description;
      target_type := known.target_type;
      path := known.path;
      has_more := found_count > 5;
      return next;
    end if;
  end loop;
end
$$;
comment on function private.find_overview(uuid, text[]) is
  'What needs doing in a tenant, of what may be told to a holder of these permissions. Checks nobody''s permission.';

-- A definer, because the finders check nobody's permission and are granted to nobody. Whoever may leave is in the tenant,
-- whatever its state. What a person is told depends on what they may do there now.
create function public.read_tenant_overview(tenant_id uuid)
  returns table (code text, severity text, description text, target_type text, path text, targets jsonb, has_more boolean)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_tenant_overview.tenant_id, 'leave');
  return query select o.* from private.find_overview(read_tenant_overview.tenant_id,
    (select p.permissions from private.permissions_in_effect() as p where p.tenant_id = read_tenant_overview.tenant_id)) as o;
end
$$;
comment on function public.read_tenant_overview(uuid) is
  'What needs doing in a tenant, the gravest first: each with at most five things that it is about. Of what the caller may know there now.';
grant execute on function public.read_tenant_overview(uuid) to authenticated;

create function private.find_ending_trial(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select t.ref_id, t.name, t.trial_ends_at from public.tenants as t
  where t.id = find_ending_trial.tenant and t.status = 'trial' and t.trial_ends_at > now() and t.trial_ends_at <= now() + interval '7 days'
$$;

create function private.find_ended_trial(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select t.ref_id, t.name, t.trial_ends_at + private.trial_grace() from public.tenants as t
  where t.id = find_ended_trial.tenant and t.status = 'trial' and t.trial_ends_at <= now()
$$;

create function private.find_frozen_tenant(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select t.ref_id, t.name, t.frozen_at + private.frozen_window() from public.tenants as t
  where t.id = find_frozen_tenant.tenant and t.status = 'frozen'
$$;

create function private.find_limits_used(tenant uuid, from_percent int, below_percent int) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, g.gate, l.resets_at
  from private.gates as g
  cross join lateral private.find_limit(find_limits_used.tenant, g.gate) as l
  -- A place or two are full from the first day.
  where g.kind = 'limit' and l.most >= 5 and l.used * 100 >= l.most * from_percent and l.used * 100 < l.most * below_percent
  order by l.used::numeric / l.most desc, g.gate limit 6
$$;

create function private.find_near_limits(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$ select f.* from private.find_limits_used(find_near_limits.tenant, 80, 100) as f $$;

create function private.find_reached_limits(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$ select f.* from private.find_limits_used(find_reached_limits.tenant, 100, 2000000000) as f $$;

create function private.find_plan_excesses(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, x.gate, coalesce(x.switched_off_at, x.switches_off_at) from public.plan_excesses as x
  where x.tenant_id = find_plan_excesses.tenant order by x.switches_off_at, x.gate limit 6
$$;

select private.register_overview('trial_ending', 'warning', 'read', 'tenant', '/registry/tenants/{ref}/lifecycle', 'find_ending_trial',
  'The trial ends soon. Then the tenant can only be read.');
select private.register_overview('trial_ended', 'error', 'read', 'tenant', '/registry/tenants/{ref}/lifecycle', 'find_ended_trial',
  'The trial has ended, so the tenant can only be read. Without a plan it is frozen.');
select private.register_overview('tenant_frozen', 'error', 'read', 'tenant', '/registry/tenants/{ref}/lifecycle', 'find_frozen_tenant',
  'The tenant is frozen and can only be read. It will be archived.');
select private.register_overview('limit_near', 'warning', 'read_admin', 'limit', '/registry/tenants/{ref}/entitlements', 'find_near_limits',
  'Most of what the plan allows is used.');
select private.register_overview('limit_reached', 'error', 'read_admin', 'limit', '/registry/tenants/{ref}/entitlements', 'find_reached_limits',
  'All that the plan allows is used, so no more can be made.');
select private.register_overview('plan_excess', 'error', 'read_admin', 'limit', '/registry/tenants/{ref}/entitlements', 'find_plan_excesses',
  'The tenant has more than its plan allows. The newest is switched off.');

select private.register_table('private.overview_codes', plain => '{code,permission,target_type,path,found_by,description}',
  unaudited => 'changed by migrations only');

-- 90_turns/01_addresses.sql

-- Addresses: where a request came from. Limits and the audit log have it from here and from nowhere else.

create function private.address_of(written text) returns inet
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Some proxies add the port. An IPv4 address in IPv6 clothes is the IPv4 address, whatever counts or compares it.
  select case when bare <> '' and pg_input_is_valid(bare, 'inet') then host(bare::inet)::inet end
  from (select regexp_replace(case
      when address like '[%' then substring(address from '^\[([^]]+)\]')
      when address ~ '^[0-9.]+:[0-9]+$' then split_part(address, ':', 1)
      else address end, '^::ffff:(?=[0-9.]+$)', '', 'i') as bare
    from (select btrim(written) as address) as trimmed) as cut
$$;
comment on function private.address_of(text) is 'The address that a proxy wrote, without its port. Null if it is none.';

create function private.forwarded_address(headers jsonb, address_from text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Proxies append, so only what stands at the right end was written by one of ours.
  select case when address_from ~ '/[1-9]$'
    then nullif(split_part(headers ->> split_part(address_from, '/', 1), ',', -right(address_from, 1)::int), '')
    else headers ->> address_from end
$$;
comment on function private.forwarded_address(jsonb, text) is
  'The address in a header: "name" is a header that holds one address, "name/2" is the second from the right of a list.';

create function private.request_address(headers jsonb) returns inet
  language sql stable
  set search_path = ''
as $$
  -- The functions have decided it (lib/http/client-address.ts). Over REST anybody could send a header of that name.
  select private.address_of(case when session_user <> 'authenticator' then headers ->> 'client-address'
    else private.forwarded_address(headers,
      coalesce(nullif(current_setting('tenantry.address_from', true), ''), 'cf-connecting-ip')) end)
$$;
comment on function private.request_address(jsonb) is
  'The address that a request came from, by a header that callers cannot choose. Null if it is not known.';

-- 90_turns/02_turns.sql

-- Turns: how often something was done in a tenant within a period, whatever became of it.

create table private.tenant_turns (
  tenant_id uuid not null references public.tenants on delete cascade,
  what text not null,
  period_at timestamptz not null,
  turn_count int not null,
  primary key (tenant_id, what),
  constraint turn_is_a_word check (what ~ '^[a-z_]{1,40}$')
);
comment on table private.tenant_turns is
  'How often something was done in this period. A limit that counted rows could be passed by removing rows and making them again.';

create function private.take_turn(tenant uuid, what text, most int, period text) returns boolean
  language sql volatile
  set search_path = ''
as $$
  insert into private.tenant_turns as t (tenant_id, what, period_at, turn_count)
  values (take_turn.tenant, take_turn.what, date_trunc(take_turn.period, now(), 'UTC'), 1)
  on conflict (tenant_id, what) do update set
    period_at = excluded.period_at,
    turn_count = 1 + case when t.period_at = excluded.period_at then t.turn_count else 0 end
  returning turn_count <= most
$$;
comment on function private.take_turn(uuid, text, int, text) is
  'Counts that something is done in a tenant, and says whether it may be: at most so often in this minute, hour or day of the clock (UTC).';

create function private.turn_from_here(what text) returns text
  language sql stable
  set search_path = ''
as $$
  -- Addresses share 4096 counters, so that nobody can fill the table with addresses. A customer of a provider holds
  -- 2^64 addresses of IPv6, so these count as one. Requests of an unknown address share one counter.
  select what || '_from_' || translate(left(md5(coalesce(
    host(case when family(address) = 6 then network(set_masklen(address, 64)) else address end), '')), 3), '0123456789', 'ghijklmnop')
  from (select private.request_address(nullif(current_setting('request.headers', true), '')::jsonb) as address) as caller
$$;
comment on function private.turn_from_here(text) is 'What take_turn() counts if it counts by the address that the request came from.';

-- A definer, because nobody may count turns directly.
create function private.require_upload_turn(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Whoever may not upload must not use up what the tenant's people need.
  perform private.require_permission(require_upload_turn.tenant, 'write');
  if not private.take_turn(require_upload_turn.tenant, 'file_uploaded', 60, 'hour') then
    perform private.raise_problem(429, 'too_many_uploads', 'This tenant has uploaded 60 files in this hour.');
  end if;
end
$$;
comment on function private.require_upload_turn(uuid) is
  'Counts an upload, because a file stays for a day although no row knows it. 429 too_many_uploads.';
grant execute on function private.require_upload_turn(uuid) to authenticated, service_role;

select private.register_table('private.tenant_turns', keeping => 'derived', plain => '{what}', unaudited => 'counts what has rows of its own in the log');
