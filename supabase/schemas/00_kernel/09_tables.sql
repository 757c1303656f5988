-- Tables: the register of what each table holds and what happens to its rows.

create type private.table_keeping as enum (
  'data',     -- exported, purged with its tenant, restored when a demo is reset
  'history',  -- exported and purged; a demo's reset clears it and restores nothing
  'derived',  -- made from other rows; exported and purged; a demo's reset does not touch it
  'kept',     -- exported; stays when its tenant is purged
  'transient' -- holds rows only within a transaction: nothing to export, purge or restore
);

create table private.registered_tables (
  relation regclass primary key,
  plain text[] not null default '{}',
  personal text[] not null default '{}',
  secret text[] not null default '{}',
  quiet text[] not null default '{}',
  keeping private.table_keeping not null default 'data',
  unaudited text,
  is_locked_first boolean not null default false,
  person text,
  on_forget text not null default 'erase',
  kept_because text,
  copy_column text,
  internal text[] not null default '{}',
  forgotten_with regclass,
  constraint internal_is_classified check (internal <@ (plain || personal)),
  constraint a_column_has_one_content check (not (plain && personal or plain && secret or personal && secret)),
  constraint on_forget_is_known check (on_forget in ('erase', 'delete', 'keep')),
  constraint keeping_has_a_reason check ((on_forget = 'keep') = (kept_because is not null)),
  constraint person_is_personal check (person is null or person = any (personal)),
  constraint forgotten_with_another_is_deleted check (forgotten_with is null or person is null and on_forget = 'delete')
);
comment on table private.registered_tables is 'What each table holds and what happens to its rows. The file of each table registers it.';
comment on column private.registered_tables.plain is 'Columns that hold neither personal data nor secrets. The audit log shows their values.';
comment on column private.registered_tables.personal is
  'Columns that say something about a person, or paths inside plain JSON columns ("metadata.contacts.*.email"). The audit log records only that they changed. forget_person() erases them.';
comment on column private.registered_tables.secret is
  'Columns, or paths inside plain JSON columns, that prove an identity or a right: hashes, tokens, ids of secrets in Vault. The audit log and exports leave them out.';
comment on column private.registered_tables.internal is
  'Columns that are the platform''s own notes about a tenant. No person is granted them, and exports leave them out.';
comment on column private.registered_tables.copy_column is
  'A JSON column that holds copies of rows. The column "relation" names their table. What is secret there is secret in the copies.';
comment on column private.registered_tables.quiet is 'Columns that may change without a row in the audit log.';
comment on column private.registered_tables.unaudited is 'Why changes of this table leave no row in the audit log. Null if they leave one.';
comment on column private.registered_tables.is_locked_first is 'Whether its rows are locked before the tenant''s other rows are deleted. The processes that serve this queue lock them in the same order.';
comment on column private.registered_tables.person is 'The column that holds a person''s e-mail address, as its whole value or as a string inside JSON.';
comment on column private.registered_tables.forgotten_with is
  'The table whose rows say whose these are, by a foreign key. When forget_person() erases one of those, it deletes what hangs on it here.';
comment on column private.registered_tables.on_forget is 'What forget_person() does with the rows of the person: erase the personal columns, delete the row, or keep it.';

create function private.register_table(
  target regclass, plain text[] default '{}', personal text[] default '{}', secret text[] default '{}', quiet text[] default '{}',
  keeping private.table_keeping default 'data', unaudited text default null, is_locked_first boolean default false,
  person text default null, on_forget text default 'erase', kept_because text default null, copy_column text default null,
  internal text[] default '{}', forgotten_with regclass default null
) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  problem text;
begin
  -- A wrong or missing name must fail in its migration, and not later, when somebody's data is exported.
  select string_agg(n, ', ') into problem
  from unnest(register_table.plain || register_table.personal || register_table.secret || register_table.quiet || register_table.copy_column) as n
  where not exists (select from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attname = split_part(n, '.', 1) and a.attnum > 0 and not a.attisdropped);
  if problem is not null then
    raise exception 'register_table: % has no column %.', target, problem;
  end if;
  select string_agg(n, ', ') into problem
  from unnest(register_table.plain || register_table.personal || register_table.secret || register_table.quiet) as n
  where n like '%.%' and (n <> all (register_table.personal || register_table.secret)
    or n ~ '(^|\.)(\.|$)' or split_part(n, '.', 1) <> all (register_table.plain)
    or not exists (select from pg_catalog.pg_attribute as a
      where a.attrelid = target and a.attname = split_part(n, '.', 1) and a.atttypid = 'jsonb'::regtype));
  if problem is not null then
    raise exception 'register_table: in % a path must be personal or secret, and inside a plain column of type jsonb: %.', target, problem;
  end if;
  select string_agg(c, ', ') into problem
  from private.columns_to_classify(target) as c
  where c <> all (register_table.plain || register_table.personal || register_table.secret);
  if problem is not null then
    raise exception 'register_table: say for % whether these columns are plain, personal or secret: %.', target, problem;
  end if;
  if register_table.forgotten_with is not null and not exists (select from pg_catalog.pg_constraint as f
    join private.registered_tables as g on g.relation = f.confrelid and g.person is not null and g.on_forget = 'erase'
    where f.conrelid = target and f.confrelid = register_table.forgotten_with and f.contype = 'f') then
    raise exception 'register_table: % is to be forgotten with %. It must refer to it, and that one must say whose its rows are and erase them.',
      target, register_table.forgotten_with;
  end if;
  if register_table.on_forget = 'erase' and register_table.person is not null then
    select string_agg(a.attname, ', ') into problem
    from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attname = any (register_table.personal) and a.attnotnull and not a.atthasdef;
    if problem is not null then
      raise exception 'register_table: % cannot be erased in %, because the columns are not null. Give them a default, or delete the row.', problem, target;
    end if;
  end if;
  insert into private.registered_tables
    (relation, plain, personal, secret, quiet, keeping, unaudited, is_locked_first, person, on_forget, kept_because, copy_column, internal, forgotten_with)
  values (target, register_table.plain, register_table.personal, register_table.secret, register_table.quiet, register_table.keeping,
    register_table.unaudited, register_table.is_locked_first, register_table.person, register_table.on_forget, register_table.kept_because,
    register_table.copy_column, register_table.internal, register_table.forgotten_with)
  on conflict (relation) do update set (plain, personal, secret, quiet, keeping, unaudited, is_locked_first, person, on_forget, kept_because, copy_column, internal, forgotten_with) =
    (excluded.plain, excluded.personal, excluded.secret, excluded.quiet, excluded.keeping, excluded.unaudited,
     excluded.is_locked_first, excluded.person, excluded.on_forget, excluded.kept_because, excluded.copy_column, excluded.internal, excluded.forgotten_with);
