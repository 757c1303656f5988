-- Files: the sweep of stored files that no row knows.

-- Both are definers, because nobody is granted the register, and the service no table in private.
create function private.file_buckets() returns table (bucket text)
  language sql stable security definer
  set search_path = ''
as $$ select b.bucket from private.registered_buckets as b order by b.bucket $$;
comment on function private.file_buckets() is 'The buckets of Storage that hold files of tenants.';

create function private.lost_files(bucket text, after text, batch int) returns table (name text)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  registered private.registered_buckets;
begin
  select * into registered from private.registered_buckets as b where b.bucket = lost_files.bucket;
  if registered.bucket is null then
    return;
  end if;
  -- Storage's own table, because its API lists folders, and each tenant has one.
  return query execute format(
    $sql$
      select o.name from storage.objects as o cross join lateral (select private.ulid_to_uuid(split_part(o.name, '/', 1)) as id) as tenant
      where o.bucket_id = $1 and o.name > $2 and greatest(o.created_at, o.updated_at) <= now() - interval '24 hours'
        and not private.%I(tenant.id, o.name)
        -- A demo is put back to its snapshot, and so are its files.
        and not exists (select from private.demo_snapshots as s where s.tenant_id = tenant.id and position(o.name in s.rows::text) > 0)
      order by o.name limit $3
    $sql$, registered.keeps)
  using lost_files.bucket, lost_files.after, lost_files.batch;
end
$$;
comment on function private.lost_files(text, text, int) is
  'Files of a bucket that are older than a day and that no row of their tenant knows, by name, after a given name.';
grant execute on function private.file_buckets(), private.lost_files(text, text, int) to service_role;

create function private.wake_file_sweep() returns text
  language sql volatile
  set search_path = ''
as $$ select 'Asked with request ' || private.call_edge_function('/registry/files/sweep', timeout_milliseconds => 120000) || '.' $$;
comment on function private.wake_file_sweep() is
  'Wakes the edge function that removes files that no row knows, because Storage deletes files by its API alone.';
select cron.schedule('registry: remove files that no row knows', '11 4 * * *', 'select private.wake_file_sweep()');
