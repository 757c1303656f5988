-- Registry: who may do what. This file is the one place that knows roles and tenant status.

create table private.role_permissions (
  role public.tenant_role not null,
  permission text not null,
  -- A frozen tenant, or one whose trial has ended, keeps only the permissions that change nothing.
  is_write boolean not null generated always as (permission not in ('read', 'inspect', 'export')) stored,
  primary key (role, permission)
);
comment on table private.role_permissions is 'Which role holds which permission. Policies and functions ask for permissions, never for roles.';
insert into private.role_permissions (role, permission) values
  ('owner', 'read'), ('owner', 'write'), ('owner', 'inspect'), ('owner', 'manage'), ('owner', 'own'), ('owner', 'export'),
  ('admin', 'read'), ('admin', 'write'), ('admin', 'inspect'), ('admin', 'manage'),
  ('member', 'read'), ('member', 'write'),
  ('reviewer', 'read');

create function private.caller_api_key() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  -- Only an edge function that verified the key sets this. A claim of the token would not do: the
  -- REST API passes on whatever a token says.
  key uuid := nullif(current_setting('tenantry.api_key', true), '');
begin
  -- Whoever has a user is that user, not a key.
  return case when key is not null and auth.uid() is null then key end;
end
$$;
comment on function private.caller_api_key() is 'The API key that is calling; null for a person, the service and anon.';

-- Definer: it reads membership for a caller whose own policies on tenant_members depend on it.
-- plpgsql: keeps its plan for the session, where an SQL function would plan anew on every statement.
create function private.tenant_ids(permission text) returns setof uuid
  language plpgsql stable security definer parallel safe
  set search_path = ''
  rows 10
as $$
declare
  key uuid := private.caller_api_key();
begin
  if key is not null then
    return query select private.api_key_tenant_ids(key, tenant_ids.permission);
    return;
  end if;
  return query
    select m.tenant_id
    from public.tenant_members as m
    join private.role_permissions as p on p.role = m.role and p.permission = tenant_ids.permission
    join public.tenants as t on t.id = m.tenant_id
    where m.user_id = (select auth.uid())
      and m.status = 'active'
      and t.status <> 'archived'
      and (
        not p.is_write
        or t.status in ('active', 'demo')
        or (t.status = 'trial' and t.trial_ends_at > now())
      );
end
$$;
comment on function private.tenant_ids(text) is
  'The tenants in which the caller holds a permission (read, inspect, write, manage, own, export) right now. Every policy asks this.';

create function private.is_trusted_caller() returns boolean
  language sql stable
  set search_path = ''
