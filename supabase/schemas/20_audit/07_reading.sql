-- Reading: how people read, export and verify the audit log. Each reading is itself recorded.

-- People can read the log only by this function. With a grant on the table they could read it without a record.
create function public.read_audit_log(
  tenant_id uuid, before_seq bigint default null, max_rows int default 50,
  actor text default null, action text default null, target text default null, product text default null,
  from_at timestamptz default null, until_at timestamptz default null, is_failure boolean default null, project uuid default null,
  request_id text default null
) returns setof public.audit_log
  language plpgsql security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
begin
  perform private.require_permission(read_audit_log.tenant_id, 'audit:read');
  -- The filters become a part of the log, because each reading is recorded.
  if greatest(length(actor), length(action), length(target), length(product), length(request_id)) > 300 then
    perform private.raise_problem(422, 'invalid_value', 'A filter of the audit log has at most 300 characters.');
  end if;
  perform private.record_audit_read(read_audit_log.tenant_id, 'audit.viewed', jsonb_build_object(
    'actor', actor, 'action', action, 'target', target, 'product', product, 'from', from_at, 'until', until_at, 'is_failure', is_failure,
    'project', private.ulid(project), 'request_id', request_id));
  return query
    select a.* from public.audit_log as a
    where a.tenant_id = read_audit_log.tenant_id
      and (before_seq is null or a.seq < before_seq)
      and (read_audit_log.actor is null or a.actor_id = read_audit_log.actor)
      and (read_audit_log.action is null or a.action = read_audit_log.action)
      and (read_audit_log.target is null or a.target_id = read_audit_log.target)
      and (read_audit_log.product is null or a.product = read_audit_log.product)
      and (from_at is null or a.created_at >= from_at)
      and (until_at is null or a.created_at < until_at)
      and (read_audit_log.is_failure is null or a.is_failure = read_audit_log.is_failure)
      and (read_audit_log.project is null or a.project_id = read_audit_log.project)
      and (read_audit_log.request_id is null or a.request_id = read_audit_log.request_id)
    order by a.seq desc
    limit least(greatest(max_rows, 1), 201);
end
$$;
comment on function public.read_audit_log(uuid, bigint, int, text, text, text, text, timestamptz, timestamptz, boolean, uuid, text) is
  'A tenant''s audit rows before a seq, the newest first, for callers with the permission "read_admin". The reading itself is recorded.';

create function private.start_audit_export(tenant uuid, format text) returns bigint
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(start_audit_export.tenant, 'audit:export');
  perform private.record_audit_read(start_audit_export.tenant, 'audit.exported', jsonb_build_object('format', format));
  return (select h.seq from private.audit_heads as h where h.tenant_id = start_audit_export.tenant);
end
$$;
comment on function private.start_audit_export(uuid, text) is 'Records the start of an export. Returns the last row that belongs to it.';

create function private.export_audit_log(tenant uuid, after_seq bigint, last_seq bigint, batch int default 2000)
  returns setof public.audit_log
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  event public.audit_log;
  bytes int := 0;
begin
  -- Checked again for each batch, so that an export ends when the membership ends.
  perform private.require_permission(export_audit_log.tenant, 'audit:export');
  for event in
    select * from public.audit_log as a
    where a.tenant_id = export_audit_log.tenant and a.seq > after_seq and a.seq <= last_seq
    order by a.seq limit batch
  loop
    return next event;
    bytes := bytes + 600 + octet_length(event.metadata::text);
    exit when bytes > 1000000;
  end loop;
end
$$;
comment on function private.export_audit_log(uuid, bigint, bigint, int) is
  'The next rows of an export, the oldest first: at most this many, or about a megabyte. For callers with the permission "read_admin".';

create function private.verify_audit_log(tenant uuid, after_seq bigint, after_hash text)
  returns table (last_seq bigint, last_hash text, is_end boolean, break_seq bigint, problem text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(verify_audit_log.tenant, 'audit:read');
  if after_seq = 0 then
    perform private.record_audit_read(verify_audit_log.tenant, 'audit.verified');
  end if;
  return query select * from private.find_audit_break(verify_audit_log.tenant, verify_audit_log.after_seq, verify_audit_log.after_hash);
end
$$;
comment on function private.verify_audit_log(uuid, bigint, text) is 'private.find_audit_break() for callers with the permission "read_admin". The call itself is recorded.';

select private.register_audit_action('audit.viewed', 'r', '{actor,action,target,product,from,until,is_failure,project,request_id,is_platform}');
select private.register_audit_action('audit.exported', 'r', '{format}');
select private.register_audit_action('audit.verified', 'r');

grant execute on function public.read_audit_log(uuid, bigint, int, text, text, text, text, timestamptz, timestamptz, boolean, uuid, text)
  to authenticated, service_role;
grant execute on function private.start_audit_export(uuid, text),
  private.export_audit_log(uuid, bigint, bigint, int), private.verify_audit_log(uuid, bigint, text)
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('audit:read', 'read_admin', 'Read the audit log and verify its chain.'),
  ('audit:export', 'read_admin', 'Export the whole audit log.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
