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
