-- Usage days: the hours of each day together, in UTC and in the tenant's own time zone, so that a month is a few rows.

create table public.usage_days (
  tenant_id uuid not null references public.tenants on delete cascade,
  time_zone text not null,
  -- Midnight in the time zone.
  starts_at timestamptz not null,
  event_type text not null,
  model_used text not null,
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  tokens_count numeric not null,
  cost_count numeric not null,
  primary key (tenant_id, time_zone, starts_at, event_type, model_used)
-- Room on each page, because the rows of this day change with every batch. No checks: usage_hours has them, and Postgres
-- would try them on what is taken off.
) with (fillfactor = 50);
comment on table public.usage_days is
  'How many usage events each tenant had on each day, and their tokens and cost. A day is one of UTC, and one of the tenant''s own time zone. Triggers of usage_hours keep it.';

-- It sets no search_path, so that Postgres inlines it. The day of an hour, or both where midnight lies within the hour.
create function private.days_of_usage_hour(h public.usage_hours, zone text)
  returns table (starts_at timestamptz, event_count numeric, tokens_used numeric, cost_micros numeric, tokens_count numeric, cost_count numeric)
  language sql stable parallel safe
as $$
  select p.starts_at,
    p.share * h.event_count + p.share_15 * h.event_count_15 + p.share_30 * h.event_count_30,
    p.share * h.tokens_used + p.share_15 * h.tokens_used_15 + p.share_30 * h.tokens_used_30,
    p.share * h.cost_micros + p.share_15 * h.cost_micros_15 + p.share_30 * h.cost_micros_30,
    p.share * h.tokens_count + p.share_15 * h.tokens_count_15 + p.share_30 * h.tokens_count_30,
    p.share * h.cost_count + p.share_15 * h.cost_count_15 + p.share_30 * h.cost_count_30
  from (
    select date_trunc('day', h.starts_at, zone) as first_at, date_trunc('day', h.starts_at + interval '45 minutes', zone) as last_at
  ) as d
  -- A day that begins 15 or 30 minutes into the hour has the rest of it, and the day before has that part.
  cross join lateral (select case when d.last_at = h.starts_at + interval '15 minutes' then 1 else 0 end as is_15) as m
  cross join lateral (values
    (d.first_at, case when d.last_at > d.first_at then 0 else 1 end,
      case when d.last_at > d.first_at then m.is_15 else 0 end, case when d.last_at > d.first_at then 1 - m.is_15 else 0 end),
    (nullif(d.last_at, d.first_at), 1, -m.is_15, m.is_15 - 1)) as p (starts_at, share, share_15, share_30)
  where p.starts_at is not null
$$;

create function private.add_usage_days(added public.usage_hours[], taken public.usage_hours[] default '{}') returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- Nobody moves the tenant to another time zone until this is committed. Not by a lock of the tenant's row: whoever changes
  -- that row locks the tenant's credits, and who holds the credits may come here.
  perform pg_advisory_xact_lock_shared(hashtextextended('usage days ' || t.tenant_id, 0))
  from (select distinct a.tenant_id from unnest(added) as a order by 1) as t;
  -- A transaction that keeps one snapshot must fail where the tenant has moved since.
  if current_setting('transaction_isolation') <> 'read committed' then
    perform from public.tenants as t where t.id in (select a.tenant_id from unnest(added) as a) order by t.id for share;
  end if;
  insert into public.usage_days as d
    (tenant_id, time_zone, starts_at, event_type, model_used, event_count, tokens_used, cost_micros, tokens_count, cost_count)
  select c.tenant_id, z.time_zone, p.starts_at, c.event_type, c.model_used, sum(c.sign * p.event_count), sum(c.sign * p.tokens_used),
    sum(c.sign * p.cost_micros), sum(c.sign * p.tokens_count), sum(c.sign * p.cost_count)
  from (
    select a.tenant_id, a.event_type, a.model_used, a as h, 1 as sign from unnest(added) as a
    union all select t.tenant_id, t.event_type, t.model_used, t, -1 from unnest(taken) as t
  ) as c
  join public.tenants as t on t.id = c.tenant_id
  cross join lateral (select 'UTC' union select t.time_zone) as z (time_zone)
  cross join lateral private.days_of_usage_hour(c.h, z.time_zone) as p
  -- Sorted, so that two batches lock these rows in one order. Each has locked its hours by then.
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (tenant_id, time_zone, starts_at, event_type, model_used) do update set
    event_count = d.event_count + excluded.event_count, tokens_used = d.tokens_used + excluded.tokens_used,
    cost_micros = d.cost_micros + excluded.cost_micros, tokens_count = d.tokens_count + excluded.tokens_count,
    cost_count = d.cost_count + excluded.cost_count;
end
$$;
comment on function private.add_usage_days(public.usage_hours[], public.usage_hours[]) is
  'Adds hours to the days in which they lie, and takes off others.';

create function private.tg_add_usage_days() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  added public.usage_hours[];
  taken public.usage_hours[] := '{}';
begin
  -- A demo's reset puts the days back itself.
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  added := array(select n from new_rows as n);
  if tg_op = 'UPDATE' then
    taken := array(select o from old_rows as o);
  end if;
  if added <> '{}' then
    perform private.add_usage_days(added, taken);
  end if;
  return null;
end
$$;
create trigger usage_hours_add_days after insert on public.usage_hours
  referencing new table as new_rows for each statement execute function private.tg_add_usage_days();
create trigger usage_hours_change_days after update on public.usage_hours
  referencing old table as old_rows new table as new_rows for each statement execute function private.tg_add_usage_days();

create function private.rebuild_usage_days(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  month_at timestamptz;
begin
  perform from public.tenants as t where t.id = tenant for no key update;
  perform pg_advisory_xact_lock(hashtextextended('usage days ' || tenant, 0));
  delete from public.usage_days as d where d.tenant_id = tenant;
  month_at := (select date_trunc('month', min(h.starts_at), 'UTC') from public.usage_hours as h where h.tenant_id = tenant);
  -- Month by month, which bounds what is in memory.
  while month_at <= (select max(h.starts_at) from public.usage_hours as h where h.tenant_id = tenant) loop
    perform private.add_usage_days(array(select h from public.usage_hours as h
      where h.tenant_id = tenant and h.starts_at >= month_at and h.starts_at < date_add(month_at, interval '1 month', 'UTC')));
    month_at := date_add(month_at, interval '1 month', 'UTC');
  end loop;
end
$$;
comment on function private.rebuild_usage_days(uuid) is 'Makes a tenant''s days of its hours anew, as it moved to another time zone.';

create function private.tg_rebuild_usage_days() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if current_setting('tenantry.is_restoring', true) is distinct from 'on' then
    perform private.rebuild_usage_days(new.id);
  end if;
  return null;
end
$$;
create trigger tenants_rebuild_usage_days after update of time_zone on public.tenants
  for each row when (new.time_zone <> old.time_zone) execute function private.tg_rebuild_usage_days();

alter table public.usage_days enable row level security;
create policy "members read their tenant's usage days" on public.usage_days
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_days to authenticated, service_role;

select private.register_table('public.usage_days', plain => '{time_zone,event_type,model_used}',
  unaudited => 'it only adds up usage_hours');
