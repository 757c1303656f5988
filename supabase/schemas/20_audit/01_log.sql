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
