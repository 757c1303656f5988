-- Stands in for supabase/pg_net 0.19 on the embedded server: the same tables, functions and grants.
-- What pg_net does in a background worker with curl, the stack's worker does from outside.

create schema net;

create domain net.http_method as text
  check (value ilike 'get' or value ilike 'post' or value ilike 'delete');

create unlogged table net.http_request_queue (
  id bigserial,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds int not null
);

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out bool,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

-- Anyone may send, as in pg_net since 0.12: access is decided by who can reach the schema's functions,
-- and a hosted project does not expose this schema over REST.
grant usage on schema net to public;
grant all on all sequences in schema net to public;
grant all on all tables in schema net to public;
