-- Replaces supabase/pg_net 0.19 on the embedded server: the same tables, functions and grants. pg_net sends with
-- curl in a background worker. Here the stack's worker sends from outside.

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

-- Every role may send, as in pg_net since 0.12. Access depends on who can reach the functions of the schema, and a
-- hosted project does not expose this schema over REST.
grant usage on schema net to public;
grant all on all sequences in schema net to public;
grant all on all tables in schema net to public;