as $$
  -- The role setting, unlike current_user, is not changed by a definer function: it says who came
  -- in. 'none' is a direct connection (migrations, cron, an edge function's admin pool).
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
  is_trusted boolean := private.is_trusted_caller();
  key uuid := private.caller_api_key();
  -- "usage:write" is a scope, for keys; from a person it takes the permission "write".
  verb text := split_part(require_permission.permission, ':', -1);
begin
  if key is not null then
    perform private.require_scope(key, require_permission.tenant, require_permission.permission);
    is_trusted := true;
  end if;
  select t.status, t.trial_ends_at, m.role into found_status, found_trial_end, found_role
  from public.tenants as t
  left join public.tenant_members as m
    on m.tenant_id = t.id and m.user_id = (select auth.uid()) and m.status = 'active'
  where t.id = require_permission.tenant;

  -- A stranger and an archived tenant get the same answer: nothing to learn from it. What an archived
  -- one owned can still be handed out, by the service.
  if found_status is null or found_status = 'archived' and not (is_trusted and require_permission.permission = 'export')
    or (found_role is null and not is_trusted) then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
  end if;
  if not is_trusted and not exists (
    select from private.role_permissions as p
    where p.role = found_role and p.permission = verb) then
    perform private.raise_problem(403, 'forbidden', format(
      'Your role in this tenant is %s, which does not hold the permission "%s". Ask an owner of the tenant.',
      found_role, verb));
  end if;
  if verb not in ('read', 'inspect', 'export') then
    if found_status = 'frozen' then
      perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and can only be read. Settle its subscription to change things again.');
    elsif found_status = 'trial' and found_trial_end <= now() then
      perform private.raise_problem(403, 'trial_ended', 'This tenant''s trial has ended and it can only be read. Choose a plan to change things again.');
    end if;
  end if;
end
$$;
comment on function private.require_permission(uuid, text) is
  'Refuses with 404, or 403 and the reason, unless the caller holds the permission in the tenant. For functions; policies use tenant_ids().';

create function private.colleague_ids() returns setof uuid
  language plpgsql stable security definer parallel safe
  set search_path = ''
  rows 50
as $$
begin
  return query
    select distinct m.user_id from public.tenant_members as m
    where m.tenant_id = any (array(select private.tenant_ids('read')));
end
$$;
comment on function private.colleague_ids() is 'The people who share a tenant with the caller.';

create function private.platform_tenant_id() returns uuid
  language sql immutable parallel safe
  set search_path = ''
as $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
comment on function private.platform_tenant_id() is 'The one tenant of kind platform: owner of every global row.';

-- The mirror of auth.users. It never refuses: a sign-up must not fail over a profile.
-- Definer: Auth inserts the user with a role that has no business in public.
create function private.tg_mirror_auth_user() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.user_profiles (user_id, email, first_name, last_name)
  values (new.id, new.email,
    left(regexp_replace(new.raw_user_meta_data ->> 'first_name', '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255),
    left(regexp_replace(new.raw_user_meta_data ->> 'last_name', '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255))
  on conflict (user_id) do update set email = excluded.email;
  return new;
end
$$;
create trigger mirror_auth_user after insert or update of email on auth.users
  for each row execute function private.tg_mirror_auth_user();
insert into public.user_profiles (user_id, email) select id, email from auth.users on conflict do nothing;

-- Definer: the count must see every owner, whoever asks.
create function private.tg_keep_an_owner() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Two owners leaving at once must queue, or each would count the other. A tenant that is being
  -- deleted is gone by now and needs no owner.
  perform from public.tenants where id = old.tenant_id for no key update;
  if found and not exists (
    select from public.tenant_members
    where tenant_id = old.tenant_id and role = 'owner' and status = 'active') then
    perform private.raise_problem(409, 'last_owner', 'A tenant always has an owner. Make somebody else an owner first.');
  end if;
  return null;
end
$$;
create trigger tenant_members_keep_an_owner
  after delete or update of role, status on public.tenant_members
  for each row when (old.role = 'owner' and old.status = 'active')
  execute function private.tg_keep_an_owner();

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

alter table public.plans enable row level security;
alter table public.tenants enable row level security;
alter table public.tenant_billing enable row level security;
alter table public.user_profiles enable row level security;
alter table public.tenant_members enable row level security;
alter table public.tenant_invitations enable row level security;

-- A price list belongs to nobody.
create policy "everyone signed in reads the plans" on public.plans
  for select to authenticated using (true);

create policy "members read their tenants" on public.tenants
  for select to authenticated using (id = any (array(select private.tenant_ids('read'))));
create policy "managers update their tenants" on public.tenants
  for update to authenticated
  using (id = any (array(select private.tenant_ids('manage'))))
  with check (id = any (array(select private.tenant_ids('manage'))));

create policy "managers read their tenant's billing" on public.tenant_billing
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));
create policy "owners update their tenant's billing" on public.tenant_billing
  for update to authenticated
  using (tenant_id = any (array(select private.tenant_ids('own'))))
  with check (tenant_id = any (array(select private.tenant_ids('own'))));

create policy "people read themselves and their colleagues" on public.user_profiles
  for select to authenticated
  using (user_id = (select auth.uid()) or user_id = any (array(select private.colleague_ids())));
create policy "people update themselves" on public.user_profiles
  for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

create policy "members read who belongs to their tenant" on public.tenant_members
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
-- Only an owner makes or unmakes an owner.
create policy "managers update members" on public.tenant_members
  for update to authenticated
  using (tenant_id = any (array(select private.tenant_ids('own')))
    or (role <> 'owner' and tenant_id = any (array(select private.tenant_ids('manage')))))
  with check (tenant_id = any (array(select private.tenant_ids('own')))
    or (role <> 'owner' and tenant_id = any (array(select private.tenant_ids('manage')))));
create policy "managers remove members" on public.tenant_members
  for delete to authenticated
  using (tenant_id = any (array(select private.tenant_ids('own')))
    or (role <> 'owner' and tenant_id = any (array(select private.tenant_ids('manage')))));

create policy "managers read their tenant's invitations" on public.tenant_invitations
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));

grant select on public.plans to authenticated, service_role;
grant select, update (name, locale) on public.tenants to authenticated;
grant select, update (legal_name, pan_number, has_gst, gst_number, billing_name, billing_address, billing_city,
  billing_postal_code, billing_state, billing_country, monthly_spend_cap_usd_micros) on public.tenant_billing to authenticated;
grant select, update (title, first_name, last_name, phone, locale) on public.user_profiles to authenticated;
grant select, delete, update (role, status) on public.tenant_members to authenticated;
grant select on public.tenant_invitations to authenticated;
grant select, insert, update, delete on public.tenants, public.tenant_billing, public.user_profiles,
  public.tenant_members, public.tenant_invitations to service_role;
grant execute on function private.tenant_ids(text), private.colleague_ids(), private.platform_tenant_id(),
  private.is_trusted_caller(), private.require_permission(uuid, text) to authenticated, service_role;
grant execute on function private.caller_api_key() to authenticated, service_role;
