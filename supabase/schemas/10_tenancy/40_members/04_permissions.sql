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
