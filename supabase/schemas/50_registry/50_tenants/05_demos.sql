-- Demos: the snapshot of a demo tenant, and the reset to it every night.

create function private.snapshot_demo_tenant(tenant uuid) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  kept int := 0;
  named_before uuid[] := private.snapshot_secret_ids(tenant);
begin
  perform from public.tenants as t where t.id = snapshot_demo_tenant.tenant and t.kind = 'demo' for no key update;
  if not found then
    perform private.raise_problem(409, 'conflict', 'Only a demo tenant can have a snapshot.');
  end if;
  delete from private.demo_snapshots as s where s.tenant_id = snapshot_demo_tenant.tenant;
  for source in
    select * from private.tenant_tables() as t
    where t.keeping = 'data'
  loop
    execute format(
      'insert into private.demo_snapshots (tenant_id, relation, rows)
       select $1, $2, coalesce(jsonb_agg(to_jsonb(t)), ''[]'') from %s as t where t.%I = $1', source.relation, source.tenant_column)
    using tenant, source.name;
    kept := kept + 1;
  end loop;
  perform private.drop_secrets(tenant, array(
    select n from unnest(named_before) as n
    where n <> all (private.snapshot_secret_ids(tenant))));
  return kept;
end
$$;
comment on function private.snapshot_demo_tenant(uuid) is 'Stores the present state of a demo tenant. Returns how many tables it holds. The seeds call this at their end.';

create function private.reset_demo_tenant(tenant uuid) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  columns text;
  gone int;
  changed int := 0;
begin
  perform from public.tenants as t where t.id = reset_demo_tenant.tenant and t.kind = 'demo' for no key update;
  if not found or not exists (select from private.demo_snapshots as s where s.tenant_id = reset_demo_tenant.tenant) then
    perform private.raise_problem(409, 'conflict', 'Only a demo tenant with a snapshot can be reset.');
  end if;
  -- A reset is no event: webhooks report nothing of it.
  perform set_config('tenantry.is_restoring', 'on', true);
  perform private.lock_tenant_queues(reset_demo_tenant.tenant);

  -- Rows that did not change stay untouched, so a demo that nobody used does not change. The tenant's own row is
  -- updated and not replaced, because deleting it would delete everything. Its updated_at shows the reset.
  select string_agg(format('%1$I = s.%1$I', a.attname), ', ') into columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = 'public.tenants'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname not in ('id', 'created_at', 'created_by', 'updated_at', 'updated_by');
  execute format(
    $sql$
      update public.tenants as t set %s
      from private.demo_snapshots as d, jsonb_populate_recordset(null::public.tenants, d.rows) as s
      where t.id = $1 and d.tenant_id = $1 and d.relation = 'tenants'
        and to_jsonb(t) - '{updated_at,updated_by}'::text[] <> to_jsonb(s) - '{updated_at,updated_by}'::text[]
    $sql$, columns)
  using tenant;
  get diagnostics changed = row_count;

  -- Children first, so that a row is deleted before the row to which it points. Members wait for the next loop,
  -- because a tenant must have an owner, even between two statements.
  for source in
    select * from private.tenant_tables() as t
    where t.keeping in ('data', 'history') and t.name not in ('tenants', 'tenant_members')
    order by t.depth desc, t.name
  loop
    execute format(
      $sql$
        delete from %1$s as t
        where t.%2$I = $1 and not exists (
          select from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept)
          where d.tenant_id = $1 and d.relation = $2 and s.kept = to_jsonb(t))
      $sql$, source.relation, source.tenant_column)
    using tenant, source.name;
    get diagnostics gone = row_count;
    changed := changed + gone;
  end loop;

  -- Parents first. A foreign key that sets null has changed rows in the meantime, so rows that differ now are
  -- replaced. This is one statement, and the rules about owners are checked at its end.
  for source in
    select * from private.tenant_tables() as t
    where t.keeping in ('data', 'history') and t.name <> 'tenants'
    order by t.depth, t.name
  loop
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
    from pg_catalog.pg_attribute as a
    where a.attrelid = source.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
    execute format(
      $sql$
        with kept as materialized (
          select s.kept from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept)
          where d.tenant_id = $1 and d.relation = $2
        ), gone as (
          delete from %1$s as t
          where t.%2$I = $1 and not exists (select from kept as k where k.kept = to_jsonb(t))
          returning 1
        )
        insert into %1$s (%3$s) overriding system value
        select %3$s from jsonb_populate_recordset(null::%1$s, (
          select coalesce(jsonb_agg(k.kept), '[]') from kept as k
          -- Counting the deleted rows makes the deletion come first.
          where (select count(*) from gone) >= 0
            and not exists (select from %1$s as t where t.%2$I = $1 and to_jsonb(t) = k.kept)))
      $sql$, source.relation, source.tenant_column, columns)
    using tenant, source.name;
    get diagnostics gone = row_count;
    changed := changed + gone;
  end loop;
  perform set_config('tenantry.is_restoring', 'off', true);
  return changed;
end
$$;
comment on function private.reset_demo_tenant(uuid) is
  'Restores a demo tenant to its snapshot, in one transaction. Returns how many rows were changed. People''s logins are not changed.';

create function private.reset_demo_tenants() returns int
  language plpgsql
  set search_path = ''
as $$
declare
  demo uuid;
  changed int := 0;
begin
  for demo in
    select t.id from public.tenants as t
    where t.kind = 'demo' and exists (select from private.demo_snapshots as s where s.tenant_id = t.id) order by t.id
  loop
    begin
      changed := changed + private.reset_demo_tenant(demo);
    exception when others then
      -- If one tenant cannot be reset, the others are still reset.
      raise warning 'The demo tenant % was not reset: % (%)', demo, sqlerrm, sqlstate;
    end;
  end loop;
  return changed;
end
$$;
comment on function private.reset_demo_tenants() is 'Resets every demo tenant that has a snapshot. Returns how many rows were changed.';

select cron.schedule('registry: reset the demo tenants', '7 2 * * *',
  'select private.reset_demo_tenants()');
