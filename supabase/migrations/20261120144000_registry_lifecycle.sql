-- Registry: the life of a tenant, from its trial to its end. Who may move it where, what the clock
-- does, what leaves with an export, what a purge leaves behind, and the demo tenants' nightly return.

alter table public.tenants
  add column status_reason text,
  add column frozen_at timestamptz,
  add column archived_at timestamptz,
  add column purgeable_at timestamptz,
  add constraint status_reason_is_text check (private.is_plain_text(status_reason, 500)),
  add constraint frozen_has_a_moment check (status <> 'frozen' or frozen_at is not null),
  add constraint archived_has_its_moments check (
    (status = 'archived') = (archived_at is not null) and (status = 'archived') = (purgeable_at is not null)),
  add constraint demo_stays_demo check ((kind = 'demo') = (status = 'demo')),
  add constraint platform_stays_active check (kind <> 'platform' or status = 'active'),
  add constraint only_customers_are_billed check (kind = 'customer' or (erp_customer_id is null and stripe_cust_id is null));
comment on column public.tenants.status_reason is 'Why the tenant came to its present status, in the words of whoever moved it.';
comment on column public.tenants.purgeable_at is 'When the export window of an archived tenant closes: from then on it can be purged, and no longer restored.';
create index tenants_frozen_at_idx on public.tenants (frozen_at) where status = 'frozen';

create table private.status_moves (
  from_status public.tenant_status not null,
  to_status public.tenant_status not null,
  -- The least that may make the move. The service may make all of them.
  who text not null,
  primary key (from_status, to_status),
  constraint who_is_known check (who in ('own', 'service'))
);
comment on table private.status_moves is
  'Every change of status there is, and who may make it: the platform (service), or also an owner (own). What is not here cannot be done.';
insert into private.status_moves (from_status, to_status, who) values
  ('trial', 'active', 'service'),    -- a plan was bought
  ('trial', 'frozen', 'own'),        -- cancelled, or ended and not bought
  ('trial', 'archived', 'service'),
  ('active', 'frozen', 'own'),       -- cancelled, or not paid
  ('active', 'archived', 'service'),
  ('frozen', 'active', 'service'),   -- settled
  ('frozen', 'archived', 'service'), -- the grace has passed
  ('archived', 'active', 'service'); -- restored, while its export window is open

create function private.export_window() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.export_window() is 'How long an archived tenant can still be exported and restored.';

-- Definer: the service's own roles may not read the table of moves. A trigger, because a rule in a
-- function would not hold for a statement that goes past it.
create function private.tg_move_tenant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    if new.kind <> old.kind then
      perform private.raise_problem(409, 'invalid_status_move', format('A tenant of kind %s stays one.', old.kind));
    end if;
    if new.status = old.status then
      return new;
    end if;
    if not exists (
      select from private.status_moves as m
      where m.from_status = old.status and m.to_status = new.status
        and (m.who = 'own' or private.is_trusted_caller())) then
      perform private.raise_problem(409, 'invalid_status_move', format('A tenant that is %s cannot become %s.', old.status, new.status));
    end if;
    if old.status = 'archived' and (
      old.purgeable_at <= now() or exists (select from private.tenant_purges as p where p.tenant = old.id)) then
      perform private.raise_problem(409, 'invalid_status_move', 'The export window of this tenant has closed; it cannot be restored.');
    end if;
    new.frozen_at := null;
    new.archived_at := null;
    new.purgeable_at := null;
  end if;
  -- A tenant may also arrive in any status, as one brought over from another system does.
  if new.status = 'frozen' then
    new.frozen_at := coalesce(new.frozen_at, now());
  elsif new.status = 'archived' then
    new.archived_at := coalesce(new.archived_at, now());
    new.purgeable_at := coalesce(new.purgeable_at, new.archived_at + private.export_window());
  end if;
  return new;
end
$$;
create trigger tenants_move before insert or update of status, kind on public.tenants
  for each row execute function private.tg_move_tenant();

create function private.tg_bill_customers_only() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from public.tenants as t where t.id = new.tenant_id and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer is billed: a demo and the platform never are.');
  end if;
  return new;
