-- Tenants as an operator sees them: each look at one is in its own audit log.

-- A definer, because only definers record. For the service, which private.enter_operator() gives to operators alone.
create function private.look_at_tenant(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  who text := (private.audit_context(look_at_tenant.tenant)).actor_id;
begin
  -- A page that is open asks again and again. A row for each time would bury the others, and say no more.
  if exists (
    select from public.audit_log as a
    where a.tenant_id = look_at_tenant.tenant and a.action = 'operator.viewed' and a.actor_id = who and a.created_at > now() - interval '10 minutes') then
    return;
  end if;
  perform private.record_audit(look_at_tenant.tenant, 'operator.viewed', 'tenants',
    (select t.ref_id from public.tenants as t where t.id = look_at_tenant.tenant));
end
$$;
comment on function private.look_at_tenant(uuid) is
  'Records in a tenant''s audit log that the caller looked at it: one row in ten minutes for each person.';
select private.register_audit_action('operator.viewed', 'r');

-- A definer, because the moves and the reason are granted to nobody. It also tells of an archived tenant, which is nobody's any more.
create function private.read_tenant_life(tenant uuid) returns private.tenant_lifecycle
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (select private.lifecycle_of(t) from public.tenants as t where t.id = read_tenant_life.tenant);
end
$$;
comment on function private.read_tenant_life(uuid) is 'The lifecycle of any tenant. For the service.';

-- A definer, because the counts of limits are granted to nobody.
create function private.read_tenant_limits(tenant uuid) returns table (limit_name text, most bigint, used bigint, resets_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return query
    select g.gate, l.most, l.used, l.resets_at from private.gates as g
    cross join lateral private.find_limit(read_tenant_limits.tenant, g.gate) as l
    where g.kind = 'limit' order by g.gate;
end
$$;
comment on function private.read_tenant_limits(uuid) is 'What a tenant has of each limit of its plan. For the service.';

-- A definer, because the finders are granted to nobody. What needs doing, and not to which things: their names are the tenant's.
create function private.find_tenant_findings(tenant uuid) returns table (code text, severity text, description text)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return query select o.code, o.severity, o.description from private.find_overview(find_tenant_findings.tenant,
    array(select distinct p.permission from private.role_permissions as p)) as o;
end
$$;
comment on function private.find_tenant_findings(uuid) is 'What needs doing in any tenant. For the service.';

grant execute on function private.look_at_tenant(uuid), private.read_tenant_life(uuid), private.read_tenant_limits(uuid),
  private.find_tenant_findings(uuid) to service_role;
