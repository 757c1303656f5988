-- Registry: tenants, their plans and billing, the people who belong to them, and who may do what.

create type public.tenant_status as enum (
  'demo',     -- shared demo tenant; reset nightly; no billing
  'trial',    -- real customer in their evaluation window
  'active',   -- paid; contract or self-serve plan
  'frozen',   -- read-only after cancellation or non-payment
  'archived'  -- only the audit log is kept
);
create type public.tenant_kind as enum (
  'customer', -- real paying or trialing customer
  'demo',     -- shared demo tenant; never billed
  'platform'  -- the one tenant that owns what every tenant may read
);
create type public.tenant_role as enum ('owner', 'admin', 'member', 'reviewer');
create type public.member_status as enum ('active', 'invited', 'deactivated');

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
comment on table public.plans is 'What a plan costs a month (minor units of its currency), which features it has and where its limits lie.';

insert into public.plans (plan, name, price_minor, trial_days, features) values
  ('trial', 'Trial', 0, 14, '{assessments,followups,ai_authoring,voice,white_label,custom_domain,api}'),
  ('starter', 'Starter', 4900, null, '{assessments,followups}'),
  ('professional', 'Professional', 14900, null, '{assessments,followups,ai_authoring,voice,white_label}'),
  ('business', 'Business', 34900, null, '{assessments,followups,ai_authoring,voice,white_label,custom_domain,api}'),
  ('enterprise', 'Enterprise', 0, null, '{assessments,followups,ai_authoring,voice,white_label,custom_domain,api,sso}');

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
  constraint tenants_slug_format check (slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'),
  constraint tenants_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint tenants_type_is_a_word check (tenant_type ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint tenants_locale_is_a_tag check (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
  constraint trial_has_an_end check (status <> 'trial' or trial_ends_at is not null),
  constraint contract_ends_after_it_starts check (contract_end >= contract_start)
);
-- Partial, here and wherever a ref_id is indexed: with a trigger before update Postgres takes every
-- generated column for changed, and a full key that changes locks the row against inserts of its children.
create unique index tenants_ref_id_idx on public.tenants (ref_id) where ref_id is not null;
comment on table public.tenants is 'The root: one row per customer. Everything a tenant owns hangs off it by tenant_id.';

create index tenants_status_idx on public.tenants (status);
create index tenants_kind_idx on public.tenants (kind);
create index tenants_plan_idx on public.tenants (plan);
create index tenants_trial_ends_at_idx on public.tenants (trial_ends_at) where trial_ends_at is not null;
create unique index tenants_one_platform_idx on public.tenants (kind) where kind = 'platform';

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
  current_month_spend_usd_micros bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint gst_number_when_registered check (not has_gst or gst_number is not null),
  constraint spend_cap_not_negative check (monthly_spend_cap_usd_micros >= 0),
  constraint spend_not_negative check (current_month_spend_usd_micros >= 0)
);
comment on table public.tenant_billing is 'Who is invoiced and how (1:1 with tenants). Money in millionths of a US dollar.';

create table public.user_profiles (
  user_id uuid primary key references auth.users on delete cascade,
  ref_id text not null generated always as (private.ulid(user_id)) stored,
  email text,
  title text,
  first_name text,
  last_name text,
  name text generated always as (nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')) stored,
  phone text,
  locale text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint names_are_text check (
    private.is_plain_text(title, 10) and private.is_plain_text(first_name, 255) and private.is_plain_text(last_name, 255)),
  constraint phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$')
);
create unique index user_profiles_ref_id_idx on public.user_profiles (ref_id) where ref_id is not null;
comment on table public.user_profiles is 'A person who can sign in (1:1 with auth.users, whose e-mail address it mirrors).';

create table public.tenant_members (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null references public.user_profiles on delete cascade,
  role public.tenant_role not null default 'member',
  status public.member_status not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, user_id)
);
comment on table public.tenant_members is 'Who belongs to which tenant, in which role. Read on every statement, so removal takes effect on the next one.';
-- The primary key leads with the tenant; policies ask by user.
create index tenant_members_user_id_idx on public.tenant_members (user_id, tenant_id);

create table public.tenant_invitations (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  email text not null,
  role public.tenant_role not null default 'member',
  token_hash bytea not null,
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint invitation_email_is_an_address check (private.is_email(email)),
  constraint token_is_a_sha256 check (length(token_hash) = 32)
);
create unique index tenant_invitations_ref_id_idx on public.tenant_invitations (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_invitations is 'An open offer of membership to an e-mail address. Only the token''s hash is stored.';
create unique index tenant_invitations_open_idx on public.tenant_invitations (tenant_id, lower(email))
  where accepted_at is null and revoked_at is null;
create index tenant_invitations_token_hash_idx on public.tenant_invitations (token_hash);
create index tenant_invitations_expires_at_idx on public.tenant_invitations (expires_at) where accepted_at is null;

create trigger plans_touch before update on public.plans for each row execute function private.tg_touch_updated_at();
create trigger tenants_touch before update on public.tenants for each row execute function private.tg_touch_updated_at();
create trigger tenant_billing_touch before update on public.tenant_billing for each row execute function private.tg_touch_updated_at();
create trigger user_profiles_touch before update on public.user_profiles for each row execute function private.tg_touch_updated_at();
create trigger tenant_members_touch before update on public.tenant_members for each row execute function private.tg_touch_updated_at();
create trigger tenant_invitations_touch before update on public.tenant_invitations for each row execute function private.tg_touch_updated_at();
create trigger tenants_stamp_editor before insert or update on public.tenants for each row execute function private.tg_stamp_editor();
create trigger tenant_members_stamp_editor before insert or update on public.tenant_members for each row execute function private.tg_stamp_editor();
create trigger tenant_invitations_stamp_editor before insert or update on public.tenant_invitations for each row execute function private.tg_stamp_editor();
