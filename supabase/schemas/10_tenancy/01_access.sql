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
