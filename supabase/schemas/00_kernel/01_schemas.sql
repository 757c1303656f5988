-- public is what the API exposes; private is what it never does: helpers, definer functions, partitions.
create schema if not exists private;
comment on schema private is 'Helpers, definer functions and partitions. Never exposed by the API.';
revoke all on schema private from public;

-- Policies run as the caller, so the caller must be able to reach the helpers they name.
grant usage on schema private to authenticated, service_role;

-- A hosted project grants every new table and function in public to everyone. Here a table's own
-- file says who may touch it, so a forgotten grant is a visible error and never an open table.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

-- The built-in grant of execute to public is global; a per-schema revoke would not undo it.
alter default privileges revoke execute on functions from public;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists pg_net with schema extensions;
create extension if not exists supabase_vault with schema vault cascade;
