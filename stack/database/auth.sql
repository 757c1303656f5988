-- supabase_admin runs this after @supabase/lite made the auth schema. It adds what lite leaves out and a hosted project has.

-- Columns of a hosted auth.users, which seeds may fill.
alter table auth.users add column if not exists instance_id uuid;
alter table auth.users add column if not exists is_super_admin boolean;

-- lite confirms whoever asks for a sign-in mail before it is read. Nobody is born confirmed: Auth confirms by an update.
create or replace function auth.tg_begin_unconfirmed() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.email_confirmed_at := null;
  return new;
end
$$;
create or replace trigger begin_unconfirmed before insert on auth.users
  for each row when (current_user = 'supabase_auth_admin') execute function auth.tg_begin_unconfirmed();

-- lite's versions read only the old settings, one for each claim. A caller who sets only request.jwt.claims (edge
-- functions, tests, newer PostgREST) would have no user.
create or replace function auth.uid() returns uuid
  language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;

create or replace function auth.role() returns text
  language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
  )::text
$$;

create or replace function auth.email() returns text
  language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')
  )::text
$$;

create or replace function auth.jwt() returns jsonb
  language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

do $$
declare
  wanted record;
begin
  for wanted in
    select c.oid::regclass as name
    from pg_catalog.pg_class as c
    where c.relnamespace = 'auth'::regnamespace and c.relkind in ('r', 'p')
  loop
    execute format('alter table %s owner to supabase_auth_admin', wanted.name);
    -- As on a hosted project: postgres reads and seeds users and adds triggers to them, but does not own them.
    execute format('grant select, insert, update, delete, references, trigger on %s to postgres', wanted.name);
  end loop;
  for wanted in
    select p.oid::regprocedure as name
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'auth'::regnamespace
  loop
    execute format('alter function %s owner to supabase_auth_admin', wanted.name);
  end loop;
end
$$;

grant execute on all functions in schema auth to anon, authenticated, service_role, postgres;

-- The second factor, which lite has not: stack/auth-rest/factors.ts.
create table if not exists auth.mfa_factors (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users on delete cascade,
  friendly_name text not null,
  factor_type text not null default 'totp',
  status text not null default 'unverified',
  secret text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, friendly_name)
);
create table if not exists auth.mfa_challenges (
  id uuid primary key default gen_random_uuid(),
  factor_id uuid not null references auth.mfa_factors on delete cascade,
  created_at timestamptz not null default now()
);
create index if not exists mfa_challenges_factor_id_idx on auth.mfa_challenges (factor_id);
grant select, insert, update, delete on auth.mfa_factors, auth.mfa_challenges to supabase_auth_admin;
