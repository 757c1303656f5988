-- Records: audit rows for what no trigger sees, such as refused requests and readings.

create table private.audit_actions (
  action text primary key,
  crud public.audit_crud not null,
  fields text[] not null default '{}',
  constraint registered_action_is_a_dotted_word check (action ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$')
);
comment on table private.audit_actions is
  'What record_audit() may record: each action, with the fields that its metadata may have. No field holds personal data or a secret.';

create function private.register_audit_action(action text, crud public.audit_crud, fields text[] default '{}') returns void
  language sql
  set search_path = ''
as $$
  insert into private.audit_actions (action, crud, fields) values (register_audit_action.action, register_audit_action.crud, register_audit_action.fields)
  on conflict (action) do update set crud = excluded.crud, fields = excluded.fields
$$;
comment on function private.register_audit_action(text, public.audit_crud, text[]) is
  'Declares an action, in the file whose function records it. The fields are those of its metadata: none may hold personal data or a secret.';

-- A definer. It records what no trigger sees. The calling function decides that it happened.
create function private.record_audit(
  tenant uuid, action text, target_type text, target_id text, target_name text default null, metadata jsonb default '{}',
  crud public.audit_crud default null, is_failure boolean default false, product text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  context private.audit_context := private.audit_context(record_audit.tenant);
  declared private.audit_actions;
  undeclared text;
begin
  select * into declared from private.audit_actions as a where a.action = record_audit.action;
  if not found then
    raise exception 'record_audit: the action % is not registered. Declare it with register_audit_action().', left(record_audit.action, 100);
  end if;
  select string_agg(f, ', ') into undeclared from jsonb_object_keys(coalesce(record_audit.metadata, '{}')) as f where f <> all (declared.fields);
  if undeclared is not null then
    raise exception 'record_audit: the metadata of % may not have the field %. Declare it with register_audit_action().', record_audit.action, left(undeclared, 100);
  end if;
  insert into private.audit_pending (tenant_id, id, actor_id, actor_name, actor_type, action, crud, target_id, target_type, target_name,
    product, component, is_failure, is_anonymous, metadata, source_ip, user_agent, request_id, created_at)
  values (record_audit.tenant, private.uuid_v7(), context.actor_id, context.actor_name, context.actor_type, record_audit.action,
    coalesce(record_audit.crud, declared.crud),
    record_audit.target_id, record_audit.target_type, record_audit.target_name, record_audit.product, context.component,
    record_audit.is_failure, context.actor_type = 'anonymous', private.redact_json(coalesce(record_audit.metadata, '{}')),
    context.source_ip, context.user_agent, context.request_id, clock_timestamp());
end
$$;
comment on function private.record_audit(uuid, text, text, text, text, jsonb, public.audit_crud, boolean, text) is
  'Records what no trigger sees. The actor is the caller on this connection. The action and the fields of its metadata must be registered.';

-- A definer, because the caller's request was refused and the caller therefore has no right to write here.
create function private.record_refusal(tenant_name text, method text, route text, status int, code text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  context private.audit_context := private.audit_context();
  tenant uuid;
  recent int;
begin
  -- Records only members of the tenant, in any status, and the service. Requests of strangers are not recorded:
  -- strangers could fill the log of any tenant whose name they know.
  select t.id into tenant from public.tenants as t
  where (t.slug = record_refusal.tenant_name or t.ref_id = record_refusal.tenant_name
      or record_refusal.tenant_name is null and (context.actor_type in ('api_key', 'portal_token') or t.id = (
        select min(m.tenant_id::text)::uuid from public.tenant_members as m where m.user_id = (select auth.uid()) having count(*) = 1)))
    and (context.actor_type = 'service'
      or context.actor_type in ('api_key', 'portal_token') and t.id = (current_setting('request.jwt.claims')::jsonb ->> 'tenant_id')::uuid
      or exists (select from public.tenant_members as m where m.tenant_id = t.id and m.user_id = (select auth.uid())));
  if tenant is null then
    return;
  end if;
  select count(*) into recent from (
    select from public.audit_log as a
    where a.tenant_id = tenant and a.is_failure and a.actor_id = context.actor_id and a.created_at > now() - interval '1 minute'
    limit 30) as r;
  if recent >= 30 then
    return;
  end if;
  perform private.record_audit(tenant, case when status >= 500 then 'request.failed' else 'request.refused' end, 'route', record_refusal.method || ' ' || record_refusal.route, null,
    jsonb_build_object('status', record_refusal.status, 'code', record_refusal.code)
      -- A reader then knows that there may have been more refusals.
      || case when recent = 29 then '{"is_limit_reached": true}'::jsonb else '{}' end,
    (case record_refusal.method when 'POST' then 'c' when 'DELETE' then 'd' else 'u' end)::public.audit_crud, true);
end
$$;
comment on function private.record_refusal(text, text, text, int, text) is
  'Records that a request to change something in a tenant was refused: at most 30 rows a minute for each actor, and none for strangers.';

create function private.record_audit_read(tenant uuid, action text, metadata jsonb default '{}') returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reader text := (private.audit_context()).actor_id;
  question jsonb := jsonb_strip_nulls(record_audit_read.metadata);
begin
  -- Paging through the log is one reading. It leaves one row a minute for each question and not one row a page.
  if record_audit_read.action = 'audit.viewed' and exists (
    select from public.audit_log as a
    where a.tenant_id = record_audit_read.tenant and a.action = 'audit.viewed' and a.actor_id = reader and a.metadata = private.redact_json(question)
      and a.created_at > now() - interval '1 minute') then
    return;
  end if;
  perform private.record_audit(record_audit_read.tenant, record_audit_read.action, 'audit_log', null, null,
    question);
end
$$;

select private.register_audit_action('request.refused', 'u', '{status,code,is_limit_reached}');
select private.register_audit_action('request.failed', 'u', '{status,code,is_limit_reached}');

select private.register_table('private.audit_actions', plain => '{action,fields}', unaudited => 'changed by migrations only');
grant execute on function private.record_refusal(text, text, text, int, text) to authenticated, service_role;
grant execute on function private.record_audit(uuid, text, text, text, text, jsonb, public.audit_crud, boolean, text) to service_role;
