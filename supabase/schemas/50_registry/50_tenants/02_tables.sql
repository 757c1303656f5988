-- Tables of tenants: which tables hold rows of tenants, and what exports, purges and resets need to know of them.

-- Reads the tables from the catalog. So a new table is exported, purged and reset without any further change.
create function private.tenant_tables()
  returns table (name text, relation regclass, tenant_column text, key text[], depth int, keeping private.table_keeping)
  language sql stable
  set search_path = ''
as $$
  with recursive owned as (
    select c.oid, case n.nspname when 'public' then c.relname::text else n.nspname || '.' || c.relname end as name,
      case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end as tenant_column
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
  ), reached (oid, depth) as (
    select 'public.tenants'::regclass::oid, 0
    union
    -- The bound stops tables that refer to each other. Real chains are a few tables long.
    select k.conrelid, r.depth + 1
    from reached as r
    join pg_catalog.pg_constraint as k on k.contype = 'f' and k.confrelid = r.oid and k.conrelid <> k.confrelid
    where r.depth < 12
  )
  select o.name, o.oid::regclass, o.tenant_column,
    array(
      select a.attname::text
      from pg_catalog.pg_index as x
      cross join unnest(x.indkey) with ordinality as part (attnum, n)
      join pg_catalog.pg_attribute as a on a.attrelid = x.indrelid and a.attnum = part.attnum
      where x.indrelid = o.oid and x.indisprimary and a.attname <> o.tenant_column
      order by part.n),
    coalesce((select max(r.depth) from reached as r where r.oid = o.oid), 1),
    coalesce(g.keeping, 'data')
  from owned as o
  left join private.registered_tables as g on g.relation = o.oid::regclass
  where g.keeping is distinct from 'transient'
$$;
comment on function private.tenant_tables() is
  'Every table with rows of tenants: its key without the tenant, its distance from tenants (parents first), and what happens to its rows.';

create function private.lock_tenant_queues(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  queue record;
begin
  -- In the order of the key, because a process that serves a queue locks its rows before the rows they point to.
  for queue in
    select t.relation, t.tenant_column, (select string_agg(quote_ident(k), ', ') from unnest(t.key) as k) as key
    from private.tenant_tables() as t join private.registered_tables as g using (relation)
    where g.is_locked_first order by t.name
  loop
    execute format('select from %s where %I = $1 order by %s for update', queue.relation, queue.tenant_column, queue.key) using tenant;
  end loop;
end
$$;
comment on function private.lock_tenant_queues(uuid) is 'Locks a tenant''s rows in tables that are registered as is_locked_first. Call it before deleting the tenant''s rows.';

-- The demo tenants. Their state is kept as rows and restored every night.
create table private.demo_snapshots (
  tenant_id uuid not null references public.tenants on delete cascade,
  relation text not null,
  rows jsonb not null,
  taken_at timestamptz not null default now(),
  primary key (tenant_id, relation),
  constraint rows_are_a_list check (jsonb_typeof(rows) = 'array')
);
comment on table private.demo_snapshots is 'The rows of a demo tenant, one row for each table, as they are restored every night.';

create function private.snapshot_secret_ids(tenant uuid) returns uuid[]
  language sql stable
  set search_path = ''
as $$
  select coalesce(array_agg(f.value::uuid), '{}')
  from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept), jsonb_each_text(s.kept) as f
  where d.tenant_id = snapshot_secret_ids.tenant and f.key ~ '(^|_)secret_id$' and f.value is not null
$$;
comment on function private.snapshot_secret_ids(uuid) is 'The secrets in Vault that a demo tenant''s snapshot names. Restored rows need them.';

create function private.drop_secrets(tenant uuid, secrets uuid[]) returns void
  language sql
  set search_path = ''
as $$
  delete from vault.secrets as s
  where s.id = any (drop_secrets.secrets) and s.id <> all (private.snapshot_secret_ids(drop_secrets.tenant))
$$;
comment on function private.drop_secrets(uuid, uuid[]) is
  'Deletes the Vault secrets of deleted rows. Keeps the secrets that a demo tenant''s snapshot will need.';

create function private.keep_secret(given text, stored uuid, goes_elsewhere boolean, what text, field text default 'secret') returns uuid
  language plpgsql
  set search_path = ''
as $$
begin
  if given is not null then
    return vault.create_secret(given, null, what);
  end if;
  -- Otherwise whoever may change the settings could have it sent to a server of their own.
  if stored is not null and goes_elsewhere then
    perform private.raise_problem(422, 'invalid_value', 'The secret would go to another server than before. Give it again.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', 'must be given again for another server')));
  end if;
  return stored;
end
$$;
comment on function private.keep_secret(text, uuid, boolean, text, text) is
  'The secret in Vault that settings name from now on: a new one if it is given, else the stored one. 422 invalid_value if the stored one would go to another server than before.';

-- A definer, because nobody else may reach Vault. It also runs when a tenant is deleted together with its rows.
create function private.tg_drop_secrets() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.drop_secrets(old.tenant_id, array(
    select (to_jsonb(old) ->> c)::uuid from unnest(tg_argv) as c
    where to_jsonb(old) ->> c is not null
      and (tg_op = 'DELETE' or to_jsonb(old) ->> c <> all (array(select coalesce(to_jsonb(new) ->> n, '') from unnest(tg_argv) as n)))));
  return null;
end
$$;
comment on function private.tg_drop_secrets() is
  'Deletes from Vault what a changed or deleted row does not name any more. Its arguments are the columns that hold ids of secrets.';

select private.register_table('private.demo_snapshots', keeping => 'derived', plain => '{relation}', personal => '{rows}', unaudited => 'a copy of rows', copy_column => 'rows',
  on_forget => 'keep', kept_because => 'A demo tenant holds invented people. They are restored every night.');
