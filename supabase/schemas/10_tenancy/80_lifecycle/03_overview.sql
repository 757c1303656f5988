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