end
$$;
comment on function private.register_table(regclass, text[], text[], text[], text[], private.table_keeping, text, boolean, text, text, text, text, text[], regclass) is
  'Says what a table holds and what happens to its rows. Fails if a column that could hold anything is not named.';

create function private.columns_to_classify(target regclass) returns setof text
  language sql stable
  set search_path = ''
as $$
  -- Text, JSON, bytes and addresses can hold anything. An id can be the id of a secret in Vault. A ref_id
  -- cannot: it is the public spelling of the row's own id.
  select a.attname::text
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attname <> 'ref_id'
    and (t.typcategory in ('S', 'I') or t.typname in ('json', 'jsonb', 'bytea', 'xml', 'hstore')
      or t.typcategory = 'A' and exists (
        select from pg_catalog.pg_type as e where e.oid = t.typelem and (e.typcategory = 'S' or e.typname in ('json', 'jsonb', 'bytea')))
      or a.attname ~ '(^|_)secret_id$')
$$;
comment on function private.columns_to_classify(regclass) is 'The columns that the file of a table must classify as plain, personal or secret.';

create function private.overwrite_json(value jsonb, path text[], replacement jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null or value = 'null' then
    return value;
  elsif cardinality(path) = 0 then
    return replacement;
  elsif path[1] = '*' and jsonb_typeof(value) = 'array' then
    return (select coalesce(jsonb_agg(private.overwrite_json(e.value, path[2:], replacement) order by e.n), '[]')
      from jsonb_array_elements(value) with ordinality as e (value, n));
  elsif path[1] = '*' and jsonb_typeof(value) = 'object' then
    return (select coalesce(jsonb_object_agg(f.key, private.overwrite_json(f.value, path[2:], replacement)), '{}') from jsonb_each(value) as f);
  elsif jsonb_typeof(value) = 'object' and value ? path[1] then
    return jsonb_set(value, path[1:1], private.overwrite_json(value -> path[1], path[2:], replacement));
  end if;
  return value;
end
$$;
comment on function private.overwrite_json(jsonb, text[], jsonb) is
  'A value in which something else stands at a path. "*" in a path is every element of an array or every field of an object.';

create function private.overwrite_paths(content jsonb, paths text[], replacement jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  path text;
begin
  foreach path in array paths loop
    content := private.overwrite_json(content, string_to_array(path, '.'), replacement);
  end loop;
  return content;
end
$$;

create function private.without_secrets(content jsonb, source regclass) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  registered private.registered_tables;
begin
  -- What is not registered may be anything, and a copy may be older than its table.
  select * into registered from private.registered_tables as g where g.relation = without_secrets.source;
  if not found then
    return 'null';
  end if;
  return private.overwrite_paths(content, registered.secret || registered.internal, 'null');
end
$$;
comment on function private.without_secrets(jsonb, regclass) is 'A row of a table as JSON, with null for what the table''s register calls secret or internal. Null if the table is not registered.';

create function private.anonymous_row(content jsonb, source regclass) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  registered private.registered_tables;
begin
  select * into registered from private.registered_tables as g where g.relation = anonymous_row.source;
  if not found then
    return 'null';
  end if;
  -- Only what is known to be harmless is kept, so a column that is added later is left out until somebody says what it holds.
  return private.overwrite_paths(coalesce((
    select jsonb_object_agg(a.attname, content -> a.attname::text)
    from pg_catalog.pg_attribute as a join pg_catalog.pg_type as t on t.oid = a.atttypid
    where a.attrelid = anonymous_row.source and a.attnum > 0 and not a.attisdropped and content ? a.attname::text
      and a.attname <> all (registered.personal || registered.secret || registered.internal || '{ref_id}')
      and (t.typcategory in ('N', 'B', 'D') or a.attname = any (registered.plain))), '{}'),
    registered.personal || registered.secret || registered.internal, 'null');
end
$$;
comment on function private.anonymous_row(jsonb, regclass) is 'A row of a table as JSON, without ids and without what the table''s register calls personal, secret or internal. Null if the table is not registered.';

select private.register_table('private.registered_tables', plain => '{plain,personal,secret,quiet,unaudited,person,on_forget,kept_because,copy_column,internal}',
  unaudited => 'changed by migrations only');
