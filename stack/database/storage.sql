-- supabase_admin runs this after @supabase/lite made the storage schema. Row level security is on and there is no policy:
-- only the service reaches files. A hosted project grants these tables to anon and authenticated as well, where no policy
-- lets them in either.
grant usage on schema storage to postgres, service_role;
grant select on storage.buckets, storage.objects to postgres;
grant select, insert, update, delete on storage.buckets, storage.objects to service_role;
