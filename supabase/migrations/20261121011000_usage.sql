-- Made by "npm run generate" from supabase/schemas/70_usage. Change it there.

-- 10_events/01_usage_events.sql

-- Usage events: what each tenant used, in one partition for each month.

create table public.usage_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  user_id uuid,
  source text not null default 'api',
  event_id text,
  event_type text not null,
  event_data jsonb not null default '{}',
  tokens_used bigint,
  model_used text,
  cost_micros bigint,
  occurred_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, occurred_at, id),
  constraint event_type_is_a_dotted_word check (event_type ~ '^[a-z0-9][a-z0-9_.:-]{0,127}$'),
  constraint event_data_is_an_object check (jsonb_typeof(event_data) = 'object'),
  -- The size of the stored form, which costs nothing to read. Writing it as text would cost a part of the ingest.
  constraint event_data_is_small check (pg_column_size(event_data) <= 262144),
  constraint event_names_are_short check (length(source) <= 255 and length(event_id) <= 255 and length(model_used) <= 255),
  constraint tokens_not_negative check (tokens_used >= 0),
  constraint cost_not_negative check (cost_micros >= 0)
) partition by range (occurred_at);
comment on table public.usage_events is 'What a tenant used, one row for each event. Append-only. Money is in millionths of a US dollar.';
create index usage_events_event_type_idx on public.usage_events (tenant_id, event_type, occurred_at desc);

create function private.ensure_usage_partitions(months_ahead int default 3) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  first_day date;
  partition text;
  made int := 0;
begin
  if to_regclass('private.usage_events_default') is null then
    create table private.usage_events_default partition of public.usage_events default;
    alter table private.usage_events_default enable row level security;
  end if;
  for ahead in 0 .. months_ahead loop
    first_day := date_trunc('month', now() at time zone 'utc') + make_interval(months => ahead);
    partition := 'usage_events_' || to_char(first_day, 'YYYY_MM');
    continue when to_regclass('private.' || partition) is not null;
    execute format('create table private.%I (like public.usage_events including defaults including constraints including comments)', partition);
    execute format('alter table private.%I enable row level security', partition);
    -- Events that were stored before their month's partition existed are in the default partition. Attaching the
    -- new partition would fail while they are there.
    execute format('with early as (delete from private.usage_events_default where occurred_at >= %L and occurred_at < %L returning *)
      insert into private.%I select * from early',
      first_day::timestamp at time zone 'utc', (first_day + interval '1 month') at time zone 'utc', partition);
    execute format('alter table public.usage_events attach partition private.%I for values from (%L) to (%L)', partition,
      first_day::timestamp at time zone 'utc', (first_day + interval '1 month') at time zone 'utc');
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function private.ensure_usage_partitions(int) is
  'Makes the month partitions of usage_events, from this month to this many months ahead. Returns how many it made. It may run again.';

select private.ensure_usage_partitions();

alter table public.usage_events enable row level security;
create policy "members read their tenant's usage" on public.usage_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_events to authenticated, service_role;

select cron.schedule('usage: make the coming months'' partitions', '17 3 * * *',
  'select private.ensure_usage_partitions()');

select private.register_table('public.usage_events', plain => '{source,event_id,event_type,model_used}', personal => '{event_data}', person => 'event_data',
  unaudited => 'append-only, so it is a record itself, and auditing each event would double the cost of metering');

-- 10_events/02_usage_event_keys.sql

-- Usage event keys: the ids of recent events, so that an event that is sent twice counts once.

-- A unique key on a partitioned table must contain the column of the partition. Then the same event with another
-- time would be accepted again. This small table prevents that.
create table public.usage_event_keys (
  -- No foreign key: checking it for each of a thousand rows took as long as storing them. Instead the trigger
  -- below removes the rows of a deleted tenant.
  tenant_id uuid not null,
  source text not null,
  event_id text not null,
  payload_hash uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, source, event_id),
  constraint event_key_is_short check (length(source) <= 255 and length(event_id) <= 255)
);
comment on table public.usage_event_keys is 'The event ids that a tenant has sent in the last 35 days, and a hash of the content of each event.';

-- Rows arrive in order of time, so a block-range index finds the old rows and costs almost nothing per row.
create index usage_event_keys_created_at_idx on public.usage_event_keys using brin (created_at);

create function private.tg_forget_usage_keys() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.usage_event_keys where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_usage_keys after delete on public.tenants
  for each row execute function private.tg_forget_usage_keys();

