-- Append-only: tables that are a record. A row goes only together with its tenant, or with a month that is over.

-- A definer, because nobody may read who is being purged.
create function private.tg_refuse_record_change() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stack text;
begin
  if tg_op = 'DELETE' then
    -- A row goes with its tenant, at once or in the batches of a purge.
    if not exists (select from public.tenants as t where t.id = old.tenant_id)
      or exists (select from private.tenant_purges as p where p.tenant = old.tenant_id and p.finished_at is null) then
      return old;
    end if;
    -- The upkeep of partitions moves rows out of the default partition and drops months that are over. A setting could
    -- be set by anybody; the call stack cannot.
    get diagnostics stack = pg_context;
    if stack ~ 'function private\.(make|drop)_partitions\(' then
      return old;
    end if;
  end if;
  raise exception '% is append-only: its rows cannot be changed.', coalesce(tg_argv[0], tg_table_name);
end
$$;

create function private.keep_append_only(target regclass) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
begin
  -- A missing grant stops the roles of the API. These stop the owner of the table as well, also during replication.
  execute format('create trigger %I before update or delete on %s for each row execute function private.tg_refuse_record_change(%L)',
    name || '_refuse_change', target, name);
  execute format('create trigger %I before truncate on %s for each statement execute function private.tg_refuse_change()',
    name || '_refuse_truncate', target);
  execute format('alter table %s enable always trigger %I', target, name || '_refuse_change');
  execute format('alter table %s enable always trigger %I', target, name || '_refuse_truncate');
end
$$;
comment on function private.keep_append_only(regclass) is
  'Has a table with a tenant_id refuse every update, delete and truncate, whoever asks. Its rows go with their tenant, and those of a partitioned table with their month.';
