-- The API exposes the schema public. It never exposes private, which holds helpers, definer functions and partitions.
create schema if not exists private;
comment on schema private is 'Helpers, definer functions and partitions. The API never exposes this schema.';
revoke all on schema private from public;

-- Policies run as the caller. The caller must therefore be able to reach the helpers that policies name.
grant usage on schema private to authenticated, service_role;

-- A hosted project grants every new table and function in public to everyone. Here the file of a table says
-- who may use it. A forgotten grant is then a visible error and never an open table.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

-- The built-in grant of execute to public is global. A revoke in one schema would not undo it.
alter default privileges revoke execute on functions from public;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists pg_net with schema extensions;
create extension if not exists supabase_vault with schema vault cascade;
create extension if not exists pg_trgm with schema extensions;