end
$$;
create trigger tenant_billing_customers_only
  before insert or update of razorpay_customer_id, razorpay_subscription_id on public.tenant_billing
  for each row when (new.razorpay_customer_id is not null or new.razorpay_subscription_id is not null)
  execute function private.tg_bill_customers_only();

-- Definer: nobody but the service may write a status, and an owner may ask for one move.
create function public.change_tenant_status(tenant_id uuid, status public.tenant_status, reason text default null)
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  moved public.tenants;
begin
  -- The service also acts on archived tenants, which nobody else can see.
  if not private.is_trusted_caller() then
    perform private.require_permission(change_tenant_status.tenant_id, 'own');
  end if;
  update public.tenants as t set status = change_tenant_status.status, status_reason = change_tenant_status.reason
  where t.id = change_tenant_status.tenant_id and t.status <> change_tenant_status.status
  returning * into moved;
  if not found then
    -- Asked twice, done once: the first reason stays.
    select * into moved from public.tenants as t where t.id = change_tenant_status.tenant_id;
    if not found then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant.');
    end if;
  end if;
  return moved;
end
$$;
comment on function public.change_tenant_status(uuid, public.tenant_status, text) is
  'Moves a tenant to another status. An owner may cancel (frozen); every other move is the service''s. 409 invalid_status_move.';

-- What the clock does. Read-only begins the moment a trial ends (tenant_ids() sees to it); the status
-- follows a week later, so that for this week the refusal still says what it is about.
create function private.freeze_ended_trials(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    select id from public.tenants
    where status = 'trial' and trial_ends_at <= now() - interval '7 days'
    order by trial_ends_at
    limit batch
    for no key update skip locked
  ), frozen as (
    update public.tenants as t set status = 'frozen', status_reason = 'The trial ended.'
    from ended as e where t.id = e.id
    returning 1
  )
  select count(*)::int from frozen
$$;
comment on function private.freeze_ended_trials(int) is
  'Freezes tenants whose trial ended a week ago, oldest first, at most a batch; answers how many.';

