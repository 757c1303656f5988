-- Made by "npm run generate" from supabase/schemas/20_audit. Change it there.

-- 01_log.sql

-- The audit log: what was done in each tenant, by whom and from where. Rows are added and never changed.

create type public.audit_crud as enum ('c', 'r', 'u', 'd');

create type public.audit_actor_type as enum (
  'user',      -- a person; its id is the person's ref_id
  'operator',  -- a person of the platform, at work as one; its id is the person's ref_id
  'api_key',   -- a tenant's server; its id is the key's ref_id
  'portal_token', -- a page in a frame, which a person or a key lent a token; its id is the token's ref_id
  'service',   -- the platform's own servers, which have a secret key
  'system',    -- cron, with the job as its name, or a direct connection
  'anonymous'  -- a caller without credentials
);

create table public.audit_log (
  -- A plain value and no foreign key, because these rows stay when their tenant is purged.
  tenant_id uuid not null,
  -- 1, 2, 3, … within the tenant, without gaps.
  seq bigint not null,
  id uuid not null default private.uuid_v7(),
  project_id uuid,
  actor_id text,
  actor_name text,
  actor_type public.audit_actor_type not null,
  action text not null,
  crud public.audit_crud not null,
  target_id text,
  target_type text,
  target_name text,
  product text,
  component text not null,
  description text,
  is_failure boolean not null default false,
  is_anonymous boolean not null default false,
  metadata jsonb not null default '{}',
  payload_hash text not null,
  source_ip inet,
  user_agent text,
  request_id text,
  created_at timestamptz not null default now(),
  prev_hash text not null,
  hash text not null,
  primary key (tenant_id, seq),
  constraint action_is_a_dotted_word check (action ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$' and length(action) <= 128),
  constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  constraint seq_counts_from_one check (seq > 0),
  constraint source_ip_is_one_address check (masklen(source_ip) = case family(source_ip) when 4 then 32 else 128 end),
  constraint hashes_are_sha256 check (payload_hash ~ '^[0-9a-f]{64}$' and prev_hash ~ '^[0-9a-f]{64}$' and hash ~ '^[0-9a-f]{64}$')
);
comment on table public.audit_log is
  'What was done in a tenant, by whom and from where. Rows are only added. The hash of a row covers all its fields and the hash of the row before.';
create index audit_log_created_at_idx on public.audit_log (tenant_id, created_at desc);
create index audit_log_action_idx on public.audit_log (tenant_id, action, seq desc);
create index audit_log_actor_id_idx on public.audit_log (tenant_id, actor_id, seq desc) where actor_id is not null;
create index audit_log_target_id_idx on public.audit_log (tenant_id, target_id, seq desc) where target_id is not null;
create index audit_log_product_idx on public.audit_log (tenant_id, product, seq desc) where product is not null;
create index audit_log_project_id_idx on public.audit_log (tenant_id, project_id, seq desc) where project_id is not null;
-- For the platform, which reads across tenants (requirement document 003). An id is made in the order of time.
create index audit_log_platform_idx on public.audit_log (id desc);
create index audit_log_platform_product_idx on public.audit_log (product, id desc) where product is not null;
create index audit_log_platform_actor_id_idx on public.audit_log (actor_id, id desc) where actor_id is not null;
create index audit_log_platform_action_idx on public.audit_log (action, id desc);
-- A request is in one tenant, as a rule. So this one index serves a tenant and the platform.
create index audit_log_request_id_idx on public.audit_log (request_id, tenant_id, seq desc) where request_id is not null;
create index audit_log_is_failure_idx on public.audit_log (tenant_id, seq desc) where is_failure;

create table private.audit_heads (
  tenant_id uuid primary key,
  seq bigint not null default 0,
  hash text not null default repeat('0', 64),
  constraint head_hash_is_sha256 check (hash ~ '^[0-9a-f]{64}$')
-- Free space on each page: updating a head stays on its page and touches no index.
) with (fillfactor = 40);
comment on table private.audit_heads is
  'The last row of each tenant''s chain. The next row continues from it. It also shows whether the end of the chain was cut off.';

-- Events wait here until their transaction commits. So a tenant's chain is locked only during the commit. If it
-- were locked earlier, each long transaction would delay its tenant, and two transactions that wait for each
-- other's rows would deadlock. Unlogged, because no row stays after its transaction.
create unlogged table private.audit_pending (
  xact xid8 not null default pg_current_xact_id(),
  n bigint not null generated always as identity,
  like public.audit_log including defaults,
  primary key (xact, n)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
alter table private.audit_pending
  alter seq drop not null, alter payload_hash drop not null, alter prev_hash drop not null, alter hash drop not null;
comment on table private.audit_pending is 'What the running transactions have done so far. Each commit adds its events to the chain in audit_log.';

create function private.tg_refuse_audit_change() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  raise exception 'The audit log is only ever added to.' using errcode = 'Rows can only be added to the audit log.';
end
$$;

-- A revoke stops the roles of the API. This stops the owner of the table as well, also during replication.
create trigger audit_log_refuse_change before update or delete or truncate on public.audit_log
  for each statement execute function private.tg_refuse_audit_change();
alter table public.audit_log enable always trigger audit_log_refuse_change;

alter table public.audit_log enable row level security;

-- Nobody holds a grant for which this policy would matter. If somebody gets one, it will open no other tenant.
create policy "managers read their tenant's audit log" on public.audit_log
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.audit_log to service_role;

select private.register_table('public.audit_log', keeping => 'kept', unaudited => 'the log itself, to which rows are only added',
  plain => '{action,target_id,target_type,product,component,description,metadata,request_id,payload_hash,prev_hash,hash}',
  personal => '{actor_id,actor_name,target_name,source_ip,user_agent}',
  on_forget => 'keep', kept_because => 'The log proves what was done in the tenant. Its rows cannot be changed. Personal columns of other tables are not copied into it.');
select private.register_table('private.audit_heads', keeping => 'kept', plain => '{hash}', unaudited => 'the ends of the log''s chains');
select private.register_table('private.audit_pending', keeping => 'transient', unaudited => 'becomes rows of the log',
  plain => '{action,target_id,target_type,product,component,description,metadata,request_id,payload_hash,prev_hash,hash}',
  personal => '{actor_id,actor_name,target_name,source_ip,user_agent}',
  on_forget => 'keep', kept_because => 'Becomes rows of the log within the transaction.');

-- 02_chain.sql

-- The chain: each audit row has the hash of the row before, so a change or a gap can be found.

-- The hash is made of a JSON array of texts and nulls without spaces. JSON is unambiguous and every language
-- can write it. One value cannot be read as two, nor a null as an empty text.
create function private.audit_hash(event public.audit_log) returns text
  language plpgsql stable
  set search_path = ''
as $$
begin
  return encode(sha256(convert_to(array_to_json(array[
    'tenantry-audit-1', event.tenant_id::text, event.seq::text, event.id::text, event.project_id::text,
    event.actor_id, event.actor_name, event.actor_type::text, event.action, event.crud::text,
    event.target_id, event.target_type, event.target_name, event.product, event.component, event.description,
    event.is_failure::text, event.is_anonymous::text, event.metadata::text, event.payload_hash,
    host(event.source_ip), event.user_agent, event.request_id,
    (extract(epoch from event.created_at) * 1000000)::bigint::text, event.prev_hash])::text, 'UTF8')), 'hex');
end
$$;
comment on function private.audit_hash(public.audit_log) is 'SHA-256 over every field of an audit row and the hash of the row before. docs/audit.md explains it in words.';

-- A definer, because only this function may write to the chain.
create function private.tg_chain_audit() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  events private.audit_pending[];
  event private.audit_pending;
  chained public.audit_log;
  head private.audit_heads;
begin
  -- It fires for every event. The first call handles all events of its transaction.
  perform from private.audit_pending as p where p.xact = new.xact and p.n = new.n;
  if not found then
    return null;
  end if;
  with gone as (delete from private.audit_pending as p where p.xact = new.xact returning p as event)
  -- Sorted by tenant, so that transactions with several tenants lock their heads in one order.
  select array_agg(g.event order by (g.event).tenant_id, (g.event).n) into events from gone as g;

  foreach event in array events loop
    if head.tenant_id is distinct from event.tenant_id then
      if head.tenant_id is not null then
        update private.audit_heads as h set seq = head.seq, hash = head.hash where h.tenant_id = head.tenant_id;
      end if;
      select * into head from private.audit_heads as h where h.tenant_id = event.tenant_id for no key update;
      if not found then
        insert into private.audit_heads (tenant_id) values (event.tenant_id) on conflict do nothing;
        select * into head from private.audit_heads as h where h.tenant_id = event.tenant_id for no key update;
      end if;
    end if;
    chained := (event.tenant_id, head.seq + 1, event.id, event.project_id, event.actor_id, event.actor_name, event.actor_type,
      event.action, event.crud, event.target_id, event.target_type, event.target_name, event.product, event.component,
      event.description, event.is_failure, event.is_anonymous, event.metadata,
      encode(sha256(convert_to(event.metadata::text, 'UTF8')), 'hex'), event.source_ip, event.user_agent, event.request_id,
      event.created_at, head.hash, '');
    chained.hash := private.audit_hash(chained);
    insert into public.audit_log select chained.*;
    head.seq := chained.seq;
    head.hash := chained.hash;
  end loop;
  update private.audit_heads as h set seq = head.seq, hash = head.hash where h.tenant_id = head.tenant_id;
  return null;
end
$$;
create constraint trigger audit_pending_chain after insert on private.audit_pending
  deferrable initially deferred for each row execute function private.tg_chain_audit();

create function private.find_audit_break(tenant uuid, after_seq bigint default 0, after_hash text default null, batch int default 20000)
  returns table (last_seq bigint, last_hash text, is_end boolean, break_seq bigint, problem text)
  language plpgsql stable
  set search_path = ''
as $$
declare
  event public.audit_log;
  head private.audit_heads;
  seen int := 0;
begin
  last_seq := after_seq;
  last_hash := coalesce(after_hash, repeat('0', 64));
  is_end := false;
  for event in
    select * from public.audit_log as a where a.tenant_id = tenant and a.seq > after_seq order by a.seq limit batch
  loop
    seen := seen + 1;
    problem := case
      when event.seq <> last_seq + 1 then 'gap'
      when event.hash <> private.audit_hash(event) then 'hash_mismatch'
      when event.payload_hash <> encode(sha256(convert_to(event.metadata::text, 'UTF8')), 'hex') then 'payload_mismatch'
      when event.prev_hash <> last_hash then 'wrong_prev' end;
    if problem is not null then
      break_seq := case when problem = 'gap' then last_seq + 1 else event.seq end;
      return next;
      return;
    end if;
    last_seq := event.seq;
    last_hash := event.hash;
  end loop;

  is_end := seen < batch;
  if is_end then
    select * into head from private.audit_heads as h where h.tenant_id = tenant;
    problem := case
      when head.tenant_id is null then 'head_missing'
      when head.seq > last_seq then 'tail_cut'
      when head.seq < last_seq then 'beyond_head'
      when head.hash <> last_hash then 'head_mismatch' end;
    break_seq := case problem
      when 'tail_cut' then last_seq + 1
      when 'beyond_head' then head.seq + 1
      when 'head_mismatch' then last_seq end;
  end if;
  return next;
end
$$;
comment on function private.find_audit_break(uuid, bigint, text, int) is
  'Checks a batch of a tenant''s chain, starting after a given row. Returns how far it got, whether that is the end, and the first break it found.';

-- 03_actors.sql

-- Actors: who is at work on a connection, and from where.

create type private.audit_context as (
  actor_type public.audit_actor_type,
  actor_id text,
  actor_name text,
  component text,
  source_ip inet,
  user_agent text,
  request_id text
);

create function private.running_job() returns text
  language sql stable
  set search_path = ''
as $$
  -- Only the newest few runs, because cron's history has no index by process.
  select j.jobname
  from (select jobid, job_pid, status from cron.job_run_details order by runid desc limit 50) as r
  join cron.job as j on j.jobid = r.jobid
  where r.job_pid = pg_backend_pid() and r.status in ('running', 'starting', 'connecting', 'sending')
  limit 1
$$;
comment on function private.running_job() is 'The cron job that this connection runs. Null if it runs none.';

create function private.audit_context(tenant uuid default null) returns private.audit_context
  language plpgsql stable
  set search_path = ''
as $$
declare
  context private.audit_context;
  -- A definer function changes current_user but not this setting, which says who the caller is.
  role text := current_setting('role');
  application text := current_setting('application_name');
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  headers jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  -- Not the claim of the token, because any token could have one. Only a verified key sets this setting.
  api_key uuid := nullif(current_setting('tenantry.api_key', true), '')::uuid;
  portal_token uuid := private.caller_portal_token();
  -- The service's connection may work for somebody: then its claims name them. Not over REST, where a token brings the claims.
  is_for_somebody boolean := role = 'service_role' and session_user <> 'authenticator' and claims ?| '{sub,acting_key}';
  -- Only private.enter_operator() writes this claim. An operator is named in every tenant: its people may know who looked.
  is_operator boolean := is_for_somebody and claims ? 'is_operator';
  works_for_user text;
  works_for_key text;
begin
  if is_for_somebody then
    select m.user_id into works_for_user from public.tenant_members as m
    where m.tenant_id = audit_context.tenant and m.user_id = (claims ->> 'sub')::uuid;
    select k.id into works_for_key from public.api_keys as k
    where k.tenant_id = audit_context.tenant and k.id = (claims ->> 'acting_key')::uuid;
    -- What they start may change another tenant: a host goes to whoever proves it. That tenant's log says that the
    -- service did it, and nothing about a stranger.
    if works_for_user is null and works_for_key is null and not is_operator then
      headers := null;
    end if;
  end if;
  context.component := case
    when session_user = 'authenticator' then 'rest'
    when application = 'tenantry-functions' then 'functions'
    when application like 'pg_cron%' then 'cron'
    else 'database' end;

  if is_operator then
    context.actor_type := 'operator';
    context.actor_id := private.ulid((claims ->> 'sub')::uuid);
    select p.name into context.actor_name from public.user_profiles as p where p.user_id = (claims ->> 'sub')::uuid;
  elsif role = 'authenticated' and api_key is not null or works_for_key is not null then
    context.actor_type := 'api_key';
    context.actor_id := private.ulid(coalesce(works_for_key::uuid, api_key));
  elsif role = 'authenticated' and portal_token is not null then
    context.actor_type := 'portal_token';
    context.actor_id := private.ulid(portal_token);
  elsif role = 'authenticated' and claims ->> 'sub' is not null or works_for_user is not null then
    context.actor_type := 'user';
    context.actor_id := private.ulid((claims ->> 'sub')::uuid);
    select p.name into context.actor_name from public.user_profiles as p where p.user_id = (claims ->> 'sub')::uuid;
  elsif role in ('authenticated', 'anon') then
    context.actor_type := 'anonymous';
  elsif role = 'service_role' then
    context.actor_type := 'service';
    context.actor_id := 'service_role';
  else
    context.actor_type := 'system';
    context.actor_id := context.component;
    context.actor_name := case when context.component = 'cron' then private.running_job() else session_user end;
  end if;

  if headers is not null then
    context.source_ip := private.request_address(headers);
    context.user_agent := nullif(left(regexp_replace(headers ->> 'user-agent', '[[:cntrl:]]', '', 'g'), 400), '');
    context.request_id := substring(headers ->> 'x-request-id' from '^[A-Za-z0-9_.:=-]{8,128}$');
  end if;
  return context;
end
$$;
comment on function private.audit_context(uuid) is 'Who is at work on this connection for a tenant, and from where. Every audit row takes its actor from this.';

-- 04_redaction.sql

-- Redaction: which values the audit log leaves out of what it records.

-- The register of columns decides (private.registered_tables), and it guesses nothing. The two functions below are a
-- second line of defence for what no register can list: a person may type an address into any text, and the settings of
-- a product are JSON of any shape. They look at values of plain columns, which should hold nothing that they find.

create function private.is_sensitive(name text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Secrets, and data that identifies a person. Names of columns, and of JSON fields in snake_case or camelCase.
  return lower(regexp_replace(name, '([a-z])([A-Z])', '\1_\2', 'g')) ~ (
    '(^|_)(hash|token|secrets?|password|passwd|passphrase|credentials?|key|otp|pin|signature|pepper|authorization|cookie'
    || '|e?mails?|phone|mobile|telephone|fax|address|street|birth|birthday|iban|pan|gst|ssn|vat)(_|$)'
    || '|^(billing|client|participant|contact|recipient)_(name|city|postal_code|state|country)$'
    || '|^(full|first|last|given|family|legal|middle|nick)_name$');
end
$$;
comment on function private.is_sensitive(text) is
  'Whether a column or JSON field of this name holds a secret or personal data. The audit log records only that such a value changed.';

create function private.redact_json(value jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- Every name that is_sensitive() knows contains one of these words. Most values contain none of them. They
  -- skip the check of each field, which takes fifty times as long.
  if value::text !~* ('@|hash|token|secret|pass|credential|key|otp|pin|signature|pepper|authorization|cookie|mail|phone|mobile|fax'
    || '|address|street|birth|iban|pan|gst|ssn|vat|(billing|client|participant|contact|recipient|full|first|last|given|family|legal|middle|nick)_?[a-z]') then
    return value;
  end if;
  case jsonb_typeof(value)
    when 'object' then
      return (select coalesce(jsonb_object_agg(f.key, case when private.is_sensitive(f.key) and f.value <> 'null'
          then '"[redacted]"'::jsonb else private.redact_json(f.value) end), '{}')
        from jsonb_each(value) as f);
    when 'array' then
      return (select coalesce(jsonb_agg(private.redact_json(e.value) order by e.n), '[]')
        from jsonb_array_elements(value) with ordinality as e (value, n));
    when 'string' then
      -- An e-mail address is personal data in a field of any name.
      return case when value #>> '{}' ~ '[^[:space:]@]@[^[:space:]@]+[.][^[:space:]@]' then '"[redacted]"'::jsonb else value end;
    else
      return value;
  end case;
end
$$;
comment on function private.redact_json(jsonb) is 'A JSON value without its secrets and personal data.';

create function private.audit_value(value jsonb, hidden_paths text[]) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  written text;
begin
  if hidden_paths <> '{}' then
    value := private.overwrite_paths(value, hidden_paths, '"[redacted]"');
  end if;
  written := value::text;
  -- A brand may be long and change often. The log is not its version history.
  if length(written) > 4096 then
    return '"[too long]"';
  elsif written ~ '^[[{]|@' then
    return private.redact_json(value);
  end if;
  return value;
end
$$;

create function private.audit_target(shown jsonb, keys text[]) returns text
  language plpgsql immutable
  set search_path = ''
as $$
declare
  key text;
  part text;
  target text;
begin
  foreach key in array keys loop
    part := shown ->> key;
    -- Ids are shown as ULIDs, as everywhere outside SQL.
    if part ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
      part := private.ulid(part::uuid);
    end if;
    target := concat_ws('/', target, part);
  end loop;
  return target;
end
$$;

-- 05_records.sql

-- Records: audit rows for what no trigger sees, such as refused requests and readings.

create table private.audit_actions (
  action text primary key,
  crud public.audit_crud not null,
  fields text[] not null default '{}',
  constraint registered_action_is_a_dotted_word check (action ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$')
);
comment on table private.audit_actions is
  'What record_audit() may record: each action, with the fields that its metadata may have. No field holds personal data or a secret.';

create function private.register_audit_action(action text, crud public.audit_crud, fields text[] default '{}') returns void
  language sql
  set search_path = ''
as $$
  insert into private.audit_actions (action, crud, fields) values (register_audit_action.action, register_audit_action.crud, register_audit_action.fields)
  on conflict (action) do update set crud = excluded.crud, fields = excluded.fields
$$;
comment on function private.register_audit_action(text, public.audit_crud, text[]) is
  'Declares an action, in the file whose function records it. The fields are those of its metadata: none may hold personal data or a secret.';

-- A definer. It records what no trigger sees. The calling function decides that it happened.
create function private.record_audit(
  tenant uuid, action text, target_type text, target_id text, target_name text default null, metadata jsonb default '{}',
  crud public.audit_crud default null, is_failure boolean default false, product text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  context private.audit_context := private.audit_context(record_audit.tenant);
  declared private.audit_actions;
  undeclared text;
begin
  select * into declared from private.audit_actions as a where a.action = record_audit.action;
  if not found then
    raise exception 'record_audit: the action % is not registered. Declare it with register_audit_action().', left(record_audit.action, 100);
  end if;
  select string_agg(f, ', ') into undeclared from jsonb_object_keys(coalesce(record_audit.metadata, '{}')) as f where f <> all (declared.fields);
  if undeclared is not null then
    raise exception 'record_audit: the metadata of % may not have the field %. Declare it with register_audit_action().', record_audit.action, left(undeclared, 100);
  end if;
  insert into private.audit_pending (tenant_id, id, actor_id, actor_name, actor_type, action, crud, target_id, target_type, target_name,
    product, component, is_failure, is_anonymous, metadata, source_ip, user_agent, request_id, created_at)
  values (record_audit.tenant, private.uuid_v7(), context.actor_id, context.actor_name, context.actor_type, record_audit.action,
    coalesce(record_audit.crud, declared.crud),
    record_audit.target_id, record_audit.target_type, record_audit.target_name, record_audit.product, context.component,
    record_audit.is_failure, context.actor_type = 'anonymous', private.redact_json(coalesce(record_audit.metadata, '{}')),
    context.source_ip, context.user_agent, context.request_id, clock_timestamp());
end
$$;
comment on function private.record_audit(uuid, text, text, text, text, jsonb, public.audit_crud, boolean, text) is
  'Records what no trigger sees. The actor is the caller on this connection. The action and the fields of its metadata must be registered.';

-- A definer, because the caller's request was refused and the caller therefore has no right to write here.
create function private.record_refusal(tenant_name text, method text, route text, status int, code text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  context private.audit_context := private.audit_context();
  tenant uuid;
  recent int;
begin
  -- Records only members of the tenant, in any status, and the service. Requests of strangers are not recorded:
  -- strangers could fill the log of any tenant whose name they know.
  select t.id into tenant from public.tenants as t
  where (t.slug = record_refusal.tenant_name or t.ref_id = record_refusal.tenant_name
      or record_refusal.tenant_name is null and (context.actor_type in ('api_key', 'portal_token') or t.id = (
        select min(m.tenant_id::text)::uuid from public.tenant_members as m where m.user_id = (select auth.uid()) having count(*) = 1)))
    and (context.actor_type = 'service'
      or context.actor_type in ('api_key', 'portal_token') and t.id = (current_setting('request.jwt.claims')::jsonb ->> 'tenant_id')::uuid
      or exists (select from public.tenant_members as m where m.tenant_id = t.id and m.user_id = (select auth.uid())));
  if tenant is null then
    return;
  end if;
  select count(*) into recent from (
    select from public.audit_log as a
    where a.tenant_id = tenant and a.is_failure and a.actor_id = context.actor_id and a.created_at > now() - interval '1 minute'
    limit 30) as r;
  if recent >= 30 then
    return;
  end if;
  perform private.record_audit(tenant, case when status >= 500 then 'request.failed' else 'request.refused' end, 'route', record_refusal.method || ' ' || record_refusal.route, null,
    jsonb_build_object('status', record_refusal.status, 'code', record_refusal.code)
      -- A reader then knows that there may have been more refusals.
      || case when recent = 29 then '{"is_limit_reached": true}'::jsonb else '{}' end,
    (case record_refusal.method when 'POST' then 'c' when 'DELETE' then 'd' else 'u' end)::public.audit_crud, true);
end
$$;
comment on function private.record_refusal(text, text, text, int, text) is
  'Records that a request to change something in a tenant was refused: at most 30 rows a minute for each actor, and none for strangers.';

create function private.record_audit_read(tenant uuid, action text, metadata jsonb default '{}') returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reader text := (private.audit_context()).actor_id;
  question jsonb := jsonb_strip_nulls(record_audit_read.metadata);
begin
  -- Paging through the log is one reading. It leaves one row a minute for each question and not one row a page.
  if record_audit_read.action = 'audit.viewed' and exists (
    select from public.audit_log as a
    where a.tenant_id = record_audit_read.tenant and a.action = 'audit.viewed' and a.actor_id = reader and a.metadata = private.redact_json(question)
      and a.created_at > now() - interval '1 minute') then
    return;
  end if;
  perform private.record_audit(record_audit_read.tenant, record_audit_read.action, 'audit_log', null, null,
    question);
end
$$;

select private.register_audit_action('request.refused', 'u', '{status,code,is_limit_reached}');
select private.register_audit_action('request.failed', 'u', '{status,code,is_limit_reached}');

select private.register_table('private.audit_actions', plain => '{action,fields}', unaudited => 'changed by migrations only');
grant execute on function private.record_refusal(text, text, text, int, text) to authenticated, service_role;
grant execute on function private.record_audit(uuid, text, text, text, text, jsonb, public.audit_crud, boolean, text) to service_role;

-- 06_tables.sql

-- Audited tables: each registered table gets a trigger that records its changes.

-- A definer, because every change is recorded, for every caller. Its arguments come from
-- private.tg_audit_registered_table(): the tenant's column, the key's columns, the column with a name, the
-- columns that may change without a row, the columns and the paths whose values are left out, and the column with the
-- project.
create function private.tg_audit() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  shown jsonb := coalesce(new_row, old_row);
  quiet text[] := tg_argv[3];
  hidden text[] := tg_argv[4];
  hidden_paths text[] := tg_argv[5];
  changes jsonb;
  context private.audit_context;
begin
  -- If rows are deleted with their tenant, the tenant's own row says so. If a purge deletes them, its row does.
  if tg_op = 'DELETE' and tg_argv[0] = 'tenant_id' then
    if not exists (select from public.tenants as t where t.id = (old_row ->> 'tenant_id')::uuid)
      or exists (select from private.tenant_purges as p where p.tenant = (old_row ->> 'tenant_id')::uuid and p.finished_at is null) then
      return null;
    end if;
  end if;

  select jsonb_object_agg(f.key, case
    when f.key = any (hidden) then '{"is_redacted": true}'::jsonb
    when tg_op = 'INSERT' then jsonb_build_object('new', private.audit_value(f.value, p.paths))
    when tg_op = 'DELETE' then jsonb_build_object('old', private.audit_value(f.value, p.paths))
    else jsonb_build_object('old', private.audit_value(old_row -> f.key, p.paths), 'new', private.audit_value(f.value, p.paths)) end)
  into changes
  from jsonb_each(shown) as f
  cross join lateral (
    -- Most tables have no path, and an empty list is the same for every field.
    select case when hidden_paths = '{}' then hidden_paths else array(
      select substr(h, length(f.key) + 2) from unnest(hidden_paths) as h where split_part(h, '.', 1) = f.key) end as paths) as p
  where case when tg_op = 'UPDATE' then f.value <> old_row -> f.key else f.value <> 'null' end
    and f.key <> all (quiet);
  if changes is null and tg_op = 'UPDATE' then
    return null;
  end if;
  context := private.audit_context((shown ->> tg_argv[0])::uuid);
  insert into private.audit_pending (tenant_id, id, project_id, actor_id, actor_name, actor_type, action, crud,
    target_id, target_type, target_name, product, component, is_anonymous, metadata, source_ip, user_agent, request_id, created_at)
  values ((shown ->> tg_argv[0])::uuid, private.uuid_v7_at((extract(epoch from clock_timestamp()) * 1000000)::bigint),
    (shown ->> nullif(tg_argv[6], ''))::uuid, context.actor_id, context.actor_name, context.actor_type,
    tg_table_name || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.updated' else '.deleted' end,
    (case tg_op when 'INSERT' then 'c' when 'UPDATE' then 'u' else 'd' end)::public.audit_crud,
    private.audit_target(shown, tg_argv[1]::text[]), tg_table_name, shown ->> nullif(tg_argv[2], ''), shown ->> 'product',
    context.component, context.actor_type = 'anonymous', jsonb_build_object('changes', coalesce(changes, '{}')),
    context.source_ip, context.user_agent, context.request_id, clock_timestamp());
  return null;
end
$$;

create function private.tg_audit_registered_table() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  table_name text := (select c.relname from pg_catalog.pg_class as c where c.oid = new.relation);
  columns text[] := array(
    select a.attname from pg_catalog.pg_attribute as a where a.attrelid = new.relation and a.attnum > 0 and not a.attisdropped);
  tenant_column text := case when new.relation = 'public.tenants'::regclass then 'id' else 'tenant_id' end;
  keys text[];
begin
  execute format('drop trigger if exists %I on %s', table_name || '_audit', new.relation);
  if new.unaudited is not null then
    return null;
  end if;
  if tenant_column <> all (columns) then
    raise exception ' why.=>% has no tenant_id, so nobody could read its changes in the audit log. Register it with "unaudited" and the reason.=> why.', new.relation;
  end if;
  keys := case when 'ref_id' = any (columns) then '{ref_id}'::text[] else array(
    select a.attname from pg_index as x, unnest(x.indkey) with ordinality as k (attnum, n), pg_attribute as a
    where x.indrelid = new.relation and x.indisprimary and a.attrelid = new.relation and a.attnum = k.attnum
      and (a.attname <> 'tenant_id' or cardinality(x.indkey::int2[]) = 1)
    order by k.n) end;
  execute format(
    'create trigger %I after insert or update or delete on %s for each row execute function private.tg_audit(%L, %L, %L, %L, %L, %L, %L)',
    table_name || '_audit', new.relation, tenant_column, keys,
    (select n.name from unnest('{name,display_name,host,slug}'::text[]) with ordinality as n (name, i)
      where n.name = any (columns) and n.name <> all (new.personal || new.secret) order by n.i limit 1),
    '{updated_at,updated_by,ref_id}'::text[] || new.quiet || case when tenant_column = 'tenant_id' then '{tenant_id}'::text[] else '{}' end,
    array(select c from unnest(columns) as c where c = any (new.personal || new.secret)),
    array(select h from unnest(new.personal || new.secret) as h where h like '%.%' order by h),
    -- A project's own row is about that project.
    case when new.relation = 'public.tenant_projects'::regclass then 'id' when 'project_id' = any (columns) then 'project_id' end);
  return null;
end
$$;
create trigger registered_tables_attach_audit after insert or update on private.registered_tables
  for each row execute function private.tg_audit_registered_table();
comment on function private.tg_audit_registered_table() is
  'Makes every change of a registered table leave a row in audit_log, unless the table is registered as unaudited.';

-- Attaches the trigger to the tables that were registered before the log existed.
update private.registered_tables set relation = relation;

-- 07_reading.sql

-- Reading: how people read, export and verify the audit log. Each reading is itself recorded.

-- People can read the log only by this function. With a grant on the table they could read it without a record.
create function public.read_audit_log(
  tenant_id uuid, before_seq bigint default null, max_rows int default 50,
  actor text default null, action text default null, target text default null, product text default null,
  from_at timestamptz default null, until_at timestamptz default null, is_failure boolean default null, project uuid default null,
  request_id text default null
) returns setof public.audit_log
  language plpgsql security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
begin
  perform private.require_permission(read_audit_log.tenant_id, 'audit:read');
  -- The filters become a part of the log, because each reading is recorded.
  if greatest(length(actor), length(action), length(target), length(product), length(request_id)) > 300 then
    perform private.raise_problem(422, 'invalid_value', 'A filter of the audit log has at most 300 characters.');
  end if;
  perform private.record_audit_read(read_audit_log.tenant_id, 'audit.viewed', jsonb_build_object(
    'actor', actor, 'action', action, 'target', target, 'product', product, 'from', from_at, 'until', until_at, 'is_failure', is_failure,
    'project', private.ulid(project), 'request_id', request_id));
  return query
    select a.* from public.audit_log as a
    where a.tenant_id = read_audit_log.tenant_id
      and (before_seq is null or a.seq < before_seq)
      and (read_audit_log.actor is null or a.actor_id = read_audit_log.actor)
      and (read_audit_log.action is null or a.action = read_audit_log.action)
      and (read_audit_log.target is null or a.target_id = read_audit_log.target)
      and (read_audit_log.product is null or a.product = read_audit_log.product)
      and (from_at is null or a.created_at >= from_at)
      and (until_at is null or a.created_at < until_at)
      and (read_audit_log.is_failure is null or a.is_failure = read_audit_log.is_failure)
      and (read_audit_log.project is null or a.project_id = read_audit_log.project)
      and (read_audit_log.request_id is null or a.request_id = read_audit_log.request_id)
    order by a.seq desc
    limit least(greatest(max_rows, 1), 201);
end
$$;
comment on function public.read_audit_log(uuid, bigint, int, text, text, text, text, timestamptz, timestamptz, boolean, uuid, text) is
  'A tenant''s audit rows before a seq, the newest first, for callers with the permission "read_admin". The reading itself is recorded.';

create function private.start_audit_export(tenant uuid, format text) returns bigint
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(start_audit_export.tenant, 'audit:export');
  perform private.record_audit_read(start_audit_export.tenant, 'audit.exported', jsonb_build_object('format', format));
  return (select h.seq from private.audit_heads as h where h.tenant_id = start_audit_export.tenant);
end
$$;
comment on function private.start_audit_export(uuid, text) is 'Records the start of an export. Returns the last row that belongs to it.';

create function private.export_audit_log(tenant uuid, after_seq bigint, last_seq bigint, batch int default 2000)
  returns setof public.audit_log
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  event public.audit_log;
  bytes int := 0;
begin
  -- Checked again for each batch, so that an export ends when the membership ends.
  perform private.require_permission(export_audit_log.tenant, 'audit:export');
  for event in
    select * from public.audit_log as a
    where a.tenant_id = export_audit_log.tenant and a.seq > after_seq and a.seq <= last_seq
    order by a.seq limit batch
  loop
    return next event;
    bytes := bytes + 600 + octet_length(event.metadata::text);
    exit when bytes > 1000000;
  end loop;
end
$$;
comment on function private.export_audit_log(uuid, bigint, bigint, int) is
  'The next rows of an export, the oldest first: at most this many, or about a megabyte. For callers with the permission "read_admin".';

create function private.verify_audit_log(tenant uuid, after_seq bigint, after_hash text)
  returns table (last_seq bigint, last_hash text, is_end boolean, break_seq bigint, problem text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(verify_audit_log.tenant, 'audit:read');
  if after_seq = 0 then
    perform private.record_audit_read(verify_audit_log.tenant, 'audit.verified');
  end if;
  return query select * from private.find_audit_break(verify_audit_log.tenant, verify_audit_log.after_seq, verify_audit_log.after_hash);
end
$$;
comment on function private.verify_audit_log(uuid, bigint, text) is 'private.find_audit_break() for callers with the permission "read_admin". The call itself is recorded.';

select private.register_audit_action('audit.viewed', 'r', '{actor,action,target,product,from,until,is_failure,project,request_id,is_platform}');
select private.register_audit_action('audit.exported', 'r', '{format}');
select private.register_audit_action('audit.verified', 'r');

grant execute on function public.read_audit_log(uuid, bigint, int, text, text, text, text, timestamptz, timestamptz, boolean, uuid, text)
  to authenticated, service_role;
grant execute on function private.start_audit_export(uuid, text),
  private.export_audit_log(uuid, bigint, bigint, int), private.verify_audit_log(uuid, bigint, text)
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('audit:read', 'read_admin', 'Read the audit log and verify its chain.'),
  ('audit:export', 'read_admin', 'Export the whole audit log.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 08_portal_tokens.sql

-- Portal tokens: lending one, ending one's own, and what its holder is told. The first portal is the audit log.

create function private.refuse_portal_token() returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if private.caller_portal_token() is not null then
    perform private.raise_problem(403, 'forbidden', 'A portal token lends no other, and ends none.');
  end if;
end
$$;

create function private.issue_portal_token(tenant uuid, portal text, token_hash bytea, ttl_seconds int, can_write boolean default false,
  out ref_id text, out expires_at timestamptz, out scopes text[])
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened private.portals;
  key public.api_keys;
  created private.portal_tokens;
begin
  select p.* into strict opened from private.portals as p where p.portal = issue_portal_token.portal;
  perform private.require_permission(issue_portal_token.tenant, opened.scope);
  perform private.refuse_portal_token();
  issue_portal_token.scopes := opened.read_scopes || case when can_write then opened.write_scopes else '{}' end;
  if private.caller_api_key() is not null then
    select k.* into key from public.api_keys as k where k.tenant_id = issue_portal_token.tenant and k.id = private.caller_api_key();
    if can_write and not opened.write_scopes <@ key.scopes then
      perform private.raise_problem(403, 'forbidden', format('This API key lends only what it may do. For "can_write" it needs the scopes %s too.',
        array_to_string(opened.write_scopes, ', ')));
    end if;
    issue_portal_token.scopes := array(select s from unnest(issue_portal_token.scopes) as s where s = any (key.scopes));
  end if;
  delete from private.portal_tokens as v where v.tenant_id = issue_portal_token.tenant and v.expires_at <= now();
  insert into private.portal_tokens (tenant_id, portal, scopes, token_hash, user_id, api_key_id, expires_at)
  values (issue_portal_token.tenant, opened.portal, issue_portal_token.scopes, issue_portal_token.token_hash,
    (select auth.uid()), key.id, now() + make_interval(secs => least(greatest(ttl_seconds, 1), 900)))
  returning * into created;
  issue_portal_token.ref_id := private.ulid(created.id);
  issue_portal_token.expires_at := created.expires_at;
  -- Whatever the token does names the token. This row says who lent it.
  perform private.record_audit(issue_portal_token.tenant, 'portal_token.issued', 'portal_token', issue_portal_token.ref_id, null,
    jsonb_build_object('portal', created.portal, 'scopes', created.scopes, 'expires_at', created.expires_at));
end
$$;
comment on function private.issue_portal_token(uuid, text, bytea, int, boolean) is
  'Stores the hash of a token that opens a portal for up to 15 minutes. Returns its ref_id, when it ends, and its scopes: of an API key, only those that the key has.';

create function private.revoke_portal_tokens(tenant uuid, portal text) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened private.portals;
  revoked int;
begin
  select p.* into strict opened from private.portals as p where p.portal = revoke_portal_tokens.portal;
  perform private.require_permission(revoke_portal_tokens.tenant, opened.scope);
  perform private.refuse_portal_token();
  delete from private.portal_tokens as v
  where v.tenant_id = revoke_portal_tokens.tenant and v.portal = opened.portal and v.expires_at > now()
    and (v.user_id = (select auth.uid()) or v.api_key_id = private.caller_api_key());
  get diagnostics revoked = row_count;
  if revoked > 0 then
    perform private.record_audit(revoke_portal_tokens.tenant, 'portal_tokens.revoked', 'portal_token', null, null,
      jsonb_build_object('portal', opened.portal, 'count', revoked));
  end if;
  return revoked;
end
$$;
comment on function private.revoke_portal_tokens(uuid, text) is 'Ends the caller''s own tokens for a portal of a tenant. Returns how many.';

-- A definer, because a token reads no tenant. It says what a page needs on top of the portal, and nothing else.
create function private.read_portal(tenant uuid)
  returns table (portal text, expires_at timestamptz, expires_in int, can_write boolean, ref_id text, slug text, name text, status public.tenant_status, trial_ends_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  rows 1
as $$
begin
  return query
    select v.portal, v.expires_at, extract(epoch from v.expires_at - now())::int,
      exists (select from unnest(p.write_scopes) as s where private.portal_token_may(v, s))
        and private.is_writable(t.status, t.trial_ends_at) and t.contract_pending_at is null,
      t.ref_id, t.slug, t.name, t.status, t.trial_ends_at
    from private.portal_tokens as v join private.portals as p on p.portal = v.portal
    join public.tenants as t on t.id = v.tenant_id
    where v.tenant_id = read_portal.tenant and v.id = private.caller_portal_token();
end
$$;
comment on function private.read_portal(uuid) is 'What the calling portal token opens, until when, and of which tenant. Nothing for anybody else.';

grant execute on function private.issue_portal_token(uuid, text, bytea, int, boolean), private.revoke_portal_tokens(uuid, text), private.read_portal(uuid)
  to authenticated;

select private.register_audit_action('portal_token.issued', 'c', '{portal,scopes,expires_at}');
select private.register_audit_action('portal_tokens.revoked', 'd', '{portal,count}');
select private.register_portal('audit', 'The audit log of the tenant, read only.', '{audit:read}');

-- 09_platform_reading.sql

-- Reading by the platform: the logs of all tenants as one, for the service.

-- A definer, because it also records the reading. It is granted to the service alone.
create function private.read_platform_audit_log(
  before_id uuid default null, max_rows int default 50, tenant text default null,
  actor text default null, action text default null, target text default null, product text default null, project uuid default null,
  from_at timestamptz default null, until_at timestamptz default null, is_failure boolean default null, request_id text default null
) returns setof public.audit_log
  language plpgsql security definer
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  chosen uuid;
begin
  if tenant is not null then
    -- A tenant that is gone still has its log, and is found by its ref_id.
    select found.id into chosen from (
      select t.id from public.tenants as t where t.slug = tenant or t.ref_id = tenant
      union all
      select h.tenant_id from private.audit_heads as h where h.tenant_id = private.ulid_to_uuid(tenant)
    ) as found (id) limit 1;
    if chosen is null then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, and there never was one with this ref_id.');
    end if;
  end if;
  -- In the log of the tenant that was asked for, otherwise in the platform's own. A row in the log of each tenant whose
  -- rows are shown would answer the next page with the traces of the one before.
  perform private.record_audit_read(coalesce(chosen, private.platform_tenant_id()), 'audit.viewed', jsonb_build_object(
    'actor', actor, 'action', action, 'target', target, 'product', product, 'from', from_at, 'until', until_at,
    'is_failure', is_failure, 'project', private.ulid(project), 'request_id', request_id, 'is_platform', true));
  return query
    select a.* from public.audit_log as a
    where (before_id is null or a.id < before_id)
      and (chosen is null or a.tenant_id = chosen)
      and (read_platform_audit_log.actor is null or a.actor_id = read_platform_audit_log.actor)
      and (read_platform_audit_log.action is null or a.action = read_platform_audit_log.action)
      and (read_platform_audit_log.target is null or a.target_id = read_platform_audit_log.target)
      and (read_platform_audit_log.product is null or a.product = read_platform_audit_log.product)
      and (read_platform_audit_log.project is null or a.project_id = read_platform_audit_log.project)
      and (read_platform_audit_log.request_id is null or a.request_id = read_platform_audit_log.request_id)
      -- The bound by id lets an index stop; the bound by time is exact.
      and (from_at is null or a.created_at >= from_at and a.id >= private.first_uuid_at(from_at - interval '1 minute'))
      and (until_at is null or a.created_at < until_at and a.id < private.first_uuid_at(until_at + interval '1 minute'))
      and (read_platform_audit_log.is_failure is null or a.is_failure = read_platform_audit_log.is_failure)
    order by a.id desc
    limit least(greatest(max_rows, 1), 201);
end
$$;
comment on function private.read_platform_audit_log(uuid, int, text, text, text, text, text, uuid, timestamptz, timestamptz, boolean, text) is
  'Audit rows of all tenants before an id, the newest first. Only for the service. The reading itself is recorded.';
grant execute on function private.read_platform_audit_log(uuid, int, text, text, text, text, text, uuid, timestamptz, timestamptz, boolean, text)
  to service_role;
