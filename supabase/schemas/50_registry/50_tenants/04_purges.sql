-- Purges: how an archived tenant's rows are deleted for ever, batch by batch.

-- All three are definers, because nobody may read or write these tables directly. Granted only to the service.
create function private.begin_purge(tenant uuid, reason text default null, is_forced boolean default false)
  returns private.tenant_purges
  language plpgsql security definer
  set search_path = ''
as $$
declare
  found_tenant public.tenants;
  purge private.tenant_purges;
begin
  select * into found_tenant from public.tenants as t where t.id = begin_purge.tenant for no key update;
  select * into purge from private.tenant_purges as p where p.tenant = begin_purge.tenant;
  if purge.tenant is not null then
    return purge;
  end if;
  if found_tenant.id is null then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant.');
  elsif found_tenant.status <> 'archived' then
    perform private.raise_problem(409, 'not_purgeable', format('Only an archived tenant can be purged. This one is %s.', found_tenant.status));
  elsif found_tenant.purgeable_at > now() and not begin_purge.is_forced then
    perform private.raise_problem(409, 'not_purgeable', format(
      'The export window of this tenant is open until %s. Purge it after that, or force the purge and give a reason.',
      to_char(found_tenant.purgeable_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
  elsif begin_purge.is_forced and nullif(btrim(begin_purge.reason), '') is null then
    perform private.raise_problem(422, 'invalid_value', 'Give a reason to purge the tenant before its export window closes.',
      '[{"pointer": "/reason", "detail": "is needed to force a purge"}]');
  end if;
  insert into private.tenant_purges (tenant, ref_id, slugs, reason, is_forced)
  select found_tenant.id, found_tenant.ref_id,
    array(select s.slug from public.tenant_slugs as s where s.tenant_id = found_tenant.id order by s.created_at),
    begin_purge.reason, begin_purge.is_forced and found_tenant.purgeable_at > now()
  returning * into purge;
  perform private.record_audit(purge.tenant, 'tenant.purge_decided', 'tenant', purge.ref_id, found_tenant.name,
    jsonb_build_object('reason', purge.reason, 'is_forced', purge.is_forced));
  return purge;
end
$$;
comment on function private.begin_purge(uuid, text, boolean) is
  'Decides that an archived tenant is purged. This cannot be undone. purge_batch() then deletes its rows. 409 not_purgeable. A repeated call returns the progress.';

create function private.purged_tenant_id(ref text) returns uuid
  language sql stable security definer
  set search_path = ''
as $$ select p.tenant from private.tenant_purges as p where p.ref_id = purged_tenant_id.ref $$;
comment on function private.purged_tenant_id(text) is 'The tenant that had this ref_id, if it is purged or being purged.';

create function private.purge_batch(tenant uuid, batch int default 10000)
  returns private.tenant_purges
  language plpgsql security definer
  set search_path = ''
as $$
declare
  purge private.tenant_purges;
  source record;
  secret_ids text;
  gone int;
  room int := batch;
begin
  -- Two purges of one tenant at the same time take turns.
  select * into purge from private.tenant_purges as p where p.tenant = purge_batch.tenant for update;
  if purge.tenant is null or purge.finished_at is not null then
    return purge;
  end if;
  perform private.lock_tenant_queues(purge_batch.tenant);
  for source in
    select t.name, leaf.relid as relation, t.relation as parent, t.tenant_column, t.name in ('tenants', 'tenant_members', 'tenant_slugs') as goes_last
    from private.tenant_tables() as t
    -- One partition after the other, because a row's place (ctid) is unique only within a partition.
    cross join lateral (
      select p.relid from pg_catalog.pg_partition_tree(t.relation) as p where p.isleaf
      union
      select t.relation where not exists (select from pg_catalog.pg_partition_tree(t.relation))
    ) as leaf
    where t.keeping <> 'kept'
    -- The owner and the slugs of a tenant stay until the last batch.
    order by t.name = 'tenants', goes_last, t.depth desc, t.name, leaf.relid::text
  loop
    -- The last rows are few. They are deleted together with the tenant.
    exit when room <= 0;
    continue when source.goes_last and source.name <> 'tenants';
    select string_agg(format('(%L)', a.attname), ', ') into secret_ids
    from pg_catalog.pg_attribute as a
    where a.attrelid = source.relation and not a.attisdropped and a.atttypid = 'uuid'::regtype and a.attname ~ '(^|_)secret_id$';
    execute format(
      $sql$
        with gone as (
          delete from %1$s as t where t.ctid = any (array(select ctid from %1$s where %2$I = $1 limit $2)) returning to_jsonb(t) as row
        )%3$s
        select count(*) from gone
      $sql$, source.relation, source.tenant_column,
      -- The secrets that a row has in Vault are deleted with the row.
      ', unlocked as (delete from vault.secrets as s using gone as g, (values ' || secret_ids || ') as c (name)
        where s.id = (g.row ->> c.name)::uuid)')
    into gone using tenant, room;
    if gone > 0 then
      room := room - gone;
      purge.deleted_rows := jsonb_set(purge.deleted_rows, array[source.name],
        to_jsonb(coalesce((purge.deleted_rows ->> source.name)::bigint, 0) + gone));
    end if;
    if source.name = 'tenants' then
      purge.finished_at := now();
      perform private.record_audit(purge.tenant, 'tenant.purged', 'tenant', purge.ref_id, null,
        jsonb_build_object('deleted_rows', purge.deleted_rows));
    end if;
  end loop;
  update private.tenant_purges as p set deleted_rows = purge.deleted_rows, finished_at = purge.finished_at
  where p.tenant = purge_batch.tenant;
  return purge;
end
$$;
comment on function private.purge_batch(uuid, int) is
  'Deletes at most a batch of a purged tenant''s rows, children first, and the tenant itself when nothing else is left. Repeat until finished_at is set.';

create function private.continue_purges(batch int default 20000) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  unfinished uuid;
begin
  select p.tenant into unfinished from private.tenant_purges as p
  where p.finished_at is null order by p.requested_at limit 1 for update skip locked;
  if unfinished is null then
    return 0;
  end if;
  perform private.purge_batch(unfinished, batch);
  return 1;
end
$$;
comment on function private.continue_purges(int) is
  'Deletes one batch for the oldest purge that is not finished. Returns whether there was one.';
grant execute on function private.begin_purge(uuid, text, boolean), private.purge_batch(uuid, int),
  private.purged_tenant_id(text) to service_role;

select cron.schedule('registry: continue purges', '* * * * *',
  'select private.continue_purges()');

select private.register_audit_action('tenant.purge_decided', 'u', '{reason,is_forced}');
select private.register_audit_action('tenant.purged', 'd', '{deleted_rows}');
