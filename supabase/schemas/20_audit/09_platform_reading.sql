-- Reading by the platform: the logs of all tenants as one, for the service.

-- A definer, because it also records the reading. It is granted to the service alone.
create function private.read_platform_audit_log(
  before_id uuid default null, max_rows int default 50, tenant text default null,
  actor text default null, action text default null, target text default null, product text default null, project uuid default null,
  from_at timestamptz default null, until_at timestamptz default null, is_failure boolean default null, request_id text default null
) returns setof public.audit_log
  language plpgsql security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  chosen uuid;
begin
  if tenant is not null then
    -- A tenant that is gone still has its log, and is found by its ref_id.
    select found.id into chosen from (
      select t.id from public.tenants as t where t.slug = tenant or t.ref_id = tenant
      union all
      select h.tenant_id from private.audit_heads as h where h.tenant_id = private.ulid_to_uuid(tenant)
    ) as found (id) limit 1;
    if chosen is null then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, and there never was one with this ref_id.');
    end if;
  end if;
  -- In the log of the tenant that was asked for, otherwise in the platform's own. A row in the log of each tenant whose
  -- rows are shown would answer the next page with the traces of the one before.
  perform private.record_audit_read(coalesce(chosen, private.platform_tenant_id()), 'audit.viewed', jsonb_build_object(
    'actor', actor, 'action', action, 'target', target, 'product', product, 'from', from_at, 'until', until_at,
    'is_failure', is_failure, 'project', private.ulid(project), 'request_id', request_id, 'is_platform', true));
  return query
    select a.* from public.audit_log as a
    where (before_id is null or a.id < before_id)
      and (chosen is null or a.tenant_id = chosen)
      and (read_platform_audit_log.actor is null or a.actor_id = read_platform_audit_log.actor)
      and (read_platform_audit_log.action is null or a.action = read_platform_audit_log.action)
      and (read_platform_audit_log.target is null or a.target_id = read_platform_audit_log.target)
      and (read_platform_audit_log.product is null or a.product = read_platform_audit_log.product)
      and (read_platform_audit_log.project is null or a.project_id = read_platform_audit_log.project)
      and (read_platform_audit_log.request_id is null or a.request_id = read_platform_audit_log.request_id)
      -- The bound by id lets an index stop; the bound by time is exact.
      and (from_at is null or a.created_at >= from_at and a.id >= private.first_uuid_at(from_at - interval '1 minute'))
      and (until_at is null or a.created_at < until_at and a.id < private.first_uuid_at(until_at + interval '1 minute'))
      and (read_platform_audit_log.is_failure is null or a.is_failure = read_platform_audit_log.is_failure)
    order by a.id desc
    limit least(greatest(max_rows, 1), 201);
end
$$;
comment on function private.read_platform_audit_log(uuid, int, text, text, text, text, text, uuid, timestamptz, timestamptz, boolean, text) is
  'Audit rows of all tenants before an id, the newest first. Only for the service. The reading itself is recorded.';
grant execute on function private.read_platform_audit_log(uuid, int, text, text, text, text, text, uuid, timestamptz, timestamptz, boolean, text)
  to service_role;
