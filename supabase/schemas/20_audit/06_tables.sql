-- Audited tables: each registered table gets a trigger that records its changes.

-- A definer, because every change is recorded, for every caller. Its arguments come from
-- private.tg_audit_registered_table(): the tenant's column, the key's columns, the column with a name, the
-- columns that may change without a row, the columns and the paths whose values are left out, and the column with the
-- project.
create function private.tg_audit() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  shown jsonb := coalesce(new_row, old_row);
  quiet text[] := tg_argv[3];
  hidden text[] := tg_argv[4];
  hidden_paths text[] := tg_argv[5];
  changes jsonb;
  context private.audit_context;
begin
  -- If rows are deleted with their tenant, the tenant's own row says so. If a purge deletes them, its row does.
  if tg_op = 'DELETE' and tg_argv[0] = 'tenant_id' then
    if not exists (select from public.tenants as t where t.id = (old_row ->> 'tenant_id')::uuid)
      or exists (select from private.tenant_purges as p where p.tenant = (old_row ->> 'tenant_id')::uuid and p.finished_at is null) then
      return null;
    end if;
  end if;

  select jsonb_object_agg(f.key, case
    when f.key = any (hidden) then '{"is_redacted": true}'::jsonb
    when tg_op = 'INSERT' then jsonb_build_object('new', private.audit_value(f.value, p.paths))
    when tg_op = 'DELETE' then jsonb_build_object('old', private.audit_value(f.value, p.paths))
    else jsonb_build_object('old', private.audit_value(old_row -> f.key, p.paths), 'new', private.audit_value(f.value, p.paths)) end)
  into changes
  from jsonb_each(shown) as f
  cross join lateral (
    -- Most tables have no path, and an empty list is the same for every field.
    select case when hidden_paths = '{}' then hidden_paths else array(
      select substr(h, length(f.key) + 2) from unnest(hidden_paths) as h where split_part(h, '.', 1) = f.key) end as paths) as p
  where case when tg_op = 'UPDATE' then f.value <> old_row -> f.key else f.value <> 'null' end
    and f.key <> all (quiet);
  if changes is null and tg_op = 'UPDATE' then
    return null;
  end if;
  context := private.audit_context((shown ->> tg_argv[0])::uuid);
  insert into private.audit_pending (tenant_id, id, project_id, actor_id, actor_name, actor_type, action, crud,
    target_id, target_type, target_name, product, component, is_anonymous, metadata, source_ip, user_agent, request_id, created_at)
  values ((shown ->> tg_argv[0])::uuid, private.uuid_v7_at((extract(epoch from clock_timestamp()) * 1000000)::bigint),
    (shown ->> nullif(tg_argv[6], ''))::uuid, context.actor_id, context.actor_name, context.actor_type,
    tg_table_name || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.updated' else '.deleted' end,
    (case tg_op when 'INSERT' then 'c' when 'UPDATE' then 'u' else 'd' end)::public.audit_crud,
    private.audit_target(shown, tg_argv[1]::text[]), tg_table_name, shown ->> nullif(tg_argv[2], ''), shown ->> 'product',
    context.component, context.actor_type = 'anonymous', jsonb_build_object('changes', coalesce(changes, '{}')),
    context.source_ip, context.user_agent, context.request_id, clock_timestamp());
  return null;
end
$$;

create function private.tg_audit_registered_table() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  table_name text := (select c.relname from pg_catalog.pg_class as c where c.oid = new.relation);
  columns text[] := array(
    select a.attname from pg_catalog.pg_attribute as a where a.attrelid = new.relation and a.attnum > 0 and not a.attisdropped);
  tenant_column text := case when new.relation = 'public.tenants'::regclass then 'id' else 'tenant_id' end;
  keys text[];
begin
  execute format('drop trigger if exists %I on %s', table_name || '_audit', new.relation);
  if new.unaudited is not null then
    return null;
  end if;
  if tenant_column <> all (columns) then
    raise exception ' why.=>% has no tenant_id, so nobody could read its changes in the audit log. Register it with "unaudited" and the reason.=> why.', new.relation;
  end if;
  keys := case when 'ref_id' = any (columns) then '{ref_id}'::text[] else array(
    select a.attname from pg_index as x, unnest(x.indkey) with ordinality as k (attnum, n), pg_attribute as a
    where x.indrelid = new.relation and x.indisprimary and a.attrelid = new.relation and a.attnum = k.attnum
      and (a.attname <> 'tenant_id' or cardinality(x.indkey::int2[]) = 1)
    order by k.n) end;
  execute format(
    'create trigger %I after insert or update or delete on %s for each row execute function private.tg_audit(%L, %L, %L, %L, %L, %L, %L)',
    table_name || '_audit', new.relation, tenant_column, keys,
    (select n.name from unnest('{name,display_name,host,slug}'::text[]) with ordinality as n (name, i)
      where n.name = any (columns) and n.name <> all (new.personal || new.secret) order by n.i limit 1),
    '{updated_at,updated_by,ref_id}'::text[] || new.quiet || case when tenant_column = 'tenant_id' then '{tenant_id}'::text[] else '{}' end,
    array(select c from unnest(columns) as c where c = any (new.personal || new.secret)),
    array(select h from unnest(new.personal || new.secret) as h where h like '%.%' order by h),
    -- A project's own row is about that project.
    case when new.relation = 'public.tenant_projects'::regclass then 'id' when 'project_id' = any (columns) then 'project_id' end);
  return null;
end
$$;
create trigger registered_tables_attach_audit after insert or update on private.registered_tables
  for each row execute function private.tg_audit_registered_table();
comment on function private.tg_audit_registered_table() is
  'Makes every change of a registered table leave a row in audit_log, unless the table is registered as unaudited.';

-- Attaches the trigger to the tables that were registered before the log existed.
update private.registered_tables set relation = relation;
