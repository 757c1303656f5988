-- Exports: all rows of a tenant, page by page, without its secrets.

-- The next four functions are definers, because an export holds rows that no policy shows to people, such as
-- those in private. Each one checks the permission itself, so that none can be called alone.
create function private.begin_export(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  perform private.record_audit(tenant, 'tenant.exported', 'tenant', private.ulid(tenant));
end
$$;
comment on function private.begin_export(uuid) is 'Refuses an export before its first byte is sent, or records that it was made.';

create function private.export_tables(tenant uuid)
  returns table (name text, redacted text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  return query select t.name, coalesce(g.secret || g.internal, '{}') from private.tenant_tables() as t
    left join private.registered_tables as g on g.relation = t.relation order by t.depth, t.name;
end
$$;
comment on function private.export_tables(uuid) is 'The tables of an export, parents first, and which of their columns are left empty in it.';

create function private.count_export_rows(tenant uuid, name text) returns bigint
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  counted bigint;
begin
  perform private.require_permission(tenant, 'export');
  select * into strict source from private.tenant_tables() as t where t.name = count_export_rows.name;
  execute format('select count(*) from %s where %I = $1', source.relation, source.tenant_column) into counted using tenant;
  return counted;
end
$$;

create function private.export_rows(tenant uuid, name text, after text[] default null, batch int default 1000)
  returns table (lines text, row_count int, last_key jsonb)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  registered private.registered_tables;
  hidden text[];
  shown text := 'to_jsonb(t)';
  key_columns text;
  key_values text;
begin
  perform private.require_permission(tenant, 'export');
  -- A key that cannot be one is quoted in the refusal.
  if octet_length(after::text) > 4000 then
    perform private.raise_problem(422, 'invalid_value', 'There is no row with this key.');
  end if;
  select * into strict source from private.tenant_tables() as t where t.name = export_rows.name;
  select * into strict registered from private.registered_tables as g where g.relation = source.relation;
  hidden := registered.secret || registered.internal;
  if exists (select from unnest(hidden) as h where h not like '%.%') then
    shown := format('(%s || %L)', shown, (
      select jsonb_object_agg(h, null) from unnest(hidden) as h where h not like '%.%'));
  end if;
  if exists (select from unnest(hidden) as h where h like '%.%') then
    shown := format('private.overwrite_paths(%s, %L, ''null'')', shown, array(select h from unnest(hidden) as h where h like '%.%'));
  end if;
  if registered.copy_column is not null then
    -- A copy is no way around the register: each copied row is treated as a row of its own table.
    shown := format('(%s || jsonb_build_object(%L, (select coalesce(jsonb_agg(private.without_secrets(c.copy, s.relation) order by c.n), ''[]'')
      from jsonb_array_elements(t.%I) with ordinality as c (copy, n)
      left join private.tenant_tables() as s on s.name = t.relation)))', shown, registered.copy_column, registered.copy_column);
  end if;
  select string_agg(format('t.%I', k), ', ' order by n),
    string_agg(format('($2)[%s]::%s', n, format_type(a.atttypid, a.atttypmod)), ', ' order by n)
  into key_columns, key_values
  from unnest(source.key) with ordinality as part (k, n)
  join pg_catalog.pg_attribute as a on a.attrelid = source.relation and a.attname = part.k;
  -- A page ends after a thousand rows or a megabyte, whichever comes first, because rows may be of any size.
  return query execute format(
    $sql$
      select coalesce(string_agg(p.line, '' order by p.n), ''), count(*)::int, (array_agg(to_jsonb(p.key) order by p.n desc))[1]
      from (
        select r.*, sum(length(r.line)) over (order by r.n) - length(r.line) as before
        from (
          select row_number() over () as n, array[%1$s]::text[] as key,
            '{"table":' || $4 || ',"row":' || (%6$s)::text || E'}\n' as line
          from (select * from %2$s as t where t.%3$I = $1 %4$s %5$s limit $3) as t
        ) as r
      ) as p
      where p.before < 1000000
    $sql$,
    coalesce(key_columns, ''), source.relation, source.tenant_column,
    case when key_columns is null then 'and $2 is null' else format('and ($2 is null or (%s) > (%s))', key_columns, key_values) end,
    case when key_columns is not null then 'order by ' || key_columns else '' end, shown)
  using tenant, after, batch, to_json(export_rows.name)::text;
end
$$;
comment on function private.export_rows(uuid, text, text[], int) is
  'One page of a table''s rows as lines of JSON, in the order of its key, after a given key. Also returns the key after which the next page begins.';
grant execute on function private.begin_export(uuid), private.export_tables(uuid), private.count_export_rows(uuid, text),
  private.export_rows(uuid, text, text[], int) to authenticated, service_role;

select private.register_audit_action('tenant.exported', 'r');