create function private.sweep_usage_event_keys(batch int default 50000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select ctid from public.usage_event_keys where created_at < now() - interval '35 days' limit batch
  ), swept as (
    delete from public.usage_event_keys where ctid = any (array(select ctid from old)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_keys(int) is 'Removes event ids that are older than 35 days, at most one batch. Returns how many.';

alter table public.usage_event_keys enable row level security;
create policy "members read their tenant's usage keys" on public.usage_event_keys
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_event_keys to authenticated, service_role;

select cron.schedule('usage: forget old event ids', '*/10 * * * *',
  'select private.sweep_usage_event_keys()');

select private.register_table('public.usage_event_keys', plain => '{source,event_id}', unaudited => 'each key belongs to a row of usage_events');

-- 10_events/03_usage_hours.sql

-- Usage hours: what each tenant used in each hour, so that nobody has to add up events.

create table public.usage_hours (
  tenant_id uuid not null references public.tenants on delete cascade,
  -- The beginning of the hour, in UTC.
  starts_at timestamptz not null,
  event_type text not null,
  -- Empty if the events named no model, because a key holds no null.
  model_used text not null default '',
  -- Totals have no upper limit, and a bigint does.
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  primary key (tenant_id, starts_at, event_type, model_used),
  constraint hour_is_whole check (starts_at = date_trunc('hour', starts_at, 'UTC')),
  constraint totals_not_negative check (event_count >= 0 and tokens_used >= 0 and cost_micros >= 0)
-- Room on each page, because the rows of this hour change with every batch.
) with (fillfactor = 50);
comment on table public.usage_hours is
  'How many usage events each tenant had in each hour, and their tokens and cost. The statement that stores events adds to it, so it always agrees with them.';

alter table public.usage_hours enable row level security;
create policy "members read their tenant's usage hours" on public.usage_hours
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_hours to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:read', 'read', 'Read usage totals.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_hours', plain => '{event_type,model_used}',
  unaudited => 'it only adds up usage_events, which is a record itself');

-- 10_events/04_ingest.sql

-- Ingest: how usage events are stored, alone or in batches.

-- Position n of each array is event n. An event with a null event_id has no key and is always new. It uses custom
-- plans, because the planner then sees how many events there are. A cached plan would guess.
create function private.ingest_usage_events(
  tenant uuid, member uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[]
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  started_at bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  -- JSON of very many small values takes up to six times as much stored as sent. Each value costs time here.
  if (select sum(pg_column_size(d.value)) from unnest(data) as d (value)) > 1048576 then
    perform private.raise_problem(422, 'invalid_value',
      'The data of these events takes more than 1 MiB in its stored form. Send fewer events at once.');
  end if;
  -- The constraint event_data_is_small comes too late, because the hash below writes the data as text. The query of
  -- private.has_long_number() stands here again: a thousand calls would take longer than the query.
  if exists (
    select from unnest(data) as d (value)
    where pg_column_size(d.value) > 262144 or exists (
      select from jsonb_array_elements(jsonb_path_query_array(d.value, 'strict $.** ? (@.type() == "number")')) as n (number)
      where length(n.number::text) > 400)) then
    perform private.raise_problem(422, 'invalid_value',
      'The data of an event is too large: at most 32768 bytes, and no number of more than 400 digits.');
  end if;
  -- The tenant cannot be deleted until this batch is stored.
  perform from public.tenants as t where t.id = tenant for key share;
  return query
  with input as materialized (
    select i.n::int as n, private.uuid_v7_at(started_at + i.n) as id, i.event_id, i.source, i.type, i.data, i.tokens, i.model, i.cost,
      coalesce(i.moment, now()) as moment,
      -- The moment counts only if the sender gave one. A retry without it is still the same event.
      md5(row(i.type, i.data, i.tokens, i.model, i.cost, i.moment)::text)::uuid as payload_hash
    from unnest(event_ids, sources, types, data, tokens, models, costs, moments)
      with ordinality as i (event_id, source, type, data, tokens, model, cost, moment, n)
  ), firsts as materialized (
    -- The first event of each key. Not by row_number(): a window of a thousand partitions of one row took ten times
    -- as long as everything else.
    select distinct on (source, event_id) source, event_id, payload_hash, n
    from input where event_id is not null order by source, event_id, n
  ), claimed as (
    -- Sorted, so that two batches lock their keys in one order. The update changes nothing. It only returns the
    -- hash of the first event with this key.
    insert into public.usage_event_keys as k (tenant_id, source, event_id, payload_hash)
    select tenant, source, event_id, payload_hash from firsts order by source, event_id
    on conflict (tenant_id, source, event_id) do update set payload_hash = k.payload_hash
    returning source, event_id, payload_hash, xmax = 0 as is_new
  ), judged as (
    select i.*, i.event_id is null or (c.is_new and f.n is not null) as is_new, c.payload_hash as first_hash
    from input as i
    left join firsts as f on f.n = i.n
    left join claimed as c on c.source = i.source and c.event_id = i.event_id
  ), stored as (
    insert into public.usage_events
      (tenant_id, id, user_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
    select tenant, id, member, source, event_id, type, data, tokens, model, cost, moment
    from judged where is_new order by n
  ), counted as (
    -- Sorted, so that two batches lock these rows in one order. Every batch has locked all of its keys by then.
    insert into public.usage_hours as h (tenant_id, starts_at, event_type, model_used, event_count, tokens_used, cost_micros)
    select tenant, date_trunc('hour', moment, 'UTC') as starts_at, type, coalesce(model, '') as model, count(*),
      coalesce(sum(tokens), 0), coalesce(sum(cost), 0)
    from judged where is_new
    group by starts_at, type, coalesce(model, '') order by starts_at, type, model
    on conflict (tenant_id, starts_at, event_type, model_used) do update set
      event_count = h.event_count + excluded.event_count,
      tokens_used = h.tokens_used + excluded.tokens_used,
      cost_micros = h.cost_micros + excluded.cost_micros
  )
  select j.n, case when j.is_new then j.id end,
    case when j.is_new then 'accepted' when j.first_hash = j.payload_hash then 'duplicate' else 'conflict' end
  from judged as j
  order by j.n;
end
$$;
comment on function private.ingest_usage_events(uuid, uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Stores a batch of usage events and adds them to usage_hours, in one statement. Each event is accepted, duplicate (the same event was sent before) or conflict (its id was sent before with another content).';

-- A definer, because events are written only by this function, so that no event is stored without its key.
create function public.log_usage_event(
  tenant_id uuid, event_type text, event_data jsonb default '{}', tokens_used bigint default null,
  model_used text default null, cost_micros bigint default null, source text default 'api',
  event_id text default null, occurred_at timestamptz default null
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored record;
begin
  perform private.require_permission(log_usage_event.tenant_id, 'usage:write');
  -- Before it is copied into an array. Copying some megabytes costs more than everything else here.
  if pg_column_size(event_data) > 262144 then
    perform private.raise_problem(422, 'invalid_value', 'The data of an event is too large: at most 32768 bytes.');
  end if;
  select * into stored from private.ingest_usage_events(
    log_usage_event.tenant_id, (select auth.uid()), array[event_id], array[coalesce(source, 'api')], array[event_type],
    array[coalesce(event_data, '{}')], array[tokens_used], array[model_used], array[cost_micros], array[occurred_at]);
  if stored.outcome = 'conflict' then
    perform private.raise_problem(409, 'event_conflict', format('The event id "%s" was used before for another event.', event_id));
  end if;
  return stored.id;
end
$$;
comment on function public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz) is
  'Logs one usage event for a tenant in which the caller may write. Returns its id, or null if the same event was logged before. 409 event_conflict.';

create function public.log_usage_events(
  tenant_id uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[]
) returns table (n int, id uuid, outcome text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(log_usage_events.tenant_id, 'usage:write');
  if greatest(cardinality(event_ids), cardinality(sources), cardinality(types), cardinality(data), cardinality(tokens),
      cardinality(models), cardinality(costs), cardinality(moments)) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 events can be logged in one call.');
  end if;
  return query select * from private.ingest_usage_events(log_usage_events.tenant_id, (select auth.uid()),
    event_ids, sources, types, data, tokens, models, costs, moments);
end
$$;
comment on function public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Logs a batch of usage events, given as parallel arrays. Returns accepted, duplicate or conflict for each. The usage function calls this.';
grant execute on function
  public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz),
  public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[])
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:write', 'write', 'Log usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 30_credits/01_plan_credits.sql

-- Plan credits: how many credits a month each plan brings.

create table private.plan_credits (
  plan text primary key references public.plans on update cascade on delete cascade,
  credits_monthly bigint not null,
  constraint monthly_credits_in_range check (credits_monthly between 0 and 1000000000)
);
comment on table private.plan_credits is 'How many credits a tenant of each plan gets at the beginning of a month.';

create function private.register_plan_credits(credits jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A plan without a number would have no credits, and nobody would notice.
  if array(select p.plan from public.plans as p order by 1) <> array(select k from jsonb_object_keys(register_plan_credits.credits) as k order by 1) then
    raise exception 'register_plan_credits: give one number for each plan.';
  end if;
  insert into private.plan_credits (plan, credits_monthly)
  select e.key, e.value::bigint from jsonb_each_text(register_plan_credits.credits) as e
  on conflict (plan) do update set credits_monthly = excluded.credits_monthly
  where plan_credits.credits_monthly <> excluded.credits_monthly;
end
$$;
comment on function private.register_plan_credits(jsonb) is 'Sets the credits a month of every plan: {"trial": 100, ...}.';

select private.register_table('private.plan_credits', plain => '{plan}', unaudited => 'changed by migrations only');
select private.register_plan_credits('{"trial": 100, "starter": 500, "professional": 2000, "business": 10000, "enterprise": 100000}');

-- 30_credits/02_credit_balances.sql

-- Credit balances: what each tenant has, and how much of it is reserved. Every operation locks this row first.

create table public.credit_balances (
  tenant_id uuid primary key references public.tenants on delete cascade,
  credits_monthly bigint not null default 0,
  credits_available bigint not null default 0,
  credits_reserved bigint not null default 0,
  credits_consumed bigint not null default 0,
  credits_topup bigint not null default 0,
  period_start date not null default '-infinity',
  period_end date not null default '-infinity',
  next_reset_at timestamptz not null default '-infinity',
  next_due_at timestamptz not null default '-infinity',
  version bigint not null default 0,
  entered_at timestamptz not null default '-infinity',
  constraint reserved_not_negative check (credits_reserved >= 0),
  -- Two and no more: Postgres reads the text of each for every statement, which costs as much as the update itself.
  constraint reserved_within_available check (credits_available >= credits_reserved)
-- Room on each page, because a row changes with every operation.
) with (fillfactor = 30);
comment on table public.credit_balances is
  'What each tenant has in credits (1:1 with tenants, from its first use of credits on). The functions of this folder change it together with the ledger.';
comment on column public.credit_balances.credits_available is 'What the tenant has, with what is reserved.';
comment on column public.credit_balances.credits_consumed is 'What was consumed in this period.';
comment on column public.credit_balances.credits_topup is 'What is left of top-ups. They are consumed first.';
comment on column public.credit_balances.next_due_at is
  'Before this moment nothing ends: no reservation, no lot, no month. From then on settle_credits() comes first.';
comment on column public.credit_balances.version is 'The version of the newest entry in the ledger.';
comment on column public.credit_balances.entered_at is 'When the newest entry was made. The next one is not older, even if the clock moves back.';
create index credit_balances_next_due_at_idx on public.credit_balances (next_due_at);

alter table public.credit_balances enable row level security;
create policy "members read their tenant's credit balance" on public.credit_balances
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_balances to authenticated, service_role;

create table public.credit_periods (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  period_start date not null,
  period_end date not null,
  first_version bigint not null,
  opening bigint not null,
  allocated bigint not null default 0,
  topped_up bigint not null default 0,
  consumed bigint not null default 0,
  refunded bigint not null default 0,
  adjusted bigint not null default 0,
  expired bigint not null default 0,
  closing bigint,
  primary key (tenant_id, period_start),
  constraint period_ends_after_it_starts check (period_end >= period_start),
  constraint statement_adds_up check (closing = opening + allocated + topped_up - consumed + refunded + adjusted - expired)
);
comment on table public.credit_periods is
  'A statement for each month of a tenant. Of the present month, consumed and closing stand in credit_balances until it ends.';
comment on column public.credit_periods.first_version is 'The first entry of the ledger that belongs to this month.';

alter table public.credit_periods enable row level security;
create policy "members read their tenant's credit statements" on public.credit_periods
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_periods to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('credits:read', 'read', 'Read the balance of credits, its ledger and its statements.'),
  ('credits:write', 'write', 'Reserve, consume and release credits.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.credit_balances', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');
select private.register_table('public.credit_periods', keeping => 'derived', unaudited => 'adds up credit_ledger');

-- 30_credits/03_credit_lots.sql

-- Credit lots: where a tenant's credits came from, and until when they last.

-- In the order in which they are consumed.
create type public.credit_lot_kind as enum ('topup', 'allocation', 'refund', 'adjustment');

create table public.credit_lots (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  id uuid not null default private.uuid_v7(),
  kind public.credit_lot_kind not null,
  credits bigint not null,
  credits_left bigint not null,
  version bigint not null,
  expires_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  constraint lot_has_credits check (credits > 0),
  constraint left_within_lot check (credits_left between 0 and credits),
  constraint empty_lot_is_closed check ((credits_left = 0) = (closed_at is not null))
) with (fillfactor = 50);
comment on table public.credit_lots is
  'What was allocated, topped up, refunded or added by an adjustment, and how much of it is left. The lots that are left add up to the balance.';
comment on column public.credit_lots.version is 'The entry of the ledger that made the lot.';
comment on column public.credit_lots.expires_at is
  'When what is left of it expires. What is reserved at that moment expires once its reservation ends without using it. Null for never.';

-- Top-ups first, then what expires first. It holds only lots that have something left.
create index credit_lots_order_idx on public.credit_lots (tenant_id, (kind <> 'topup'), expires_at, id) where closed_at is null;

create function private.burn_credits(tenant uuid, credits bigint) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  remaining bigint := credits;
  of_topups bigint := 0;
begin
  while remaining > 0 loop
    select l.id, l.kind, l.credits_left into lot from public.credit_lots as l
    where l.tenant_id = tenant and l.closed_at is null
    order by l.kind <> 'topup', l.expires_at, l.id limit 1;
    if not found then
      raise exception 'The lots of tenant % hold less than its balance.', tenant;
    end if;
    taken := least(remaining, lot.credits_left);
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then clock_timestamp() end
    where l.tenant_id = tenant and l.id = lot.id;
    remaining := remaining - taken;
    if lot.kind = 'topup' then
      of_topups := of_topups + taken;
    end if;
  end loop;
  return of_topups;
end
$$;
comment on function private.burn_credits(uuid, bigint) is
  'Takes credits out of a tenant''s lots, in their order. Returns how many came from top-ups. The caller holds the lock on the balance.';

alter table public.credit_lots enable row level security;
create policy "members read their tenant's credit lots" on public.credit_lots
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_lots to authenticated, service_role;

select private.register_table('public.credit_lots', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');

-- 30_credits/04_credit_reservations.sql

-- Credit reservations: what is held for work that is not finished.

create type public.credit_reservation_status as enum ('open', 'consumed', 'released', 'expired');

create table public.credit_reservations (
  -- No foreign key, here and in the ledger: it would take as long as storing the row. A trigger goes with the tenant.
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  credits bigint not null,
  status public.credit_reservation_status not null default 'open',
  credits_consumed bigint not null default 0,
  credits_refunded bigint not null default 0,
  activity_run_id uuid,
  deliverable_type text,
  expires_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (tenant_id, id),
  constraint reservation_ends_once check ((status = 'open') = (closed_at is null)),
  constraint refunded_within_consumed check (credits_refunded between 0 and credits_consumed)
);
comment on table public.credit_reservations is
  'Credits that are held for work in progress. Each ends once: consumed, released, or expired. One that is open after expires_at holds nothing any more.';
create index credit_reservations_open_idx on public.credit_reservations (tenant_id, expires_at) where status = 'open';

alter table public.credit_reservations enable row level security;
create policy "members read their tenant's credit reservations" on public.credit_reservations
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_reservations to authenticated, service_role;

select private.register_table('public.credit_reservations', keeping => 'derived', plain => '{deliverable_type}',
  unaudited => 'each change has an entry in credit_ledger');

-- 30_credits/05_credit_ledger.sql

-- Credit ledger: every change of a balance, in order. Nobody changes or deletes an entry.

create type public.credit_entry_type as enum (
  'allocated', 'topup', 'reserved', 'consumed', 'released', 'refunded', 'adjusted', 'expired');

create table public.credit_ledger (
  tenant_id uuid not null,
  version bigint not null,
  type public.credit_entry_type not null,
  credits bigint not null,
  credits_held bigint not null default 0,
  balance_after bigint not null,
  reserved_after bigint not null,
  reservation_id uuid,
  activity_run_id uuid,
  deliverable_type text,
  topup_order_id text,
  expires_at timestamptz,
  actor text not null,
  note text,
  idempotency_key text,
  request_hash uuid,
  created_at timestamptz not null,
  primary key (tenant_id, version)
);
comment on table public.credit_ledger is
  'Every change of a tenant''s credits. The versions of a tenant count from 1 without a gap. An entry is never changed.';
comment on column public.credit_ledger.credits is 'By how much credits_available changed.';
comment on column public.credit_ledger.credits_held is 'By how much credits_reserved changed.';
comment on column public.credit_ledger.expires_at is 'Until when what was reserved, allocated or topped up lasts.';
create unique index credit_ledger_idempotency_key_idx on public.credit_ledger (tenant_id, idempotency_key) where idempotency_key is not null;
-- A reservation ends once, whatever the functions do.
create unique index credit_ledger_reservation_end_idx on public.credit_ledger (tenant_id, reservation_id)
  where type in ('consumed', 'released', 'expired') and reservation_id is not null;
create index credit_ledger_activity_run_idx on public.credit_ledger (tenant_id, activity_run_id) where activity_run_id is not null;

-- The rules of an entry. Not check constraints: Postgres reads their text anew for every statement, which took four
-- times as long as storing the row. A trigger keeps what it has read.
create function private.tg_check_ledger_entry() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  is_right boolean := (case new.type
      when 'reserved' then new.credits = 0 and new.credits_held > 0
      when 'released' then new.credits = 0 and new.credits_held < 0
      when 'consumed' then new.credits <= 0 and new.credits_held < 0
      when 'expired' then new.credits <= 0 and new.credits_held <= 0
      when 'adjusted' then new.credits <> 0 and new.credits_held = 0 and new.note is not null
      else new.credits > 0 and new.credits_held = 0 end)
    and new.reserved_after between 0 and new.balance_after
    and (new.reservation_id is not null or new.credits_held = 0 and new.type not in ('consumed', 'refunded'))
    and (new.idempotency_key is null) = (new.request_hash is null);
begin
  if is_right then
    return new;
  end if;
  raise exception using errcode = '23514', message = format('An entry of the type "%s" does not move credits like this.', new.type);
end
$$;
create trigger credit_ledger_check_entry before insert on public.credit_ledger
  for each row execute function private.tg_check_ledger_entry();
alter table public.credit_ledger enable always trigger credit_ledger_check_entry;

create function private.tg_forget_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.credit_reservations where tenant_id = old.id;
  delete from public.credit_ledger where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_credits after delete on public.tenants
  for each row execute function private.tg_forget_credits();

-- A definer, because nobody may read who is being purged.
create function private.tg_refuse_ledger_change() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- An entry goes with its tenant, at once or in the batches of a purge.
  if tg_op = 'DELETE' and (not exists (select from public.tenants as t where t.id = old.tenant_id)
    or exists (select from private.tenant_purges as p where p.tenant = old.tenant_id and p.finished_at is null)) then
    return old;
  end if;
  raise exception 'The credit ledger is only ever added to. Correct it by an adjustment.';
end
$$;
-- A missing grant stops the roles of the API. This stops the owner of the table as well, also during replication.
create trigger credit_ledger_refuse_change before update or delete on public.credit_ledger
  for each row execute function private.tg_refuse_ledger_change();
create trigger credit_ledger_refuse_truncate before truncate on public.credit_ledger
  for each statement execute function private.tg_refuse_change();
alter table public.credit_ledger enable always trigger credit_ledger_refuse_change;
alter table public.credit_ledger enable always trigger credit_ledger_refuse_truncate;

alter table public.credit_ledger enable row level security;
create policy "members read their tenant's credit ledger" on public.credit_ledger
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_ledger to authenticated, service_role;

select private.register_table('public.credit_ledger', keeping => 'derived', personal => '{actor,note}',
  plain => '{deliverable_type,topup_order_id,idempotency_key}', unaudited => 'append-only, so it is a record itself',
  on_forget => 'keep', kept_because => 'The ledger proves how a balance came about, and who changed it. Its rows cannot be changed.');

-- 30_credits/06_settle.sql

-- Settling: what ended by itself is entered before anything else happens. So it holds when it is read, and cron only
-- does it for tenants who do nothing.

create function private.credits_of_plan(tenant uuid) returns bigint
  language sql stable
  set search_path = ''
as $$
  -- A tenant that may not change anything gets nothing, until it may again.
  select coalesce((select c.credits_monthly from public.tenants as t join private.plan_credits as c on c.plan = t.plan
    where t.id = tenant and (t.status in ('active', 'demo') or t.status = 'trial' and t.trial_ends_at > now())), 0)
$$;
comment on function private.credits_of_plan(uuid) is 'How many credits a month the tenant''s plan brings now.';

-- Each step enters what it does and moves these on. One update of the balance at the end, so that events are about
-- what came of it all.
create function private.expire_credits(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  ended record;
begin
  with overdue as (
    select r.id, r.credits, row_number() over w as n, sum(r.credits) over w as total
    from public.credit_reservations as r
    where r.tenant_id = balance.tenant_id and r.status = 'open' and r.expires_at <= moment
    window w as (order by r.expires_at, r.id)
  ), closed as (
    update public.credit_reservations as r set status = 'expired', closed_at = moment
    from overdue as o where r.tenant_id = balance.tenant_id and r.id = o.id
    returning o.n, o.total, r.id, r.credits, r.activity_run_id, r.deliverable_type
  ), entered as (
    insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after,
      reservation_id, activity_run_id, deliverable_type, actor, created_at)
    select balance.tenant_id, balance.version + c.n, 'expired', 0, -c.credits, balance.credits_available,
      balance.credits_reserved - c.total, c.id, c.activity_run_id, c.deliverable_type, 'system', moment
    from closed as c
  )
  select count(*) as entries, coalesce(sum(c.credits), 0)::bigint as credits into ended from closed as c;
  balance.version := balance.version + ended.entries;
  balance.credits_reserved := balance.credits_reserved - ended.credits;

  for lot in
    select l.id, l.kind, l.credits_left from public.credit_lots as l
    where l.tenant_id = balance.tenant_id and l.closed_at is null and l.expires_at <= moment
    order by l.kind <> 'topup', l.expires_at, l.id
  loop
    -- What is reserved was there when it was reserved. It stays until the reservation ends.
    taken := least(lot.credits_left, balance.credits_available - balance.credits_reserved);
    exit when taken = 0;
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then moment end
    where l.tenant_id = balance.tenant_id and l.id = lot.id;
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available - taken;
    if lot.kind = 'topup' then
      balance.credits_topup := balance.credits_topup - taken;
    end if;
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, actor, created_at)
    values (balance.tenant_id, balance.version, 'expired', -taken, balance.credits_available, balance.credits_reserved, 'system', moment);
    update public.credit_periods as p set expired = p.expired + taken
    where p.tenant_id = balance.tenant_id and p.period_start = balance.period_start;
  end loop;
  return balance;
end
$$;
comment on function private.expire_credits(public.credit_balances, timestamptz) is
  'Enters the reservations and the lots that are over at this moment. Returns the balance as it is then, for settle_credits() to store.';

create function private.begin_credit_period(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
begin
  update public.credit_periods as p set consumed = balance.credits_consumed, closing = balance.credits_available
  where p.tenant_id = balance.tenant_id and p.closing is null;
  balance.credits_consumed := 0;
  balance.credits_monthly := private.credits_of_plan(balance.tenant_id);
  insert into public.credit_periods (tenant_id, period_start, period_end, first_version, opening, allocated)
  values (balance.tenant_id, balance.period_start, balance.period_end, balance.version + 1, balance.credits_available, balance.credits_monthly);
  if balance.credits_monthly > 0 then
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available + balance.credits_monthly;
    insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
    values (balance.tenant_id, 'allocation', balance.credits_monthly, balance.credits_monthly, balance.version, balance.next_reset_at);
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, expires_at, actor, created_at)
    values (balance.tenant_id, balance.version, 'allocated', balance.credits_monthly, balance.credits_available,
      balance.credits_reserved, balance.next_reset_at, 'system', moment);
  end if;
  return balance;
end
$$;
comment on function private.begin_credit_period(public.credit_balances, timestamptz) is
  'Closes the statement of the month before, and allocates the credits of the new one. Returns the balance as it is then.';

create function private.settle_credits(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  moment timestamptz;
  zone text;
  month_start date;
  month_end_at timestamptz;
  is_new_month boolean := false;
begin
  insert into public.credit_balances (tenant_id) values (tenant) on conflict do nothing;
  select * into balance from public.credit_balances as b where b.tenant_id = tenant for no key update;
  moment := greatest(clock_timestamp(), balance.entered_at);
  if balance.next_due_at > moment then
    return;
  end if;
  if balance.next_reset_at <= moment then
    zone := (select t.time_zone from public.tenants as t where t.id = tenant);
    month_start := date_trunc('month', moment at time zone zone)::date;
    month_end_at := (month_start + interval '1 month') at time zone zone;
    is_new_month := month_start > balance.period_start;
    if not is_new_month then
      -- The tenant moved to a zone in which this month is not over yet. A month never begins twice.
      update public.credit_lots as l set expires_at = month_end_at
      where l.tenant_id = tenant and l.closed_at is null and l.expires_at = balance.next_reset_at;
    end if;
    balance.next_reset_at := month_end_at;
  end if;
  balance := private.expire_credits(balance, moment);
  if is_new_month then
    balance.period_start := month_start;
    balance.period_end := (month_start + interval '1 month')::date - 1;
    balance := private.begin_credit_period(balance, moment);
  end if;
  update public.credit_balances as b set
    credits_monthly = balance.credits_monthly, credits_available = balance.credits_available,
    credits_reserved = balance.credits_reserved, credits_consumed = balance.credits_consumed, credits_topup = balance.credits_topup,
    period_start = balance.period_start, period_end = balance.period_end, next_reset_at = balance.next_reset_at,
    version = balance.version, entered_at = moment,
    next_due_at = least(balance.next_reset_at,
      (select min(r.expires_at) from public.credit_reservations as r where r.tenant_id = tenant and r.status = 'open'),
      (select min(l.expires_at) from public.credit_lots as l where l.tenant_id = tenant and l.closed_at is null))
  where b.tenant_id = tenant;
end
$$;
comment on function private.settle_credits(uuid) is
  'Enters what is over: reservations, lots, the month. Makes the balance of a tenant that has none. Locks the balance.';

create function private.lock_credits(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  due_at timestamptz;
  free bigint;
begin
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = tenant for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    perform private.settle_credits(tenant);
    free := (select b.credits_available - b.credits_reserved from public.credit_balances as b where b.tenant_id = tenant);
  end if;
  return free;
end
$$;
comment on function private.lock_credits(uuid) is
  'Locks a tenant''s balance, settles what is over, and returns how many credits can be reserved. Whatever looks up a key or changes credits calls this first.';

create function private.settle_due_credits(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due uuid;
  settled int := 0;
begin
  -- Only rows that nobody holds: who holds one settles it.
  for due in
    select b.tenant_id from public.credit_balances as b
    where b.next_due_at <= clock_timestamp()
      and not exists (select from public.tenants as t where t.id = b.tenant_id and t.status = 'archived')
    order by b.next_due_at limit batch
    for no key update of b skip locked
  loop
    begin
      perform private.settle_credits(due);
      settled := settled + 1;
    exception when others then
      -- One tenant must not keep the others from being settled.
      raise warning 'The credits of tenant % could not be settled: %', due, sqlerrm;
    end;
  end loop;
  return settled;
end
$$;
comment on function private.settle_due_credits(int) is
  'Settles the credits of at most one batch of tenants for whom something is over. Returns for how many.';

select cron.schedule('usage: settle credits', '* * * * *', 'select private.settle_due_credits()');

-- 30_credits/07_reserve.sql

-- Reserving credits: held at once, in the caller's transaction, or refused.

create function private.require_credits(credits bigint, least_credits bigint default 1) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if credits is null or credits not between least_credits and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', format('Credits are a whole number from %s to 1000000000.', least_credits),
      jsonb_build_array(jsonb_build_object('pointer', '/credits', 'detail', format('must be a whole number from %s to 1000000000', least_credits))));
  end if;
end
$$;

create function private.require_idempotency_key(key text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if key is null or length(key) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'Give each operation a key of its own, and use it again only to repeat the operation.',
      '[{"pointer": "/idempotency_key", "detail": "must have 1 to 200 characters"}]');
  end if;
end
$$;

-- In plpgsql, which keeps its plans. An SQL function would be planned anew for each entry, which took a millisecond.
create function private.credit_actor() returns text
  language plpgsql stable
  set search_path = ''
as $$
declare
  person uuid := auth.uid();
  key uuid;
begin
  if person is not null then
    return 'member:' || private.ulid(person);
  end if;
  key := private.caller_api_key();
  return case when key is null then 'system' else 'api_key:' || private.ulid(key) end;
end
$$;
comment on function private.credit_actor() is 'Who changes credits, as the ledger names them.';

create function private.refuse_credits(free bigint, needed bigint) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(402, 'insufficient_credits', format('This needs %s credits, and %s are left.', needed, free),
    members => jsonb_build_object('needed', needed, 'left', free));
end
$$;

create function private.refuse_other_request(key text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(409, 'idempotency_conflict', format('The key "%s" was used before for another operation. Give this one a key of its own.', key));
end
$$;

-- Whoever holds the lock on the balance sees every entry that was made before, so a key is looked up once, and two
-- calls with one key cannot both find it unused.
create function private.find_credit_entry(tenant uuid, key text, hash uuid) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
declare
  found_entry public.credit_ledger;
begin
  select * into found_entry from public.credit_ledger as e where e.tenant_id = tenant and e.idempotency_key = key;
  if found_entry.request_hash <> hash then
    perform private.refuse_other_request(key);
  end if;
  return found_entry;
end
$$;
comment on function private.find_credit_entry(uuid, text, uuid) is
  'The entry that an operation with this key made before. Null if there is none. 409 idempotency_conflict if it was another operation.';

-- A definer, as all that change credits: they are changed only by functions, so that each change has its entry.
-- Without sequential scans, here and in the others: a session that plans them while the tables are new and empty would
-- read all of them for every later call.
create function public.reserve_credits(
  tenant_id uuid, credits bigint, idempotency_key text, expires_in_seconds int default 900,
  activity_run_id uuid default null, deliverable_type text default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid;
  free bigint;
  actor text := private.credit_actor();
  held_id uuid := private.uuid_v7();
  ends_at timestamptz;
begin
  perform private.require_permission(reserve_credits.tenant_id, 'credits:write');
  if reserve_credits.credits is null or reserve_credits.credits not between 1 and 1000000000 then
    perform private.require_credits(reserve_credits.credits);
  end if;
  if reserve_credits.idempotency_key is null or length(reserve_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(reserve_credits.idempotency_key);
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  if deliverable_type is not null and not private.is_plain_text(deliverable_type, 100) then
    perform private.raise_problem(422, 'invalid_value', 'A type of deliverable is text of at most 100 characters.',
      '[{"pointer": "/deliverable_type", "detail": "must be text of at most 100 characters"}]');
  end if;
  hash := md5(row('reserved', reserve_credits.credits, expires_in_seconds, reserve_credits.activity_run_id, reserve_credits.deliverable_type)::text)::uuid;
  ends_at := clock_timestamp() + make_interval(secs => expires_in_seconds);
  -- Before the lock, for which others wait. A refusal takes it back.
  insert into public.credit_reservations as r (tenant_id, id, credits, activity_run_id, deliverable_type, expires_at)
  values (reserve_credits.tenant_id, held_id, reserve_credits.credits, reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at);
  free := private.lock_credits(reserve_credits.tenant_id);
  select * into entry from public.credit_ledger as e
  where e.tenant_id = reserve_credits.tenant_id and e.idempotency_key = reserve_credits.idempotency_key;
  if found then
    if entry.request_hash <> hash then
      perform private.refuse_other_request(reserve_credits.idempotency_key);
    end if;
    delete from public.credit_reservations as r where r.tenant_id = reserve_credits.tenant_id and r.id = held_id;
    return entry;
  end if;
  if free < reserve_credits.credits then
    perform private.refuse_credits(free, reserve_credits.credits);
  end if;
  with changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved + reserve_credits.credits, version = b.version + 1,
      next_due_at = least(b.next_due_at, ends_at), entered_at = greatest(clock_timestamp(), b.entered_at)
    where b.tenant_id = reserve_credits.tenant_id
    returning b.version, b.credits_available, b.credits_reserved, b.entered_at
  )
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, expires_at, actor, idempotency_key, request_hash, created_at)
  select reserve_credits.tenant_id, c.version, 'reserved', 0, reserve_credits.credits, c.credits_available, c.credits_reserved, held_id,
    reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at, actor,
    reserve_credits.idempotency_key, hash, c.entered_at
  from changed as c
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.reserve_credits(uuid, bigint, text, int, uuid, text) is
  'Holds credits for work that begins now, until it is consumed, released, or expires. Returns the entry of the ledger, also to a call that is repeated with its key. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function public.reserve_credits(uuid, bigint, text, int, uuid, text) to authenticated, service_role;

-- 30_credits/08_reserve_batch.sql

-- Reserving in batches: up to 100 reservations in one statement, which costs a hot tenant one lock instead of 100.

create function public.reserve_credits_batch(
  tenant_id uuid, credits bigint[], idempotency_keys text[], expires_in_seconds int default 900
) returns table (n int, outcome text, version bigint, reservation_id uuid, expires_at timestamptz)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  count_of int := cardinality(credits);
  free bigint;
  held bigint := 0;
  asked bigint;
  moment timestamptz;
  ends_at timestamptz;
  hashes uuid[];
  outcomes text[] := '{}';
  is_known boolean;
  known jsonb;
  i int;
begin
  perform private.require_permission(reserve_credits_batch.tenant_id, 'credits:write');
  if count_of is null or count_of not between 1 and 100 or count_of <> coalesce(cardinality(idempotency_keys), 0) then
    perform private.raise_problem(422, 'invalid_value', 'A batch has 1 to 100 reservations, each with a key.');
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  for i in 1..count_of loop
    if credits[i] is null or credits[i] not between 1 and 1000000000 then
      perform private.require_credits(credits[i]);
    end if;
    if idempotency_keys[i] is null or length(idempotency_keys[i]) not between 1 and 200 then
      perform private.require_idempotency_key(idempotency_keys[i]);
    end if;
  end loop;
  if (select count(distinct k) from unnest(idempotency_keys) as k) < count_of then
    perform private.raise_problem(422, 'invalid_value', 'A batch holds a key twice.', '[{"pointer": "/reservations", "detail": "must have different keys"}]');
  end if;
  -- The same as of a single reservation, so that one may be repeated as the other.
  hashes := array(select md5(row('reserved', c.credits, expires_in_seconds, null::uuid, null::text)::text)::uuid
    from unnest(credits) with ordinality as c (credits, n) order by c.n);
  free := private.lock_credits(reserve_credits_batch.tenant_id);
  moment := clock_timestamp();
  known := (select jsonb_object_agg(e.idempotency_key, e.request_hash) from public.credit_ledger as e
    where e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = any (idempotency_keys));
  for i in 1..count_of loop
    is_known := known ? idempotency_keys[i];
    asked := credits[i];
    if is_known then
      outcomes[i] := case when (known ->> idempotency_keys[i])::uuid = hashes[i] then 'repeated' else 'conflict' end;
    elsif asked <= free - held then
      held := held + asked;
      outcomes[i] := 'reserved';
    else
      outcomes[i] := 'insufficient';
    end if;
  end loop;
  ends_at := moment + make_interval(secs => expires_in_seconds);
  return query
  with asked as materialized (
    select a.n::int as n, a.credits, a.key, a.hash, a.outcome,
      case when a.outcome = 'reserved' then private.uuid_v7_at((extract(epoch from moment) * 1000000)::bigint + a.n) end as id,
      count(*) filter (where a.outcome = 'reserved') over w as nth, sum(a.credits) filter (where a.outcome = 'reserved') over w as total
    from unnest(credits, idempotency_keys, hashes, outcomes) with ordinality as a (credits, key, hash, outcome, n)
    window w as (order by a.n)
  ), before as materialized (
    select b.version, b.credits_available, b.credits_reserved, greatest(moment, b.entered_at) as entered_at
    from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id
  ), reserved as (
    insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
    select reserve_credits_batch.tenant_id, a.id, a.credits, ends_at, moment from asked as a where a.id is not null order by a.n
  ), entered as (
    insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
      expires_at, actor, idempotency_key, request_hash, created_at)
    select reserve_credits_batch.tenant_id, b.version + a.nth, 'reserved', 0, a.credits, b.credits_available, b.credits_reserved + a.total,
      a.id, ends_at, (select private.credit_actor()), a.key, a.hash, b.entered_at
    from asked as a, before as b where a.id is not null order by a.n
  ), changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved + held, entered_at = o.entered_at,
      version = b.version + (select count(*) from asked as a where a.id is not null), next_due_at = least(b.next_due_at, ends_at)
    from before as o
    where b.tenant_id = reserve_credits_batch.tenant_id and held > 0
  )
  select a.n, a.outcome, case when a.id is not null then b.version + a.nth else e.version end,
    coalesce(a.id, e.reservation_id), case when a.id is not null then ends_at else e.expires_at end
  from asked as a cross join before as b
  left join public.credit_ledger as e
    on a.outcome = 'repeated' and e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = a.key
  order by a.n;
end
$$;
comment on function public.reserve_credits_batch(uuid, bigint[], text[], int) is
  'Holds credits for up to 100 pieces of work, in their order. Each is reserved, repeated (its key made the same reservation before), conflict (its key was another operation) or insufficient.';
grant execute on function public.reserve_credits_batch(uuid, bigint[], text[], int) to authenticated, service_role;

-- 30_credits/09_close.sql

-- Closing reservations: what the work took is consumed and the rest released, or all of it is released.

create function private.require_open_reservation(tenant uuid, reservation uuid) returns bigint
  language plpgsql stable
  set search_path = ''
as $$
declare
  held bigint;
  found_status public.credit_reservation_status;
begin
  select r.credits, r.status into held, found_status from public.credit_reservations as r
  where r.tenant_id = tenant and r.id = reservation;
  if held is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif found_status <> 'open' then
    perform private.raise_problem(409, 'reservation_closed', format('This reservation is %s. It ends only once.', found_status),
      members => jsonb_build_object('reservation_status', found_status));
  end if;
  return held;
end
$$;
comment on function private.require_open_reservation(uuid, uuid) is
  'How many credits an open reservation holds. 404 reservation_not_found, 409 reservation_closed. The caller holds the lock on the balance.';

create function public.consume_credits(tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text)
  returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid;
  free bigint;
  held bigint;
  of_topups bigint := 0;
  actor text := private.credit_actor();
begin
  perform private.require_permission(consume_credits.tenant_id, 'credits:write');
  -- None may be right: the work took nothing.
  if consume_credits.credits is null or consume_credits.credits not between 0 and 1000000000 then
    perform private.require_credits(consume_credits.credits, 0);
  end if;
  if consume_credits.idempotency_key is null or length(consume_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(consume_credits.idempotency_key);
  end if;
  hash := md5(row('consumed', consume_credits.reservation_id, consume_credits.credits)::text)::uuid;
  free := private.lock_credits(consume_credits.tenant_id);
  select * into entry from public.credit_ledger as e
  where e.tenant_id = consume_credits.tenant_id and e.idempotency_key = consume_credits.idempotency_key;
  if found then
    if entry.request_hash <> hash then
      perform private.refuse_other_request(consume_credits.idempotency_key);
    end if;
    return entry;
  end if;
  held := private.require_open_reservation(consume_credits.tenant_id, consume_credits.reservation_id);
  -- More than was reserved comes from what nobody has reserved. If that is too little, the reservation stays open.
  if consume_credits.credits > held + free then
    perform private.refuse_credits(held + free, consume_credits.credits);
  end if;
  if consume_credits.credits > 0 then
    of_topups := private.burn_credits(consume_credits.tenant_id, consume_credits.credits);
  end if;
  with closed as (
    update public.credit_reservations as r set status = 'consumed', credits_consumed = consume_credits.credits, closed_at = clock_timestamp()
    where r.tenant_id = consume_credits.tenant_id and r.id = consume_credits.reservation_id
    returning r.activity_run_id, r.deliverable_type
  ), changed as (
    update public.credit_balances as b set credits_available = b.credits_available - consume_credits.credits,
      credits_reserved = b.credits_reserved - held, credits_consumed = b.credits_consumed + consume_credits.credits,
      credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
    where b.tenant_id = consume_credits.tenant_id
    returning b.version, b.credits_available, b.credits_reserved, b.entered_at
  )
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  select consume_credits.tenant_id, c.version, 'consumed', -consume_credits.credits, -held, c.credits_available, c.credits_reserved,
    consume_credits.reservation_id, r.activity_run_id, r.deliverable_type, actor, consume_credits.idempotency_key, hash, c.entered_at
  from changed as c, closed as r
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.consume_credits(uuid, uuid, bigint, text) is
  'Ends a reservation with what its work took, from 0. The rest is free again; more than was reserved is taken from what is free. Returns the entry of the ledger. 402 insufficient_credits, 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';

create function public.release_credits(tenant_id uuid, reservation_id uuid, idempotency_key text) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('released', release_credits.reservation_id)::text)::uuid;
  held bigint;
begin
  perform private.require_permission(release_credits.tenant_id, 'credits:write');
  perform private.require_idempotency_key(release_credits.idempotency_key);
  perform private.lock_credits(release_credits.tenant_id);
  entry := private.find_credit_entry(release_credits.tenant_id, release_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  held := private.require_open_reservation(release_credits.tenant_id, release_credits.reservation_id);
  with closed as (
    update public.credit_reservations as r set status = 'released', closed_at = clock_timestamp()
    where r.tenant_id = release_credits.tenant_id and r.id = release_credits.reservation_id
    returning r.activity_run_id, r.deliverable_type
  ), changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved - held, version = b.version + 1,
      entered_at = greatest(clock_timestamp(), b.entered_at)
    where b.tenant_id = release_credits.tenant_id
    returning b.version, b.credits_available, b.credits_reserved, b.entered_at
  )
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  select release_credits.tenant_id, c.version, 'released', 0, -held, c.credits_available, c.credits_reserved, release_credits.reservation_id,
    r.activity_run_id, r.deliverable_type, private.credit_actor(), release_credits.idempotency_key, hash, c.entered_at
  from changed as c, closed as r
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.release_credits(uuid, uuid, text) is
  'Ends a reservation that was not used. Returns the entry of the ledger. 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';
grant execute on function public.consume_credits(uuid, uuid, bigint, text), public.release_credits(uuid, uuid, text)
  to authenticated, service_role;

-- 30_credits/10_grants.sql

-- Grants: what only the platform does. Allocations, top-ups, refunds and adjustments.

create function private.add_credits(
  tenant uuid, type public.credit_entry_type, kind public.credit_lot_kind, credits bigint, expires_at timestamptz,
  key text, hash uuid, actor text, note text default null, topup_order_id text default null, reservation uuid default null
) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_variable
declare
  entry public.credit_ledger;
  balance public.credit_balances;
begin
  -- JSON has no larger number that every reader understands.
  if (select b.credits_available + add_credits.credits > 9007199254740991 from public.credit_balances as b where b.tenant_id = tenant) then
    perform private.raise_problem(422, 'invalid_value', 'A tenant cannot have more than 9007199254740991 credits.',
      '[{"pointer": "/credits", "detail": "is more than the balance can hold"}]');
  end if;
  update public.credit_balances as b set credits_available = b.credits_available + add_credits.credits, version = b.version + 1,
    credits_topup = b.credits_topup + case when kind = 'topup' then add_credits.credits else 0 end,
    next_due_at = least(b.next_due_at, add_credits.expires_at), entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = tenant
  returning * into balance;
  insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
  values (tenant, kind, add_credits.credits, add_credits.credits, balance.version, add_credits.expires_at);
  update public.credit_periods as p set
    allocated = p.allocated + case when add_credits.type = 'allocated' then add_credits.credits else 0 end,
    topped_up = p.topped_up + case when add_credits.type = 'topup' then add_credits.credits else 0 end,
    refunded = p.refunded + case when add_credits.type = 'refunded' then add_credits.credits else 0 end,
    adjusted = p.adjusted + case when add_credits.type = 'adjusted' then add_credits.credits else 0 end
  where p.tenant_id = tenant and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, reservation_id,
    topup_order_id, expires_at, actor, note, idempotency_key, request_hash, created_at)
  values (tenant, balance.version, add_credits.type, add_credits.credits, balance.credits_available, balance.credits_reserved, reservation,
    topup_order_id, add_credits.expires_at, actor, note, key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.add_credits(uuid, public.credit_entry_type, public.credit_lot_kind, bigint, timestamptz, text, uuid, text, text, text, uuid) is
  'Adds a lot, and its entry. The caller holds the lock on the balance and has looked up the key.';

create function private.require_credit_note(actor text, note text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if coalesce(btrim(actor), '') = '' or not private.is_plain_text(actor, 200) then
    perform private.raise_problem(422, 'invalid_value', 'Say who does this.', '[{"pointer": "/actor", "detail": "must be text of 1 to 200 characters"}]');
  elsif coalesce(btrim(note), '') = '' or not private.is_plain_text(note, 1000) then
    perform private.raise_problem(422, 'invalid_value', 'Say why this is done.', '[{"pointer": "/note", "detail": "must be text of 1 to 1000 characters"}]');
  end if;
end
$$;

create function private.add_missing_allocation(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  missing bigint;
begin
  perform private.lock_credits(tenant);
  select * into balance from public.credit_balances as b where b.tenant_id = tenant;
  missing := greatest(private.credits_of_plan(tenant) - balance.credits_monthly, 0);
  if missing > 0 then
    perform private.add_credits(tenant, 'allocated', 'allocation', missing, balance.next_reset_at, null, null, 'system');
    update public.credit_balances as b set credits_monthly = b.credits_monthly + missing where b.tenant_id = tenant;
  end if;
  return missing;
end
$$;
comment on function private.add_missing_allocation(uuid) is
  'Brings this month''s allocation up to what the tenant''s plan brings, and never down. Returns how many were added.';

create function private.tg_allocate_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  -- A tenant that never used credits gets them when it first does.
  if exists (select from public.credit_balances as b where b.tenant_id = new.id) then
    perform private.add_missing_allocation(new.id);
  end if;
  return null;
end
$$;
create trigger tenants_allocate_credits after update of plan, status on public.tenants
  for each row when (new.status <> 'archived' and (old.plan <> new.plan or old.status <> new.status))
  execute function private.tg_allocate_credits();

-- Definers, the rest of them, because even the service writes no row of credits itself. Granted only to the service.
create function private.allocate_credits(tenant_id uuid) returns bigint
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  perform private.require_permission(allocate_credits.tenant_id, 'read');
  return private.add_missing_allocation(allocate_credits.tenant_id);
end
$$;
comment on function private.allocate_credits(uuid) is
  'Allocates what this month''s allocation lacks of what the plan brings. For the service. Returns how many were added: 0 for a second call.';

create function private.top_up_credits(
  tenant_id uuid, credits bigint, order_ref text, expires_at timestamptz default null, actor text default 'system'
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  key text := 'topup ' || order_ref;
  hash uuid := md5(row('topup', top_up_credits.credits, top_up_credits.expires_at)::text)::uuid;
  ends_at timestamptz;
begin
  perform private.require_permission(top_up_credits.tenant_id, 'read');
  perform private.require_credits(top_up_credits.credits);
  if order_ref is null or length(order_ref) not between 1 and 190 or not private.is_plain_text(order_ref, 190) then
    perform private.raise_problem(422, 'invalid_value', 'Name the order that paid for this.',
      '[{"pointer": "/order_ref", "detail": "must be text of 1 to 190 characters"}]');
  end if;
  perform private.lock_credits(top_up_credits.tenant_id);
  entry := private.find_credit_entry(top_up_credits.tenant_id, key, hash);
  if entry.version is not null then
    return entry;
  end if;
  ends_at := case when top_up_credits.expires_at is null
    then (select b.next_reset_at from public.credit_balances as b where b.tenant_id = top_up_credits.tenant_id)
    else nullif(top_up_credits.expires_at, 'infinity') end;
  if ends_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  entry := private.add_credits(top_up_credits.tenant_id, 'topup', 'topup', top_up_credits.credits, ends_at, key, hash,
    top_up_credits.actor, topup_order_id => order_ref);
  perform private.emit_event(top_up_credits.tenant_id, 'credits.topped_up', jsonb_build_object('credits', jsonb_build_object(
    'added', top_up_credits.credits, 'available', entry.balance_after, 'order_ref', order_ref, 'expires_at', private.event_moment(ends_at))),
    'credits', has_row_lock => true);
  return entry;
end
$$;
comment on function private.top_up_credits(uuid, bigint, text, timestamptz, text) is
  'Adds credits that an order paid for. One order adds once: a second call returns the first entry. They expire with the month, at expires_at, or never (infinity). For the service. 409 idempotency_conflict.';

create function private.refund_credits(
  tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('refunded', refund_credits.reservation_id, refund_credits.credits, refund_credits.actor, refund_credits.note,
    refund_credits.expires_at)::text)::uuid;
  refundable bigint;
begin
  perform private.require_permission(refund_credits.tenant_id, 'read');
  perform private.require_credits(refund_credits.credits);
  perform private.require_idempotency_key(refund_credits.idempotency_key);
  perform private.require_credit_note(refund_credits.actor, refund_credits.note);
  perform private.lock_credits(refund_credits.tenant_id);
  entry := private.find_credit_entry(refund_credits.tenant_id, refund_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if refund_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  select r.credits_consumed - r.credits_refunded into refundable from public.credit_reservations as r
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  if refundable is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif refundable < refund_credits.credits then
    perform private.raise_problem(409, 'refund_too_large', format('Of this reservation %s credits can be refunded.', refundable),
      members => jsonb_build_object('refundable', refundable));
  end if;
  update public.credit_reservations as r set credits_refunded = r.credits_refunded + refund_credits.credits
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  return private.add_credits(refund_credits.tenant_id, 'refunded', 'refund', refund_credits.credits, nullif(refund_credits.expires_at, 'infinity'),
    refund_credits.idempotency_key, hash, refund_credits.actor, refund_credits.note, reservation => refund_credits.reservation_id);
end
$$;
comment on function private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz) is
  'Gives back what a reservation consumed, or a part of it, as credits that last until expires_at, or for ever. For the service. 404 reservation_not_found, 409 refund_too_large, idempotency_conflict.';

create function private.adjust_credits(
  tenant_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('adjusted', adjust_credits.credits, adjust_credits.actor, adjust_credits.note, adjust_credits.expires_at)::text)::uuid;
  free bigint;
  of_topups bigint;
  balance public.credit_balances;
begin
  perform private.require_permission(adjust_credits.tenant_id, 'read');
  if adjust_credits.credits is null or adjust_credits.credits = 0 or adjust_credits.credits not between -1000000000 and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', 'An adjustment adds or takes up to 1000000000 credits.',
      '[{"pointer": "/credits", "detail": "must be a whole number from -1000000000 to 1000000000, and not 0"}]');
  end if;
  perform private.require_idempotency_key(adjust_credits.idempotency_key);
  perform private.require_credit_note(adjust_credits.actor, adjust_credits.note);
  free := private.lock_credits(adjust_credits.tenant_id);
  entry := private.find_credit_entry(adjust_credits.tenant_id, adjust_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if adjust_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  if adjust_credits.credits > 0 then
    return private.add_credits(adjust_credits.tenant_id, 'adjusted', 'adjustment', adjust_credits.credits, nullif(adjust_credits.expires_at, 'infinity'),
      adjust_credits.idempotency_key, hash, adjust_credits.actor, adjust_credits.note);
  end if;
  -- What is reserved stays with the work that reserved it.
  if free < -adjust_credits.credits then
    perform private.refuse_credits(free, -adjust_credits.credits);
  end if;
  of_topups := private.burn_credits(adjust_credits.tenant_id, -adjust_credits.credits);
  update public.credit_balances as b set credits_available = b.credits_available + adjust_credits.credits,
    credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = adjust_credits.tenant_id
  returning * into balance;
  update public.credit_periods as p set adjusted = p.adjusted + adjust_credits.credits
  where p.tenant_id = adjust_credits.tenant_id and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, actor, note, idempotency_key, request_hash, created_at)
  values (adjust_credits.tenant_id, balance.version, 'adjusted', adjust_credits.credits, balance.credits_available, balance.credits_reserved,
    adjust_credits.actor, adjust_credits.note, adjust_credits.idempotency_key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.adjust_credits(uuid, bigint, text, text, text, timestamptz) is
  'Corrects a balance by hand, up or down, never below what is reserved. Needs who does it and why. For the service. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function private.allocate_credits(uuid), private.top_up_credits(uuid, bigint, text, timestamptz, text),
  private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz),
  private.adjust_credits(uuid, bigint, text, text, text, timestamptz) to service_role;

-- 30_credits/11_reading.sql

-- Reading credits: what is there now.

-- A definer that may write: what has ended by now is entered before it is read.
create function public.read_credits(tenant_id uuid) returns public.credit_balances
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  balance public.credit_balances;
begin
  perform private.require_permission(read_credits.tenant_id, 'credits:read');
  select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  if balance.next_due_at is null or balance.next_due_at <= clock_timestamp() then
    perform private.lock_credits(read_credits.tenant_id);
    select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  end if;
  return balance;
end
$$;
comment on function public.read_credits(uuid) is
  'The balance of credits at this moment, without what has expired. The table itself shows it as of its last entry.';
grant execute on function public.read_credits(uuid) to authenticated, service_role;

-- 30_credits/12_events.sql

-- Credit events: credits come to an end, or somebody added some.

create function private.tg_emit_credit_level() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, case when new.credits_available = 0 then 'credits.exhausted' else 'credits.low' end,
    jsonb_build_object('credits', jsonb_build_object('available', new.credits_available, 'monthly', new.credits_monthly,
      'resets_at', private.event_moment(new.next_reset_at))), 'credits', has_row_lock => true);
  return null;
end
$$;
-- Only where the number passes a mark on its way down. So there is one event for each time, and none for the rest.
create trigger credit_balances_emit_level after update of credits_available on public.credit_balances
  for each row when (new.credits_available < old.credits_available and (new.credits_available = 0
    or new.credits_available * 5 <= new.credits_monthly and old.credits_available * 5 > old.credits_monthly))
  execute function private.tg_emit_credit_level();

select private.register_event_type('credits.low', 'A fifth of the month''s credits is left, or less. Reserved credits count as left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 96, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.exhausted', 'No credits are left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 0, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.topped_up', 'Credits were bought.',
  '{"credits": {"added": "count", "available": "count", "order_ref": "text", "expires_at?": "moment"}}',
  '{"credits": {"added": 1000, "available": 1096, "order_ref": "order_IluGWxBm9U8zJ8", "expires_at": "2026-11-30T23:00:00.000Z"}}');