create function private.archive_frozen_tenants(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with settled as (
    select id from public.tenants
    where status = 'frozen' and frozen_at <= now() - interval '30 days'
    order by frozen_at
    limit batch
    for no key update skip locked
  ), archived as (
    update public.tenants as t set status = 'archived',
      status_reason = 'Frozen for 30 days.' || coalesce(' Before that: ' || left(t.status_reason, 400), '')
    from settled as s where t.id = s.id
    returning 1
  )
  select count(*)::int from archived
$$;
comment on function private.archive_frozen_tenants(int) is
  'Archives tenants that have been frozen for 30 days, oldest first, at most a batch; answers how many.';

-- What belongs to a tenant, read from the catalog, so that a table made tomorrow is exported, purged
-- and reset without anybody thinking of it.
create function private.tenant_tables()
  returns table (name text, relation regclass, tenant_column text, key text[], depth int, is_kept boolean, is_derived boolean)
  language sql stable
  set search_path = ''
as $$
  with recursive owned as (
    select c.oid, case n.nspname when 'public' then c.relname::text else n.nspname || '.' || c.relname end as name,
      case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end as tenant_column
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
      -- Holds events only until the transaction that made them commits.
      and not (n.nspname = 'private' and c.relname = 'audit_pending')
  ), reached (oid, depth) as (
    select 'public.tenants'::regclass::oid, 0
    union
    -- The bound is for tables that refer to each other; honest chains are a few tables long.
    select k.conrelid, r.depth + 1
    from reached as r
    join pg_catalog.pg_constraint as k on k.contype = 'f' and k.confrelid = r.oid and k.conrelid <> k.confrelid
    where r.depth < 12
  )
  select o.name, o.oid::regclass, o.tenant_column,
    array(
      select a.attname::text
      from pg_catalog.pg_index as x
      cross join unnest(x.indkey) with ordinality as part (attnum, n)
      join pg_catalog.pg_attribute as a on a.attrelid = x.indrelid and a.attnum = part.attnum
      where x.indrelid = o.oid and x.indisprimary and a.attname <> o.tenant_column
      order by part.n),
    coalesce((select max(r.depth) from reached as r where r.oid = o.oid), 1),
    o.name in ('audit_log', 'private.audit_heads'),
    o.name in ('private.tenant_pages', 'private.demo_snapshots', 'private.webhook_lanes', 'private.webhook_outbox')
  from owned as o
$$;
comment on function private.tenant_tables() is
  'Every table with rows of tenants: its key besides the tenant, how deep it hangs below tenants (parents first), whether a purge keeps it, whether its rows are made from others.';

create function private.is_secret_column(name text, type regtype) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Hashes too: an export is kept in places where somebody has time. (What a chain of hashes proves,
  -- the audit log's own export carries.)
  select type = 'bytea'::regtype or name ~ '(^|_)(hash|secret|secret_id|password|private_key|lookup|pepper)$'
$$;
comment on function private.is_secret_column(text, regtype) is 'Whether a column''s values stay out of an export.';

create function private.secret_columns(relation regclass) returns text[]
  language sql stable
  set search_path = ''
as $$
  select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
  from pg_catalog.pg_attribute as a
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
    and private.is_secret_column(a.attname::text, a.atttypid::regtype)
$$;

-- Definer, the following four: an export holds rows that no policy shows to people, such as those in
-- private. Each asks for itself, so that none can be called around the others.
create function private.begin_export(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  perform private.record_audit(tenant, 'tenant.exported', 'tenant', private.ulid(tenant));
end
$$;
comment on function private.begin_export(uuid) is 'Refuses an export before its first byte is sent, or records that it was made.';

create function private.export_tables(tenant uuid)
  returns table (name text, redacted text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  return query select t.name, private.secret_columns(t.relation) from private.tenant_tables() as t order by t.depth, t.name;
end
$$;
comment on function private.export_tables(uuid) is 'The tables of an export, parents first, and which of their columns are left empty in it.';

create function private.count_export_rows(tenant uuid, name text) returns bigint
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  counted bigint;
begin
  perform private.require_permission(tenant, 'export');
  select * into strict source from private.tenant_tables() as t where t.name = count_export_rows.name;
  execute format('select count(*) from %s where %I = $1', source.relation, source.tenant_column) into counted using tenant;
  return counted;
end
$$;

create function private.export_rows(tenant uuid, name text, after text[] default null, batch int default 1000)
  returns table (lines text, row_count int, last_key jsonb)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  empty jsonb;
  key_columns text;
  key_values text;
begin
  perform private.require_permission(tenant, 'export');
  select * into strict source from private.tenant_tables() as t where t.name = export_rows.name;
  select coalesce(jsonb_object_agg(c, null), '{}') into empty from unnest(private.secret_columns(source.relation)) as c;
  select string_agg(format('t.%I', k), ', ' order by n),
    string_agg(format('($2)[%s]::%s', n, format_type(a.atttypid, a.atttypmod)), ', ' order by n)
  into key_columns, key_values
  from unnest(source.key) with ordinality as part (k, n)
  join pg_catalog.pg_attribute as a on a.attrelid = source.relation and a.attname = part.k;
  -- A page ends after a thousand rows or a megabyte, whichever comes first: rows may be of any size.
  return query execute format(
    $sql$
      select coalesce(string_agg(p.line, '' order by p.n), ''), count(*)::int, (array_agg(to_jsonb(p.key) order by p.n desc))[1]
      from (
        select r.*, sum(length(r.line)) over (order by r.n) - length(r.line) as before
        from (
          select row_number() over () as n, array[%1$s]::text[] as key,
            '{"table":' || $5 || ',"row":' || (to_jsonb(t) || $4)::text || E'}\n' as line
          from (select * from %2$s as t where t.%3$I = $1 %4$s %5$s limit $3) as t
        ) as r
      ) as p
      where p.before < 1000000
    $sql$,
    coalesce(key_columns, ''), source.relation, source.tenant_column,
    case when key_columns is null then 'and $2 is null' else format('and ($2 is null or (%s) > (%s))', key_columns, key_values) end,
    case when key_columns is not null then 'order by ' || key_columns else '' end)
  using tenant, after, batch, empty, to_json(export_rows.name)::text;
end
$$;
comment on function private.export_rows(uuid, text, text[], int) is
  'One page of a table''s rows as lines of JSON, in the order of its key, after the key given; and the key to go on after.';

create table private.tenant_purges (
  tenant uuid primary key,
  ref_id text not null,
  slugs text[] not null,
  reason text,
  is_forced boolean not null default false,
  deleted_rows jsonb not null default '{}',
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint forced_for_a_reason check (not is_forced or reason is not null),
  constraint purge_reason_is_text check (private.is_plain_text(reason, 500))
);
comment on table private.tenant_purges is
  'What is left of a purged tenant beside its audit log: its handle, its slugs, and how many rows of what went. While unfinished, how far the purge has come.';
create index tenant_purges_unfinished_idx on private.tenant_purges (requested_at) where finished_at is null;

create table private.kept_slugs (
  slug text primary key,
  free_at timestamptz not null
);
comment on table private.kept_slugs is
  'Slugs of tenants that are gone, kept from everybody for 90 days: links to the old tenant must not lead to a new one.';

-- Definer, both: nobody may read or write the directory of kept slugs itself.
create function private.tg_keep_slugs() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if old.kind = 'platform' then
    perform private.raise_problem(409, 'invalid_status_move', 'The platform''s own tenant is not deleted.');
  end if;
  insert into private.kept_slugs as k (slug, free_at)
  select s.slug, coalesce(s.retired_at, now()) + interval '90 days'
  from public.tenant_slugs as s
  where s.tenant_id = old.id and (s.retired_at is null or s.retired_at > now() - interval '90 days')
  on conflict (slug) do update set free_at = greatest(k.free_at, excluded.free_at);
  return old;
end
$$;
create trigger tenants_keep_slugs before delete on public.tenants for each row execute function private.tg_keep_slugs();

create function private.tg_respect_kept_slug() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from private.kept_slugs as k where k.slug = new.slug and k.free_at > now()) then
    perform private.refuse_taken_slug(new.slug);
  end if;
  return null;
end
$$;
-- Named to fire after the slug is claimed: a claim waits for a deletion that is under way, and only
-- then can it be seen what that deletion kept.
create trigger tenants_respect_kept_slug after insert on public.tenants
  for each row execute function private.tg_respect_kept_slug();
create trigger tenants_respect_kept_slug_on_rename after update of slug on public.tenants
  for each row when (new.slug <> old.slug) execute function private.tg_respect_kept_slug();

-- Definer, all three: what they read and write is nobody's to touch directly. Granted to the service alone.
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
    perform private.raise_problem(409, 'not_purgeable', format('Only an archived tenant can be purged; this one is %s.', found_tenant.status));
  elsif found_tenant.purgeable_at > now() and not begin_purge.is_forced then
    perform private.raise_problem(409, 'not_purgeable', format(
      'The export window of this tenant is open until %s. Purge it then, or force it and say why.',
      to_char(found_tenant.purgeable_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
  elsif begin_purge.is_forced and nullif(btrim(begin_purge.reason), '') is null then
    perform private.raise_problem(422, 'invalid_value', 'Say why the tenant is purged before its export window closes.',
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
  'Decides that an archived tenant is purged, which cannot be taken back; purge_batch() does it. 409 not_purgeable. Asked again, answers how far it is.';

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
  -- Two that purge at once take turns.
  select * into purge from private.tenant_purges as p where p.tenant = purge_batch.tenant for update;
  if purge.tenant is null or purge.finished_at is not null then
    return purge;
  end if;
  -- Before their deliveries, as whoever delivers locks them.
  perform from private.webhook_lanes as l where l.tenant_id = purge_batch.tenant order by l.endpoint_id for update;
  for source in
    select t.name, leaf.relid as relation, t.relation as parent, t.tenant_column, t.name in ('tenants', 'tenant_members', 'tenant_slugs') as goes_last
    from private.tenant_tables() as t
    -- Leaf by leaf, because a row's place is unique within one only.
    cross join lateral (
      select p.relid from pg_catalog.pg_partition_tree(t.relation) as p where p.isleaf
      union
      select t.relation where not exists (select from pg_catalog.pg_partition_tree(t.relation))
    ) as leaf
    where not t.is_kept
    -- A tenant always has an owner and its names, until all of it goes.
    order by t.name = 'tenants', goes_last, t.depth desc, t.name, leaf.relid::text
  loop
    -- The last rows are few, and go in one with the tenant.
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
      -- What a row keeps in Vault goes with it.
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
  'Does one batch of the oldest purge that somebody began and nobody finished; answers whether there was one.';

-- The demo tenants. What they looked like is kept as rows and put back every night.
create table private.demo_snapshots (
  tenant_id uuid not null references public.tenants on delete cascade,
  relation text not null,
  rows jsonb not null,
  taken_at timestamptz not null default now(),
  primary key (tenant_id, relation),
  constraint rows_are_a_list check (jsonb_typeof(rows) = 'array')
);
comment on table private.demo_snapshots is 'The rows of a demo tenant, a table each, as they are restored every night.';

create function private.snapshot_secret_ids(tenant uuid) returns uuid[]
  language sql stable
  set search_path = ''
as $$
  select coalesce(array_agg(f.value::uuid), '{}')
  from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept), jsonb_each_text(s.kept) as f
  where d.tenant_id = snapshot_secret_ids.tenant and f.key ~ '(^|_)secret_id$' and f.value is not null
$$;
comment on function private.snapshot_secret_ids(uuid) is 'The secrets in Vault that a demo tenant''s snapshot names: rows that are put back need them.';

create function private.drop_secrets(tenant uuid, secrets uuid[]) returns void
  language sql
  set search_path = ''
as $$
  delete from vault.secrets as s
  where s.id = any (drop_secrets.secrets) and s.id <> all (private.snapshot_secret_ids(drop_secrets.tenant))
$$;
comment on function private.drop_secrets(uuid, uuid[]) is
  'Deletes what rows that are gone kept in Vault; not what a demo tenant''s snapshot is going to need.';

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
    perform private.raise_problem(409, 'conflict', 'Only a demo tenant has a snapshot to go back to.');
  end if;
  delete from private.demo_snapshots as s where s.tenant_id = snapshot_demo_tenant.tenant;
  for source in
    select * from private.tenant_tables() as t
    where not t.is_kept and not t.is_derived
      -- What was told is past: a reset clears it away, and puts none of it back.
      and t.name not in ('webhook_events', 'webhook_deliveries', 'webhook_attempts')
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
comment on function private.snapshot_demo_tenant(uuid) is 'Remembers a demo tenant as it is now; answers how many tables. The seeds end with it.';

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
  -- Nothing of this has happened: webhooks are told nothing.
  perform set_config('tenantry.is_restoring', 'on', true);
  -- Before their endpoints and deliveries, as whoever delivers locks them.
  perform from private.webhook_lanes as l where l.tenant_id = reset_demo_tenant.tenant order by l.endpoint_id for update;

  -- Rows that are as they were stay untouched, so that a demo nobody used is left alone. The tenant
  -- itself is changed back in place, since with it everything would go; its updated_at tells of that.
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

  -- Children first, so that no row is deleted from under another. Members wait for the next loop: a
  -- tenant is never without an owner, not even between two statements.
  for source in
    select * from private.tenant_tables() as t
    where not t.is_kept and not t.is_derived and t.name not in ('tenants', 'tenant_members')
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

  -- Parents first. A foreign key that sets null has changed rows meanwhile, so those that differ now
  -- are replaced; in one statement, at the end of which the rules about owners are asked.
  for source in
    select * from private.tenant_tables() as t
    where not t.is_kept and not t.is_derived and t.name <> 'tenants'
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
          -- Asking for the count makes the deletion come first.
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
  'Puts a demo tenant back to its snapshot, in one transaction; answers how many rows that took. People''s logins are not touched.';

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
      -- One that cannot be reset must not keep the others from it.
      raise warning 'The demo tenant % was not reset: % (%)', demo, sqlerrm, sqlstate;
    end;
  end loop;
  return changed;
end
$$;
comment on function private.reset_demo_tenants() is 'Resets every demo tenant that has a snapshot; answers how many rows that took.';

grant execute on function public.change_tenant_status(uuid, public.tenant_status, text) to authenticated, service_role;
grant execute on function private.begin_export(uuid), private.export_tables(uuid), private.count_export_rows(uuid, text),
  private.export_rows(uuid, text, text[], int) to authenticated, service_role;
grant execute on function private.begin_purge(uuid, text, boolean), private.purge_batch(uuid, int),
  private.purged_tenant_id(text) to service_role;
